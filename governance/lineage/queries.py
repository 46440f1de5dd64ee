"""The lineage around one thing, read in a number of queries that does not grow with what there is.

Every kind is read for one set of versions: those that the thing is about, those they were made from, those made from
them. `graph.reached` then keeps what is truly upstream or downstream.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, F, Q, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber

from accounts.models import User
from evaluations.kinds import FOR_PEOPLE
from evaluations.models import EvaluationRun, JobStatus
from governance.deployments.queries import Row, rows_of
from governance.gate.models import GateDecision
from governance.lineage import telling
from governance.lineage.access import Start
from governance.lineage.graph import Direction, Edge, Graph, Node, reached, sound
from registry.models import RUNNING, Dataset, Deployment, ModelDependency, ModelVersion, RegisteredModel
from registry.sight import hidden_from, seen_by, sees_all
from riskreview.evidence import UNREAD, VERSION_RELATIONS
from riskreview.models import Review

GENERATIONS = 8
MOST_VERSIONS = 60
MOST = 200  # of any other kind
HEAVY = ("requirements", "components", "attestation", "context")


@dataclass(frozen=True)
class Read:
    """Rows of every kind, and how many more there are."""

    versions: list[ModelVersion]
    evaluations: list[EvaluationRun]
    reviews: list[Review]
    decisions: list[GateDecision]
    deployments: list[Row]
    datasets: dict[int, Dataset]
    declared: list[tuple[int, int]]  # (version, data set) as registered: evaluated on
    needs: list[ModelDependency]
    hidden: frozenset[int]  # models of `needs` that the reader may not see
    left_out: dict[str, int]


def lineage(
    start: Start, reader: User, *, direction: Direction, depth: int | None = None, at: datetime
) -> Graph:
    """What the thing came from, what came of it, or both, as far as the reader may see it."""
    read = _read(start, reader, direction, at)
    own = _own(start, read)
    starts = {name for model in start.models for name in own[model]} or {start.id}
    graph = sound(Graph(_nodes(start, read), list(_edges(start, read)), frozenset(starts)))
    found = reached(graph, direction, depth)
    counted = start.kind in ("model", "dataset", "version") and direction != "upstream"
    kinds = {node.kind for node in found.nodes} if counted else set()
    return replace(found, left_out={kind: count for kind, count in read.left_out.items() if kind in kinds})


def _own(start: Start, read: Read) -> dict[int, list[str]]:
    """The nodes of each model: its versions; of a model without any, the model itself."""
    own: dict[int, list[str]] = {}
    for version in read.versions:
        own.setdefault(version.model_id, []).append(telling.version_node(version).id)
    return {model: [start.id] for model in start.models} | own


def _read(start: Start, reader: User, direction: Direction, at: datetime) -> Read:
    pks = _seen(_versions_around(start, direction), reader)
    newest = (
        ModelVersion.objects.filter(pk__in=pks).select_related("model", *VERSION_RELATIONS).defer(*UNREAD)
    )
    first = sorted(pks, key=lambda pk: (pk not in start.versions, -pk))[:MOST_VERSIONS]
    versions = sorted(newest.filter(pk__in=first), key=lambda row: first.index(row.pk))
    evaluations, more_runs = _runs(first, start)
    reviews = Review.objects.filter(version__in=first).order_by("pk").prefetch_related("signoffs__signer")
    deployments, more_deployments = _deployments(first, start)
    decisions, more_decisions = _decisions(first, start, {row.decision_id for row in deployments})
    declared = _declared(first, start)
    datasets = {run.dataset_id: run.dataset for run in evaluations}
    datasets |= {version.trained_on.pk: version.trained_on for version in versions if version.trained_on}
    missing = {dataset for _, dataset in declared} | start.datasets
    datasets |= Dataset.objects.in_bulk(missing - datasets.keys())
    models = {version.model_id for version in versions} | start.models
    left_out = {
        "version": len(pks) - len(versions),
        "evaluation": more_runs,
        "decision": more_decisions,
        "deployment": more_deployments,
    }
    return Read(
        versions=versions,
        evaluations=evaluations,
        reviews=list(reviews.select_related("version__model").order_by("-pk")[:MOST]),
        decisions=decisions,
        deployments=rows_of(deployments, at=at),
        datasets=datasets,
        declared=declared,
        needs=(needs := _dependencies(models)),
        hidden=_hidden(needs, reader),
        left_out={kind: count for kind, count in left_out.items() if count},
    )


def _seen(pks: set[int], reader: User) -> set[int]:
    """Those of the versions that the reader may see."""
    if sees_all(reader):
        return pks
    rows = ModelVersion.objects.filter(seen_by(reader, "model"), pk__in=pks)
    return set(rows.values_list("pk", flat=True))


def _hidden(needs: Iterable[ModelDependency], reader: User) -> frozenset[int]:
    near = {pk for need in needs for pk in (need.model_id, need.depends_on_id)}
    found = hidden_from(reader).filter(pk__in=near) if near else RegisteredModel.objects.none()
    return frozenset(found.values_list("pk", flat=True))


def _versions_around(start: Start, direction: Direction) -> set[int]:
    found = set(start.versions)
    if start.datasets and direction != "upstream":
        uses = Q(trained_on__in=start.datasets) | Q(evaluated_on__in=start.datasets)
        uses |= Q(evaluations__dataset__in=start.datasets)
        found |= set(ModelVersion.objects.filter(uses).values_list("pk", flat=True))
    ancestors, descendants = found, found
    for _ in range(GENERATIONS):
        if direction == "downstream" or not ancestors:
            break
        rows = ModelVersion.objects.filter(pk__in=ancestors, parent__isnull=False)
        ancestors = set(rows.values_list("parent_id", flat=True)) - found
        found = found | ancestors
    for _ in range(GENERATIONS):
        if direction == "upstream" or not descendants:
            break
        rows = ModelVersion.objects.filter(parent__in=descendants)
        descendants = set(rows.values_list("pk", flat=True)) - found
        found = found | descendants
    return found


def _newest(rows: QuerySet[Any], by: Iterable[str], order: str, keep: Q) -> tuple[list[Any], int]:
    """The newest row of each group and those to keep in any case; and how many others there are."""
    place = Window(
        RowNumber(), partition_by=[F(name) for name in by], order_by=[F(order).desc(), F("pk").desc()]
    )
    kept = Case(When(keep, then=Value(0)), default=Value(1))  # before the list is cut
    chosen = rows.annotate(place=place).filter(Q(place=1) | keep)
    found = list(chosen.order_by(kept, f"-{order}", "-pk")[:MOST])
    return found, rows.aggregate(all=Count("pk"))["all"] - len(found)


def _runs(versions: Collection[int], start: Start) -> tuple[list[EvaluationRun], int]:
    left_out = Q(status=JobStatus.CANCELLED) | Q(kind__in=FOR_PEOPLE)
    wanted = ~left_out | Q(pk__in=start.evaluations)
    rows = EvaluationRun.objects.filter(wanted, version__in=versions)
    rows = rows.select_related("version__model", "dataset").defer(
        "result",
        "provenance",
        "config",
        "log",
        *(f"dataset__{name}" for name in ("profile", "validation", "schema")),
    )
    keep = Q(pk__in=start.evaluations)
    return _newest(rows, ("version_id", "dataset_id", "kind"), "requested_at", keep)


def _deployments(versions: Collection[int], start: Start) -> tuple[list[Deployment], int]:
    related = [f"version__{name}" for name in VERSION_RELATIONS]
    rows = (
        Deployment.objects.filter(version__in=versions)
        .select_related("version__model", *related)
        .defer(*(f"version__{name}" for name in UNREAD))
    )
    keep = RUNNING | Q(pk__in=start.deployments) | Q(decision_id__in=[str(pk) for pk in start.decisions])
    return _newest(rows, ("version_id", "environment", "strategy"), "deployed_at", keep)


def _decisions(
    versions: Collection[int], start: Start, carried: Collection[str]
) -> tuple[list[GateDecision], int]:
    rows = GateDecision.objects.filter(version__in=versions, dry_run=False)
    if start.decisions:
        rows = GateDecision.objects.filter(Q(version__in=versions, dry_run=False) | Q(pk__in=start.decisions))
    rows = rows.select_related("version__model").defer(*HEAVY)
    known = [pk for pk in map(telling.uuid_of, carried) if pk is not None]
    keep = Q(pk__in=known) | Q(pk__in=start.decisions)
    return _newest(rows, ("version_id", "environment"), "decided_at", keep)


def _declared(versions: Collection[int], start: Start) -> list[tuple[int, int]]:
    through = ModelVersion.evaluated_on.through.objects.filter(modelversion__in=versions)
    return list(through.values_list("modelversion_id", "dataset_id")[:MOST])


def _dependencies(models: Collection[int]) -> list[ModelDependency]:
    """What these models take answers from and who takes theirs, onward in both directions."""
    found: dict[int, ModelDependency] = {}
    rows = ModelDependency.objects.select_related("model", "depends_on")
    for here, there in (("model", "depends_on_id"), ("depends_on", "model_id")):
        front = set(models)
        for _ in range(GENERATIONS):
            new = [row for row in rows.filter(**{f"{here}__in": front})[:MOST] if row.pk not in found]
            found |= {row.pk: row for row in new}
            front = {getattr(row, there) for row in new}
            if not front:
                break
    return list(found.values())


def _nodes(start: Start, read: Read) -> list[Node]:
    nodes = [telling.deployment_node(row) for row in read.deployments]
    nodes += [telling.decision_node(row) for row in read.decisions]
    nodes += [telling.review_node(row) for row in read.reviews]
    nodes += [telling.run_node(row) for row in read.evaluations]
    nodes += [telling.version_node(row) for row in read.versions]
    nodes += [telling.dataset_node(row) for row in read.datasets.values()]
    for need in read.needs:
        for model in (need.depends_on, need.model):
            node = telling.hidden_node if model.pk in read.hidden else telling.model_node
            nodes += [node(model, "model"), node(model, "dependent")]
    if isinstance(start.thing, RegisteredModel):
        nodes.append(telling.model_node(start.thing, "model"))
    return nodes


def _edges(start: Start, read: Read) -> Iterable[Edge]:
    versions = {row.pk: telling.version_node(row).id for row in read.versions}
    datasets = {pk: telling.dataset_node(row).id for pk, row in read.datasets.items()}
    for version in read.versions:
        if version.trained_on_id in datasets:
            yield Edge(datasets[version.trained_on_id], versions[version.pk], "trained")
        if version.parent_id in versions:
            yield Edge(versions[version.parent_id], versions[version.pk], "parent of")
    for pk, dataset in read.declared:
        yield Edge(datasets[dataset], versions[pk], "evaluated, as registered")
    yield from _judged_edges(read, versions, datasets)
    yield from _model_edges(read, _own(start, read))


def _judged_edges(read: Read, versions: dict[int, str], datasets: dict[int, str]) -> Iterable[Edge]:
    runs: dict[int, list[EvaluationRun]] = {}
    for run in read.evaluations:
        name = telling.run_node(run).id
        yield Edge(datasets[run.dataset_id], name, "measured on")
        yield Edge(versions[run.version_id], name, "measured")
        if run.status == JobStatus.SUCCEEDED:
            runs.setdefault(run.version_id, []).append(run)
    reviews = {(row.version_id, row.environment): telling.review_node(row).id for row in read.reviews}
    for review in read.reviews:
        name = telling.review_node(review).id
        sources = [telling.run_node(run).id for run in runs.get(review.version_id, [])]
        for source in sources or [versions[review.version_id]]:
            yield Edge(source, name, "reviewed")
    decisions = {(str(row.pk), row.version_id): telling.decision_node(row).id for row in read.decisions}
    for decision in read.decisions:
        name, place = telling.decision_node(decision).id, (decision.version_id, decision.environment)
        known = [
            telling.run_node(run).id
            for run in runs.get(decision.version_id, [])
            if run.finished_at is not None and run.finished_at <= decision.decided_at
        ]
        sources = [reviews[place]] if place in reviews else known or [versions[decision.version_id]]
        for source in sources:
            yield Edge(source, name, "judged")
    for row in read.deployments:
        deployment = row.deployment
        named = decisions.get((deployment.decision_id, deployment.version_id))
        what = "deployed without a valid decision" if deployment.problem or not named else "deployed under it"
        yield Edge(named or versions[deployment.version_id], telling.deployment_node(row).id, what)


def _model_edges(read: Read, own: Mapping[int, list[str]]) -> Iterable[Edge]:
    """A model gives its answers to every version of what depends on it; models that are not read stand for theirs."""
    for need in read.needs:
        giver, taker = need.depends_on, need.model
        gives, takes = own.get(giver.pk, []), own.get(taker.pk, [])
        ends = [(gives[0], takes[0])] if gives and takes else []
        if not gives:
            ends += [(telling.model_node(giver, "model").id, name) for name in takes]
        if not takes:
            ends += [(name, telling.model_node(taker, "dependent").id) for name in gives]
        if not gives and not takes:
            ends += [
                (telling.model_node(giver, kind).id, telling.model_node(taker, kind).id)
                for kind in ("model", "dependent")
            ]
        yield from (Edge(source, target, "gives its answers") for source, target in ends)
