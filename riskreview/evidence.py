"""Everything that a decision rests on, gathered from the database into plain values for the policy.

One path serves one version and many: the number of queries does not grow with the number of versions.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypeVar

from django.conf import settings
from django.db.models import F, QuerySet, prefetch_related_objects
from django.urls import reverse

from accounts.models import RoleGrant, User
from accounts.statement import Statement
from evaluations.kinds import FOR_PEOPLE
from evaluations.models import EvaluationKind, EvaluationRun, JobStatus, PredictionSource
from policy.evidence import (
    Artifact,
    BreakGlassFact,
    Card,
    Condition,
    EvaluationFact,
    Evidence,
    Metric,
    Person,
    RiskFact,
    RunningFact,
    SignOffFact,
    TierFact,
    WaiverFact,
)
from policy.risk_scales import RiskScales
from registry.models import CardRevision, Lifecycle, ModelVersion, RegisteredModel
from riskreview.exceptions.facts import break_glass_of, waivers_of
from riskreview.findings.facts import FindingsOf, findings_of
from riskreview.models import Decision, Recusal, Review, ReviewKind, SignOff, TierAssessment
from riskreview.risks.facts import risks_of, scales_for
from riskreview.tiering.use import changed_use

Key = tuple[int, str]
RUN_FIELDS = (
    *("version_id", "kind", "source", "config", "status", "failure", "requested_at", "finished_at"),
    "artifact_digest",
    *("result_digest", "dataset__name", "dataset__version", "dataset__role", "dataset__sensitive"),
)
NAMES = ("username", "first_name", "last_name")
UNFINISHED: dict[str, Literal["queued", "running", "failed"]] = {
    JobStatus.QUEUED: "queued",
    JobStatus.RUNNING: "running",
    JobStatus.FAILED: "failed",
}
PEOPLE_FLAGS = frozenset({"profiles_people", "solely_automated_significant_decision"})
Row = TypeVar("Row")
MOST_REMEMBERED = 2_000
_remembered: dict[tuple[int, uuid.UUID, str], Evidence] = {}


def gather(version: ModelVersion, environment: str) -> Evidence:
    """The evidence for one version in one environment, as it stands now."""
    return gather_many([version], [environment])[version.pk, environment]


def gather_locked(version: ModelVersion, environment: str) -> Evidence:
    """The same for a version whose row this transaction holds: evidence is remembered for its evidence stamp.

    Every action that changes evidence holds the row and gives it a new stamp (registry/actions/locking.py), so what
    is remembered under the stamp that we see is what a fresh look would find. Roles and the scales of risks are not
    the version's evidence and are read anew.
    """
    key = (version.pk, version.evidence_stamp, environment)
    known = _remembered.get(key)
    if known is not None:
        known = replace(known, holders=_holders(), risk_scales=scales_for(known.risks))
        if settings.RECHECK_EVIDENCE and known != gather(_whole(version), environment):
            raise AssertionError(f"The evidence about {version} changed without a new stamp.")
        return known
    if len(_remembered) >= MOST_REMEMBERED:
        _remembered.clear()
    found = _remembered[key] = gather(_whole(version), environment)
    return found


def _whole(version: ModelVersion) -> ModelVersion:
    """The version with all that the evidence reads of it, where only its name was read so far."""
    return ModelVersion.objects.select_related("model", *VERSION_RELATIONS).get(pk=version.pk)


def gather_many(versions: Sequence[ModelVersion], environments: Iterable[str]) -> dict[Key, Evidence]:
    """The evidence for each version and environment, in a fixed number of queries."""
    facts = _load(versions)
    return {
        (version.pk, environment): _evidence(version, environment, facts)
        for version in versions
        for environment in environments
    }


@dataclass(frozen=True)
class _Facts:
    """Rows loaded for all versions at once."""

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


def _load(versions: Sequence[ModelVersion]) -> _Facts:
    pks = [version.pk for version in versions]
    models = {version.model_id for version in versions}
    reviews = _reviews(pks)
    places = {review.pk: key for key, rows in reviews.items() for review in rows}
    risks = risks_of(models)
    return _Facts(
        cards=_newest(CardRevision.objects.filter(version__in=pks).select_related("author"), "version_id"),
        tiers=_newest(
            TierAssessment.objects.filter(model__in=models).select_related("confirmed_by"), "model_id"
        ),
        runs=_runs(pks),
        signoffs=_signoffs(places) if reviews else {},
        reviews=reviews,
        recusals=_recusals(places) if reviews else {},
        holders=_holders(),
        developers=_developers(models),
        findings=findings_of(models),
        risks=risks,
        risk_scales=scales_for(risks),
        waivers=waivers_of(versions),
        break_glass=break_glass_of(pks),
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


def _grants() -> QuerySet[RoleGrant, Any]:
    grants = RoleGrant.objects.filter(user__is_active=True).order_by("user__last_name", "user_id")
    return grants.values_list("role", *(f"user__{name}" for name in NAMES))


GRANTS = Statement(_grants)


def _holders() -> dict[str, tuple[Person, ...]]:
    """Active holders of each role. Plain values, because this is read for every decision of the gate."""
    holders = defaultdict(list)
    for role, *names in GRANTS.rows():
        holders[role].append(_named(*names))
    return {role: tuple(people) for role, people in holders.items()}


def holders_of_roles() -> dict[str, tuple[Person, ...]]:
    """Who holds each role now."""
    return _holders()


def _developers(models: set[int]) -> dict[int, list[Person]]:
    developers = defaultdict(list)
    links = RegisteredModel.developers.through.objects.filter(registeredmodel__in=models)
    for model, *names in links.values_list("registeredmodel_id", *(f"user__{name}" for name in NAMES)):
        developers[model].append(_named(*names))
    return developers


def _named(username: str, first_name: str, last_name: str) -> Person:
    """A person as User.name says it."""
    return Person(username, f"{first_name} {last_name}".strip() or username)


def _person(user: User) -> Person:
    return Person(user.username, user.name)


def _evidence(version: ModelVersion, environment: str, facts: _Facts) -> Evidence:
    model = version.model
    developers = facts.developers.get(model.pk, [])
    runs = facts.runs.get(version.pk, [])
    reviews = facts.reviews.get((version.pk, environment), [])
    open_now = [review for review in reviews if review.is_open]
    return Evidence(
        model=model.slug,
        version=version.version,
        model_kind=model.kind,
        sensitive_attributes=_sensitive(version, runs),
        decides_about_people=_about_people(facts.tiers.get(model.pk)),
        suspended=_stopped(version),
        artifact=Artifact(
            digest=version.artifact_digest,
            files=version.file_count,
            verified_at=version.verified_at,
            problem=version.artifact_problem or None,
            predictions_only=version.predictions_only,
        ),
        card=_card(facts.cards.get(version.pk)),
        tier=_tier(facts.tiers.get(model.pk), model),
        evaluations=tuple(_evaluation(run) for run in runs if run.status == JobStatus.SUCCEEDED),
        running=_running(runs),
        signoffs=tuple(signoff_fact(row) for row in facts.signoffs.get((version.pk, environment), [])),
        involved=involved(version, developers, reviews),
        recused=facts.recusals.get((version.pk, environment), {}),
        findings=(*facts.findings[model.pk, None], *facts.findings[model.pk, version.pk]),
        waivers=facts.waivers.get((version.pk, environment), ()),
        break_glass=facts.break_glass.get((version.pk, environment), ()),
        holders=facts.holders,
        review_open=bool(open_now),
        links=_links(version, open_now[-1] if open_now else None),
        owners=(_person(model.owner),),
        developers=tuple(developers),
        risks=(risks := tuple(facts.risks.get(model.pk, ()))),
        risk_scales=facts.risk_scales if risks else None,
    )


def _stopped(version: ModelVersion) -> str | None:
    model = version.model
    if model.lifecycle == Lifecycle.ACTIVE:
        return None
    return f"{model.name} is {model.get_lifecycle_display().lower()}: {model.lifecycle_reason}"


def _sensitive(version: ModelVersion, runs: list[EvaluationRun]) -> tuple[str, ...]:
    """What any data set of this version declares, its training data included."""
    datasets = [run.dataset for run in runs]
    if version.trained_on is not None:
        datasets.append(version.trained_on)
    return tuple(sorted({column for dataset in datasets for column in dataset.sensitive}))


def _about_people(assessment: TierAssessment | None) -> bool:
    """Whether the use profiles people or decides about them alone, by the owner's answers."""
    return assessment is not None and not PEOPLE_FLAGS.isdisjoint(assessment.flags)


