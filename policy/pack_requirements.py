"""Read one requirement of a pack, by its kind."""

import re
from dataclasses import replace
from typing import cast

from policy.lines import Item
from policy.metrics import EVALUATIONS, OF_KIND
from policy.requirement import SIGNING_ROLES, Bound, Check, Requirement
from policy.risk_scales import RISK_LEVELS
from policy.words import DATASET_ROLES, KINDS, ROLES, SEVERITIES

SURVIVABLE = ("card", "tier", "risks", "findings", *(f"evaluation.{kind}" for kind in EVALUATIONS))
"""What a sign-off may outlive. Never the artifact: nobody signs bytes that they did not see."""

FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "tier_confirmed": ((), ()),
    "artifact_verified": ((), ("max_age",)),
    "card_complete": ((), ()),
    "evaluation": (
        ("evaluation", "dataset_role", "checks"),
        ("max_age", "applies_to", "when", "accept_reported"),
    ),
    "signoff": (("role",), ("count", "valid_for", "survives", "independence")),
    "conditions_met": ((), ()),
    "findings_closed": ((), ("severities", "within_due")),
    "risks_treated": ((), ("residual_at_most", "at_least")),
    "ran_in": (("environment", "soak"), ()),
    "monitoring_in_place": (("evaluations", "every"), ("applies_to",)),
}
"""Kind → its required and its optional keys, beside id, kind and title."""

COMMON = (("id", "kind"), ("title",))
"""The required and the optional keys of every kind."""
CHECK_FIELDS = (("metric",), ("bound", "at_least", "at_most", "between", "applies_to"))
LIMITS = ("at_least", "at_most", "between")
"""A check asks for exactly one of these."""
BOUNDS = ("value", "low", "high")
MOST_SIGNERS = 20
MOST_RISKS = 1_000
LONGEST_ID = 80
SOAKING = ("development", "staging")
"""Environments that come before another one."""

TITLES = {
    "tier_confirmed": "Tier confirmed",
    "artifact_verified": "Artifact verified",
    "card_complete": "Card complete",
    "conditions_met": "Conditions met in time",
    "findings_closed": "Findings closed",
    "risks_treated": "Risks treated",
    "monitoring_in_place": "Monitoring in place",
}
PLUGIN = re.compile(r"custom\.[a-z][a-z0-9_]{0,39}")
PLUGIN_METRIC = re.compile(r"[a-z][a-z0-9_]{0,39}\.[a-z][a-z0-9_]{0,39}")
ID = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")


def read_requirement(item: Item) -> Requirement:
    """Return the requirement that a mapping describes."""
    entries = item.entries()
    if "kind" not in entries:
        raise item.refuse(
            'The key "kind" is missing in a requirement.', f"Write one of: {', '.join(FIELDS)}."
        )
    kind = _kind(entries["kind"])
    required, optional = FIELDS[kind]
    fields = Item(item.node, item.file, f"a requirement of kind {kind}").fields(
        (*COMMON[0], *required), (*COMMON[1], *optional)
    )
    requirement = Requirement(id=_id(fields["id"], kind), kind=kind, title=_title(fields, kind))
    if kind == "evaluation":
        return _evaluation(requirement, fields, item)
    if kind == "signoff":
        return _signoff(requirement, fields)
    if kind == "findings_closed":
        return _findings(requirement, fields)
    if kind == "risks_treated":
        return _risks(requirement, fields)
    if kind == "ran_in":
        return replace(
            requirement, environment=fields["environment"].choice(SOAKING), soak=fields["soak"].duration()
        )
    if kind == "monitoring_in_place":
        watched = fields["evaluations"].choices(EVALUATIONS)
        applies_to = fields["applies_to"].choices(tuple(KINDS)) if "applies_to" in fields else ()
        return replace(
            requirement, evaluations=watched, every=fields["every"].duration(), applies_to=applies_to
        )
    if "max_age" in fields:
        return replace(requirement, max_age=fields["max_age"].duration())
    return requirement


def _kind(item: Item) -> str:
    return item.choice(tuple(FIELDS))


def _id(item: Item, kind: str) -> str:
    """The id begins with its kind, so that it never collides with what the verdict adds by itself."""
    name = item.text()
    if len(name) > LONGEST_ID or not ID.fullmatch(name) or name.split(".")[0] != kind:
        raise item.refuse(
            f'"{name}" is not an id for the kind {kind}.',
            f'Write "{kind}" or "{kind}.name", in small letters, digits and "_", at most {LONGEST_ID} characters.',
        )
    return name


def _title(fields: dict[str, Item], kind: str) -> str:
    if "title" in fields:
        return fields["title"].text()
    if kind == "signoff":
        return f"{ROLES.get(fields['role'].text(), 'Somebody').capitalize()} signs"
    if kind == "evaluation":
        return f"{fields['evaluation'].text().capitalize()} evaluated"
    if kind == "ran_in":
        return f"Ran in {fields['environment'].text()}"
    return TITLES[kind]


