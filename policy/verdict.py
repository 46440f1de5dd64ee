"""Judge evidence by a policy pack. Pure: the same values give the same verdict."""

from collections.abc import Callable
from datetime import date, datetime

from policy.break_glass import with_break_glass
from policy.context import Context, Judgement, after, earliest, told
from policy.evidence import Evidence, TierFact
from policy.judge_evaluation import judge_evaluation
from policy.judge_facts import judge_artifact, judge_card, judge_conditions, judge_tier, part_of_confirmer
from policy.judge_findings import judge_findings
from policy.judge_operation import judge_monitoring, judge_ran_in
from policy.judge_risks import judge_risks
from policy.judge_signoff import judge_signoff, standing_vetoes, veto
from policy.pack import Pack
from policy.parts import components
from policy.plan import PlannedEvaluation
from policy.requirement import Requirement
from policy.result import Decision, RequirementResult, Result, Verdict
from policy.tiering import Tier
from policy.waivers import waived, waivers_used
from policy.words import ROLES, counted, listed, named

__all__ = ["Decision", "RequirementResult", "Result", "Verdict", "judge", "judge_signatures"]

JUDGES: dict[str, Callable[[Requirement, Context], Judgement]] = {
    "tier_confirmed": judge_tier,
    "artifact_verified": judge_artifact,
    "card_complete": judge_card,
    "evaluation": judge_evaluation,
    "signoff": judge_signoff,
    "conditions_met": judge_conditions,
    "findings_closed": judge_findings,
    "risks_treated": judge_risks,
    "ran_in": judge_ran_in,
    "monitoring_in_place": judge_monitoring,
}

POLICY = Requirement("policy", "policy", "A policy covers this")
ENVIRONMENT = Requirement("environment", "environment", "Environment known")
SUSPENSION = Requirement("suspension", "suspension", "Model in use")
PROHIBITED = Requirement("prohibited", "prohibited", "Prohibited use")
TIER = Requirement("tier_confirmed", "tier_confirmed", "Tier confirmed")
CONDITIONS = Requirement("conditions_met", "conditions_met", "Conditions met in time")
"""Asked of every version that a condition of a signature is overdue for, whatever the list says."""


def _parts(pack: Pack | None, evidence: Evidence) -> dict[str, str]:
    """Return the digest of each part of the evidence that the pack's verdicts rest on."""
    if pack is None:
        return components(evidence, ())
    plan = _plan(pack, evidence)
    return components(evidence, pack.judged_evaluations, reported=pack.accepted_reports, plan=plan)


def judge(pack: Pack | None, evidence: Evidence, environment: str, now: datetime) -> Verdict:
    """Return the verdict on one version for one environment at one moment (an aware datetime).

    Allow only if something is asked, at least one requirement is satisfied, and none is unmet or unjudged; or, in
    an emergency, by a break-glass that is live.
    """
    if now.tzinfo is None:
        raise ValueError("now must know its time zone")
    tier = evidence.tier.tier if evidence.tier else None
    parts = _parts(pack, evidence)
    context = Context(evidence, now, tier or "", parts, _plan(pack, evidence))
    judged = _judgements(pack, context, environment)
    results = tuple(judgement.result for judgement in judged)
    if not any(item.result in ("satisfied", "unsatisfied", "error") for item in results):
        reason = "Nothing that the policy asks applies to this version, and emptiness never passes."
        if any(item.result == "waived" for item in results):
            reason = "Everything that the policy asks is waived; at least one requirement must be met."
        results = (_unmet(POLICY, context, reason, "Change the policy, so that something applies."), *results)
    allowed = all(item.result in ("satisfied", "waived", "not_applicable") for item in results)
    limit = now + pack.decision_valid_for if pack else now
    until = earliest(*(judgement.until for judgement in judged), *_next_overdue(context))
    used = waivers_used(evidence, results) if allowed else ()
    verdict = Verdict(
        decision="allow" if allowed else "deny",
        environment=environment,
        tier=tier,
        requirements=results,
        summary=_summary(environment, results, allowed),
        valid_until=earliest(limit, until) or limit,
        basis="waiver" if used else "policy",
        holds_until=until,
        exceptions=used,
        parts=parts,
    )
    return with_break_glass(verdict, pack.break_glass if pack else None, evidence, now)


def _plan(pack: Pack | None, evidence: Evidence) -> tuple[PlannedEvaluation, ...]:
    """What the policy plans for such a use, where that decides whether a run or a schedule counts."""
    if pack is None or evidence.tier is None:
        return ()
    chosen = pack.plans_settings or any(fact.settings for fact in evidence.evaluations)
    if not chosen and all(item.kinds for item in evidence.schedules):
        return ()
    return pack.planned(evidence.tier.tier, evidence.model_kind)


def judge_signatures(
    pack: Pack | None,
    asked: tuple[Requirement, ...],
    evidence: Evidence,
    environment: str,
    now: datetime,
) -> Verdict:
    """Return whether these signatures are given and nobody rejected, whatever else is asked of the version.

    For questions beside running it, such as whether it may be retired: an allow here opens no gate.
    """
    tier = evidence.tier.tier if evidence.tier else None
    context = Context(evidence, now, tier or "", _parts(pack, evidence))
    judged = [*_other_vetoes(asked, context), *(judge_signoff(item, context) for item in asked)]
    results = tuple(judgement.result for judgement in judged)
    allowed = bool(results) and all(item.result == "satisfied" for item in results)
    until = earliest(*(judgement.until for judgement in judged))
    given = sum(item.result == "satisfied" for item in results)
    return Verdict(
        decision="allow" if allowed else "deny",
        environment=environment,
        tier=tier,
        requirements=results,
        summary=f"{given} of {counted(len(results), 'signature')} given.",
        valid_until=until or now,
        holds_until=until,
    )