def _card(card: CardRevision | None) -> Card | None:
    if card is None:
        return None
    return Card(card.number, card.digest, card.author.name, card.saved_at, card.sections)


def _tier(assessment: TierAssessment | None, model: RegisteredModel) -> TierFact | None:
    if assessment is None:
        return None
    return TierFact(
        tier=assessment.tier,
        digest=assessment.digest,
        confirmed_by=assessment.confirmed_by.name if assessment.confirmed_by else None,
        confirmed_at=assessment.confirmed_at,
        questionnaire_version=assessment.questionnaire_version,
        use_changed=tuple(change.words for change in changed_use(assessment.use, model)),
    )


def _evaluation(run: EvaluationRun) -> EvaluationFact:
    return evaluation_fact(run, getattr(run, "overall", None) or {})  # annotated by _runs


def evaluation_fact(run: EvaluationRun, overall: Mapping[str, Any]) -> EvaluationFact:
    """A succeeded run with its overall figures, as the policy judges it."""
    return EvaluationFact(
        run=run.pk,
        kind=_kind(run),
        dataset=str(run.dataset),
        dataset_role=run.dataset.role,
        finished_at=run.finished_at or run.requested_at,
        digest=run.result_digest,
        artifact_digest=run.artifact_digest,
        metrics={
            name: Metric(measured.get("value"), measured.get("low"), measured.get("high"), measured.get("n"))
            for name, measured in overall.items()
        },
        url=reverse("evaluations:run", args=[run.pk]),
        reported=run.source == PredictionSource.REPORTED,
    )


