"""What the active policy asks of the risks of a model, in production at its tier, in sentences."""

from policy.requirement_words import in_words
from registry.models import Environment, RegisteredModel
from riskreview.policies.packs import active_pack


def asked_of(model: RegisteredModel) -> list[str]:
    """The sentences; none where the policy asks nothing of risks."""
    assessment = model.tier_assessments.first()
    active = active_pack()
    if assessment is None or active is None:
        return []
    asked = active[1].environments.get(Environment.PRODUCTION, {}).get(assessment.tier, ())
    return [text for item in asked if item.kind == "risks_treated" for text in in_words(item)]
