"""What runs where, under which decision, and whether it still may."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q, QuerySet
from django.urls import reverse

from accounts.models import User
from governance.gate.models import GateDecision
from registry.models import RUNNING, UNDECIDED, Deployment, DeploymentStatus, ModelVersion
from registry.sight import seen_by
from riskreview.evidence import UNREAD, VERSION_RELATIONS
from riskreview.judgement import Judged, judge_many

MOST_JUDGED = 500
MOST_EARLIER = 20
WENT_LIVE = (DeploymentStatus.LIVE, DeploymentStatus.ENDED, DeploymentStatus.ROLLED_BACK)
SHAPES = {
    DeploymentStatus.STARTED: "run",
    DeploymentStatus.LIVE: "ok",
    DeploymentStatus.FAILED: "error",
    DeploymentStatus.ROLLED_BACK: "stale",
    DeploymentStatus.ENDED: "na",
}
VIEWS = {
    "running": RUNNING,
    "started": Q(status=DeploymentStatus.STARTED),
    "all": Q(),
}


@dataclass(frozen=True)
class Filters:
    """What the address of the list asks for. `flagged` is a view of its own, judged in Python."""

    view: str = "running"
    q: str = ""
    environment: str = ""
    model: str = ""
    strategy: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether anything is filtered out."""
        return any((self.q, self.environment, self.model, self.strategy))


@dataclass(frozen=True)
class Row:
    """A deployment as lists show it: the decision's page, and why the gate would deny it now."""

    deployment: Deployment
    decision_url: str = ""
    denied: str = ""
    exception: str = ""  # "waiver" or "break_glass": what it runs by, now or by the decision that carried it

    @property
    def by(self) -> str:
        """The exception that it runs by, in words."""
        return {"waiver": "with a waiver", "break_glass": "by break-glass"}.get(self.exception, "")

    @property
    def tag_shape(self) -> str:
        """The mark of that exception."""
        return "no" if self.exception == "break_glass" else "waived"

    @property
    def flagged(self) -> bool:
        """Whether it runs or starts without a valid decision, or runs although the gate now denies."""
        return not self.deployment.is_over and bool(self.deployment.problem or self.denied)

    @property
    def shape(self) -> str:
        """The mark beside it."""
        if self.flagged and self.deployment.problem:
            return "no"
        if self.denied:
            return "stale"
        return SHAPES[self.state]

    @property
    def word(self) -> str:
        """Its state in words."""
        if self.flagged and self.deployment.problem:
            return f"{self.verb} undecided"
        if not self.deployment.is_running:
            return self.state.label
        return "Runs, now denied" if self.denied else "Runs"

    @property
    def verb(self) -> str:
        """What it does now: runs, or starts."""
        return "Runs" if self.deployment.is_running else "Starts"

    @property
    def alarm(self) -> str:
        """The heading of its banner while it is flagged for want of a decision."""
        return f"It {self.verb.lower()} without a valid decision."

    @property
    def state(self) -> DeploymentStatus:
        """Its status; what was replaced before there were states has ended."""
        status = DeploymentStatus(self.deployment.status)
        over = status == DeploymentStatus.LIVE and self.deployment.is_over
        return DeploymentStatus.ENDED if over else status

    @property
    def why(self) -> str:
        """What is wrong with it, if anything."""
        return self.deployment.problem or self.denied


def deployments(filters: Filters, reader: User) -> QuerySet[Deployment]:
    """Deployments that match and that the reader may see, newest first, with all that judging them reads."""
    related = [f"version__{name}" for name in VERSION_RELATIONS]
    rows = Deployment.objects.select_related("version__model", *related).defer(
        *(f"version__{name}" for name in UNREAD)
    )
    rows = rows.filter(seen_by(reader, "version__model"), VIEWS.get(filters.view, RUNNING))
    if filters.environment:
        rows = rows.filter(environment=filters.environment)
    if filters.model:
        rows = rows.filter(version__model__slug=filters.model)
    if filters.strategy:
        rows = rows.filter(strategy=filters.strategy)
    for word in filters.q.split():
        rows = rows.filter(
            Q(version__model__name__icontains=word)
            | Q(version__model__slug__icontains=word)
            | Q(version__version__iexact=word.removeprefix("v"))
            | Q(decision_id__istartswith=word)
            | Q(reported_by__icontains=word)
        )
    return rows.order_by("-deployed_at", "-pk")


