"""Markdown as HTML that cannot act: no scripts, styles, images or raw HTML."""

import re

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
SCHEMES = {"http", "https", "mailto"}
TAGS = {
    "p", "br", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "hr", "h4", "h5", "h6",
    "a", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip


def prose(text: str | None) -> SafeString:
    """Render Markdown. Headings start at level four, because the page owns the levels above."""
    rendered = MARKDOWN.render(text or "")
    levelled = re.sub(r"<(/?)h[1-3]>", r"<\1h4>", rendered)
    clean = nh3.clean(levelled, tags=TAGS, attributes={"a": {"href"}}, url_schemes=SCHEMES)
    return mark_safe(clean)  # noqa: S308 (nh3 has just cleaned it)
