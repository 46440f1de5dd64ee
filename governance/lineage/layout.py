"""Where each node of a lineage stands: columns from left to right, long edges led through the gaps between nodes.

The usual way (Sugiyama, Tagawa, Toda 1981): ranks, stand-ins for edges that cross a column, an order by the middle of
the neighbours, then heights as close to those as the order allows.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from governance.lineage.graph import KINDS, Edge, Graph, Node, ranked

WIDTH, HEIGHT = 136.0, 46.0
ACROSS, BETWEEN = 26.0, 12.0
TOP, MARGIN = 34.0, 4.0
THROUGH = 8.0  # the height that an edge takes where it crosses a column
SWEEPS = 6

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A node and its upper left corner."""

    node: Node
    x: float
    y: float


@dataclass(frozen=True)
class Line:
    """An edge as points from left to right: it leaves a box, crosses columns level, enters a box."""

    edge: Edge
    points: Sequence[Point]


@dataclass(frozen=True)
class Layout:
    """Everything in its place. `headings` are the kinds and where their first column begins."""

    boxes: Sequence[Box]
    lines: Sequence[Line]
    headings: Sequence[tuple[float, str]]
    width: float
    height: float
    against: Sequence[Edge]


@dataclass(frozen=True)
class _Slot:
    """A node, or the place where an edge crosses a column."""

    name: str
    column: int
    height: float


def laid_out(graph: Graph) -> Layout:
    """Place every node; edges that would not run from left to right are left to the table."""
    columns, against = ranked(graph)
    order = {column: place for place, column in enumerate(sorted(set(columns.values())))}
    slots = {node.id: _Slot(node.id, order[columns[node.id]], HEIGHT) for node in graph.nodes}
    chains: list[tuple[Edge, list[_Slot]]] = []
    for edge in graph.edges:
        if edge in against:
            continue
        first, last = slots[edge.source], slots[edge.target]
        between = [
            _Slot(f"{edge.target} {column}", column, THROUGH)  # edges to one node share their way
            for column in range(first.column + 1, last.column)
        ]
        chains.append((edge, [first, *between, last]))
    shared = {slot.name: slot for _, chain in chains for slot in chain[1:-1]}
    ys = _heights([*slots.values(), *shared.values()], chains)
    boxes = [Box(node, _left(slots[node.id]), ys[node.id] - HEIGHT / 2) for node in graph.nodes]
    lowest = max((ys[slot] for slot in ys), default=TOP) + HEIGHT / 2
    headings: dict[str, float] = {}
    for column in sorted(order):
        headings.setdefault(KINDS[column[0]], MARGIN + order[column] * (WIDTH + ACROSS))
    return Layout(
        boxes=boxes,
        lines=[Line(edge, _points(chain, ys)) for edge, chain in chains],
        headings=[(x, kind) for kind, x in headings.items()],
        width=2 * MARGIN + len(order) * WIDTH + max(len(order) - 1, 0) * ACROSS,
        height=lowest + MARGIN,
        against=against,
    )


def _left(slot: _Slot) -> float:
    return MARGIN + slot.column * (WIDTH + ACROSS)


def _points(chain: Sequence[_Slot], ys: Mapping[str, float]) -> list[Point]:
    first, *between, last = chain
    points = [(_left(first) + WIDTH, ys[first.name])]
    for slot in between:
        points += [(_left(slot), ys[slot.name]), (_left(slot) + WIDTH, ys[slot.name])]
    return [*points, (_left(last), ys[last.name])]


def _heights(slots: Sequence[_Slot], chains: Sequence[tuple[Edge, list[_Slot]]]) -> dict[str, float]:
    """The middle of each slot."""
    before: dict[str, list[str]] = defaultdict(list)
    after: dict[str, list[str]] = defaultdict(list)
    for _, chain in chains:
        for left, right in zip(chain, chain[1:], strict=False):
            after[left.name].append(right.name)
            before[right.name].append(left.name)
    columns: dict[int, list[_Slot]] = defaultdict(list)
    for slot in slots:
        columns[slot.column].append(slot)
    ys: dict[str, float] = {}
    for column in columns.values():
        ys |= _stacked(column, [0.0] * len(column))
    for sweep in range(SWEEPS):
        onward = sweep % 2 == 0
        neighbours = before if onward else after
        for place in sorted(columns, reverse=not onward):
            wanted = {slot.name: _middle(slot.name, neighbours, ys) for slot in columns[place]}
            columns[place].sort(key=lambda slot: wanted[slot.name])
            ys |= _stacked(columns[place], [wanted[slot.name] for slot in columns[place]])
    both = {name: before[name] + after[name] for name in ys}
    for place in sorted(columns):
        ys |= _stacked(columns[place], [_middle(slot.name, both, ys) for slot in columns[place]])
    highest = min((ys[slot.name] - slot.height / 2 for slot in slots), default=0.0)
    return {name: y - highest + TOP for name, y in ys.items()}


def _middle(name: str, neighbours: Mapping[str, Sequence[str]], ys: Mapping[str, float]) -> float:
    near = neighbours.get(name) or [name]
    return sum(ys[other] for other in near) / len(near)


def _stacked(column: Sequence[_Slot], wanted: Sequence[float]) -> dict[str, float]:
    """As close to the wanted heights as this order and the distances allow.

    Pushing down from the top and pushing up from the bottom both keep the distances, so their mean does too.
    """
    apart = [
        (upper.height + lower.height) / 2 + BETWEEN for upper, lower in zip(column, column[1:], strict=False)
    ]
    down = list(wanted)
    for place, distance in enumerate(apart, start=1):
        down[place] = max(down[place], down[place - 1] + distance)
    up = list(wanted)
    for place in range(len(apart) - 1, -1, -1):
        up[place] = min(up[place], up[place + 1] - apart[place])
    return {slot.name: (down[place] + up[place]) / 2 for place, slot in enumerate(column)}
