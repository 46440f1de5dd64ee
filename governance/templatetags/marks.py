"""The small marks of the product: icon, shape, tag, tier, status, verdict, person, digest, date."""

from collections.abc import Mapping
from datetime import date, datetime

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, gettext_noop, pgettext

from accounts.said import in_context
from governance.templatetags import wording
from governance.templatetags.judged import shape_of, word_of

TO_CONFIRM = '<span aria-hidden="true">?</span><span class="cs-sr">, {}</span>'
TIERS = ("low", "moderate", "high", "critical")
TIER_BARS = tuple((position * 4, 7.5 - position * 2.5, 6.5 + position * 2.5) for position in range(4))
COLOURS = {"run": "ink", "half": "ink", "todo": "na", "draft": "na", "glass": "no"}
STATUS_SHAPES = {
    "draft": "draft", "evaluating": "run", "in_review": "half", "approved": "ok", "lapsed": "stale",
    "rejected": "no", "retired": "na", "queued": "todo", "running": "run", "succeeded": "ok",
    "failed": "error", "cancelled": "na", "open": "half", "closed": "ok", "active": "ok", "suspended": "no",
    "proposed": "todo", "confirmed": "ok", "withdrawn": "na", "expired": "stale", "revoked": "na",
    "superseded": "na", "disabled": "na", "in_development": "draft", "in_validation": "half", "in_use": "ok",
}  # fmt: skip
VERDICTS = {"allow": ("ok", gettext_noop("Allow")), "deny": ("no", gettext_noop("Deny"))}
BASES = {
    "waiver": ("waived", gettext_noop("Allow, with a waiver")),
    "break_glass": ("glass", gettext_noop("Allow, break-glass")),
}
STATES = {
    "draft": in_context("state", "Draft"),
    "evaluating": in_context("state", "Evaluating"),
    "in_review": in_context("state", "In review"),
    "approved": in_context("state", "Approved"),
    "lapsed": in_context("state", "Lapsed"),
    "rejected": in_context("state", "Rejected"),
    "retired": in_context("state", "Retired"),
    "queued": in_context("state", "Queued"),
    "running": in_context("state", "Running"),
    "succeeded": in_context("state", "Succeeded"),
    "failed": in_context("state", "Failed"),
    "cancelled": in_context("state", "Cancelled"),
    "open": in_context("state", "Open"),
    "closed": in_context("state", "Closed"),
    "active": in_context("state", "Active"),
    "suspended": in_context("state", "Suspended"),
    "proposed": in_context("state", "Proposed"),
    "confirmed": in_context("state", "Confirmed"),
    "withdrawn": in_context("state", "Withdrawn"),
    "expired": in_context("state", "Expired"),
    "revoked": in_context("state", "Revoked"),
    "superseded": in_context("state", "Superseded"),
    "disabled": in_context("state", "Disabled"),
    "in_development": in_context("state", "In development"),
    "in_validation": in_context("state", "In validation"),
    "in_use": in_context("state", "In use"),
}
TIER_WORDS = {
    "low": gettext_noop("Low"),
    "moderate": gettext_noop("Moderate"),
    "high": gettext_noop("High"),
    "critical": gettext_noop("Critical"),
    "prohibited": gettext_noop("Prohibited"),
}
ABSENT = format_html('<span class="cs-3">{}</span>', wording.NOTHING)
ENVIRONMENTS = (
    ("development", gettext_noop("Dev")),
    ("staging", gettext_noop("Stg")),
    ("production", gettext_noop("Prod")),
)
PLACES = (gettext_noop("Development"), gettext_noop("Staging"), gettext_noop("Production"))
"""The labels of registry.models.Environment."""
ENVIRONMENT_WORDS = {
    "ok": gettext_noop("allow"),
    "no": gettext_noop("deny"),
    "waived": gettext_noop("allow, with a waiver"),
    "na": gettext_noop("not asked"),
    "stale": gettext_noop("deny, stale"),
    "error": gettext_noop("deny, could not be judged"),
    "glass": gettext_noop("allow, break-glass"),
}


def state_word(value: object) -> str:
    """A state of the code in words: `in_review` reads `In review`."""
    name = str(value or "").lower().replace(" ", "_")
    return pgettext("state", STATES[name]) if name in STATES else wording.words(name)


def tier_word(value: object) -> str:
    """A tier in words."""
    name = str(value or "").lower()
    return gettext(TIER_WORDS[name]) if name in TIER_WORDS else wording.words(name)


def icon(name: str, extra: str = "") -> SafeString:
    """A line icon of the sprite, for the eye only."""
    return format_html('<svg class="cs-i {}" aria-hidden="true"><use href="#i-{}"/></svg>', extra, name)


def shape(name: str, extra: str = "") -> SafeString:
    """The shape of a result. A word stands beside it always."""
    colour = COLOURS.get(name, name)
    drawing = '<svg class="cs-shape cs-c-{} {}" aria-hidden="true"><use href="#s-{}"/></svg>'
    return format_html(drawing, colour, extra, name)


def result_shape(result: object, stale: object = False) -> SafeString:
    """The shape of a requirement's result."""
    return shape(shape_of(result, stale))


def result_word(result: object, stale: object = False) -> str:
    """A requirement's result in words."""
    return word_of(result, stale)


def result_with_word(result: object, stale: object = False) -> SafeString:
    """Shape and word of a requirement's result."""
    name, word = shape_of(result, stale), word_of(result, stale)
    return format_html('<span class="cs-result cs-c-{}">{}{}</span>', name, shape(name), word)


