"""Judge whether the risks of a use are known, rated, low enough or accepted, and looked at in time."""

from typing import NamedTuple

from policy.context import Context, Judgement, after, earliest, told
from policy.evidence import RiskFact
from policy.requirement import Requirement
from policy.result import RequirementResult
from policy.risk_scales import RiskScales, order
from policy.words import ROLES, counted, day, listed, named

MOST_TOLD = 3


class Problem(NamedTuple):
    """What is wrong with one risk, what mends it, and who can."""

    sentence: str
    remedy: str
    who: tuple[str, ...]


def judge_risks(requirement: Requirement, context: Context) -> Judgement:
    """Satisfied when enough risks are assessed and no open one stands in the way.

    An open risk stands in the way while it is not rated, while its residual level is above the limit and nobody's
    acceptance of that level holds, and once its review date has passed.
    """
    risks, scales = context.evidence.risks, context.evidence.risk_scales
    assessed = sum(1 for fact in risks if fact.inherent and fact.residual)
    if assessed < requirement.at_least:
        return Judgement(_too_few(requirement, context, assessed))
    if scales is None:
        reason = "The scales that risks are rated on are not known, so this counts as a denial."
        return Judgement(told(requirement, context, "error", reason, remedy="Keep the scales anew."))
    standing = [fact for fact in risks if not fact.closed]
    problems = [
        problem for fact in standing if (problem := _problem(fact, requirement, scales, context)) is not None
    ]
    if problems:
        return Judgement(_unmet(requirement, context, problems))
    accepted = [fact for fact in standing if _too_high(fact, requirement, scales)]
    until = earliest(
        *(after(fact.review_on) for fact in standing), *(fact.accepted_until for fact in accepted)
    )
    reason = _reason(requirement, context, assessed, accepted)
    looked_at = (*(f"R-{fact.id}" for fact in risks), context.parts.get("risks", ""))
    return Judgement(told(requirement, context, "satisfied", reason, evidence=looked_at), until)


def _too_high(fact: RiskFact, requirement: Requirement, scales: RiskScales) -> bool:
    return order(scales.level(fact.residual)) > order(requirement.residual_at_most)


def _problem(
    fact: RiskFact, requirement: Requirement, scales: RiskScales, context: Context
) -> Problem | None:
    """The first thing that stands against an open risk."""
    name, owner = f"R-{fact.id} ({fact.title})", named((fact.owner,), "risk owner")
    if not fact.inherent or not fact.residual:
        missing = "its residual risk is" if fact.inherent else "it is"
        return Problem(
            f"{name}: {missing} not rated.", "Rate each risk before and after its controls.", owner
        )
    if fact.review_on < context.today:
        passed = day(fact.review_on, context.now)
        return Problem(f"{name} was to be reviewed by {passed}.", "Review what is overdue.", owner)
    if not _too_high(fact, requirement, scales):
        return None
    level = scales.level(fact.residual)
    why = _why_not_accepted(fact, level, context)
    if not why:
        return None
    rule = scales.acceptance[level]
    barred = {fact.owner, *context.evidence.owners, *context.evidence.developers}
    acceptors = [
        item
        for item in context.evidence.holders.get(rule.role, ())
        if item not in barred and item.username not in context.evidence.involved
    ]
    return Problem(
        f"{name}: residual {level}, asked at most {requirement.residual_at_most}, and {why}.",
        "Lower what remains by controls, or have it accepted.",
        (*owner, *named(acceptors, rule.role)),
    )


def _why_not_accepted(fact: RiskFact, level: str, context: Context) -> str:
    """Why no acceptance of this level holds; empty when one does."""
    if fact.accepted_until is None:
        return "nobody accepted it"
    if fact.accepted_until <= context.now:
        return f"its acceptance expired on {day(fact.accepted_until, context.now)}"
    if part := _part_of_acceptor(fact, context):
        return part
    if order(fact.accepted_level) < order(level):
        return f"it was accepted as {fact.accepted_level or 'something else'}"
    return ""


def _part_of_acceptor(fact: RiskFact, context: Context) -> str:
    """What part whoever accepted it has in the model or the risk by now; losing the role since says nothing."""
    who = fact.accepted_by
    if who is None:
        return ""
    parts = [*context.evidence.involved.get(who.username, ())]
    parts += ["owns this risk"] if who.username == fact.owner.username else []
    role = ROLES.get(fact.accepted_role, fact.accepted_role)
    return f"{who.name}, who accepted it as {role}, {listed(parts)}" if parts else ""


def _too_few(requirement: Requirement, context: Context, assessed: int) -> RequirementResult:
    asked = requirement.at_least
    if not context.evidence.risks:
        reason = "Nobody has said yet what could go wrong with this use."
    else:
        reason = f"{counted(assessed, 'risk')} assessed before and after controls, asked at least {asked}."
    remedy = (
        f"Add risks from the catalogue or your own, and rate {'it' if asked == 1 else f'{asked} of them'}."
    )
    return told(requirement, context, "unsatisfied", reason, remedy=remedy, who=context.makers)


def _unmet(requirement: Requirement, context: Context, problems: list[Problem]) -> RequirementResult:
    sentences = [problem.sentence for problem in problems[:MOST_TOLD]]
    if more := len(problems) - len(sentences):
        sentences.append(f"{counted(more, 'risk')} more in the way.")
    return told(
        requirement,
        context,
        "unsatisfied",
        " ".join(sentences),
        remedy=" ".join(dict.fromkeys(problem.remedy for problem in problems)),
        who=tuple(dict.fromkeys(name for problem in problems for name in problem.who)),
        evidence=tuple(f"R-{fact.id}" for fact in context.evidence.risks),
        detail={"problems": [problem.sentence for problem in problems]},
    )


def _reason(requirement: Requirement, context: Context, assessed: int, accepted: list[RiskFact]) -> str:
    limit = requirement.residual_at_most
    said = f"{counted(assessed, 'risk')} assessed; what remains is at most {limit}"
    if not accepted:
        return f"{said}."
    first = min(fact.accepted_until for fact in accepted if fact.accepted_until is not None)
    verb = "is" if len(accepted) == 1 else "are"
    return f"{said}, {len(accepted)} above that {verb} accepted until {day(first, context.now)}."
