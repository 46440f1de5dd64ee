"""The verdict on a version as things stand: the evidence gathered, the active policy asked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from policy.evidence import Evidence, evidence_digest
from policy.pack import Pack
from policy.requirement import Requirement
from policy.verdict import Verdict, judge, judge_signatures
from registry.models import Environment, ModelVersion
from riskreview.evidence import Key, gather_locked, gather_many, involved, signoff_fact
from riskreview.models import PolicyPack, Review, ReviewKind
from riskreview.policies.packs import active_pack, pack_of

RETIRED_BY = Requirement("signoff.risk_officer", "signoff", "Risk officer signs", role="risk_officer")
"""Who agrees to a retirement where the policy asks nobody to sign."""


@dataclass(frozen=True)
class Judged:
    """A verdict with everything that it stands on."""

    verdict: Verdict
    evidence: Evidence
    components: dict[str, str]
    digest: str
    policy: PolicyPack | None
    asked: tuple[Requirement, ...] = ()  # the signatures that are asked for

    @property
    def allows(self) -> bool:
        """Whether the version may run, in an emergency too."""
        return self.verdict.decision == "allow"

    @property
    def meets_policy(self) -> bool:
        """Whether the policy itself lets it run: what an emergency lets run is approved by nobody's review."""
        return self.allows and self.verdict.basis != "break_glass"


def judge_version(version: ModelVersion, environment: str, *, at: datetime) -> Judged:
    """The verdict on one version in one environment."""
    return judge_many([version], [environment], at=at)[version.pk, environment]


def judge_review(review: Review, *, at: datetime) -> Judged:
    """How a review stands: as the gate would answer, or, for a retirement, whether its own signatures are there."""
    judged = judge_version(review.version, review.environment, at=at)
    return judge_retirement(review, judged, at=at) if review.kind == ReviewKind.RETIREMENT else judged


def judge_retirement(review: Review, judged: Judged, *, at: datetime) -> Judged:
    """The roles that let the version run let the model go; its signatures count for nothing else."""
    rows = (
        review.signoffs.select_related("signer", "acting_for").prefetch_related("conditions").order_by("pk")
    )
    recused = {row.person.username: row.reason for row in review.recusals.select_related("person")}
    evidence = replace(
        judged.evidence,
        signoffs=tuple(signoff_fact(row) for row in rows),
        involved=involved(review.version, judged.evidence.developers, [review]),
        recused=recused,
        review_open=review.is_open,
        suspended=None,
    )
    pack = pack_of(judged.policy) if judged.policy else None
    verdict = judge_signatures(pack, judged.asked or (RETIRED_BY,), evidence, review.environment, at)
    return replace(judged, evidence=evidence, verdict=verdict, asked=judged.asked or (RETIRED_BY,))


def judge_many(
    versions: Sequence[ModelVersion],
    environments: Iterable[str] = Environment.values,
    *,
    at: datetime,
) -> dict[Key, Judged]:
    """The verdict on each version in each environment, in a fixed number of queries."""
    active = active_pack()
    return {
        key: judge_evidence(active, evidence, key[1], at)
        for key, evidence in gather_many(versions, list(environments)).items()
    }


def judge_locked(version: ModelVersion, environment: str, *, at: datetime) -> Judged:
    """The verdict on a version whose row this transaction holds; the gate's short way."""
    return judge_evidence(active_pack(), gather_locked(version, environment), environment, at)


def judge_evidence(
    active: tuple[PolicyPack, Pack] | None, evidence: Evidence, environment: str, at: datetime
) -> Judged:
    """The verdict on evidence that was gathered, by the pack that is given."""
    row, pack = active if active is not None else (None, None)
    verdict = judge(pack, evidence, environment, at)
    parts = dict(verdict.parts)
    return Judged(verdict, evidence, parts, evidence_digest(parts), row, _signatures(pack, verdict))


def _signatures(pack: Pack | None, verdict: Verdict) -> tuple[Requirement, ...]:
    """The signatures that the policy asks for this tier and environment."""
    by_tier = pack.environments.get(verdict.environment, {}) if pack else {}
    return tuple(item for item in by_tier.get(verdict.tier or "", ()) if item.kind == "signoff")
