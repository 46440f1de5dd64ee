"""Template tags of the design system. A builtin library: templates need not load it."""

import json

from django import template
from django.template.context import RequestContext
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, gettext_noop, to_locale

from accounts.languages import ENGLISH, speaks_english
from accounts.said import Inside, label, told
from accounts.undo import undo_of
from governance.compliance.evidence_kinds import kind_label
from governance.templatetags import marks, wording
from governance.templatetags.browsers import browser_name
from governance.templatetags.fields import field_context, summary_of
from governance.templatetags.figures import figure
from governance.templatetags.judged import Groups, Row, groups_of, lead, read, row_of
from governance.templatetags.listing import as_facts, elided_pages, page_query, pairs, rows_shown
from governance.templatetags.navigation import Section, address, sections
from governance.templatetags.proofs import proof_context
from governance.templatetags.prose import prose
from governance.templatetags.scripts import SCRIPT_WORDS
from governance.templatetags.terms import explained

register = template.Library()

_GATE_ANSWERS = {
    "allow": gettext_noop("{environment} answers allow"),
    "deny": gettext_noop("{environment} answers deny"),
}
_NOT_JUDGED = gettext_noop("{environment} is not judged yet")
MESSAGE_SHAPES = {"success": "ok", "info": "na", "debug": "na", "warning": "stale", "error": "error"}

register.filter("short_date", wording.short_date)
register.filter("short_time", wording.short_time)
register.filter("ago", wording.ago)
register.filter("browser_name", browser_name)
register.filter("duration", wording.duration)
register.filter("number", wording.number)
register.filter("signed", wording.signed)
register.filter("as_interval", wording.interval)
register.filter("percent", wording.percent)
register.filter("short_digest", wording.short_digest)
register.filter("words", wording.words)
register.filter("initials", lambda user: wording.initials(str(user)))
register.filter("listed", wording.listed)
register.filter("evidence_kind", kind_label)
register.filter("pairs", pairs)
register.filter("undo", undo_of)
register.filter("state_word", marks.state_word)
register.filter("tier_word", marks.tier_word)
register.filter("told", told)
register.filter("label", label)
register.filter("inside", lambda words: Inside(str(words)).told())
register.filter("as_facts", as_facts)
register.simple_tag(elided_pages)
register.simple_tag(rows_shown)
for mark in (
    marks.icon,
    marks.shape,
    marks.result_shape,
    marks.result_word,
    marks.tag,
    marks.tier_badge,
    marks.status,
    marks.verdict,
    marks.verdict_shape,
    marks.person,
    marks.digest,
    marks.due,
    marks.env_strip,
):
    register.simple_tag(mark)
register.simple_tag(marks.result_with_word, name="result")
register.simple_tag(marks.moment, name="time")
register.filter("markdown", prose)
register.inclusion_tag("partials/chart.html", name="chart")(figure)
register.inclusion_tag("partials/form_field.html", name="field")(field_context)
register.inclusion_tag("partials/proof.html", takes_context=True, name="proof")(proof_context)
register.inclusion_tag("partials/term.html", takes_context=True, name="term")(explained)
register.inclusion_tag("partials/form_errors.html", name="form_errors")(summary_of)


@register.filter
def thousands(value: int | None) -> str:
    """`48,211`."""
    return wording.NOTHING if value is None else wording.separated(f"{value:,}")


@register.filter
def role_word(value: object) -> str:
    """`risk_officer` reads `risk officer`."""
    return str(value or "").replace("_", " ")


@register.simple_tag
def requirement_groups(found: object) -> Groups:
    """The requirements of a verdict: what needs someone, then waived, satisfied, not applicable."""
    return groups_of(found if isinstance(found, (list, tuple)) else read(found, "requirements") or ())


@register.simple_tag(takes_context=True)
def requirement_row(context: RequestContext, requirement: object) -> Row:
    """One requirement as this reader should see it."""
    user = context.get("user")
    return row_of(requirement, str(user) if user and user.is_authenticated else "")


@register.simple_tag
def lead_of(summary: str | None, heading: str) -> str:
    """The summary of a verdict without the words of its heading."""
    return lead(summary or "", heading)


@register.simple_tag
def gate_heading(panel: object, heading: str = "") -> str:
    """`Production answers deny`."""
    name, decision = read(panel, "label"), read(read(panel, "verdict"), "decision")
    words = _GATE_ANSWERS.get(str(decision or ""), _NOT_JUDGED)
    return heading or gettext(words).format(environment=gettext(str(name or "")) if name else "")


@register.simple_tag(takes_context=True, name="page_query")
def query_of_page(context: RequestContext, name: str, number: int) -> str:
    """The query string of another page of this list."""
    request = context.get("request")
    return page_query(request.GET if request else None, name, number)


@register.simple_tag(takes_context=True)
def nav_sections(context: RequestContext) -> list[Section]:
    """The main navigation for this person and page."""
    request, user = context.get("request"), context.get("user")
    return sections(
        request.path if request else "",
        administrator=bool(getattr(user, "is_administrator", False)),
        forced=context.get("nav_section") or "",
    )


@register.simple_tag
def page_address(name: str) -> str:
    """The address of a named page, empty while it does not exist."""
    return address(name)


@register.simple_tag(takes_context=True)
def request_id(context: RequestContext) -> str:
    """The id that stands in the log lines of this request."""
    request = context.get("request")
    return str(request.META.get("countersign.request_id", "")) if request else ""


@register.filter
def message_shape(level: str | None) -> str:
    """The shape of a toast by the level of its message."""
    return MESSAGE_SHAPES.get((level or "").split(" ")[-1], "na")


@register.simple_tag
def page_language() -> str:
    """The language of this page, as HTML names it: `en-GB`."""
    return to_locale(get_language() or ENGLISH).replace("_", "-")


@register.simple_tag
def quoted() -> SafeString:
    """The attribute of an element that quotes the record, which is English whatever the page speaks."""
    return SafeString("") if speaks_english() else mark_safe(' lang="en"')


@register.simple_tag
def script_words() -> str:
    """What scripts say, as JSON."""
    return json.dumps({name: gettext(words) for name, words in SCRIPT_WORDS.items()})
