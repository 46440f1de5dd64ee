"""Rows as the plain values that the policy judges."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

from django.urls import reverse

from evaluations.kinds import given_settings
from evaluations.models import EvaluationKind, EvaluationRun, JobStatus, PredictionSource
from policy.evidence import (
    Card,
    Condition,
    EvaluationFact,
    Metric,
    Person,
    RunningFact,
    SignOffFact,
    TierFact,
)
from registry.models import CardRevision, Lifecycle, ModelVersion, RegisteredModel
from riskreview.models import Decision, Review, SignOff, TierAssessment
from riskreview.tiering.use import changed_use

UNFINISHED: dict[str, Literal["queued", "running", "failed"]] = {
    JobStatus.QUEUED: "queued",
    JobStatus.RUNNING: "running",
    JobStatus.FAILED: "failed",
}
PEOPLE_FLAGS = frozenset(
    (
        *("profiles_people", "solely_automated_significant_decision"),
        "credit_employment_housing_insurance_health_decision",
    )
)


def stopped(version: ModelVersion) -> str | None:
    """Why nothing of this model may run, if its model is suspended or retired."""
    model = version.model
    if model.lifecycle == Lifecycle.ACTIVE:
        return None
    return f"{model.name} is {model.get_lifecycle_display().lower()}: {model.lifecycle_reason}"


def sensitive(version: ModelVersion, runs: list[EvaluationRun]) -> tuple[str, ...]:
    """What any data set of this version declares, its training data included."""
    datasets = [run.dataset for run in runs]
    if version.trained_on is not None:
        datasets.append(version.trained_on)
    return tuple(sorted({column for dataset in datasets for column in dataset.sensitive}))


def about_people(assessment: TierAssessment | None) -> bool:
    """Whether the use profiles people or decides about them alone, by the owner's answers."""
    return assessment is not None and not PEOPLE_FLAGS.isdisjoint(assessment.flags)


def card_fact(card: CardRevision | None) -> Card | None:
    """The newest revision of the model card."""
    if card is None:
        return None
    return Card(card.number, card.digest, card.author.name, card.saved_at, card.sections)


def tier_fact(assessment: TierAssessment | None, model: RegisteredModel) -> TierFact | None:
    """The newest answers to the tier questionnaire, and what has changed of the use since."""
    if assessment is None:
        return None
    return TierFact(
        tier=assessment.tier,
        digest=assessment.digest,
        confirmed_by=assessment.confirmed_by.name if assessment.confirmed_by else None,
        confirmed_at=assessment.confirmed_at,
        questionnaire_version=assessment.questionnaire_version,
        use_changed=tuple(change.words for change in changed_use(assessment.use, model)),
        confirmer=assessment.confirmed_by.username if assessment.confirmed_by else "",
    )


def evaluation_fact(run: EvaluationRun, version: ModelVersion) -> EvaluationFact:
    """A succeeded run with its overall figures, as the policy judges it."""
    overall: Mapping[str, Any] = getattr(run, "overall", None) or {}  # annotated where the rows are read
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
        by_endpoint=run.source == PredictionSource.ENDPOINT and not version.predictions_only,
        settings=_settings(run, version),
    )


def _settings(run: EvaluationRun, version: ModelVersion) -> dict[str, tuple[Any, Any]]:
    """What whoever asked for the run chose, each with what is usual; so is the training data to compare with."""
    chosen = given_settings(run.kind, run.config)
    trained_on, reference = version.trained_on_id, run.reference_id
    if reference is not None and trained_on is not None and reference != trained_on:
        chosen["reference"] = (reference, trained_on)
    return chosen


def _kind(run: EvaluationRun) -> str:
    """A plug-in's run is of a kind of its own, so that it never stands for another's."""
    return f"custom.{run.config.get('plugin', '')}" if run.kind == EvaluationKind.CUSTOM else run.kind


def running_facts(runs: list[EvaluationRun]) -> tuple[RunningFact, ...]:
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
