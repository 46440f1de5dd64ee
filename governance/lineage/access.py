"""Finding what a lineage starts from, by its kind and the key that people and pipelines know it by."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from django.http import Http404

from accounts.models import User
from evaluations.models import EvaluationRun
from governance.gate.models import GateDecision
from governance.gate.queries import decision_named
from registry.access import (
    dataset_for_reader,
    deployment_for_reader,
    model_for_reader,
    version_for_reader,
)
from registry.models import Dataset, Deployment, ModelVersion, RegisteredModel
from registry.names import DATASET, SLUG, VERSION
from registry.sight import seen_by
from riskreview.access import review_for_reader
from riskreview.models import Review

Thing = RegisteredModel | Dataset | ModelVersion | EvaluationRun | Review | GateDecision | Deployment
NUMBER = re.compile(r"[0-9]{1,15}")
TEXT = re.compile(r"[0-9a-fA-F-]{32,36}")


@dataclass(frozen=True)
class Start:
    """What a lineage starts from, and the primary keys under which it is read."""

    kind: str
    key: str
    thing: Thing
    versions: frozenset[int] = frozenset()
    datasets: frozenset[int] = frozenset()
    models: frozenset[int] = frozenset()
    evaluations: frozenset[int] = frozenset()
    deployments: frozenset[int] = frozenset()
    decisions: frozenset[UUID] = field(default_factory=frozenset)

    @property
    def id(self) -> str:
        """The node that it is."""
        return f"{self.kind}:{self.key}"


def start_for_reader(user: User, kind: str, key: str) -> Start:
    """The thing of this kind. Keys are those of the addresses: `credit-default/3`, `loans/2026H1`, a number, an id.

    Raises Http404.
    """
    find = FINDERS.get(kind)
    if find is None:
        raise Http404(f"There is no lineage of {kind}; there is of {', '.join(FINDERS)}.")
    return find(user, key)


def _model(user: User, key: str) -> Start:
    model = model_for_reader(user, _matching(SLUG, key, "model"))
    versions = frozenset(model.versions.values_list("pk", flat=True))
    return Start("model", model.slug, model, versions=versions, models=frozenset({model.pk}))


def _version(user: User, key: str) -> Start:
    slug, _, number = key.partition("/")
    _matching(SLUG, slug, "model")
    version = version_for_reader(user, slug, _matching(VERSION, number, "version"))
    return Start("version", key, version, versions=frozenset({version.pk}))


def _dataset(user: User, key: str) -> Start:
    name, _, number = key.partition("/")
    _matching(DATASET, name, "data set")
    dataset = dataset_for_reader(user, name, _matching(VERSION, number, "version"))
    return Start("dataset", key, dataset, datasets=frozenset({dataset.pk}))


def _evaluation(user: User, key: str) -> Start:
    rows = EvaluationRun.objects.select_related("version__model", "dataset")
    run = (
        rows.filter(seen_by(user, "version__model"), uuid=_matching(TEXT, key, "evaluation")).first()
        if _is_uuid(key)
        else None
    )
    if run is None:
        raise Http404(f"There is no evaluation {key}.")
    mine = frozenset({run.pk})
    return Start("evaluation", str(run.uuid), run, versions=frozenset({run.version_id}), evaluations=mine)


def _review(user: User, key: str) -> Start:
    review = review_for_reader(user, int(_matching(NUMBER, key, "review")))
    return Start("review", str(review.pk), review, versions=frozenset({review.version_id}))


def _decision(user: User, key: str) -> Start:
    decision = decision_named(key, user) if _is_uuid(key) else None
    if decision is None:
        raise Http404(f"The gate gave no decision {key}.")
    mine = frozenset({decision.pk})
    return Start(
        "decision", str(decision.pk), decision, versions=frozenset({decision.version_id}), decisions=mine
    )


def _deployment(user: User, key: str) -> Start:
    found = deployment_for_reader(user, int(_matching(NUMBER, key, "deployment")))
    mine = frozenset({found.pk})
    return Start("deployment", str(found.pk), found, versions=frozenset({found.version_id}), deployments=mine)


def _matching(pattern: re.Pattern[str], key: str, what: str) -> str:
    if not pattern.fullmatch(key):
        raise Http404(f"There is no {what} of that name.")
    return key


def _is_uuid(key: str) -> bool:
    try:
        return str(UUID(key)) == key.lower()
    except ValueError:
        return False


FINDERS: dict[str, Callable[[User, str], Start]] = {
    "model": _model,
    "dataset": _dataset,
    "version": _version,
    "evaluation": _evaluation,
    "review": _review,
    "decision": _decision,
    "deployment": _deployment,
}
