"""The parts of the evidence that a signature and a decision are bound to, each with its digest."""

import hashlib
import json
from collections.abc import Collection, Iterable

from policy.evidence import Evidence, canonical_digest
from policy.measured import Plan, counting

PLAINLY = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


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
        parts["risks"] = _digest_of(fact.digest for fact in evidence.risks)
    for kind in sorted({fact.kind for fact in evidence.evaluations} & {*judged}):
        runs = counting(evidence.evaluations, kind, reported=kind in reported, plan=plan)
        if not runs:
            continue
        parts[f"evaluation.{kind}"] = _digest_of(fact.digest for fact in runs)
    standing = [[fact.id, fact.severity] for fact in evidence.findings if not fact.overridden]
    if standing:  # which they are and how bad; answering one changes nothing that was signed
        parts["findings"] = canonical_digest(sorted(standing))
    return parts


def _digest_of(digests: Iterable[str]) -> str:
    """The `canonical_digest` of a sorted list of texts, which the standard library writes as RFC 8785 does."""
    return "sha256:" + hashlib.sha256(PLAINLY.encode(sorted(digests)).encode()).hexdigest()
