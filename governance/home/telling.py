"""Telling people what pipelines and workers did, after the fact: the gate waits for nobody's inbox."""

from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.urls import reverse

from accounts.models import Notice, Role, User
from accounts.notices import notify
from evaluations.models import EvaluationRun, JobStatus
from governance.gate.models import GateDecision
from registry.models import Deployment, RegisteredModel
from registry.models.deployments import UNDECIDED
from registry.sight import who_see

Row = TypeVar("Row")
UNREAD = ("requirements", "components", "context", "attestation")  # of a decision, and large
SINCE = timedelta(days=1)  # a scheduler that was away for less misses nothing


def tell_people(at: datetime) -> None:
    """Denials, failed evaluations and deployments without a decision, each told once a day at most."""
    _tell_of_denials(at)
    _tell_of_failed_runs(at)
    _tell_of_undecided(at)


def _tell_of_denials(at: datetime) -> None:
    """The newest denial of each version and environment, to the model's team."""
    newest = Window(
        RowNumber(), partition_by=[F("version"), F("environment")], order_by=F("decided_at").desc()
    )
    rows = GateDecision.objects.filter(decision="deny", dry_run=False, decided_at__gt=at - SINCE)
    found = rows.annotate(place=newest).filter(place=1).select_related("version__model__owner").defer(*UNREAD)
    day = at.date().isoformat()
    keyed = {f"denied:{row.version_id}:{row.environment}:{day}": row for row in found}
    for key, row in _untold(keyed).items():
        notify(
            _team(row.version.model),
            kind="gate.denied",
            text=f"{row.get_environment_display()} denied {row.version}: {row.summary}",
            url=reverse("gate:decision", args=[row.pk]),
            key=key,
            at=at,
        )


def _tell_of_failed_runs(at: datetime) -> None:
    """To whoever asked; to the owner where nobody did."""
    rows = EvaluationRun.objects.filter(status=JobStatus.FAILED, finished_at__gt=at - SINCE)
    found = rows.select_related("version__model__owner", "requested_by").defer("result", "log", "provenance")
    for key, run in _untold({f"run-failed:{run.pk}": run for run in found}).items():
        notify(
            who_see([run.requested_by or run.version.model.owner], run.version.model),
            kind="evaluation.failed",
            text=f"{run.get_kind_display()} of {run.version} failed: {run.failure}",
            url=reverse("evaluations:run", args=[run.pk]),
            key=key,
            at=at,
        )


def _tell_of_undecided(at: datetime) -> None:
    """To the team and to those who answer for risk."""
    rows = Deployment.objects.filter(UNDECIDED, deployed_at__gt=at - SINCE)
    found = rows.select_related("version__model__owner")
    officers = User.objects.filter(grants__role=Role.RISK_OFFICER)
    for key, row in _untold({f"undecided:{row.pk}": row for row in found}).items():
        notify(
            [*_team(row.version.model), *officers],
            kind="deployment.undecided",
            text=f"{row.version} runs in {row.environment} without a valid decision: {row.problem}",
            url=reverse("deployments:deployment", args=[row.pk]),
            key=key,
            at=at,
        )


def _untold(keyed: dict[str, Row]) -> dict[str, Row]:
    """Those that nobody was told of yet."""
    told = set(Notice.objects.filter(key__in=keyed).values_list("key", flat=True))
    return {key: row for key, row in keyed.items() if key not in told}


def _team(model: RegisteredModel) -> list[User]:
    return [model.owner, *model.developers.all()]