def _signoff(requirement: Requirement, fields: dict[str, Item]) -> Requirement:
    role = fields["role"].text()
    if role in ROLES and role not in SIGNING_ROLES:
        raise fields["role"].refuse(
            f'The role "{role}" never signs.', f"Write one of: {', '.join(SIGNING_ROLES)}."
        )
    return replace(
        requirement,
        role=fields["role"].choice(SIGNING_ROLES),
        count=fields["count"].whole(1, MOST_SIGNERS) if "count" in fields else 1,
        valid_for=fields["valid_for"].duration() if "valid_for" in fields else None,
        survives=fields["survives"].choices(SURVIVABLE) if "survives" in fields else (),
        independence=fields["independence"].flag() if "independence" in fields else True,
    )


def _findings(requirement: Requirement, fields: dict[str, Item]) -> Requirement:
    return replace(
        requirement,
        severities=fields["severities"].choices(SEVERITIES) if "severities" in fields else SEVERITIES,
        within_due=fields["within_due"].flag() if "within_due" in fields else False,
    )


def _risks(requirement: Requirement, fields: dict[str, Item]) -> Requirement:
    """Critical is no limit: everything is at most that."""
    limits = RISK_LEVELS[:-1]
    return replace(
        requirement,
        residual_at_most=fields["residual_at_most"].choice(limits)
        if "residual_at_most" in fields
        else "moderate",
        at_least=fields["at_least"].whole(1, MOST_RISKS) if "at_least" in fields else 1,
    )


def _evaluation(requirement: Requirement, fields: dict[str, Item], item: Item) -> Requirement:
    applies_to = fields["applies_to"].choices(tuple(KINDS)) if "applies_to" in fields else ()
    kinds = applies_to or tuple(KINDS)
    evaluation = _measured_by(fields["evaluation"])
    checks = tuple(_check(entry, kinds, evaluation) for entry in fields["checks"].items())
    for kind in kinds:
        if not any(check.covers(kind) for check in checks):
            raise fields["checks"].refuse(
                f"No check is meant for {kind}, so nothing could be judged.",
                f'Add a check for {kind}, or leave it out of "applies_to" of the requirement.',
            )
    return replace(
        requirement,
        evaluation=evaluation,
        dataset_role=fields["dataset_role"].choice(DATASET_ROLES),
        max_age=fields["max_age"].duration() if "max_age" in fields else None,
        applies_to=applies_to,
        when_sensitive=_when(fields["when"]) if "when" in fields else False,
        checks=checks,
        accept_reported=fields["accept_reported"].flag() if "accept_reported" in fields else False,
    )


def _measured_by(item: Item) -> str:
    """A kind of evaluation, or `custom.` with the name of a plug-in: then only that plug-in's runs count."""
    name = item.text()
    return name if PLUGIN.fullmatch(name) else item.choice(EVALUATIONS)


def _metric(item: Item, evaluation: str) -> str:
    """A metric of the kind. A plug-in's metrics are known where it is installed, so here only by their prefix."""
    if evaluation in OF_KIND:
        return item.choice(tuple(OF_KIND[evaluation]))
    plugin = evaluation.removeprefix("custom.")
    name = item.text()
    if not PLUGIN_METRIC.fullmatch(name) or name.split(".")[0] != plugin:
        raise item.refuse(f'"{name}" is no metric of the plug-in {plugin}.', f'Write "{plugin}.name".')
    return name


def _when(item: Item) -> bool:
    asked = item.fields(("sensitive_attributes",))["sensitive_attributes"]
    if not asked.flag():
        raise asked.refuse(
            "Only true can be asked for.", 'Write "sensitive_attributes: true", or remove "when".'
        )
    return True


def _check(item: Item, kinds: tuple[str, ...], evaluation: str) -> Check:
    entries = Item(item.node, item.file, "a check").fields(*CHECK_FIELDS)
    asked = [name for name in LIMITS if name in entries]
    if len(asked) != 1:
        raise item.refuse(
            "A check asks for exactly one of at_least, at_most and between.",
            'Write, for instance, "at_least: 0.80".',
        )
    applies_to = entries["applies_to"].choices(tuple(KINDS)) if "applies_to" in entries else ()
    for kind in applies_to:
        if kind not in kinds:
            raise entries["applies_to"].refuse(
                f"The requirement does not apply to {kind}, so this check is never used.",
                f'Remove "{kind}" here, or add it to "applies_to" of the requirement.',
            )
    low, high = _limits(asked[0], entries[asked[0]])
    return Check(
        metric=_metric(entries["metric"], evaluation),
        bound=cast(Bound, entries["bound"].choice(BOUNDS)) if "bound" in entries else "value",
        at_least=low,
        at_most=high,
        applies_to=applies_to,
    )


def _limits(name: str, item: Item) -> tuple[float | None, float | None]:
    if name == "at_least":
        return item.number(), None
    if name == "at_most":
        return None, item.number()
    ends = [entry.number() for entry in item.items()]
    if len(ends) != 2 or ends[0] >= ends[1]:
        raise item.refuse(
            "between needs a lower and a higher number.", 'Write, for instance, "between: [0.1, 0.9]".'
        )
    return ends[0], ends[1]