def _judgements(pack: Pack | None, context: Context, environment: str) -> list[Judgement]:
    """What stops every version first, then what the policy asks of this one."""
    stops = [Judgement(item) for item in _stops(context)]
    asked = _asked(pack, context, environment)
    if isinstance(asked, RequirementResult):
        return [*stops, *_other_vetoes((), context), Judgement(asked)]
    fact = context.evidence.tier
    kinds = {item.kind for item in asked}
    if fact is not None and TIER.kind not in kinds and _doubtful(fact, context):
        asked = (TIER, *asked)
    if CONDITIONS.kind not in kinds and any(due_on < context.today for due_on in _open_conditions(context)):
        asked = (*asked, CONDITIONS)
    return [
        *stops,
        *_other_vetoes(asked, context),
        *(
            waived(requirement, _judgement(requirement, context), pack.waivers if pack else None, context)
            for requirement in asked
        ),
    ]


def _doubtful(fact: TierFact, context: Context) -> bool:
    """Whether nobody stands behind the tier: unconfirmed, for another use, or by somebody who takes part."""
    taking_part = part_of_confirmer(fact, context.evidence.involved)
    return fact.confirmed_by is None or bool(fact.use_changed) or bool(taking_part)


def _open_conditions(context: Context) -> list[date]:
    """When each condition of a standing approval that nobody has met is due."""
    return [
        item.due_on
        for fact in context.decisions
        if fact.decision == "approve_with_conditions"
        for item in fact.conditions
        if not item.met
    ]


def _next_overdue(context: Context) -> list[datetime]:
    """The moments from which a condition that is open now will deny."""
    return [after(due_on) for due_on in _open_conditions(context) if due_on >= context.today]


def _judgement(requirement: Requirement, context: Context) -> Judgement:
    """A kind that this version cannot judge is an error, never a pass."""
    if requirement.kind in JUDGES:
        return JUDGES[requirement.kind](requirement, context)
    reason = f'This version cannot judge the kind "{requirement.kind}", so it counts as a denial.'
    return Judgement(told(requirement, context, "error", reason, remedy="Remove it from the policy."))


def _stops(context: Context) -> list[RequirementResult]:
    if context.evidence.suspended is None:
        return []
    reason = f"{context.evidence.suspended.rstrip('. ') or 'The model is suspended'}."
    who = named(context.evidence.holders.get("risk_officer", ()), "risk_officer")
    return [_unmet(SUSPENSION, context, reason, "The model is resumed, once the cause is gone.", who)]


def _asked(
    pack: Pack | None, context: Context, environment: str
) -> tuple[Requirement, ...] | RequirementResult:
    """The list that applies, or why there is none."""
    fact = context.evidence.tier
    administrators = named(context.evidence.holders.get("administrator", ()), "administrator")
    if pack is None:
        remedy = "Import a policy pack and activate it."
        return told(POLICY, context, "error", "No policy is in force.", remedy=remedy, who=administrators)
    if environment not in pack.environments:
        known = listed(pack.environments)
        reason = f'The policy knows no environment "{environment}".'
        return told(ENVIRONMENT, context, "error", reason, remedy=f"Ask about {known}.")
    if fact is None:
        return judge_tier(TIER, context).result
    if fact.tier == Tier.PROHIBITED:
        proposed = "" if fact.confirmed_by else ", as proposed by the answers"
        reason = f"This use is prohibited{proposed}. It can never be approved or waived."
        return _unmet(PROHIBITED, context, reason, "Stop this use, or correct the answers if they are wrong.")
    asked = pack.environments[environment].get(fact.tier, ())
    if not asked:
        reason = (
            f'The policy asks nothing of the tier "{fact.tier}" in {environment}; emptiness never passes.'
        )
        remedy = "Write what is asked into the policy."
        return told(POLICY, context, "error", reason, remedy=remedy, who=administrators)
    return asked


def _other_vetoes(asked: tuple[Requirement, ...], context: Context) -> list[Judgement]:
    """Rejections by roles that the list does not ask: they stop the version all the same."""
    roles = dict.fromkeys(fact.role for fact in context.rejections)
    found = []
    for role in [role for role in roles if role not in [item.role for item in asked]]:
        vetoes = standing_vetoes(context, role)
        if vetoes:
            title = f"No rejection by {ROLES.get(role, role)}"
            requirement = Requirement(f"veto.{role}", "signoff", title, role=role)
            found.append(Judgement(veto(requirement, context, vetoes)))
    return found


def _unmet(
    requirement: Requirement, context: Context, reason: str, remedy: str, who: tuple[str, ...] = ()
) -> RequirementResult:
    return told(requirement, context, "unsatisfied", reason, remedy=remedy, who=who)


def _summary(environment: str, results: tuple[RequirementResult, ...], allowed: bool) -> str:
    name = environment.capitalize() or "This environment"
    asked = [item for item in results if item.result != "not_applicable"]
    if allowed:
        excused = [item.title for item in asked if item.result == "waived"]
        met = f"{counted(len(asked) - len(excused), 'requirement')} met"
        if excused:
            return f"{name} answers allow with {counted(len(excused), 'waiver')}: {met}, waived: {listed(excused)}."
        return f"{name} answers allow: {met}."
    unmet = [item for item in asked if item.result in ("unsatisfied", "error")]
    if len(unmet) == len(results) == 1:
        return f"{name} answers deny: {unmet[0].reason}"
    holds = "holds" if len(unmet) == 1 else "hold"
    titles = listed(item.title for item in unmet)
    return f"{name} answers deny: {len(unmet)} of {len(asked)} {holds} it back ({titles})."
