"""Which evaluations count: measured on these very files, in the way that the policy has them measured.

Whoever chooses the threshold, the rows or the data to compare with chooses the result. So what was measured by settings
of its own informs people, and neither helps nor hurts at the gate.
"""

from collections.abc import Iterable, Sequence

from policy.evidence import EvaluationFact
from policy.plan import DESCRIBING, PlannedEvaluation

Plan = Sequence[PlannedEvaluation]


def counting(
    facts: Iterable[EvaluationFact], kind: str, *, reported: bool = False, plan: Plan = ()
) -> tuple[EvaluationFact, ...]:
    """Return the succeeded run of a kind that counts on each data set, newest first.

    What its maker reports counts only where the policy accepts that and nothing was measured on the data set.
    """
    best: dict[str, EvaluationFact] = {}
    for fact in facts:
        if fact.kind != kind or (fact.reported and not reported) or why_not(fact, plan):
            continue
        known = best.get(fact.dataset)
        if known is None or _rank(fact) > _rank(known):
            best[fact.dataset] = fact
    return tuple(sorted(best.values(), key=_moment, reverse=True))


def why_not(fact: EvaluationFact, plan: Plan = ()) -> str:
    """Return why a run says nothing for the gate, in words that follow its number; empty when it counts."""
    if fact.by_endpoint:
        return "asked an endpoint, and nobody knows that these files answered"
    if own := own_settings(fact, plan):
        return f"was made with settings of its own ({', '.join(own)})"
    return ""


def own_settings(fact: EvaluationFact, plan: Plan = ()) -> tuple[str, ...]:
    """Return the settings that differ from the plan's, or where that is silent from the usual ones."""
    asked = next(
        (
            item.settings
            for item in plan
            if (item.evaluation, item.dataset_role) == (fact.kind, fact.dataset_role)
        ),
        {},
    )
    if not asked and not fact.settings:
        return ()
    own = [name for name, (used, usual) in fact.settings.items() if used != asked.get(name, usual)]
    own += [name for name in asked if name not in fact.settings]
    return tuple(sorted(name for name in own if name not in DESCRIBING))


def _rank(fact: EvaluationFact) -> tuple[bool, float, int]:
    return not fact.reported, *_moment(fact)


def _moment(fact: EvaluationFact) -> tuple[float, int]:
    return fact.finished_at.timestamp(), fact.run
