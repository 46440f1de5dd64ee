"""Audit events told in a sentence."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.models import Event
from audit.verbs import Verb

Tell = Callable[[dict[str, Any]], str]
SUBJECT = re.compile(
    r"^model:(?P<model>[^/]+)(?:/version:(?P<version>[^/]+))?(?:/(?P<part>\w+):(?P<id>.+))?$"
)

PAGES = {
    "risk": "riskreview:risk",
    "finding": "riskreview:finding",
    "waiver": "riskreview:waiver",
    "break_glass": "riskreview:break_glass",
    "evaluation": "evaluations:run",
}
"""Parts of a model or version that have a page of their own."""


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
    tell = DETAILS.get(event.verb)
    return tell(detail) if tell else ""


def _scores(detail: dict[str, Any]) -> str:
    """`16 to 9`: likelihood times impact before and after controls, as far as they were rated."""
    given = [detail.get("is", {}).get(name) for name in ("inherent", "residual")]
    return " to ".join(str(rating[0] * rating[1]) for rating in given if rating)


def _reasons(detail: dict[str, Any]) -> str:
    reasons = detail.get("reasons") or detail.get("reason") or detail.get("failure") or ""
    return " ".join(reasons) if isinstance(reasons, list) else str(reasons)


def _reason(detail: dict[str, Any]) -> str:
    return str(detail.get("reason", "")).rstrip(".")


def _field(name: str) -> Tell:
    """One detail, as people write it."""
    return lambda detail: _plain(detail.get(name))


def _as_written(name: str) -> Tell:
    """One detail, letter for letter."""
    return lambda detail: str(detail.get(name, ""))


def _title(detail: dict[str, Any]) -> str:
    """As it was written."""
    return str(detail.get("title", ""))


def _changed(detail: dict[str, Any]) -> str:
    """The names of what changed."""
    return _plain(", ".join(name for name in detail if name != "note"))


def _place(detail: dict[str, Any]) -> str:
    return f"in {detail.get('environment', '')}"


def _tags(detail: dict[str, Any]) -> str:
    gone = [f"no longer {name}" for name in detail.get("removed", [])]
    return ", ".join([*detail.get("added", []), *gone])


def _seen_by(detail: dict[str, Any]) -> str:
    """Who sees it now, and who joined or left the team."""
    change = detail.get("visible_to", {})
    told = [f"visible to {change.get('is', '')}" if change.get("was") != change.get("is") else ""]
    told += [f"{word} {', '.join(detail[word])}" if detail.get(word) else "" for word in ("joined", "left")]
    return "; ".join(filter(None, told))


def _allowed(detail: dict[str, Any]) -> str:
    how = {"waiver": "with a waiver", "break_glass": "by break-glass, against the policy"}
    return _by_pipeline(how.get(str(detail.get("basis")), ""), detail)


def _denied(detail: dict[str, Any]) -> str:
    return _by_pipeline("unmet: " + ", ".join(detail.get("unmet", [])), detail)


def _turned_away(detail: dict[str, Any]) -> str:
    return _by_pipeline(_reasons(detail), detail)


def _by_pipeline(words: str, detail: dict[str, Any]) -> str:
    """The same with the pipeline that asked, where one proved itself with an identity token."""
    claims = detail.get("pipeline") or {}
    ref, run = claims.get("ref"), claims.get("run_id") or claims.get("pipeline_id")
    place = claims.get("repository") or claims.get("project_path")
    told = [f"asked by {place}" if place else "", f"on {ref}" if ref else "", f"in run {run}" if run else ""]
    asked = " ".join(filter(None, told))
    return f"{words.rstrip('.')}; {asked}".lstrip("; ") if asked else words


def _trusted(detail: dict[str, Any]) -> str:
    """`acme/credit for credit-default in production`."""
    about = [*detail.get("models", []), f"every model of {detail['team']}" if detail.get("team") else ""]
    meant = ", ".join(filter(None, about))
    return f"{detail.get('repository', '')} for {meant} in {', '.join(detail.get('environments', []))}"


def _taken(detail: dict[str, Any]) -> str:
    """Of a list that was taken as a file."""
    rows, form = detail.get("rows"), detail.get("format")
    count = "" if rows is None else "1 row" if rows == 1 else f"{rows:,} rows"
    return ", ".join(filter(None, (count, form)))


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
        if found["part"] in PAGES and found["id"].isdigit():
            return reverse(PAGES[found["part"]], args=[found["id"]])
        if found["version"]:
            return reverse("portfolio:version", args=[found["model"], found["version"]])
        return reverse("portfolio:model", args=[found["model"]])
    except NoReverseMatch:
        return None


DETAILS: Mapping[str, Tell] = {
    Verb.REVIEW_SIGNED: lambda detail: f"{_plain(detail.get('role'))}, {_plain(detail.get('decision'))}",
    **dict.fromkeys((Verb.REVIEW_SIGN_REFUSED, Verb.EVALUATION_FAILED, Verb.REPORT_FAILED), _reasons),
    Verb.GATE_ALLOWED: _allowed,
    Verb.GATE_DENIED: _denied,
    Verb.PIPELINE_TRUSTED: _trusted,
    **dict.fromkeys((Verb.GATE_REFUSED, Verb.PIPELINE_REFUSED), _turned_away),
    **dict.fromkeys((Verb.PIPELINE_SWITCHED_OFF, Verb.PIPELINE_UNANSWERED), _reason),
    **dict.fromkeys(
        (Verb.PIPELINE_GUARDED, Verb.PIPELINE_UNGUARDED),
        lambda detail: f"{detail.get('github_environment', '')}: {detail.get('model', '')} {_place(detail)}",
    ),
    Verb.PIPELINE_ANSWERED: _field("answer"),
    **dict.fromkeys((Verb.ROLE_GRANTED, Verb.ROLE_REVOKED), _field("role")),
    Verb.SIGNING_KEY_INTRODUCED: lambda detail: f"{detail.get('kind', '')} {detail.get('keyid', '')[:16]}",
    Verb.SIGNING_KEY_ROTATED: lambda detail: (
        f"{detail.get('kind', '')} {detail.get('keyid', '')[:16]}: {_reason(detail)}"
    ),
    **dict.fromkeys((Verb.TIER_CONFIRMED, Verb.TIER_ASSESSED), _field("tier")),
    Verb.EVALUATION_REQUESTED: lambda detail: f"{detail.get('kind', '')} on {detail.get('dataset', '')}",
    **dict.fromkeys(
        (
            Verb.DEPLOYMENT_RECORDED,
            Verb.DEPLOYMENT_STARTED,
            Verb.DEPLOYMENT_FAILED,
            Verb.DEPLOYMENT_ROLLED_BACK,
            Verb.DEPLOYMENT_ENDED,
        ),
        lambda detail: f"{_place(detail)}, {_plain(detail.get('strategy', 'real_time'))}",
    ),
    Verb.DEPLOYMENT_UNDECIDED: lambda detail: (
        f"{_place(detail)}: {_plain(detail.get('problem')).rstrip('.')}"
    ),
    **dict.fromkeys((Verb.MODEL_CHANGED, Verb.FIELD_CHANGED, Verb.RISK_TREATED), _changed),
    Verb.MODEL_VISIBILITY: _seen_by,
    Verb.TEAM_CHANGED: _seen_by,
    Verb.MODEL_TAGGED: _tags,
    Verb.DEPENDENCIES_CHANGED: lambda detail: (
        f"takes answers from {', '.join(detail.get('is', {})) or 'no other model'}"
    ),
    **dict.fromkeys(
        (
            Verb.MODEL_SUSPENDED,
            Verb.MODEL_RESUMED,
            Verb.MODEL_RETIRED,
            Verb.RISK_ACCEPT_REFUSED,
            Verb.RISK_CLOSED,
            Verb.RISK_REOPENED,
            Verb.RISK_ACCEPTANCE_WITHDRAWN,
            Verb.WAIVER_REFUSED,
            Verb.WAIVER_WITHDRAWN,
            Verb.WAIVER_REVOKED,
            Verb.WAIVER_DENIED,
            Verb.BREAK_GLASS_REFUSED,
            Verb.BREAK_GLASS_WITHDRAWN,
            Verb.BREAK_GLASS_ENDED,
            Verb.BREAK_GLASS_DENIED,
            Verb.CONTROL_REFUSED,
            Verb.MODEL_WITHDRAWN,
            Verb.WEBHOOK_SWITCHED_OFF,
            Verb.VERSION_LAPSED,
        ),
        _reason,
    ),
    Verb.RISK_RATED: _scores,
    **dict.fromkeys((Verb.RISK_RAISED, Verb.FINDING_RAISED), _title),
    Verb.RISK_ACCEPTED: lambda detail: f"as {detail.get('level', '')} until {detail.get('until', '')}",
    Verb.RISK_ASSIGNED: lambda detail: f"to {detail.get('owner', {}).get('is', '')}",
    **dict.fromkeys(
        (Verb.WAIVER_REQUESTED, Verb.WAIVER_GRANTED, Verb.WAIVER_ENDING),
        lambda detail: f"{detail.get('requirement', '')} {_place(detail)}",
    ),
    Verb.WAIVER_APPROVED: lambda detail: f"{detail.get('requirement', '')}, {_plain(detail.get('role'))}",
    **dict.fromkeys(
        (Verb.BREAK_GLASS_REQUESTED, Verb.BREAK_GLASS_ACTIVATED),
        lambda detail: f"{_place(detail)}: {_reason(detail)}",
    ),
    Verb.FRAMEWORK_IMPORTED: lambda detail: f"{detail.get('name', '')}, {detail.get('version', '')}",
    Verb.FRAMEWORK_SCOPED: lambda detail: (
        f"{detail.get('framework', '')}: {_plain(detail.get('stance', {}).get('is'))}"
    ),
    Verb.CONTROL_CONCLUDED: _field("verdict"),
    **dict.fromkeys((Verb.EVIDENCE_ATTACHED, Verb.EVIDENCE_DETACHED), _title),
    **dict.fromkeys((Verb.GAP_OPENED, Verb.GAP_REASSIGNED), lambda detail: f"to {detail.get('owner', '')}"),
    Verb.CARD_REVISED: lambda detail: f"revision {detail.get('revision', '')}",
    **dict.fromkeys([verb for verb in Verb if verb.endswith("exported")], _taken),
    Verb.CARD_DOWNLOADED: lambda detail: f"revision {detail.get('revision', '')}, {detail.get('format', '')}",
    Verb.DOCUMENT_DOWNLOADED: lambda detail: f"{detail.get('document', '')}, {detail.get('format', '')}",
    Verb.BIAS_AUDIT_RECORDED: lambda detail: (
        f"by {detail.get('auditor', '')}, {detail.get('audited_on', '')}"
    ),
    Verb.BIAS_AUDIT_WITHDRAWN: _reason,
    Verb.ARTIFACT_DOWNLOADED: _as_written("path"),
    Verb.REPORT_DOWNLOADED: _field("what"),
}
"""Verb → the details of its events that matter to a reader."""
