"""Judge whether what was found wrong is mended, or has time left."""

from policy.context import Context, Judgement, after, earliest, told
from policy.evidence import FindingFact, Person
from policy.requirement import Requirement
from policy.words import SEVERITIES, counted, day, listed, named

MOST_TOLD = 3


def judge_findings(requirement: Requirement, context: Context) -> Judgement:
    """Unsatisfied while a finding of the asked severities stands; `within_due`: while one is overdue.

    An overridden finding no longer stands, and is told. Nothing found is not an achievement: it does not apply.
    """
    asked = [fact for fact in context.evidence.findings if fact.severity in requirement.severities]
    if not asked:
        severities = listed(requirement.severities) if requirement.severities != SEVERITIES else "any"
        reason = f"No finding of {severities} severity is open."
        return Judgement(told(requirement, context, "not_applicable", reason))
    standing = sorted(
        (fact for fact in asked if not fact.overridden), key=lambda fact: (fact.due_on, fact.id)
    )
    overridden = [fact for fact in asked if fact.overridden]
    in_time = [fact for fact in standing if requirement.within_due and fact.due_on >= context.today]
    against = [fact for fact in standing if fact not in in_time]
    looked_at = tuple(f"finding {fact.id}" for fact in asked)
    if against:
        first = against[0]
        result = told(
            requirement,
            context,
            "unsatisfied",
            " ".join([*_against(against, context), *_overridden(overridden)]),
            remedy=_remedy(first),
            who=_who(first, context),
            url=first.url if len(against) == 1 else None,
            evidence=looked_at,
            detail={"findings": [fact.id for fact in against]},
        )
        return Judgement(result)
    reason = " ".join([*_in_time(in_time, context), *_overridden(overridden)])
    until = earliest(*(after(fact.due_on) for fact in in_time))
    return Judgement(told(requirement, context, "satisfied", reason, evidence=looked_at), until)


def _against(facts: list[FindingFact], context: Context) -> list[str]:
    said = []
    for fact in facts[:MOST_TOLD]:
        verb = "was due" if fact.due_on < context.today else "is due"
        said.append(
            f"F-{fact.id} “{fact.title}” ({fact.severity}) is {_standing(fact)}; it {verb} on "
            f"{day(fact.due_on, context.now)}."
        )
    if len(facts) > MOST_TOLD:
        said.append(f"{counted(len(facts) - MOST_TOLD, 'other finding')} likewise.")
    return said


def _standing(fact: FindingFact) -> str:
    if fact.rebutted:
        return "rebutted, and nobody has judged that"
    return {
        "open": "open and unanswered",
        "responded": "answered, not remediated",
        "remediated": "remediated, not verified",
    }.get(fact.state, fact.state)


def _remedy(fact: FindingFact) -> str:
    name = f"F-{fact.id}"
    if fact.rebutted:
        return f"A validator or risk officer accepts or refuses the rebuttal of {name}."
    return {
        "open": f"{fact.owner.name} answers {name} with a plan, or says why it is no finding.",
        "responded": f"{fact.owner.name} remediates {name} and gives the evidence.",
        "remediated": f"Somebody without a part in the model verifies the remediation of {name}.",
    }.get(fact.state, f"Close {name}.")


def _who(fact: FindingFact, context: Context) -> tuple[str, ...]:
    """Whoever can do the next step of the finding that is due first."""
    if fact.state != "remediated" and not fact.rebutted:
        return (f"{fact.owner.name} (owner of F-{fact.id})",)
    found: tuple[str, ...] = ()
    for role in ("validator", "risk_officer"):
        people = context.evidence.holders.get(role, ())
        found += named([person for person in people if _independent(person, fact, context)], role)
    return found or named(context.evidence.holders.get("administrator", ()), "administrator")


def _independent(person: Person, fact: FindingFact, context: Context) -> bool:
    mended_it = person.username in (fact.owner.username, fact.remediated_by)
    return not mended_it and person.username not in context.evidence.involved


def _in_time(facts: list[FindingFact], context: Context) -> list[str]:
    if not facts:
        return []
    return [
        f"{counted(len(facts), 'finding')} open, none overdue; next due on {day(facts[0].due_on, context.now)}."
    ]


def _overridden(facts: list[FindingFact]) -> list[str]:
    return [
        f"F-{fact.id} “{fact.title}” ({fact.severity}) was overridden by {fact.overridden_by}: "
        f"{fact.override_reason.rstrip('. ')}."
        for fact in facts
    ]
