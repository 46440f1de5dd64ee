"""A pack as people read it: what each environment asks, by tier, and what is asked of one model."""

from collections.abc import Sequence
from dataclasses import dataclass

from policy.pack import TIERS, Pack
from policy.requirement import Requirement
from policy.requirement_words import in_words
from policy.tiering import Tier
from policy.verdict import TIER as TIER_CONFIRMED
from policy.words import KINDS, UNMEASURED, listed
from registry.models import Environment, RegisteredModel
from riskreview.models import PolicyPack
from riskreview.policies.packs import active_pack


@dataclass(frozen=True)
class Asked:
    """A requirement in one environment, and which tiers it is asked of."""

    requirement: Requirement
    words: list[str]
    tiers: list[tuple[str, bool]]


@dataclass(frozen=True)
class Table:
    """What one environment asks."""

    environment: str
    label: str
    rows: list[Asked]


def tables_of(pack: Pack) -> list[Table]:
    """Per environment, in the order of the pack: every requirement that some tier asks for."""
    tables = []
    for name, label in Environment.choices:
        asked = pack.environments.get(name, {})
        rows = []
        for requirement in pack.requirements.values():
            tiers = [(tier, requirement in asked.get(tier, ())) for tier in TIERS]
            if any(wanted for _, wanted in tiers):
                rows.append(Asked(requirement, in_words(requirement), tiers))
        tables.append(Table(name, label, rows))
    return tables


@dataclass(frozen=True)
class Applied:
    """A requirement as it meets one model. `exempt` says why it asks nothing of it; empty: it does."""

    requirement: Requirement
    words: list[str]
    exempt: str = ""


@dataclass(frozen=True)
class Place:
    """What is asked of one model in one environment; `note` where that is not a list."""

    environment: str
    label: str
    applied: list[Applied]
    note: str = ""


@dataclass(frozen=True)
class Applicable:
    """Which policy applies to a model, at its tier or a supposed one."""

    row: PolicyPack | None
    pack: Pack | None
    tier: str
    confirmed: bool
    supposed: bool
    places: list[Place]
    note: str = ""


def policy_for(model: RegisteredModel, supposed: str = "") -> Applicable:
    """What the pack in force asks of a model, at its own tier or as if it had another one."""
    active = active_pack()
    row, pack = active if active else (None, None)
    newest = model.tier_assessments.first()
    own = newest.tier if newest else ""
    tier = supposed or own
    confirmed = bool(newest and newest.is_confirmed) and not supposed
    note = "" if pack else "No policy is in force, so the gate denies everything."
    places = [
        _place(pack, name, label, tier, model, confirmed, supposed) for name, label in Environment.choices
    ]
    return Applicable(row, pack, tier, confirmed, bool(supposed), places if pack else [], note)


def _place(
    pack: Pack | None,
    environment: str,
    label: str,
    tier: str,
    model: RegisteredModel,
    confirmed: bool,
    supposed: str,
) -> Place:
    if tier == Tier.PROHIBITED:
        return Place(environment, label, [], "A prohibited use is always denied and never waived.")
    if not tier:
        note = "There is no tier yet, so the gate denies. The owner answers the questionnaire."
        return Place(environment, label, [], note)
    asked: Sequence[Requirement] = pack.environments.get(environment, {}).get(tier, ()) if pack else ()
    if not confirmed and not supposed and TIER_CONFIRMED.kind not in [item.kind for item in asked]:
        asked = (TIER_CONFIRMED, *asked)  # as policy.verdict does
    applied = [Applied(item, in_words(item, model.kind), _exempt(item, model.kind)) for item in asked]
    return Place(environment, label, applied)


def _exempt(asked: Requirement, kind: str) -> str:
    """What is known without the evidence: the kinds of model that a requirement is meant for."""
    if kind not in KINDS or not asked.applies_to or kind in asked.applies_to:
        return ""
    kinds = listed(KINDS[name] for name in asked.applies_to)
    return f"Asked of {kinds} only; this model is for {(KINDS | UNMEASURED)[kind]}."
