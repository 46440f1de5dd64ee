"""Hold everything a decision rests on as frozen values, and digest it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

import rfc8785

from policy.risk_scales import Rating, RiskScales


@dataclass(frozen=True)
class Artifact:
    """The bytes of a version, known by the digest of their manifest."""

    digest: str
    files: int
    verified_at: datetime | None = None
    problem: str | None = None
    predictions_only: bool = False


@dataclass(frozen=True)
class Card:
    """One revision of the model card."""

    revision: int
    digest: str
    author: str
    saved_at: datetime
    sections: Mapping[str, str]


@dataclass(frozen=True)
class TierFact:
    """The tier of the model; only proposed while nobody confirmed it.

    `use_changed` names what the inventory entry says differently since the tier was confirmed. `confirmed_by` is the
    name, `confirmer` the user name of who confirmed it.
    """

    tier: str
    digest: str
    confirmed_by: str | None
    confirmed_at: datetime | None
    questionnaire_version: int
    use_changed: tuple[str, ...] = ()
    confirmer: str = ""


@dataclass(frozen=True)
class Metric:
    """A measured number, its 95% interval and the number of rows behind it."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None


@dataclass(frozen=True)
class EvaluationFact:
    """A succeeded run."""

    run: int
    kind: str
    dataset: str
    dataset_role: str
    finished_at: datetime
    digest: str
    artifact_digest: str
    metrics: Mapping[str, Metric]
    url: str = ""
    reported: bool = False  # by its maker; not measured here
    by_endpoint: bool = False  # although the version has files
    settings: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)  # what was given, and what is usual


@dataclass(frozen=True)
class RunningFact:
    """The newest run of a kind that has not succeeded since the last success."""

    run: int
    kind: str
    status: Literal["queued", "running", "failed"]
    failure: str | None = None
    url: str = ""


@dataclass(frozen=True)
class Condition:
    """Something a signer asked for when approving."""

    text: str
    due_on: date
    met: bool = False


@dataclass(frozen=True)
class SignOffFact:
    """What one person decided for the environment asked, and the evidence it was bound to."""

    id: int
    role: str
    decision: str
    signer: str
    signer_name: str
    signed_at: datetime
    expires_at: datetime | None
    components: Mapping[str, str]
    conditions: tuple[Condition, ...] = ()
    withdrawn: bool = False
    review: int = 0
    acting_for: str = ""  # the holder of the role, where the signer stood in for them
    acting_for_name: str = ""

    @property
    def voice(self) -> str:
        """In whose name it stands."""
        return self.acting_for or self.signer


@dataclass(frozen=True)
class Approval:
    """One person's consent to an exception, in one role."""

    role: str
    person: str
    name: str


@dataclass(frozen=True)
class WaiverFact:
    """A waiver that stands, granted and not revoked: a requirement need not be met in this environment for a time."""

    id: int
    requirement: str
    why: str
    controls: str
    requester: str
    approvals: tuple[Approval, ...]
    granted_at: datetime
    last_day: date
    url: str = ""


@dataclass(frozen=True)
class BreakGlassFact:
    """An emergency that nobody ended: people let the version run in the environment asked, against the policy."""

    id: int
    reason: str
    people: tuple[Approval, ...]
    began_at: datetime
    ends_at: datetime
    url: str = ""


@dataclass(frozen=True)
class Person:
    """A user, by stable name and by the name to show."""

    username: str
    name: str


@dataclass(frozen=True)
class FindingFact:
    """A finding that stands against the version, or that a risk officer let stand (overridden)."""

    id: int
    severity: str
    title: str
    state: str
    due_on: date
    owner: Person
    rebutted: bool = False  # and nobody has judged the rebuttal
    remediated_by: str = ""  # user name
    overridden_by: str = ""  # name
    override_reason: str = ""
    url: str = ""

    @property
    def overridden(self) -> bool:
        """Whether it was overridden, so that it no longer stands."""
        return self.state == "overridden"


@dataclass(frozen=True)
class RiskFact:
    """One risk of the use. Ratings are missing until somebody gives them.

    An acceptance names its level, its end, who gave it and in which role.
    """

    id: int
    title: str
    digest: str
    owner: Person
    review_on: date
    inherent: Rating | None = None
    residual: Rating | None = None
    closed: bool = False
    accepted_level: str = ""
    accepted_until: datetime | None = None
    accepted_by: Person | None = None
    accepted_role: str = ""


@dataclass(frozen=True)
class StayFact:
    """A deployment of this version that went live: where, from when, until when (None: it runs still)."""

    id: int
    environment: str
    since: datetime
    ended_at: datetime | None = None
    rolled_back: bool = False
    decided: bool = True  # a valid decision of the gate carried it


@dataclass(frozen=True)
class ScheduleFact:
    """Evaluations that start again and again, of this version or of the newest of its model."""

    id: int
    kinds: tuple[str, ...]  # empty: what the policy plans
    every_days: int
    active: bool = True


@dataclass(frozen=True)
class Evidence:
    """All that is known of one version for one environment at one moment."""

    model: str
    version: str
    model_kind: str
    sensitive_attributes: tuple[str, ...] = ()
    decides_about_people: bool = False
    suspended: str | None = None
    artifact: Artifact | None = None
    card: Card | None = None
    tier: TierFact | None = None
    evaluations: tuple[EvaluationFact, ...] = ()
    running: tuple[RunningFact, ...] = ()
    signoffs: tuple[SignOffFact, ...] = ()
    findings: tuple[FindingFact, ...] = ()
    waivers: tuple[WaiverFact, ...] = ()
    break_glass: tuple[BreakGlassFact, ...] = ()
    involved: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    recused: Mapping[str, str] = field(default_factory=dict)  # user name → why they stepped back
    holders: Mapping[str, tuple[Person, ...]] = field(default_factory=dict)
    review_open: bool = False
    links: Mapping[str, str] = field(default_factory=dict)
    owners: tuple[Person, ...] = ()
    developers: tuple[Person, ...] = ()
    risks: tuple[RiskFact, ...] = ()
    risk_scales: RiskScales | None = None  # what levels are read from; like the policy no part of the digest
    stays: tuple[StayFact, ...] = ()  # how a version fares undoes no signature: no part of the digest, either
    schedules: tuple[ScheduleFact, ...] = ()


def evidence_digest(parts: Mapping[str, str]) -> str:
    """Return the digest that a sign-off and a decision are bound to."""
    return canonical_digest(dict(parts))


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the parts that were added, removed or replaced, sorted."""
    return tuple(sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name)))


def canonical_digest(value: Any) -> str:
    """Return "sha256:<hex>" over the RFC 8785 canonical JSON of a value."""
    return "sha256:" + hashlib.sha256(rfc8785.dumps(value)).hexdigest()
