"""The evidence about a version as it stood at a moment in the past, judged by the policy that was in force then."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Prefetch, Q

from accounts.models import RoleGrant, User
from audit.models import Event
from audit.verbs import Verb
from evaluations.kinds import FOR_PEOPLE
from evaluations.models import EvaluationRun, EvaluationSchedule, JobStatus
from policy.evidence import Person, RiskFact, ScheduleFact
from policy.pack import Pack
from policy.risk_scales import RiskScales, ScalesError, default_scales, read_scales
from registry.models import CardRevision, Deployment, Environment, ModelVersion
from riskreview.evidence import VERSION_RELATIONS, Key, gather_from
from riskreview.evidence.history import History, history_of
from riskreview.evidence.rows import NEVER_LIVE, Rows, stays_of
from riskreview.exceptions.facts import break_glass_fact, waiver_fact
from riskreview.findings.facts import FindingsOf, finding_fact
from riskreview.judgement import Judged, judge_evidence
from riskreview.models import (
    OPEN_FINDINGS,
    BreakGlass,
    BreakGlassState,
    Condition,
    Decision,
    Finding,
    FindingState,
    PolicyPack,
    Recusal,
    Review,
    ReviewKind,
    Risk,
    RiskScale,
    SignOff,
    TierAssessment,
    Waiver,
    WaiverApproval,
    WaiverState,
)
from riskreview.policies.packs import pack_of
from riskreview.risks.facts import FIELDS, risk_fact

ACTIVATED = (Verb.POLICY_ACTIVATED, Verb.POLICY_ACTIVATED_ALONE)


@dataclass(frozen=True)
class AsOf:
    """How a version stood at a moment: the verdict for each environment, and the rows that it rests on."""

    version: ModelVersion
    at: datetime
    judged: dict[str, Judged]
    reviews: list[Review]
    rows: Rows
    history: History

    @property
    def gaps(self) -> tuple[str, ...]:
        """What the record cannot tell, in sentences, each once."""
        return tuple(dict.fromkeys(self.history.gaps))


def as_of(version: ModelVersion, *, at: datetime, history: History | None = None) -> AsOf:
    """Rebuild the evidence from the record and judge it as of then. Nothing is written.

    Who asks about several versions of a model gives what the record said of it then, which is read once.
    """
    history = history_of(version.model, at=at) if history is None else history
    then = ModelVersion.objects.select_related(*VERSION_RELATIONS).get(pk=version.pk)
    history.of([then, then.model])
    rows = _rows(then, history)
    active = _pack_in_force(at)
    judged = {
        key[1]: judge_evidence(active, evidence, key[1], at)
        for key, evidence in gather_from(rows, [then], list(Environment.values)).items()
    }
    reviews = [review for found in rows.reviews.values() for review in found]
    return AsOf(then, at, judged, reviews, rows, history)


def _pack_in_force(at: datetime) -> tuple[PolicyPack, Pack] | None:
    """By the record: the pack that was activated last before then."""
    last = Event.objects.filter(verb__in=ACTIVATED, at__lte=at).order_by("-at", "-pk").first()
    row = next(
        (row for row in PolicyPack.objects.all() if last is not None and row.ref == last.subject), None
    )
    return None if row is None else (row, pack_of(row))


def _rows(version: ModelVersion, history: History) -> Rows:
    at, model, own = history.at, version.model, {"version": version.pk}
    reviews = _reviews(version, history)
    places = {review.pk: key for key, rows in reviews.items() for review in rows}
    card = (
        CardRevision.objects.filter(**own, saved_at__lte=at).select_related("author").order_by("-pk").first()
    )
    tiers = history.of(TierAssessment.objects.filter(model=model, assessed_at__lte=at).order_by("-pk")[:1])
    risks = _risks(version, history)
    glass = history.of(BreakGlass.objects.filter(**own, requested_at__lte=at).order_by("pk"))
    return Rows(
        cards={version.pk: card} if card else {},
        tiers={model.pk: tiers[0]} if tiers else {},
        runs={version.pk: _runs(version, history)},
        signoffs=_signoffs(places, history),
        reviews=reviews,
        recusals=_recusals(places, at),
        holders=_holders(history),
        developers={model.pk: _developers(version, history)},
        findings=_findings(version, history),
        risks={model.pk: risks},
        risk_scales=_scales(at) if risks else None,
        waivers=_waivers(version, history),
        break_glass=_open_glass(glass, at),
        stays=stays_of(_live(version, history), glass),
        schedules={model.pk: _schedules(version, history)},
    )


def _reviews(version: ModelVersion, history: History) -> dict[Key, list[Review]]:
    found: dict[Key, list[Review]] = defaultdict(list)
    rows = Review.objects.filter(version=version, opened_at__lte=history.at)
    for row in history.of(
        rows.exclude(kind=ReviewKind.RETIREMENT).select_related("opened_by").order_by("pk")
    ):
        found[version.pk, row.environment].append(row)
    return found


def _recusals(places: dict[int, Key], at: datetime) -> dict[Key, dict[str, str]]:
    found: dict[Key, dict[str, str]] = defaultdict(dict)
    for row in Recusal.objects.filter(review__in=places, at__lte=at).select_related("person"):
        found[places[row.review_id]][row.person.username] = row.reason
    return found


def _signoffs(places: dict[int, Key], history: History) -> dict[Key, list[SignOff]]:
    found: dict[Key, list[SignOff]] = defaultdict(list)
    conditions = Prefetch("conditions", Condition.objects.order_by("pk"))
    rows = SignOff.objects.filter(review__in=places, signed_at__lte=history.at).order_by("pk")
    for row in history.of(rows.select_related("signer", "acting_for").prefetch_related(conditions)):
        if row.decision == Decision.APPROVE_WITH_CONDITIONS:
            history.of(row.conditions.all())
        found[places[row.review_id]].append(row)
    return found


def _runs(version: ModelVersion, history: History) -> list[EvaluationRun]:
    """Newest first. A run that ended later was still queued or running; its figures were not known."""
    rows = (
        EvaluationRun.objects.filter(version=version, requested_at__lte=history.at)
        .exclude(kind__in=FOR_PEOPLE)
        .annotate(overall=F("result__overall"))
        .select_related("dataset")
        .defer("result", "log", "provenance")
        .order_by("-pk")
    )
    runs: list[EvaluationRun] = []
    for row in rows:
        if row.finished_at is None or row.finished_at > history.at:
            began = row.started_at is not None and row.started_at <= history.at
            row.status = JobStatus.RUNNING if began else JobStatus.QUEUED
            row.failure = ""
        if row.status != JobStatus.CANCELLED:
            runs.append(row)
    return runs


def _holders(history: History) -> dict[str, tuple[Person, ...]]:
    """Active holders of each role, in the order in which the evidence of today names them."""
    today = RoleGrant.objects.filter(granted_at__lte=history.at).select_related("user")
    people = {user.pk: user for user in User.objects.all()}
    history.gaps, gaps = (
        [],
        history.gaps,
    )  # accounts from before are the same today as ever: not worth a sentence
    history.of(people.values())
    grants = [*today, *history.gone(RoleGrant)]
    history.gaps = gaps
    found: dict[str, list[User]] = defaultdict(list)
    for grant in grants:
        if people[grant.user_id].is_active:
            found[grant.role].append(people[grant.user_id])
    return {
        role: tuple(_person(user) for user in sorted(users, key=lambda user: (user.last_name, user.pk)))
        for role, users in found.items()
    }


def _developers(version: ModelVersion, history: History) -> list[Person]:
    today = version.model.developers.order_by().values_list("pk", flat=True)
    return [
        _person(user) for user in User.objects.filter(pk__in=history.tied(version.model, "developers", today))
    ]


def _findings(version: ModelVersion, history: History) -> FindingsOf:
    found: FindingsOf = defaultdict(list)
    rows = Finding.objects.filter(model=version.model_id, raised_at__lte=history.at).order_by("pk")
    for row in history.of(rows):
        if row.state in (*OPEN_FINDINGS, FindingState.OVERRIDDEN):
            found[row.model_id, row.version_id].append(finding_fact(row))
    return found


def _risks(version: ModelVersion, history: History) -> list[RiskFact]:
    rows = Risk.objects.filter(model=version.model_id, raised_at__lte=history.at).order_by("pk")
    return [risk_fact({name: _reached(row, name) for name in FIELDS}) for row in history.of(rows)]


def _reached(row: Risk, path: str) -> Any:
    """`owner__username` of a row, as a query would give it."""
    value: Any = row
    for name in path.split("__"):
        value = None if value is None else getattr(value, name)
    return value


def _scales(at: datetime) -> RiskScales | None:
    content = RiskScale.objects.filter(saved_at__lte=at).values_list("content", flat=True).first()
    try:
        return default_scales() if content is None else read_scales(content)
    except ScalesError:
        return None


def _waivers(version: ModelVersion, history: History) -> dict[Key, tuple[Any, ...]]:
    mine = Q(version=version) | Q(whole_model=True, model=version.model_id)
    said = Prefetch(
        "approvals", WaiverApproval.objects.filter(at__lte=history.at).select_related("person").order_by("pk")
    )
    rows = Waiver.objects.filter(mine, requested_at__lte=history.at).select_related("requested_by")
    found: dict[Key, list[Any]] = defaultdict(list)
    for row in history.of(rows.prefetch_related(said).order_by("pk")):
        if row.state == WaiverState.GRANTED:
            found[version.pk, row.environment].append(waiver_fact(row))
    return {key: tuple(facts) for key, facts in found.items()}


def _open_glass(rows: Iterable[BreakGlass], at: datetime) -> dict[Key, tuple[Any, ...]]:
    found: dict[Key, list[Any]] = defaultdict(list)
    for row in rows:
        if row.state == BreakGlassState.ACTIVE:
            found[row.version_id, row.environment].append(break_glass_fact(row))
    return {key: tuple(facts) for key, facts in found.items()}


def _live(version: ModelVersion, history: History) -> list[Deployment]:
    rows = history.of(Deployment.objects.filter(version=version, deployed_at__lte=history.at).order_by("pk"))
    return [row for row in rows if row.status not in NEVER_LIVE]


def _schedules(version: ModelVersion, history: History) -> list[tuple[int | None, ScheduleFact]]:
    today = EvaluationSchedule.objects.filter(model=version.model_id, created_at__lte=history.at)
    rows = [*history.of(today), *history.gone(EvaluationSchedule)]
    return [
        (row.version_id, ScheduleFact(row.pk, tuple(row.kinds), row.every_days, row.active))
        for row in sorted(rows, key=lambda row: row.pk)
    ]


def _person(user: User) -> Person:
    return Person(user.username, user.name)