def tag(text: object, kind: str = "") -> SafeString:
    """A small tag."""
    return format_html('<span class="cs-tag{}">{}</span>', f" cs-tag--{kind}" if kind else "", text)


def tier_badge(tier: object, confirmed: bool = True) -> SafeString:
    """One to four bars and the word; a crossed ring for prohibited uses; hollow until confirmed."""
    name = str(tier or "")
    if name == "prohibited":
        drawing = mark_safe('<path d="M7.5 1a6 6 0 1 1 0 12 6 6 0 0 1 0-12zM3.4 11.1l8.2-8.2"/>')
    elif name in TIERS:
        drawing = format_html_join(
            "",
            '<rect x="{}" y="{}" width="3" height="{}" rx=".75"{}/>',
            (
                (x, y, height, mark_safe(' class="on"') if place <= TIERS.index(name) else "")
                for place, (x, y, height) in enumerate(TIER_BARS)
            ),
        )
    else:
        return format_html('<span class="cs-tier cs-3">{}</span>', gettext("No tier"))
    return format_html(
        '<span class="cs-tier cs-tier--{}{}"><svg viewBox="0 0 15 14" aria-hidden="true">{}</svg>'
        "<span>{}{}</span></span>",
        name,
        "" if confirmed else " cs-tier--proposed",
        drawing,
        tier_word(name),
        "" if confirmed else format_html(TO_CONFIRM, gettext("to confirm")),
    )


def status(value: object) -> SafeString:
    """The state of a version, a run, a job or a review: shape and word."""
    name = str(value or "").lower().replace(" ", "_")
    moving = "cs-spin" if name in {"running", "evaluating"} else ""
    drawing = shape(STATUS_SHAPES.get(name, "na"), moving)
    return format_html('<span class="cs-status">{}{}</span>', drawing, state_word(name))


def verdict(decision: object, label: str = "", basis: str = "policy") -> SafeString:
    """The answer of the gate, the only bordered pill of the product."""
    answer = str(decision or "")
    kind = answer if answer in VERDICTS else "none"
    form, word = VERDICTS.get(answer, ("na", gettext_noop("No rule")))
    if answer == "allow" and basis in BASES:
        (form, word), kind = BASES[basis], basis
    pill = '<span class="cs-verdict cs-verdict--{}">{}{}</span>'
    return format_html(pill, kind, shape(form), label or gettext(word))


def verdict_shape(decision: object, basis: object = "policy") -> SafeString:
    """The shape of the gate's answer: how it allows, or that it denies."""
    form, _ = VERDICTS.get(str(decision or ""), ("na", ""))
    if decision == "allow" and basis in BASES:
        form, _ = BASES[str(basis)]
    return shape(form)


def person(user: object, role: str = "", face: bool = True) -> SafeString:
    """A face and a name. Machines have the robot's."""
    if user is None or user == "":
        return ABSENT
    name = str(user)
    if wording.is_system(name):
        robot = '<span class="cs-face cs-face--system" aria-hidden="true">{}</span>'
        mark = format_html(robot, icon("robot"))
    elif face:
        mark = format_html('<span class="cs-face" aria-hidden="true">{}</span>', wording.initials(name))
    else:
        mark = SafeString("")
    beside = format_html(' <span class="cs-3">{}</span>', role) if role else ""
    return format_html('<span class="cs-person">{}<span>{}{}</span></span>', mark, name, beside)


def digest(value: str | None, label: str = "") -> SafeString:
    """A digest in short, with a button that copies the whole of it."""
    if not value:
        return ABSENT
    return format_html(
        '<span class="cs-digest"><code title="{}">{}</code>'
        '<button type="button" class="cs-copy" data-copy="{}" aria-label="{}">{}</button></span>',
        value, wording.short_digest(value), value, _copies(label), icon("copy"),
    )  # fmt: skip


def _copies(what: str) -> str:
    return gettext("Copy {what}").format(what=what) if what else gettext("Copy digest")


def due(when: date | datetime | None, today: date | None = None, words: bool = True) -> SafeString:
    """A date and how far it is; overdue has an icon and says so."""
    if when is None:
        return ABSENT
    now = wording.day_of(today) if today else timezone.localdate()
    state = wording.due_state(when, now)
    return format_html(
        '<span class="cs-due{}">{}<time datetime="{}">{}</time>{}</span>',
        f" cs-due--{state}" if state else "",
        format_html("{} ", icon("alert")) if state == "over" else "",
        wording.day_of(when).isoformat(),
        wording.short_date(when, now),
        format_html('<br><span class="cs-tiny">{}</span>', wording.distance(when, now)) if words else "",
    )


def moment(when: datetime | None) -> SafeString:
    """A moment, in full UTC under the pointer."""
    if when is None:
        return ABSENT
    full = when.isoformat(sep=" ", timespec="milliseconds").replace("+00:00", " UTC")
    element = '<time class="cs-num" datetime="{}" title="{}">{}</time>'
    return format_html(element, when.isoformat(), full, wording.short_time(when))


def env_strip(verdicts: Mapping[str, str]) -> SafeString:
    """Three small marks: development, staging, production."""
    marks = format_html_join(
        "",
        '<li>{}<span>{}<span class="cs-sr"> {}</span></span></li>',
        (
            (shape(found), gettext(short), gettext(ENVIRONMENT_WORDS.get(found, found)))
            for found, short in ((verdicts.get(name) or "na", short) for name, short in ENVIRONMENTS)
        ),
    )
    return format_html(
        '<ul class="cs-envs cs-plain" aria-label="{}">{}</ul>', gettext("Gate by environment"), marks
    )
