"""Which model takes answers from which: walks over the graph of dependencies, and what lies on them."""

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from accounts.models import User
from registry.models import (
    RUNNING,
    Deployment,
    Lifecycle,
    ModelDependency,
    RegisteredModel,
)
from registry.queries import production_first
from registry.sight import UNSEEN, visible_to

Edges = Mapping[int, Collection[int]]


@dataclass(frozen=True)
class Linked:
    """A model on a walk from another one."""

    model: RegisteredModel | None  # None: one that the reader may not see, of which nothing else is told
    via: tuple[str, ...]  # the names of the models between, nearest to the start first; empty when direct
    note: str
    live: tuple[Deployment, ...]  # what of it runs now

    @property
    def runs(self) -> str:
        """`v2 in production and staging`; "" when nothing of it runs."""
        places: dict[str, list[str]] = {}
        for row in self.live:
            places.setdefault(row.version.version, []).append(row.environment)
        return "; ".join(f"v{version} in {in_words(found)}" for version, found in places.items())

    @property
    def stopped(self) -> bool:
        """Whether it is suspended or retired."""
        return self.model is not None and self.model.lifecycle != Lifecycle.ACTIVE

    @property
    def name(self) -> str:
        """What it is called."""
        return self.model.name if self.model else UNSEEN


@dataclass(frozen=True)
class Neighbourhood:
    """What a model takes answers from, and what takes its answers, near ones first."""

    upstream: list[Linked]
    downstream: list[Linked]

    @property
    def stopped_upstream(self) -> list[Linked]:
        """What it depends on that does not run any more."""
        return [linked for linked in self.upstream if linked.stopped]


def in_words(names: Collection[str]) -> str:
    """`production, staging and development`."""
    *before, last = names
    return f"{', '.join(before)} and {last}" if before else last


def neighbourhood(model: RegisteredModel, reader: User | None) -> Neighbourhood:
    """Everything up and down the walk from a model as the reader may know it, in three queries."""
    rows = list(ModelDependency.objects.values_list("model_id", "depends_on_id", "note"))
    up = routes(_grouped(rows, 0, 1), model.pk)
    down = routes(_grouped(rows, 1, 0), model.pk)
    found = visible_to(reader).select_related("owner").in_bulk({*up, *down})
    live = _live(found)
    notes = {(taker, giver): note for taker, giver, note in rows}

    def linked(route: tuple[int, ...], note: str) -> Linked:
        *between, end = route
        names = tuple(found[pk].name if pk in found else UNSEEN for pk in between)
        if end not in found:
            return Linked(None, names, "", ())
        return Linked(found[end], names, note, tuple(live.get(end, ())))

    return Neighbourhood(
        [linked(route, notes.get((model.pk, end), "")) for end, route in up.items()],
        [linked(route, notes.get((end, model.pk), "")) for end, route in down.items()],
    )


def routes(edges: Edges, start: int) -> dict[int, tuple[int, ...]]:
    """Everything that can be reached → the shortest way there, without the start; nearest first."""
    found: dict[int, tuple[int, ...]] = {}
    waiting: deque[tuple[int, tuple[int, ...]]] = deque([(start, ())])
    while waiting:
        here, way = waiting.popleft()
        for after in edges.get(here, ()):
            if after != start and after not in found:
                found[after] = (*way, after)
                waiting.append((after, found[after]))
    return found


def way_back(edges: Edges, model: int, wanted: Iterable[int]) -> tuple[int, ...]:
    """The circle that depending on `wanted` would close: from the model back to it; empty when there is none."""
    for first in wanted:
        if first == model:
            return (model, model)
        way = routes(edges, first).get(model)
        if way is not None:
            return (model, first, *way)
    return ()


def edges_upward() -> dict[int, list[int]]:
    """Model → the models that it takes answers from."""
    return _grouped(ModelDependency.objects.values_list("model_id", "depends_on_id", "note"), 0, 1)


def _grouped(rows: Iterable[tuple[int, int, str]], key: int, value: int) -> dict[int, list[int]]:
    grouped: dict[int, list[int]] = {}
    for row in rows:
        grouped.setdefault(int(row[key]), []).append(int(row[value]))
    return grouped


def _live(models: Collection[int]) -> dict[int, list[Deployment]]:
    rows = (
        Deployment.objects.filter(RUNNING, version__model__in=models)
        .select_related("version")
        .order_by("-deployed_at")
    )
    live: dict[int, list[Deployment]] = {}
    for row in production_first(rows):
        live.setdefault(row.version.model_id, []).append(row)
    return live
