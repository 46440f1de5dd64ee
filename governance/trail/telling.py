"""Audit events told in a sentence."""

import re
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.models import Event
from audit.verbs import Verb

SUBJECT = re.compile(
    r"^model:(?P<model>[^/]+)(?:/version:(?P<version>[^/]+))?(?:/(?P<part>\w+):(?P<id>.+))?$"
)


def sentence(event: Event) -> SafeString:
    """What happened, with the details that matter, for the one who reads the trail."""
    detail: dict[str, Any] = event.detail
    words = Verb(event.verb).label
    more = _more(event, detail)
    return (
        format_html('<b>{}</b> <span class="cs-2">{}</span>', words, more)
        if more
        else format_html("<b>{}</b>", words)
    )


def _more(event: Event, detail: dict[str, Any]) -> str:
    match event.verb:
        case Verb.REVIEW_SIGNED:
            return f"{_plain(detail.get('role'))}, {_plain(detail.get('decision'))}"
        case Verb.REVIEW_SIGN_REFUSED | Verb.GATE_REFUSED | Verb.EVALUATION_FAILED | Verb.REPORT_FAILED:
            reasons = detail.get("reasons") or detail.get("reason") or detail.get("failure") or ""
            return " ".join(reasons) if isinstance(reasons, list) else str(reasons)
        case Verb.GATE_DENIED:
            return "unmet: " + ", ".join(detail.get("unmet", []))
        case Verb.ROLE_GRANTED | Verb.ROLE_REVOKED:
            return _plain(detail.get("role"))
        case Verb.TIER_CONFIRMED | Verb.TIER_ASSESSED:
            return _plain(detail.get("tier"))
        case Verb.EVALUATION_REQUESTED:
            return f"{detail.get('kind', '')} on {detail.get('dataset', '')}"
        case (
            Verb.DEPLOYMENT_RECORDED
            | Verb.DEPLOYMENT_STARTED
            | Verb.DEPLOYMENT_FAILED
            | Verb.DEPLOYMENT_ROLLED_BACK
            | Verb.DEPLOYMENT_ENDED
        ):
            return f"in {detail.get('environment', '')}, {_plain(detail.get('strategy', 'real_time'))}"
        case Verb.DEPLOYMENT_UNDECIDED:
            return f"in {detail.get('environment', '')}: {_plain(detail.get('problem')).rstrip('.')}"
        case Verb.MODEL_CHANGED | Verb.FIELD_CHANGED:
            return _plain(", ".join(name for name in detail if name != "note"))
        case Verb.MODEL_TAGGED:
            return ", ".join(
                [*detail.get("added", []), *(f"no longer {name}" for name in detail.get("removed", []))]
            )
        case Verb.DEPENDENCIES_CHANGED:
            return f"takes answers from {', '.join(detail.get('is', {})) or 'no other model'}"
        case Verb.MODEL_SUSPENDED | Verb.MODEL_RESUMED | Verb.MODEL_RETIRED:
            return str(detail.get("reason", "")).rstrip(".")
        case Verb.RISK_RATED:
            return " to ".join(_scores(detail.get("is", {})))
        case Verb.RISK_RAISED:
            return str(detail.get("title", ""))
        case Verb.RISK_TREATED:
            return _plain(", ".join(detail))
        case Verb.RISK_ACCEPTED:
            return f"as {detail.get('level', '')} until {detail.get('until', '')}"
        case (
            Verb.RISK_ACCEPT_REFUSED | Verb.RISK_CLOSED | Verb.RISK_REOPENED | Verb.RISK_ACCEPTANCE_WITHDRAWN
        ):
            return str(detail.get("reason", "")).rstrip(".")
        case Verb.RISK_ASSIGNED:
            return f"to {detail.get('owner', {}).get('is', '')}"
        case Verb.WAIVER_REQUESTED | Verb.WAIVER_GRANTED:
            return f"{detail.get('requirement', '')} in {detail.get('environment', '')}"
        case Verb.WAIVER_APPROVED:
            return f"{detail.get('requirement', '')}, {_plain(detail.get('role'))}"
        case Verb.BREAK_GLASS_REQUESTED | Verb.BREAK_GLASS_ACTIVATED:
            return f"in {detail.get('environment', '')}: {str(detail.get('reason', '')).rstrip('.')}"
        case (
            Verb.WAIVER_REFUSED
            | Verb.WAIVER_WITHDRAWN
            | Verb.WAIVER_REVOKED
            | Verb.WAIVER_DENIED
            | Verb.BREAK_GLASS_REFUSED
            | Verb.BREAK_GLASS_WITHDRAWN
            | Verb.BREAK_GLASS_ENDED
            | Verb.BREAK_GLASS_DENIED
        ):
            return str(detail.get("reason", "")).rstrip(".")
        case Verb.GATE_ALLOWED if detail.get("basis") not in (None, "policy"):
            return (
                "with a waiver" if detail.get("basis") == "waiver" else "by break-glass, against the policy"
            )
        case Verb.CARD_REVISED:
            return f"revision {detail.get('revision', '')}"
    return ""


def _scores(ratings: dict[str, Any]) -> list[str]:
    """`16`, `9`: likelihood times impact before and after controls, as far as they were rated."""
    given = [ratings.get(name) for name in ("inherent", "residual")]
    return [str(rating[0] * rating[1]) for rating in given if rating]


def _plain(value: object) -> str:
    return str(value or "").replace("_", " ")


def subject_words(subject: str) -> str:
    """`model:credit/version:3/env:production` as people say it."""
    found = SUBJECT.match(subject)
    if found is None:
        return subject.replace("user:", "").replace(":", " ").replace("/", ", ")
    words = found["model"]
    if found["version"]:
        words += f" v{found['version']}"
    if found["part"]:
        words += f", {found['part'].replace('env', 'environment')} {found['id']}"
    return words


def subject_url(subject: str) -> str | None:
    """The page about the subject, when there is one."""
    found = SUBJECT.match(subject)
    if found is None:
        return None
    try:
        if found["part"] == "risk" and found["id"].isdigit():
            return reverse("riskreview:risk", args=[found["id"]])
        if found["version"]:
            return reverse("portfolio:version", args=[found["model"], found["version"]])
        return reverse("portfolio:model", args=[found["model"]])
    except NoReverseMatch:
        return None
