"""What a requirement of a pack asks, in sentences."""

from policy.metrics import label_of
from policy.requirement import Check, Requirement
from policy.words import KINDS, ROLES, component, listed, span

BOUNDS = {
    "value": "",
    "low": ", low end of its 95% interval",
    "high": ", high end of its 95% interval",
}


def in_words(asked: Requirement) -> list[str]:
    """One sentence for each thing that the requirement asks."""
    said = {
        "tier_confirmed": _tier,
        "artifact_verified": _artifact,
        "card_complete": _card,
        "evaluation": _evaluation,
        "signoff": _signoff,
        "conditions_met": _conditions,
    }.get(asked.kind)
    return said(asked) if said else [f'A kind that this version cannot judge: "{asked.kind}". It denies.']


def _tier(asked: Requirement) -> list[str]:
    return ["A risk officer without a part in the model has confirmed the tier."]


def _artifact(asked: Requirement) -> list[str]:
    text = "The stored files were compared with their digests and match."
    return [text, f"The comparison is at most {span(asked.max_age)} old."] if asked.max_age else [text]


def _card(asked: Requirement) -> list[str]:
    return ["Every section of the model card that the tier asks for is written."]


def _conditions(asked: Requirement) -> list[str]:
    return ["Nothing that a signer asked for has missed its date."]


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
