"""Which evaluations a version is measured by: what the requirements of its tier ask for, and what a pack adds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from policy.lines import Item
from policy.metrics import EVALUATIONS
from policy.requirement import Requirement
from policy.words import DATASET_ROLES, KINDS

SETTING_LIMIT = 20
DESCRIBING = frozenset(
    (
        *("labels", "predictions", "query", "time", "series", "season", "quantile"),
        *("quasi_identifiers", "confidential", "plugin", "settings"),
    )
)
"""Settings that say what the data or the plug-in are. Every other one bears on the result; the plan sets it."""
FIELDS = (("evaluation", "dataset_role"), ("max_age", "settings", "tiers", "applies_to"))
"""The required and the optional keys of an entry."""


@dataclass(frozen=True)
class PlannedEvaluation:
    """One kind of evaluation on one role of data set. `max_age` None: a result holds for ever."""

    evaluation: str
    dataset_role: str
    max_age: timedelta | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    tiers: tuple[str, ...] = ()
    applies_to: tuple[str, ...] = ()
    when_sensitive: bool = False

    def covers(self, tier: str, model_kind: str) -> bool:
        """Whether it is meant for such a use; naming no tier or no kind means every one."""
        return (not self.tiers or tier in self.tiers) and (
            not self.applies_to or model_kind in self.applies_to
        )


def read_plan(item: Item, tiers: tuple[str, ...]) -> tuple[PlannedEvaluation, ...]:
    """Return the plan that a list describes, or raise PackError."""
    found: list[PlannedEvaluation] = []
    for entry in item.items():
        planned = _read(Item(entry.node, entry.file, "an entry of the plan"), tiers)
        for known in found:
            if _collide(known, planned, tiers):
                raise entry.refuse(
                    f"{planned.evaluation} on {planned.dataset_role} data is planned twice for the same use.",
                    'Keep one of them, or part them by "tiers" or "applies_to".',
                )
        found.append(planned)
    return tuple(found)


def planned_for(
    requirements: Iterable[Requirement], extra: Iterable[PlannedEvaluation], *, tier: str, model_kind: str
) -> tuple[PlannedEvaluation, ...]:
    """What a use of this tier and kind is measured by, each kind and role once.

    A requirement gives the kind, the role and the age; the pack's plan adds settings and may ask for a younger
    result, never for an older one. Plug-ins are started by hand, by API or by a schedule of their own.
    """
    asked: dict[tuple[str, str], PlannedEvaluation] = {}
    for requirement in requirements:
        if requirement.kind != "evaluation" or (
            requirement.applies_to and model_kind not in requirement.applies_to
        ):
            continue
        if requirement.evaluation not in EVALUATIONS:  # a plug-in's settings are known to people only
            continue
        item = PlannedEvaluation(
            requirement.evaluation,
            requirement.dataset_role,
            requirement.max_age,
            when_sensitive=requirement.when_sensitive,
        )
        _merge(asked, item)
    for item in extra:
        if item.covers(tier, model_kind):
            _merge(asked, item)
    return tuple(asked.values())


def _merge(asked: dict[tuple[str, str], PlannedEvaluation], item: PlannedEvaluation) -> None:
    place = (item.evaluation, item.dataset_role)
    known = asked.get(place)
    if known is None:
        asked[place] = PlannedEvaluation(
            item.evaluation,
            item.dataset_role,
            item.max_age,
            item.settings,
            when_sensitive=item.when_sensitive,
        )
        return
    ages = [age for age in (known.max_age, item.max_age) if age is not None]
    asked[place] = PlannedEvaluation(
        item.evaluation,
        item.dataset_role,
        min(ages) if ages else None,
        {**known.settings, **item.settings},
        when_sensitive=known.when_sensitive and item.when_sensitive,
    )


def _read(item: Item, tiers: tuple[str, ...]) -> PlannedEvaluation:
    fields = item.fields(*FIELDS)
    return PlannedEvaluation(
        evaluation=fields["evaluation"].choice(EVALUATIONS),
        dataset_role=fields["dataset_role"].choice(DATASET_ROLES),
        max_age=fields["max_age"].duration() if "max_age" in fields else None,
        settings=_settings(fields["settings"]) if "settings" in fields else {},
        tiers=fields["tiers"].choices(tiers) if "tiers" in fields else (),
        applies_to=fields["applies_to"].choices(tuple(KINDS)) if "applies_to" in fields else (),
    )


def _settings(item: Item) -> dict[str, Any]:
    """Names and values as they stand. Which names a kind knows is judged where it is measured."""
    entries = item.entries()
    if not entries:
        raise item.refuse("The settings are empty.", 'Write "name: value" lines, or remove "settings".')
    if len(entries) > SETTING_LIMIT:
        raise item.refuse(f"There are {len(entries)} settings.", f"Keep to {SETTING_LIMIT}.")
    return {name: value.exact() for name, value in entries.items()}


def _collide(one: PlannedEvaluation, other: PlannedEvaluation, tiers: tuple[str, ...]) -> bool:
    if (one.evaluation, one.dataset_role) != (other.evaluation, other.dataset_role):
        return False
    return any(one.covers(tier, kind) and other.covers(tier, kind) for tier in tiers for kind in KINDS)
