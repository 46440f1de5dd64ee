"""Which frameworks apply to a model: by its uses, its flags, its tier and where it is used; or as somebody decided."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from governance.compliance.framework import Framework
from governance.compliance.models import Scoping, Stance
from policy.tiering import Tier
from policy.words import listed
from registry.models import RegisteredModel
from registry.places import overlap, place_names
from registry.regulated import frameworks as known_laws
from registry.regulated import regulated_uses
from riskreview.models import TierAssessment


@dataclass(frozen=True)
class Applicability:
    """Whether a framework applies to a model, and why. `decided` is the decision by hand that counts, if any."""

    framework: Framework
    applies: bool
    why: str
    by_rules: bool
    why_by_rules: str
    decided: Scoping | None


def applicability(
    framework: Framework,
    model: RegisteredModel,
    tier: TierAssessment | None,
    *,
    followed: Scoping | None,
    decided: Scoping | None,
) -> Applicability:
    """Whether it applies. `followed` is what the organisation decided for all models, `decided` for this one."""
    by_rules, why = _by_rules(framework, model, tier, followed)
    if decided is None or decided.stance == Stance.BY_RULES:
        return Applicability(framework, by_rules, why, by_rules, why, None)
    told = f"{decided.by.name} decided so: {decided.rationale}"
    return Applicability(framework, decided.stance == Stance.APPLIES, told, by_rules, why, decided)


def _by_rules(
    framework: Framework, model: RegisteredModel, tier: TierAssessment | None, followed: Scoping | None
) -> tuple[bool, str]:
    if framework.kind == "checklist" and (followed is None or followed.stance == Stance.BY_RULES):
        return True, "A checklist of our own, for every model while the organisation does not say otherwise."
    if followed is not None and followed.stance == Stance.APPLIES:
        if _reaches(followed.from_tier, tier):
            return True, _followed_words(followed, tier)
        return (
            False,
            f"The organisation follows it from tier {followed.from_tier} on; this one is {tier.tier if tier else ''}.",
        )
    if followed is not None and followed.stance == Stance.DOES_NOT:
        return False, f"The organisation does not follow it: {followed.rationale}"
    if framework.is_over:
        successor = framework.facts.get("superseded_by", "")
        return False, f"It is {framework.state_label.lower()}{f' by {successor}' if successor else ''}."
    law = known_laws().get(framework.id)
    if law is None:
        return (
            False,
            "No rule names it: it applies where the organisation or somebody for this model says so.",
        )
    brought = _brought_by(framework.id, model.regulated_uses, tier.flags if tier else ())
    if not brought:
        return (
            False,
            "The entry declares no use, and the tier questionnaire ticks nothing, that brings it.",
        )
    places = listed(place_names(law.places))
    if not model.jurisdictions:
        return True, f"{brought} It holds in {places}; while no jurisdiction is named, it counts."
    here = listed(place_names(model.jurisdictions))
    if overlap(law.places, model.jurisdictions):
        return True, f"{brought} It holds in {places}; the entry names {here}."
    return False, f"{brought} It holds in {places}, and the entry names {here}."


def _reaches(least: str, tier: TierAssessment | None) -> bool:
    """Whether the tier is at least that. A model that nobody has tiered counts as the highest."""
    return not least or tier is None or Tier(tier.tier).order >= Tier(least).order


def _followed_words(followed: Scoping, tier: TierAssessment | None) -> str:
    if not followed.from_tier:
        return "The organisation follows it for every model."
    word = f"this one is {tier.tier}" if tier else "this one has no tier yet, so it counts"
    return f"The organisation follows it from tier {followed.from_tier} on; {word}."


def _brought_by(framework: str, uses: Collection[str], flags: Collection[str]) -> str:
    """What brings a framework, as a sentence; empty if nothing does."""
    known = regulated_uses()
    declared = [
        known[use].name.lower() for use in uses if use in known and framework in known[use].frameworks
    ]
    if declared:
        return f"Declared use: {listed(declared)}."
    ticked = [flag for flag in flags if framework in brought_by_flag().get(flag, ())]
    if ticked:
        words = listed(flag.replace("_", " ") for flag in ticked)
        return f"Ticked in the tier questionnaire: {words}."
    return ""


def brought_by_flag() -> Mapping[str, frozenset[str]]:
    """Flag → the frameworks that every use with this flag brings: a flag alone does not say which use it is."""
    found: dict[str, frozenset[str]] = {}
    for use in regulated_uses().values():
        for flag in use.flags:
            found[flag] = found.get(flag, frozenset(use.frameworks)) & frozenset(use.frameworks)
    return found
