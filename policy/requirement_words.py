"""Say what a requirement of a pack asks, in sentences."""

from dataclasses import replace

from policy.break_glass import BreakGlassTerms
from policy.metrics import label_of
from policy.requirement import Check, Requirement
from policy.waivers import WaiverTerms
from policy.words import KINDS, ROLES, SEVERITIES, a_role, component, listed, span

BOUNDS = {
    "value": "",
    "low": ", low end of its 95% interval",
    "high": ", high end of its 95% interval",
}


def in_words(asked: Requirement, kind: str = "") -> list[str]:
    """One sentence for each thing that the requirement asks; of a model of that kind alone, where one is named."""
    if kind:
        covering = (check for check in asked.checks if check.covers(kind))
        asked = replace(asked, checks=tuple(replace(check, applies_to=()) for check in covering))
    said = {
        "tier_confirmed": _tier,
        "artifact_verified": _artifact,
        "card_complete": _card,
        "evaluation": _evaluation,
        "signoff": _signoff,
        "conditions_met": _conditions,
        "findings_closed": _findings,
        "risks_treated": _risks,
        "ran_in": _ran_in,
        "monitoring_in_place": _monitoring,
    }.get(asked.kind)
    return said(asked) if said else [f'A kind that this version cannot judge: "{asked.kind}". It denies.']


def waivers_in_words(terms: WaiverTerms | None) -> list[str]:
    """What a pack says about waivers."""
    if terms is None:
        return ["Nothing can be waived."]
    said = [f"An unmet requirement can be waived for at most {span(terms.longest)}."]
    for tier, roles in terms.approvers.items():
        said.append(f"{tier.capitalize()}: {listed(a_role(role) for role in roles)} must approve.")
    if terms.never:
        said.append(
            f"Never waived: {listed(name.replace('signoff', 'sign-off').replace('_', ' ') for name in terms.never)}."
        )
    said.append("The tier, the files, a rejection, a suspension and a prohibited use are never waived.")
    return said


def break_glass_in_words(terms: BreakGlassTerms | None) -> list[str]:
    """What a pack says about break-glass."""
    if terms is None:
        return ["There is none: what the gate denies does not run."]
    roles = listed(ROLES.get(role, role) for role in terms.roles)
    return [
        f"In an emergency {terms.needs} independent people of these roles let a version run against the policy for "
        f"at most {terms.hours} hours: {roles}.",
        f"A finding opens by itself, due {span(terms.due)} later.",
        "Never for a prohibited use, a stopped model, files that do not match, or against a rejection.",
    ]


def _tier(asked: Requirement) -> list[str]:
    return ["A risk officer without a part in the model has confirmed the tier."]


def _artifact(asked: Requirement) -> list[str]:
    text = "The stored files were compared with their digests and match."
    return [text, f"The comparison is at most {span(asked.max_age)} old."] if asked.max_age else [text]


def _card(asked: Requirement) -> list[str]:
    return ["Every section of the model card that the tier asks for is written."]


def _conditions(asked: Requirement) -> list[str]:
    return ["Nothing that a signer asked for has missed its date."]


def _findings(asked: Requirement) -> list[str]:
    which = "" if len(asked.severities) == len(SEVERITIES) else f"{listed(asked.severities)} "
    overdue = " and overdue" if asked.within_due else ""
    return [f"No {which}finding is open{overdue}. What a risk officer overrode is told and does not count."]


def _risks(asked: Requirement) -> list[str]:
    count = "One risk is" if asked.at_least == 1 else f"{asked.at_least} risks are"
    return [
        f"{count} assessed at least, before and after controls.",
        f"What remains of each open risk is at most {asked.residual_at_most}, or accepted in the role that its "
        "level asks.",
        "No review of a risk is overdue.",
    ]


def _ran_in(asked: Requirement) -> list[str]:
    soak = span(asked.soak) if asked.soak else ""
    return [
        f"It ran in {asked.environment} for {soak}, since it was last rolled back there.",
        "What no valid decision of the gate carried does not count.",
    ]


def _monitoring(asked: Requirement) -> list[str]:
    kinds = listed(component(kind) for kind in asked.evaluations)
    said = [f"Schedules measure {kinds} again, at least every {span(asked.every) if asked.every else ''}."]
    return [*said, f"Asked of {_kinds(asked.applies_to)} only."] if asked.applies_to else said


def _signoff(asked: Requirement) -> list[str]:
    role = ROLES.get(asked.role, asked.role)
    people = f"{asked.count} people sign" if asked.count > 1 else "One person signs"
    said = [f"{people} as {role}."]
    if asked.independence:
        said.append("Whoever owns, develops, submitted or supplied the training data cannot.")
    if asked.valid_for:
        said.append(f"Valid for {span(asked.valid_for)}.")
    kept = listed(component(name) for name in asked.survives) if asked.survives else ""
    said.append(
        f"Survives a change of the {kept}, nothing else."
        if kept
        else "Stale as soon as any evidence changes."
    )
    return said


def _evaluation(asked: Requirement) -> list[str]:
    role = f" on a {asked.dataset_role.replace('_', ' ')} data set" if asked.dataset_role else ""
    said = [f"Measured{role}{f', at most {span(asked.max_age)} ago' if asked.max_age else ''}."]
    if asked.applies_to:
        said.append(f"Asked of {_kinds(asked.applies_to)} only.")
    if asked.when_sensitive:
        said.append("Asked where sensitive attributes are declared or the use decides about people.")
    if asked.accept_reported:
        said.append("A result that its maker reports counts, too.")
    return said + [_check(check) for check in asked.checks]


def _check(check: Check) -> str:
    metric = label_of(check.metric)
    limits = []
    if check.at_least is not None:
        limits.append(f"at least {_number(check.at_least)}")
    if check.at_most is not None:
        limits.append(f"at most {_number(check.at_most)}")
    kinds = f" ({_kinds(check.applies_to)})" if check.applies_to else ""
    return f"{metric}{BOUNDS[check.bound]}: {' and '.join(limits)}{kinds}."


def _number(value: float) -> str:
    """Two decimals at least, and none for whole numbers such as counts."""
    if value == int(value):
        return str(int(value))
    text = f"{value:g}"
    return text if len(text.partition(".")[2]) > 1 else f"{value:.2f}"


def _kinds(names: tuple[str, ...]) -> str:
    return listed(KINDS.get(name, name) for name in names)
