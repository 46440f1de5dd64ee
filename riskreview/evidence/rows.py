"""The rows behind the evidence, read for many versions at once: the number of queries does not grow with them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import F, QuerySet, prefetch_related_objects

from accounts.models import RoleGrant
from accounts.statement import Statement
from evaluations.kinds import FOR_PEOPLE
from evaluations.models import EvaluationRun, EvaluationSchedule, JobStatus
from policy.evidence import BreakGlassFact, Person, RiskFact, ScheduleFact, StayFact, WaiverFact
from policy.risk_scales import RiskScales
from registry.models import CardRevision, Deployment, DeploymentStatus, ModelVersion, RegisteredModel
from riskreview.exceptions.facts import break_glass_of, waivers_of
from riskreview.findings.facts import FindingsOf, findings_of
from riskreview.models import BreakGlass, Decision, Recusal, Review, ReviewKind, SignOff, TierAssessment
from riskreview.risks.facts import risks_of, scales_for

Key = tuple[int, str]
"""A version and an environment."""
RUN_FIELDS = (
    *("version_id", "kind", "source", "config", "status", "failure", "requested_at", "finished_at"),
    *("artifact_digest", "reference_id"),
    *("result_digest", "dataset__name", "dataset__version", "dataset__role", "dataset__sensitive"),
)
NAMES = ("username", "first_name", "last_name")
NEVER_LIVE = (DeploymentStatus.STARTED, DeploymentStatus.FAILED)
Row = TypeVar("Row")


@dataclass(frozen=True)
class Rows:
    """What was read for all versions at once, by version, by model, or by version and environment."""

    cards: dict[int, CardRevision]
    tiers: dict[int, TierAssessment]
    runs: dict[int, list[EvaluationRun]]
    signoffs: dict[Key, list[SignOff]]
    reviews: dict[Key, list[Review]]
    recusals: dict[Key, dict[str, str]]
    holders: dict[str, tuple[Person, ...]]
    developers: dict[int, list[Person]]
    findings: FindingsOf
    risks: dict[int, list[RiskFact]]
    risk_scales: RiskScales | None
    waivers: Mapping[Key, tuple[WaiverFact, ...]]
    break_glass: Mapping[Key, tuple[BreakGlassFact, ...]]
    stays: Mapping[int, list[StayFact]]
    schedules: Mapping[int, list[tuple[int | None, ScheduleFact]]]


def load(versions: Sequence[ModelVersion]) -> Rows:
    """Read everything about these versions, in a fixed number of queries."""
    pks = [version.pk for version in versions]
    models = {version.model_id for version in versions}
    reviews = _reviews(pks)
    places = {review.pk: key for key, rows in reviews.items() for review in rows}
    risks = risks_of(models)
    return Rows(
        cards=_newest(CardRevision.objects.filter(version__in=pks).select_related("author"), "version_id"),
        tiers=_newest(
            TierAssessment.objects.filter(model__in=models).select_related("confirmed_by"), "model_id"
        ),
        runs=_runs(pks),
        signoffs=_signoffs(places) if reviews else {},
        reviews=reviews,
        recusals=_recusals(places) if reviews else {},
        holders=holders_of_roles(),
        developers=_developers(models),
        findings=findings_of(models),
        risks=risks,
        risk_scales=scales_for(risks),
        waivers=waivers_of(versions),
        break_glass=break_glass_of(pks),
        stays=_stays(pks),
        schedules=_schedules(models),
    )


def _reviews(versions: list[int]) -> dict[Key, list[Review]]:
    """Every review of a version for an environment, oldest first. Whether to retire it is another question."""
    found: dict[Key, list[Review]] = defaultdict(list)
    rows = Review.objects.filter(version__in=versions).exclude(kind=ReviewKind.RETIREMENT)
    for review in rows.select_related("opened_by").order_by("pk"):
        found[review.version_id, review.environment].append(review)
    return found


def _recusals(places: Mapping[int, Key]) -> dict[Key, dict[str, str]]:
    """Who stepped back from any review of a version for an environment, and why."""
    found: dict[Key, dict[str, str]] = defaultdict(dict)
    rows = Recusal.objects.filter(review__in=places)
    for review, username, reason in rows.values_list("review_id", "person__username", "reason"):
        found[places[review]][username] = reason
    return found


def _signoffs(places: Mapping[int, Key]) -> dict[Key, list[SignOff]]:
    """Every signature of these reviews, oldest first, with its conditions where it has any."""
    found: dict[Key, list[SignOff]] = defaultdict(list)
    rows = list(
        SignOff.objects.filter(review__in=places).select_related("signer", "acting_for").order_by("pk")
    )
    prefetch_related_objects(
        [row for row in rows if row.decision == Decision.APPROVE_WITH_CONDITIONS], "conditions"
    )
    for row in rows:
        found[places[row.review_id]].append(row)
    return found


def _newest(rows: Iterable[Row], key: str) -> dict[int, Row]:
    """The first row for each key of a query that is ordered newest first."""
    newest: dict[int, Row] = {}
    for row in rows:
        newest.setdefault(getattr(row, key), row)
    return newest


def _runs(versions: list[int]) -> dict[int, list[EvaluationRun]]:
    """Newest first. Of the results only the overall figures are read: the rest can be a megabyte."""
    found: Iterable[EvaluationRun] = (
        EvaluationRun.objects.filter(version__in=versions)
        .exclude(status=JobStatus.CANCELLED)
        .exclude(kind__in=FOR_PEOPLE)
        .annotate(overall=F("result__overall"))
        .select_related("dataset")
        .only(*RUN_FIELDS)
        .order_by("-pk")
    )
    runs = defaultdict(list)
    for run in found:
        runs[run.version_id].append(run)
    return runs


def _stays(versions: list[int]) -> dict[int, list[StayFact]]:
    """Deployments that went live, or were taken back, by version.

    What began while the glass was broken was let through against the policy: nobody decided that it may run.
    """
    rows = list(Deployment.objects.filter(version__in=versions).exclude(status__in=NEVER_LIVE).order_by("pk"))
    glass = BreakGlass.objects.filter(version__in={row.version_id for row in rows}) if rows else ()
    return stays_of(rows, glass)


def stays_of(rows: Iterable[Deployment], glass: Iterable[BreakGlass]) -> dict[int, list[StayFact]]:
    """These deployments as the policy judges them, given what let versions run against it."""
    found: dict[int, list[StayFact]] = defaultdict(list)
    broken = _broken_glass(glass)
    for row in rows:
        times = broken.get((row.version_id, row.environment), ())
        against = any(began <= row.since < until for began, until in times)
        found[row.version_id].append(
            StayFact(
                id=row.pk,
                environment=row.environment,
                since=row.since,
                ended_at=row.ended_at,
                rolled_back=row.status == DeploymentStatus.ROLLED_BACK,
                decided=not row.problem and not against,
            )
        )
    return found


def _broken_glass(rows: Iterable[BreakGlass]) -> dict[Key, list[tuple[datetime, datetime]]]:
    """From when until when the glass was broken for a version in an environment."""
    found: dict[Key, list[tuple[datetime, datetime]]] = defaultdict(list)
    for row in rows:
        if row.began_at and (until := row.ended_at or row.ends_at):
            found[row.version_id, row.environment].append((row.began_at, until))
    return found


def _schedules(models: set[int]) -> dict[int, list[tuple[int | None, ScheduleFact]]]:
    """Schedules of evaluations by model, each with the version that it is for; None: the newest."""
    found: dict[int, list[tuple[int | None, ScheduleFact]]] = defaultdict(list)
    rows = EvaluationSchedule.objects.filter(model__in=models).order_by("pk")
    for row in rows.only("model", "version", "kinds", "every_days", "active"):
        fact = ScheduleFact(row.pk, tuple(row.kinds), row.every_days, row.active)
        found[row.model_id].append((row.version_id, fact))
    return found


def _grants() -> QuerySet[RoleGrant, Any]:
    grants = RoleGrant.objects.filter(user__is_active=True).order_by("user__last_name", "user_id")
    return grants.values_list("role", *(f"user__{name}" for name in NAMES))


GRANTS = Statement(_grants)


def holders_of_roles() -> dict[str, tuple[Person, ...]]:
    """Active holders of each role. Plain values, because this is read for every decision of the gate."""
    holders = defaultdict(list)
    for role, *names in GRANTS.rows():
        holders[role].append(_named(*names))
    return {role: tuple(people) for role, people in holders.items()}


def _developers(models: set[int]) -> dict[int, list[Person]]:
    developers = defaultdict(list)
    links = RegisteredModel.developers.through.objects.filter(registeredmodel__in=models)
    for model, *names in links.values_list("registeredmodel_id", *(f"user__{name}" for name in NAMES)):
        developers[model].append(_named(*names))
    return developers


def _named(username: str, first_name: str, last_name: str) -> Person:
    """A person as User.name says it."""
    return Person(username, f"{first_name} {last_name}".strip() or username)
