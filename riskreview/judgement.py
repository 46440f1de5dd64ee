"""The verdict on a version as things stand: the evidence gathered, the active policy asked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from policy.evidence import Evidence, evidence_digest
from policy.pack import Pack
from policy.verdict import Verdict, judge, parts_of
from registry.models import Environment, ModelVersion
from riskreview.evidence import Key, gather_locked, gather_many
from riskreview.models import PolicyPack
from riskreview.packs import active_pack


@dataclass(frozen=True)
class Judged:
    """A verdict with everything that it stands on."""

    verdict: Verdict
    evidence: Evidence
    components: dict[str, str]
    digest: str
    policy: PolicyPack | None

    @property
    def allows(self) -> bool:
        """Whether the version may run."""
        return self.verdict.decision == "allow"


def judge_version(version: ModelVersion, environment: str, *, at: datetime) -> Judged:
    """The verdict on one version in one environment."""
    return judge_many([version], [environment], at=at)[version.pk, environment]


def judge_many(
    versions: Sequence[ModelVersion],
    environments: Iterable[str] = Environment.values,
    *,
    at: datetime,
) -> dict[Key, Judged]:
    """The verdict on each version in each environment, in a fixed number of queries."""
    active = active_pack()
    return {
        key: _judged(active, evidence, key[1], at)
        for key, evidence in gather_many(versions, list(environments)).items()
    }


def judge_locked(version: ModelVersion, environment: str, *, at: datetime) -> Judged:
    """The verdict on a version whose row this transaction holds; the gate's short way."""
    return _judged(active_pack(), gather_locked(version, environment), environment, at)


def _judged(
    active: tuple[PolicyPack, Pack] | None, evidence: Evidence, environment: str, at: datetime
) -> Judged:
    row, pack = active if active is not None else (None, None)
    parts = parts_of(pack, evidence)
    return Judged(judge(pack, evidence, environment, at), evidence, parts, evidence_digest(parts), row)
