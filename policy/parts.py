"""The parts of the evidence that a signature and a decision are bound to, each with its digest."""

from collections.abc import Collection

from policy.evidence import Evidence, canonical_digest
from policy.measured import Plan, counting


def components(
    evidence: Evidence, judged: Collection[str], *, reported: Collection[str] = (), plan: Plan = ()
) -> dict[str, str]:
    """Return the digest of each named part of the evidence that a decision rests on.

    `judged` are the kinds of evaluation that the policy judges, `reported` those of which it accepts reports. Other
    runs inform people and decide nothing: one that ends after a signature must not undo it.
    """
    parts: dict[str, str] = {}
    if evidence.artifact is not None:
        parts["artifact"] = evidence.artifact.digest
    if evidence.card is not None:
        parts["card"] = evidence.card.digest
    if evidence.tier is not None:
        parts["tier"] = evidence.tier.digest
    if evidence.risks:
        parts["risks"] = canonical_digest(sorted(fact.digest for fact in evidence.risks))
    for kind in sorted({fact.kind for fact in evidence.evaluations} & {*judged}):
        runs = counting(evidence.evaluations, kind, reported=kind in reported, plan=plan)
        if not runs:
            continue
        parts[f"evaluation.{kind}"] = canonical_digest(sorted(fact.digest for fact in runs))
    standing = [[fact.id, fact.severity] for fact in evidence.findings if not fact.overridden]
    if standing:  # which they are and how bad; answering one changes nothing that was signed
        parts["findings"] = canonical_digest(sorted(standing))
    return parts
