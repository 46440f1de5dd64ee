"""The page of one finding: what is next, whose turn it is, and what else this reader may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from policy.words import ROLES
from riskreview.findings.forms import FORMS, StepForm
from riskreview.findings.rules import JUDGES, RULES, Deed, parts_in, why_not_you
from riskreview.models import STEPS, Finding, FindingState, StepKind

NEXT = (
    Deed.DECIDE_EXTENSION,
    Deed.RESPOND,
    Deed.REMEDIATE,
    Deed.JUDGE_REBUTTAL,
    Deed.VERIFY,
    Deed.CLOSE,
)
"""Deeds that move a finding on; at most one beside the extension fits a state."""
FURTHER = (Deed.CLASSIFY, Deed.ASK_EXTENSION, Deed.REASSIGN, Deed.OVERRIDE, Deed.REOPEN)
MOST_ASKED = 30
MOST_NAMED = 4
SHAPES = {
    StepKind.RAISED: "no",
    StepKind.REOPENED: "no",
    StepKind.REBUTTAL_REFUSED: "no",
    StepKind.NOT_VERIFIED: "no",
    StepKind.EXTENSION_REFUSED: "no",
    StepKind.REBUTTED: "stale",
    StepKind.ESCALATED: "stale",
    StepKind.EXTENSION_GRANTED: "stale",
    StepKind.OVERRIDDEN: "waived",
    StepKind.VERIFIED: "ok",
    StepKind.CLOSED: "ok",
    StepKind.REBUTTAL_ACCEPTED: "ok",
}


@dataclass(frozen=True)
class Turn:
    """What comes next: for this reader as a form, for others with why not and who can."""

    deed: Deed
    label: str
    form: StepForm | None
    why_not: str = ""
    who: tuple[str, ...] = ()


def next_turn(finding: Finding, reader: User, typed: StepForm | None = None) -> Turn | None:
    """The step that moves it on; of two the one that this reader can do. None once it has ended."""
    fitting = [deed for deed in NEXT if RULES[deed].fits(finding)]
    parts = parts_in(finding) if fitting else {}
    mine = [deed for deed in fitting if not why_not_you(deed, finding, reader, parts)]
    if mine:
        return Turn(mine[0], RULES[mine[0]].label, _form(mine[0], finding, typed))
    if not fitting:
        return None
    deed = fitting[-1]
    who = tuple(_who_can(deed, finding, parts))
    return Turn(deed, RULES[deed].label, None, why_not_you(deed, finding, reader, parts), who)


def further_turns(finding: Finding, reader: User, typed: StepForm | None = None) -> list[Turn]:
    """What else this reader may do with it."""
    parts = parts_in(finding)
    return [
        Turn(deed, RULES[deed].label, _form(deed, finding, typed))
        for deed in FURTHER
        if RULES[deed].fits(finding) and not why_not_you(deed, finding, reader, parts)
    ]


def _form(deed: Deed, finding: Finding, typed: StepForm | None) -> StepForm:
    """The form that was sent, if it is this deed's; else an empty one."""
    made = FORMS[deed]
    return typed if isinstance(typed, made) else made(finding)


def _who_can(deed: Deed, finding: Finding, parts: Mapping[str, str]) -> list[str]:
    if deed in (Deed.RESPOND, Deed.REMEDIATE):
        people = [finding.owner, finding.model.owner, *finding.model.developers.all()[:MOST_NAMED]]
        return list(dict.fromkeys(person.name for person in people))[:MOST_NAMED]
    judges = (
        User.objects.filter(is_active=True, grants__role__in=JUDGES).distinct().order_by("last_name", "pk")
    )
    able = [person for person in judges[:MOST_ASKED] if not why_not_you(deed, finding, person, parts)]
    return [f"{person.name} ({_role(person)})" for person in able[:MOST_NAMED]]


def _role(person: User) -> str:
    return next(ROLES[role] for role in JUDGES if role in person.roles)


def whose_turn(finding: Finding) -> str:
    """Who is next, in a few words for a list; nothing once it has ended."""
    if finding.is_open and getattr(finding, "extension_waits", False):
        return "A later date waits for a validator or risk officer."
    if finding.is_rebutted:
        return "The rebuttal waits for a validator or risk officer."
    return {
        FindingState.OPEN: f"{finding.owner.name} answers.",
        FindingState.RESPONDED: f"{finding.owner.name} remediates.",
        FindingState.REMEDIATED: "Waits to be verified.",
        FindingState.VERIFIED: "Waits to be closed.",
    }.get(FindingState(finding.state), "")


def track(finding: Finding) -> list[dict[str, Any]]:
    """The five states on the way, as the track shows them; an overridden finding left the way."""
    here = STEPS.index(FindingState(finding.state)) if finding.state in STEPS else -1
    return [
        {
            "label": state.label,
            "state": "done" if place < here else "now" if place == here else "",
        }
        for place, state in enumerate(STEPS)
    ]


def history(finding: Finding) -> list[dict[str, Any]]:
    """Each step, newest first."""
    return [
        {
            "shape": SHAPES.get(StepKind(step.kind), "half"),
            "label": step.get_kind_display(),
            "by": step.by,
            "at": step.at,
            "note": step.note,
            "due_on": step.due_on,
        }
        for step in finding.steps.select_related("by").order_by("-pk")
    ]