def rows_of(
    deployments: Sequence[Deployment],
    *,
    at: datetime,
    judged: Mapping[tuple[int, str], Judged] | None = None,
) -> list[Row]:
    """Each with its decision and the gate's verdict as things stand, in a fixed number of queries."""
    named = {row.decision_id for row in deployments}
    found = GateDecision.objects.filter(pk__in=_uuids(named)).values_list("pk", "basis")
    known = {str(pk): basis for pk, basis in found}
    open_to_doubt = [row for row in deployments if row.is_running and not row.problem]
    if judged is None:
        judged = _judged(open_to_doubt, at)
    denied = {row.pk: _denied(judged, row) for row in open_to_doubt}
    return [
        Row(
            row,
            reverse("gate:decision", args=[row.decision_id]) if row.decision_id in known else "",
            denied.get(row.pk, ""),
            _exception(judged, row) or (known.get(row.decision_id, "policy") if row.is_running else ""),
        )
        for row in deployments
    ]


def flagged(filters: Filters, reader: User, *, at: datetime) -> list[Row]:
    """What runs or starts without a valid decision, or although the gate would deny it now; the newest are judged."""
    started = rows_of(list(deployments(replace(filters, view="started"), reader)[:MOST_JUDGED]), at=at)
    running = rows_of(list(deployments(replace(filters, view="running"), reader)[:MOST_JUDGED]), at=at)
    found = [row for row in (*running, *started) if row.flagged]
    return sorted(found, key=lambda row: not row.deployment.problem)


def serving(
    versions: Sequence[ModelVersion],
    *,
    at: datetime,
    judged: Mapping[tuple[int, str], Judged],
) -> list[Row]:
    """What runs of these versions now or starts undecided, in the order of the environments, what is wrong first."""
    found = Deployment.objects.filter(RUNNING | UNDECIDED, version__in=versions).select_related(
        "version__model"
    )
    rows = rows_of(list(found.order_by("-deployed_at", "-pk")), at=at, judged=judged)
    places = ["production", "staging", "development"]
    return sorted(rows, key=lambda row: (places.index(row.deployment.environment), not row.flagged))


def undecided(reader: User, limit: int = 50) -> list[Deployment]:
    """What runs or starts without a valid decision, newest first."""
    rows = Deployment.objects.filter(seen_by(reader, "version__model"), UNDECIDED).select_related(
        "version__model"
    )
    return list(rows.order_by("-deployed_at")[:limit])


def counts(reader: User) -> dict[str, int]:
    """How many deployments each view holds for the reader."""
    seen = seen_by(reader, "version__model")
    return {name: Deployment.objects.filter(seen, held).count() for name, held in VIEWS.items()}


def beside(deployment: Deployment, *, limit: int = 12) -> list[Deployment]:
    """What else was reported of this model in this environment, newest first."""
    rows = Deployment.objects.filter(
        version__model=deployment.version.model_id, environment=deployment.environment
    )
    return list(
        rows.select_related("version__model").exclude(pk=deployment.pk).order_by("-deployed_at")[:limit]
    )


@dataclass(frozen=True)
class Earlier:
    """A version that ran here before, and whether the gate would let it run here now."""

    deployment: Deployment
    judged: Judged

    @property
    def allows(self) -> bool:
        """Whether one may go back to it."""
        return self.judged.allows


def earlier_versions(deployment: Deployment, *, at: datetime) -> list[Earlier]:
    """Other versions that were live here before this one, newest first, each judged as things stand."""
    related = [f"version__{name}" for name in VERSION_RELATIONS]
    rows = Deployment.objects.filter(
        version__model=deployment.version.model_id,
        environment=deployment.environment,
        deployed_at__lte=deployment.deployed_at,
        finished_at__isnull=False,
        status__in=WENT_LIVE,
    )
    rows = rows.exclude(version=deployment.version_id).select_related("version__model", *related)
    newest: dict[int, Deployment] = {}
    for row in rows.order_by("-deployed_at", "-pk")[: MOST_EARLIER * 5]:
        newest.setdefault(row.version_id, row)
    found = list(newest.values())[:MOST_EARLIER]
    judged = _judged(found, at)
    return [Earlier(row, judged[row.version_id, row.environment]) for row in found]


def _judged(deployments: Sequence[Deployment], at: datetime) -> Mapping[tuple[int, str], Judged]:
    if not deployments:
        return {}
    versions = {row.version_id: row.version for row in deployments}
    return judge_many(list(versions.values()), {row.environment for row in deployments}, at=at)


def _denied(judged: Mapping[tuple[int, str], Judged], row: Deployment) -> str:
    """Why the gate denies it now. What was not judged counts as denied: nothing is let through unseen."""
    found = judged.get((row.version_id, row.environment))
    if found is None:
        return "The gate could not be asked."
    return "" if found.allows else found.verdict.summary


def _exception(judged: Mapping[tuple[int, str], Judged], row: Deployment) -> str:
    """The basis on which the gate allows it now; nothing where it was not judged."""
    found = judged.get((row.version_id, row.environment))
    return found.verdict.basis if found is not None and found.allows else ""


def _uuids(texts: set[str]) -> list[uuid.UUID]:
    found = []
    for text in texts:
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue
    return found
