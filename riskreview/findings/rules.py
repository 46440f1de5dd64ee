"""Who may do what with a finding, and when. Actions refuse by these rules, and pages tell them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from accounts.models import SIGNING_ROLES, Role, User
from registry.access import may_edit
from registry.models import RegisteredModel
from riskreview.involvement import involved_in
from riskreview.models import OPEN_FINDINGS, BreakGlassConsent, Finding, FindingOrigin, FindingState

JUDGES = (Role.VALIDATOR, Role.RISK_OFFICER)
HANDING_OVER = (Role.RISK_OFFICER, Role.COMPLIANCE_OFFICER)
RAISERS = SIGNING_ROLES
SETTING_DAYS = (Role.RISK_OFFICER, Role.ADMINISTRATOR)
AUDITORS_READ = "Auditors read findings and change none."


class Deed(StrEnum):
    """What can be done with a finding, in the order in which pages offer it."""

    RESPOND = "respond"
    REMEDIATE = "remediate"
    JUDGE_REBUTTAL = "judge-rebuttal"
    DECIDE_EXTENSION = "decide-extension"
    VERIFY = "verify"
    CLOSE = "close"
    ASK_EXTENSION = "ask-extension"
    OVERRIDE = "override"
    REOPEN = "re-open"
    REASSIGN = "reassign"
    CLASSIFY = "classify"


@dataclass(frozen=True)
class Rule:
    """When a deed makes sense, who may do it, and how a page calls it. What judges takes an independent person."""

    label: str
    fits: Callable[[Finding], bool]
    against: Callable[[Finding, User], str]
    judges: bool = False


def why_not_now(deed: Deed, finding: Finding) -> str:
    """Why it cannot be done as the finding stands; empty when it can."""
    if RULES[deed].fits(finding):
        return ""
    state = "rebutted" if finding.is_rebutted else finding.get_state_display().lower()
    return f"{finding.name} is {state}, so there is nothing to {RULES[deed].label.lower()}."


def why_not_you(deed: Deed, finding: Finding, user: User, parts: Mapping[str, str] | None = None) -> str:
    """Why this person may not do it; empty when they may. Who asks about many gives what parts_in found."""
    rule = RULES[deed]
    if reason := rule.against(finding, user):
        return reason
    return why_not_independent(finding, user, parts) if rule.judges else ""


def may_raise(user: User, model: RegisteredModel) -> bool:
    """Whoever judges models, and the model's own team."""
    return user.holds(*RAISERS) or may_edit(user, model)


def parts_in(finding: Finding) -> dict[str, str]:
    """User name → what part this person has in what was found, in sentences to them; in a fixed number of queries.

    Whoever broke the glass does not judge what follows from it.
    """
    parts = involved_in(finding.model, finding.version)
    if finding.origin == FindingOrigin.BREAK_GLASS:
        consents = BreakGlassConsent.objects.filter(break_glass__finding=finding)
        for username, number in consents.values_list("person__username", "break_glass"):
            said = f"You took responsibility for BG-{number}, which this follows."
            parts[username] = f"{parts.get(username, '')} {said}".strip()
    return parts


def why_not_independent(finding: Finding, user: User, parts: Mapping[str, str] | None = None) -> str:
    """Why this person answers for what was found and so cannot judge it; empty when they do not."""
    if finding.owner_id == user.pk:
        return f"You own {finding.name}, so somebody else judges it."
    part = (parts_in(finding) if parts is None else parts).get(user.username)
    return f"{part} So somebody else judges {finding.name}." if part else ""


def _against_answering(finding: Finding, user: User) -> str:
    if finding.owner_id == user.pk or may_edit(user, finding.model):
        return ""
    return f"{finding.owner.name}, who owns it, or the team of {finding.model.name} does that."


def _against_judging(finding: Finding, user: User) -> str:
    raised_it = finding.raised_by_id == user.pk and user.holds(*RAISERS)
    if not raised_it and not user.holds(*JUDGES):
        return (
            f"A validator, a risk officer or {finding.raised_by.name}, who raised it, judges {finding.name}."
        )
    return ""


def _against_verifying(finding: Finding, user: User) -> str:
    if finding.remediated_by_id == user.pk:
        return "You remediated it, so somebody else verifies it."
    return _against_judging(finding, user)


def _against_extending(finding: Finding, user: User) -> str:
    if not user.holds(*JUDGES):
        return "A validator or a risk officer decides about a later date."
    if finding.extensions.filter(granted=None, asked_by=user).exists():
        return "You asked for the later date, so somebody else decides."
    return ""


def _against_overriding(finding: Finding, user: User) -> str:
    if not user.holds(Role.RISK_OFFICER):
        return "Only a risk officer lets a finding stand as it is."
    return ""


def _against_handing_over(finding: Finding, user: User) -> str:
    if finding.model.owner_id == user.pk or user.holds(*HANDING_OVER):
        return ""
    return f"{finding.model.owner.name}, a risk officer or a compliance officer gives it to somebody else."


def _against_classifying(finding: Finding, user: User) -> str:
    if user.holds(*HANDING_OVER):
        return ""
    return "A compliance officer or a risk officer says what an incident led to: legal periods count by it."


def _state(*states: FindingState) -> Callable[[Finding], bool]:
    return lambda finding: finding.state in states


def _extension_waits(finding: Finding) -> bool:
    return finding.is_open and finding.extensions.filter(granted=None).exists()


def _unextended(finding: Finding) -> bool:
    return finding.is_open and not finding.extensions.filter(granted=None).exists()


RULES: dict[Deed, Rule] = {
    Deed.RESPOND: Rule("Answer", _state(FindingState.OPEN), _against_answering),
    Deed.REMEDIATE: Rule(
        "Say it is remediated",
        lambda finding: finding.state == FindingState.RESPONDED and not finding.is_rebutted,
        _against_answering,
    ),
    Deed.JUDGE_REBUTTAL: Rule(
        "Judge the rebuttal", lambda finding: finding.is_rebutted, _against_judging, judges=True
    ),
    Deed.DECIDE_EXTENSION: Rule(
        "Decide about the later date", _extension_waits, _against_extending, judges=True
    ),
    Deed.VERIFY: Rule("Verify", _state(FindingState.REMEDIATED), _against_verifying, judges=True),
    Deed.CLOSE: Rule("Close", _state(FindingState.VERIFIED), _against_judging, judges=True),
    Deed.ASK_EXTENSION: Rule("Ask for a later date", _unextended, _against_answering),
    Deed.OVERRIDE: Rule("Override", _state(*OPEN_FINDINGS), _against_overriding, judges=True),
    Deed.REOPEN: Rule(
        "Re-open",
        _state(FindingState.VERIFIED, FindingState.CLOSED, FindingState.OVERRIDDEN),
        _against_judging,
        judges=True,
    ),
    Deed.CLASSIFY: Rule("Say what it led to", lambda finding: finding.is_incident, _against_classifying),
    Deed.REASSIGN: Rule("Give it to somebody else", _state(*OPEN_FINDINGS), _against_handing_over),
}
