"""Answering the tier questionnaire and confirming the tier. Both hold every version: the gate waits."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.access import require_role
from accounts.models import Role, User
from accounts.refusals import Conflict, Invalid, NotAllowed
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from policy.evidence import canonical_digest
from policy.tiering import QuestionnaireError, Tier, assess
from policy.words import listed
from registry.access import refuse_unless_editor
from registry.actions.locking import locked_model
from registry.models import Lifecycle, RegisteredModel
from riskreview.involvement import involved_in
from riskreview.models import TierAssessment
from riskreview.tiering.queries import review_needed
from riskreview.tiering.questionnaires import for_reading, kept_in_force
from riskreview.tiering.use import UseChange, changed_use, use_digest, use_of

SHORTEST_RATIONALE = 20


class QuestionnaireReplaced(Conflict):
    """Another version came into force between asking and answering."""


class UseMoved(Conflict):
    """The entry says something else of the use than what was read."""


@transaction.atomic
def assess_tier(
    *,
    model: RegisteredModel,
    answers: Mapping[str, int],
    flags: Collection[str],
    assessor: User,
    actor: Actor,
    at: datetime,
    questionnaire_digest: str = "",
) -> TierAssessment:
    """Keep the answers and the tier that they give. It is only proposed until a risk officer confirms it.

    `questionnaire_digest` is the one that was on the screen: answers to another one than is in force are refused.
    """
    refuse_unless_editor(assessor, model)
    model = _in_use(model)
    questionnaire = kept_in_force(at).questions
    if questionnaire_digest and questionnaire_digest != questionnaire.digest:
        raise QuestionnaireReplaced(
            f"Version {questionnaire.version} of the questionnaire came into force while you answered.",
            "Look through your answers and keep them again.",
        )
    try:
        found = assess(questionnaire, answers, flags)
    except QuestionnaireError as error:
        raise Invalid(str(error), field="answers") from error
    assessment = TierAssessment(
        model=model,
        questionnaire_version=questionnaire.version,
        questionnaire_digest=questionnaire.digest,
        answers=dict(answers),
        flags=sorted(set(flags)),
        use=use_of(model),
        materiality=found.materiality,
        inherent=found.inherent,
        computed_tier=found.tier.value,
        overrides=[{"id": rule.id, "floor": rule.floor.value, "why": rule.why} for rule in found.overrides],
        explanation=found.explanation,
        assessed_by=assessor,
        assessed_at=at,
    )
    _keep(assessment)
    detail = {
        "tier": assessment.computed_tier,
        "questionnaire": questionnaire.version,
        "digest": assessment.digest,
        "unanswered": list(found.unanswered),
        "flags": assessment.flags,
    }
    record(Verb.TIER_ASSESSED, subject=model.ref, actor=actor, at=at, detail=detail)
    return assessment


@transaction.atomic
def confirm_tier(
    *,
    assessment: TierAssessment,
    tier: str,
    rationale: str,
    officer: User,
    actor: Actor,
    at: datetime,
    seen_use: str = "",
) -> TierAssessment:
    """Stand behind a tier. Raising is free; lowering needs a rationale and stops at every override's floor.

    An assessment that is confirmed already is not overwritten: the new word is a new row with its answers. The same
    tier is confirmed again only where something asks for it: its time is up, the use changed, or whoever confirmed
    it takes part in the model by now. `seen_use` is the
    digest of the use that was on the screen; without it the tier is confirmed for the use as it stands.
    """
    refuse_unless_confirmer(officer, assessment)
    model = _in_use(assessment.model)
    newest = model.tier_assessments.select_for_update(of=("self",)).first()
    if newest is None or newest.pk != assessment.pk:
        raise Conflict("Newer answers exist for this model.", "Open the questionnaire again and judge those.")
    changed = changed_use(newest.use, model)
    if seen_use and seen_use != use_digest(model):
        parts = f": {listed(change.words for change in changed)}" if changed else ""
        raise UseMoved(
            f"The entry changed while you read it{parts}.", "Read what it says now, and confirm that."
        )
    if tier not in list(Tier):
        raise Invalid(f'"{tier}" is not a tier.', f"Choose {', '.join(Tier)}.", field="tier")
    before = _confirmed_before(newest)
    _refuse_bad_lowering(newest, before, Tier(tier), rationale.strip())
    was_confirmed = newest.is_confirmed
    if was_confirmed:
        if newest.confirmed_tier == tier and not (
            _asked_again(newest, changed, at) or part_of_confirmer(newest)
        ):
            raise Conflict(f"{tier.capitalize()} is confirmed already.", "There is nothing to change.")
        newest.pk, newest._state.adding = None, True
    newest.use = use_of(model)
    if newest.retier_to == tier:
        newest.retier_to, newest.retier_by = "", None
    newest.confirmed_tier, newest.confirmed_by, newest.confirmed_at = tier, officer, at
    newest.rationale = rationale.strip()
    _keep(newest)
    detail: dict[str, Any] = {
        "tier": tier,
        "proposed": newest.computed_tier,
        "before": before,
        "rationale": newest.rationale,
        "digest": newest.digest,
    }
    if changed:
        detail["use_changed"] = [change.field for change in changed]
    record(Verb.TIER_CONFIRMED, subject=model.ref, actor=actor, at=at, detail=detail)
    return newest


def reason_against_confirming(user: User, assessment: TierAssessment) -> str:
    """Why this risk officer may not confirm this assessment; empty when they may."""
    if assessment.assessed_by_id == user.pk:
        return "You answered the questionnaire, so somebody else confirms the tier."
    part = involved_in(assessment.model).get(user.username)
    return f"{part} So somebody else confirms its tier." if part else ""


def part_of_confirmer(assessment: TierAssessment) -> str:
    """Why the confirmation does not count, if whoever gave it took part in the model since; mostly empty."""
    officer = assessment.confirmed_by
    if officer is None or officer.username not in involved_in(assessment.model):
        return ""
    return f"{officer.name}, who confirmed it, has a part in the model by now."


def refuse_unless_confirmer(user: User, assessment: TierAssessment) -> None:
    """Only a risk officer who has no part in the model confirms its tier."""
    require_role(user, Role.RISK_OFFICER, to="confirm a tier")
    if reason := reason_against_confirming(user, assessment):
        raise NotAllowed(reason, "Another risk officer can confirm it.")


def floor_of(assessment: TierAssessment) -> tuple[Tier, str] | None:
    """The highest floor that an override sets, and why."""
    if not assessment.overrides:
        return None
    highest: Mapping[str, Any] = max(assessment.overrides, key=lambda rule: Tier(rule["floor"]).order)
    return Tier(highest["floor"]), str(highest["why"])


def _in_use(model: RegisteredModel) -> RegisteredModel:
    held = locked_model(model)
    if held.lifecycle == Lifecycle.RETIRED:
        raise Conflict(f"{held.name} is retired for good.", "Register a new model for a new use.")
    return held


def _asked_again(assessment: TierAssessment, changed: tuple[UseChange, ...], at: datetime) -> bool:
    return review_needed(assessment, changed, for_reading().months, at)


def _confirmed_before(assessment: TierAssessment) -> str:
    """The tier last confirmed for the model, or nothing."""
    confirmed = TierAssessment.objects.filter(model=assessment.model_id).exclude(confirmed_tier="")
    return confirmed.values_list("confirmed_tier", flat=True).first() or ""


def _refuse_bad_lowering(assessment: TierAssessment, before: str, tier: Tier, rationale: str) -> None:
    if before == Tier.PROHIBITED and tier != Tier.PROHIBITED:
        raise Invalid(
            "A use that was confirmed as prohibited stays prohibited.",
            "Register a different use as a model of its own.",
            field="tier",
        )
    floor = floor_of(assessment)
    if floor is not None and tier.order < floor[0].order:
        raise Invalid(
            f"The tier cannot be lower than {floor[0]}: {floor[1]}.",
            "Correct the answers if they are wrong.",
            field="tier",
        )
    above = [Tier(name) for name in (assessment.computed_tier, before) if name]
    highest = max(above, key=lambda name: name.order)
    if tier.order < highest.order and len(rationale) < SHORTEST_RATIONALE:
        raise Invalid(
            f"Lowering from {highest} to {tier} needs a rationale.",
            f"Say why in at least {SHORTEST_RATIONALE} characters.",
            field="rationale",
        )


def _keep(assessment: TierAssessment) -> None:
    """The digest covers what was answered and what was confirmed, not who or when."""
    assessment.digest = canonical_digest(
        {
            "questionnaire": assessment.questionnaire_digest,
            "answers": assessment.answers,
            "flags": assessment.flags,
            "tier": assessment.computed_tier,
            "confirmed": assessment.confirmed_tier,
        }
    )
    assessment.save()
