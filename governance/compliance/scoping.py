"""Deciding by hand whether a framework applies: to one model, or to all of them by what the organisation follows."""

from datetime import datetime

from django.db import transaction

from accounts.access import require_role
from accounts.models import User
from accounts.refusals import Conflict, Invalid
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from governance.compliance.library import every
from governance.compliance.models import Scoping, Stance
from governance.compliance.rules import SCOPERS
from policy.tiering import Tier
from registry.models import RegisteredModel
from riskreview.findings.steps import said

FROM_TIERS = (Tier.LOW, Tier.MODERATE, Tier.HIGH, Tier.CRITICAL)


@transaction.atomic
def decide_scope(
    *,
    framework: str,
    model: RegisteredModel | None,
    stance: str,
    rationale: str,
    from_tier: str = "",
    user: User,
    actor: Actor,
    at: datetime,
) -> Scoping:
    """Say that a framework applies or does not, or let the rules say it again. A later decision replaces this one."""
    require_role(user, *SCOPERS, to="decide which frameworks apply")
    if framework not in every():
        raise Invalid(
            f'There is no framework "{framework[:64]}".', "Choose one of the list.", field="framework"
        )
    if stance not in Stance.values:
        raise Invalid(f'"{stance[:20]}" is no answer.', f"Choose {', '.join(Stance.values)}.", field="stance")
    if from_tier and (model is not None or from_tier not in FROM_TIERS or stance != Stance.APPLIES):
        raise Invalid(
            "A tier is named where the organisation follows a framework.",
            f"Choose {', '.join(FROM_TIERS)}, or none.",
            field="from_tier",
        )
    why = said(rationale, "rationale")
    before = Scoping.objects.select_for_update(of=("self",)).filter(framework=framework, model=model).first()
    if (before is None and stance == Stance.BY_RULES) or (
        before is not None and (before.stance, before.from_tier) == (stance, from_tier)
    ):
        raise Conflict("It is decided so already.", "Nothing was changed.")
    made = Scoping.objects.create(
        framework=framework, model=model, stance=stance, from_tier=from_tier, rationale=why, by=user, at=at
    )
    subject = f"framework:{framework}" if model is None else f"{model.ref}/framework:{framework}"
    detail = {
        "framework": framework,
        "stance": {"was": before.stance if before else Stance.BY_RULES.value, "is": stance},
        "from_tier": from_tier or None,
        "rationale": why,
    }
    record(Verb.FRAMEWORK_SCOPED, subject=subject, actor=actor, at=at, detail=detail)
    return made
