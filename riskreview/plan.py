"""What a version should be measured by: what the active policy asks of its tier and kind, and its plan."""

from evaluations.plan import Wanted
from policy.tiering import Tier
from registry.models import ModelVersion
from riskreview.policies.packs import active_pack


def wanted_of(version: ModelVersion) -> Wanted:
    """The evaluations that the active pack plans. A use without a tier is planned as the highest one."""
    active = active_pack()
    if active is None:
        return Wanted((), "No policy is in force, so nothing is planned.")
    _, pack = active
    assessment = version.model.tier_assessments.order_by("-pk").first()
    tier = assessment.tier if assessment else ""
    if tier in (Tier.PROHIBITED, ""):
        word = f"{tier} use, planned as" if tier else "no tier yet, planned as"
        basis = f"{pack.title}, {word} {Tier.CRITICAL}"
    else:
        word = "" if assessment is not None and assessment.confirmed_tier else " (not confirmed)"
        basis = f"{pack.title}, tier {tier}{word}"
    return Wanted(pack.planned(tier, version.model.kind), basis)