def _kind(run: EvaluationRun) -> str:
    """A plug-in's run is of a kind of its own, so that it never stands for another's."""
    return f"custom.{run.config.get('plugin', '')}" if run.kind == EvaluationKind.CUSTOM else run.kind


def _running(runs: list[EvaluationRun]) -> tuple[RunningFact, ...]:
    """For each kind the newest run that has not succeeded, if it came after the last success of that kind."""
    seen: set[str] = set()
    found = []
    for run in runs:  # newest first
        kind = _kind(run)
        if kind not in seen and run.status != JobStatus.SUCCEEDED:
            url = reverse("evaluations:run", args=[run.pk])
            found.append(RunningFact(run.pk, kind, UNFINISHED[run.status], run.failure or None, url))
        seen.add(kind)
    return tuple(found)


def signoff_fact(row: SignOff) -> SignOffFact:
    """What one signature says, as the policy reads it."""
    return SignOffFact(
        id=row.pk,
        role=row.role,
        decision=row.decision,
        signer=row.signer.username,
        signer_name=row.signer.name,
        signed_at=row.signed_at,
        expires_at=row.expires_at,
        components=row.components,
        conditions=_conditions(row),
        withdrawn=row.withdrawn_at is not None,
        review=row.review_id,
        acting_for=row.acting_for.username if row.acting_for else "",
        acting_for_name=row.acting_for.name if row.acting_for else "",
    )


def _conditions(row: SignOff) -> tuple[Condition, ...]:
    if row.decision != Decision.APPROVE_WITH_CONDITIONS:
        return ()
    return tuple(Condition(item.text, item.due_on, item.met_at is not None) for item in row.conditions.all())


def involved(
    version: ModelVersion, developers: Iterable[Person], reviews: Iterable[Review]
) -> dict[str, tuple[str, ...]]:
    """User name → why this person's signature would not be independent, in words that follow a name."""
    reasons: dict[str, list[str]] = defaultdict(list)
    reasons[version.model.owner.username].append("owns this model")
    for person in developers:
        reasons[person.username].append("develops this model")
    for username, left in version.model.former_team.items():
        if username not in reasons and datetime.fromisoformat(left) >= version.registered_at:
            reasons[username].append("belonged to this model's team when the version was registered")
    reasons[version.registered_by.username].append("registered this version")
    if version.trained_on is not None:
        reasons[version.trained_on.owner.username].append("owns the training data")
    for username in dict.fromkeys(review.opened_by.username for review in reviews):
        reasons[username].append("asked for this review")
    return {username: tuple(why) for username, why in reasons.items()}


def _links(version: ModelVersion, review: Review | None) -> dict[str, str]:
    """Where a person goes to act, by kind of requirement."""
    names = [version.model.slug, version.version]
    signoffs = (
        reverse("riskreview:review", args=[review.pk]) if review else reverse("riskreview:submit", args=names)
    )
    return {
        "tier_confirmed": reverse("riskreview:tier", args=[version.model.slug]),
        "artifact_verified": reverse("registry:files", args=names),
        "card_complete": reverse("registry:card", args=names),
        "evaluation": reverse("evaluations:version_runs", args=names),
        "signoff": signoffs,
        "conditions_met": reverse("riskreview:signoffs", args=names),
        "findings_closed": f"{reverse('riskreview:findings')}?model={version.model.slug}",
        "risks_treated": reverse("riskreview:model_risks", args=[version.model.slug]),
    }


VERSION_RELATIONS = ("model__owner", "registered_by", "trained_on__owner")
"""What gather() reads through a version: select_related(*VERSION_RELATIONS) spares a query each."""
UNREAD = tuple(f"trained_on__{name}" for name in ("profile", "validation", "schema"))
"""What nobody reads through a version, and is large: defer(*UNREAD)."""
