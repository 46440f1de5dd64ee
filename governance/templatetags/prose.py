"""Markdown as HTML that cannot act: no scripts, styles, images or raw HTML. Named measured values are filled in."""

import re
from collections.abc import MutableMapping, Sequence
from typing import Any

import nh3
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from registry.measures import LOOKS_LIKE_ONE, Measures, Resolved

SCHEMES = {"http", "https", "mailto"}
TAGS = {
    "p", "br", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "hr", "h4", "h5", "h6",
    "a", "table", "thead", "tbody", "tr", "th", "td", "span",
}  # fmt: skip
CLASSES = {"span": {"cs-measured", "cs-measured__note", "cs-unmeasured"}}


def _reference(state: StateInline, silent: bool) -> bool:
    """`{{ … }}` as a token of its own, so that nothing inside it is taken for Markdown."""
    if state.src[state.pos : state.pos + 2] != "{{" or "measures" not in state.env:
        return False
    match = LOOKS_LIKE_ONE.match(state.src, state.pos)
    if match is None:
        return False
    if not silent:
        token = state.push("reference", "", 0)
        token.content = match[0]
        token.meta = {"linked": state.linkLevel > 0}
    state.pos = match.end()
    return True


def _shown(
    renderer: object,
    tokens: Sequence[Token],
    index: int,
    options: object,
    env: MutableMapping[str, Any],
) -> str:
    measures: Measures = env["measures"]
    token = tokens[index]
    return _value(measures.resolve(token.content), linked=token.meta["linked"])


def _value(resolved: Resolved, *, linked: bool) -> SafeString:
    if resolved.measure is None or not resolved.text:
        name = resolved.token.strip("{} \t")
        return format_html(
            '<span class="cs-unmeasured"><strong>Not measured</strong>: {} ({})</span>',
            name,
            resolved.problem,
        )
    note = resolved.note
    if linked or not resolved.measure.href.startswith("/"):
        shown: str = note
    else:
        shown = format_html('<a href="{}">{}</a>', resolved.measure.href, note)
    return format_html(
        '<span class="cs-measured">{} <span class="cs-measured__note">({})</span></span>',
        resolved.text,
        shown,
    )


MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
MARKDOWN.inline.ruler.before("backticks", "reference", _reference)
MARKDOWN.add_render_rule("reference", _shown)


def prose(text: str | None, measures: Measures | None = None) -> SafeString:
    """Render Markdown. Headings start at level four, because the page owns the levels above.

    With `measures`, `{{ performance.roc_auc }}` becomes the value with its interval, n and run.
    """
    env = {} if measures is None else {"measures": measures}
    rendered = MARKDOWN.render(text or "", env)
    levelled = re.sub(r"<(/?)h[1-3]>", r"<\1h4>", rendered)
    clean = nh3.clean(
        levelled, tags=TAGS, attributes={"a": {"href"}}, allowed_classes=CLASSES, url_schemes=SCHEMES
    )
    return mark_safe(clean)  # noqa: S308 (nh3 has just cleaned it)
