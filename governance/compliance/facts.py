"""What the record holds about models, read for many at once: the number of queries does not grow with them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from django.db.models import QuerySet

from audit.models import Event
from audit.verbs import Verb
from evaluations.kinds import FOR_PEOPLE
from evaluations.models import EvaluationRun, JobStatus
from governance.compliance.models import OutsideEvidence
from registry.models import (
    CardRevision,
    Deployment,
    Environment,
    ModelVersion,
    RegisteredModel,
)
from registry.models.deployments import RUNNING
from riskreview.models import Finding, QuestionnaireVersion, Risk, SignOff, TierAssessment
from riskreview.models.policies import PolicyPack

Row = TypeVar("Row")
RUN_FIELDS = (
    *("version_id", "kind", "source", "config", "status", "finished_at", "requested_at", "result_digest"),
    *("dataset__name", "dataset__version", "dataset__role"),
)
VERSION_FIELDS = ("model_id", "version", "registered_at", "registered_by_id", "artifact_digest")
IN_ORDER = {environment: place for place, environment in enumerate(Environment.values)}


@dataclass(frozen=True)
class Record:
    """All that bears on the controls of one model, as rows. `version` is the one looked at: see `looked_at`."""

    model: RegisteredModel
    today: date
    version: ModelVersion | None = None
    versions: tuple[ModelVersion, ...] = ()
    card: CardRevision | None = None
    tier: TierAssessment | None = None
    runs: tuple[EvaluationRun, ...] = ()
    signoffs: tuple[SignOff, ...] = ()
    findings: tuple[Finding, ...] = ()
    risks: tuple[Risk, ...] = ()
    deployments: tuple[Deployment, ...] = ()
    outside: tuple[OutsideEvidence, ...] = ()
    logged: bool = False
    organisation: "OrganisationRecord | None" = None


@dataclass(frozen=True)
class OrganisationRecord:
    """All that bears on the controls of the organisation."""

    today: date
    models: int = 0
    pack: PolicyPack | None = None
    questionnaire: QuestionnaireVersion | None = None
    events: bool = False
    outside: tuple[OutsideEvidence, ...] = field(default=())


def records_of(
    models: Sequence[RegisteredModel], *, today: date, of: Mapping[int, ModelVersion] | None = None
) -> dict[int, Record]:
    """The record of each model, in a fixed number of queries. `of` names the version to look at, by model."""
    pks = [model.pk for model in models]
    versions = _by(
        ModelVersion.objects.filter(model__in=pks).only(*VERSION_FIELDS).order_by("-pk"), "model_id"
    )
    running = _by(
        Deployment.objects.filter(RUNNING, version__model__in=pks).select_related("version").order_by("-pk"),
        "version_id",
    )
    chosen = {pk: (of or {}).get(pk) or looked_at(versions.get(pk, []), running) for pk in pks}
    looked = [version.pk for version in chosen.values() if version is not None]
    cards = _newest(CardRevision.objects.filter(version__in=looked), "version_id")
    tiers = _newest(TierAssessment.objects.filter(model__in=pks).select_related("confirmed_by"), "model_id")
    runs, signoffs = _by(_runs(looked), "version_id"), _signoffs(looked)
    findings = _by(Finding.objects.filter(model__in=pks).order_by("-pk"), "model_id")
    risks = _by(Risk.objects.filter(model__in=pks).order_by("-pk"), "model_id")
    outside = _by(OutsideEvidence.objects.filter(detached_at=None), "model_id")
    logged = set(
        Event.objects.filter(
            verb=Verb.MODEL_CREATED, subject__in=[model.ref for model in models]
        ).values_list("subject", flat=True)
    )
    found = {}
    for model in models:
        version = chosen[model.pk]
        number = version.pk if version else 0
        found[model.pk] = Record(
            model=model,
            today=today,
            version=version,
            versions=tuple(versions.get(model.pk, ())),
            card=cards.get(number),
            tier=tiers.get(model.pk),
            runs=tuple(runs.get(number, ())),
            signoffs=tuple(signoffs.get(number, ())),
            findings=tuple(findings.get(model.pk, ())),
            risks=tuple(risks.get(model.pk, ())),
            deployments=tuple(running.get(number, ())),
            outside=(*outside.get(model.pk, ()), *outside.get(None, ())),
            logged=model.ref in logged,
        )
    return found


def record_of(model: RegisteredModel, *, today: date) -> Record:
    """The record of one model."""
    return records_of([model], today=today)[model.pk]


def organisation_record(*, today: date) -> OrganisationRecord:
    """The record of the organisation."""
    return OrganisationRecord(
        today=today,
        models=RegisteredModel.objects.count(),
        pack=PolicyPack.objects.filter(active=True).defer("source").first(),
        questionnaire=QuestionnaireVersion.objects.filter(active=True).defer("source").first(),
        events=Event.objects.exists(),
        outside=tuple(OutsideEvidence.objects.filter(model=None, detached_at=None)),
    )


def looked_at(
    versions: Sequence[ModelVersion], running: Mapping[Any, Sequence[Deployment]]
) -> ModelVersion | None:
    """The version whose evidence counts: what runs in the furthest environment, else the newest."""

    def furthest(version: ModelVersion) -> int:
        return max((IN_ORDER[row.environment] for row in running.get(version.pk, ())), default=-1)

    return max(versions, key=lambda version: (furthest(version), version.pk), default=None)


def _runs(versions: list[int]) -> QuerySet[EvaluationRun]:
    rows = EvaluationRun.objects.filter(version__in=versions, status=JobStatus.SUCCEEDED)
    rows = rows.exclude(kind__in=FOR_PEOPLE).select_related("dataset")
    return rows.only(*RUN_FIELDS).order_by("-pk")


def _signoffs(versions: list[int]) -> dict[Any, list[SignOff]]:
    rows = SignOff.objects.filter(review__version__in=versions, withdrawn_at=None)
    found: dict[Any, list[SignOff]] = defaultdict(list)
    for row in rows.select_related("review", "signer").order_by("-pk"):
        found[row.review.version_id].append(row)
    return found


def _by(rows: Iterable[Row], key: str) -> dict[Any, list[Row]]:
    found: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        found[getattr(row, key)].append(row)
    return found


def _newest(rows: Iterable[Row], key: str) -> dict[Any, Row]:
    """The first row for each key of a query that is ordered newest first."""
    newest: dict[Any, Row] = {}
    for row in rows:
        newest.setdefault(getattr(row, key), row)
    return newest
