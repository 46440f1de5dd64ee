"""Rows of the database as nodes of a lineage: the words, the mark of their state, the page."""

import uuid

from django.urls import reverse

from evaluations.models import EvaluationRun, JobStatus
from governance.deployments.queries import Row
from governance.gate.models import GateDecision
from governance.lineage.graph import Node
from governance.templatetags.wording import count_of, short_date
from registry.models import Dataset, Lifecycle, ModelVersion, RegisteredModel
from registry.sight import UNSEEN
from riskreview.models import Decision, Review

RUN_SHAPES = {
    JobStatus.QUEUED: "todo",
    JobStatus.RUNNING: "run",
    JobStatus.SUCCEEDED: "ok",
    JobStatus.FAILED: "error",
    JobStatus.CANCELLED: "na",
}
BASES = {
    "policy": ("ok", "Allowed"),
    "waiver": ("waived", "Allowed, with a waiver"),
    "break_glass": ("glass", "Allowed by break-glass"),
}
KIND_WORDS = {
    "model": "Model",
    "dataset": "Data set",
    "version": "Version",
    "evaluation": "Evaluation",
    "review": "Review",
    "decision": "Decision",
    "deployment": "Deployment",
    "dependent": "Dependent model",
}
HEADINGS = {
    "model": "Takes answers from",
    "dataset": "Data",
    "version": "Versions",
    "evaluation": "Evaluations",
    "review": "Reviews",
    "decision": "Decisions",
    "deployment": "Deployments",
    "dependent": "Gives answers to",
}


def dataset_node(row: Dataset) -> Node:
    """A data set."""
    return Node(
        "dataset",
        f"{row.name}/{row.version}",
        row.name,
        f"{row.version}, {row.get_role_display().lower()}, {row.rows:,} rows",
        href=reverse("registry:dataset", args=[row.name, row.version]),
        at=row.registered_at.isoformat(),
    )


def version_node(row: ModelVersion) -> Node:
    """A version of a model."""
    broken = bool(row.artifact_problem)
    return Node(
        "version",
        f"{row.model.slug}/{row.version}",
        f"v{row.version} {row.model.name}",
        f"registered {short_date(row.registered_at)}",
        shape="no" if broken else "",
        state="Files differ from the manifest" if broken else "",
        href=reverse("portfolio:version", args=[row.model.slug, row.version]),
        at=row.registered_at.isoformat(),
    )


def run_node(row: EvaluationRun) -> Node:
    """An evaluation."""
    return Node(
        "evaluation",
        str(row.uuid),
        row.get_kind_display(),
        f"v{row.version.version} on {row.dataset.name}",
        shape=RUN_SHAPES[JobStatus(row.status)],
        state=row.get_status_display(),
        href=reverse("evaluations:run", args=[row.pk]),
        at=(row.finished_at or row.requested_at).isoformat(),
    )


def review_node(row: Review) -> Node:
    """A review with what was signed in it."""
    standing = [signoff for signoff in row.signoffs.all() if signoff.withdrawn_at is None]
    against = [signoff for signoff in standing if signoff.decision == Decision.REJECT]
    shape, state = "half", "In review"
    if against:
        shape, state = "no", f"Rejected by {against[0].signer.name}"
    elif row.approved_at is not None:
        shape, state = "ok", "Approved"
    signed = count_of(len(standing), "signature") if standing else "nobody signed"
    return Node(
        "review",
        str(row.pk),
        f"For {row.environment}",
        f"v{row.version.version}, {signed}",
        shape=shape,
        state=state,
        href=reverse("riskreview:review", args=[row.pk]),
        at=row.opened_at.isoformat(),
    )


def decision_node(row: GateDecision) -> Node:
    """An answer of the gate."""
    allowed = row.decision == "allow"
    return Node(
        "decision",
        str(row.pk),
        f"{row.get_environment_display()}: {row.decision}",
        f"v{row.version.version}, {short_date(row.decided_at)}" + (", dry run" if row.dry_run else ""),
        shape=BASES[row.basis][0] if allowed else "no",
        state=BASES[row.basis][1] if allowed else "Denied",
        href=reverse("gate:decision", args=[row.pk]),
        at=row.decided_at.isoformat(),
    )


def deployment_node(row: Row) -> Node:
    """A deployment, and whether it still may run."""
    deployment = row.deployment
    return Node(
        "deployment",
        str(deployment.pk),
        deployment.get_environment_display(),
        f"v{deployment.version.version}, {deployment.way.lower().replace('a/b', 'A/B')}",
        shape=row.shape,
        state=row.word,
        href=reverse("deployments:deployment", args=[deployment.pk]),
        at=deployment.deployed_at.isoformat(),
    )


def model_node(row: RegisteredModel, kind: str) -> Node:
    """A model that gives or takes answers; its own lineage is a page away."""
    stopped = row.lifecycle != Lifecycle.ACTIVE
    return Node(
        kind,
        row.slug,
        row.name,
        "model",
        shape="no" if stopped else "",
        state=row.get_lifecycle_display() if stopped else "",
        href=reverse("lineage:lineage", args=["model", row.slug]),
        at=row.created_at.isoformat(),
    )


def hidden_node(row: RegisteredModel, kind: str) -> Node:
    """A model that gives or takes answers and that the reader may not see; the key tells nothing but that it is one."""
    return Node(kind, f"hidden-{row.pk}", UNSEEN.capitalize(), "model")


def uuid_of(text: str) -> uuid.UUID | None:
    """The id in the text, if it is one."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
