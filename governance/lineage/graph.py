"""What came from what, as values: nodes, edges, what can be reached, and which of it a picture has room for.

Pure. An edge runs from the cause to what came of it. Odd data may hold circles: `ranked` finds an order all the same
and names the edges that run against it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

Direction = Literal["upstream", "downstream", "both"]
KINDS = ("model", "dataset", "version", "evaluation", "review", "decision", "deployment", "dependent")
"""From left to right. `model` gives its answers to the version, `dependent` takes them."""


@dataclass(frozen=True)
class Node:
    """One thing. `shape` is the mark of its state (with `state` in words); `more` counts what it stands for."""

    kind: str
    key: str
    title: str
    note: str = ""
    shape: str = ""
    state: str = ""
    href: str = ""
    at: str = ""
    more: int = 0

    @property
    def id(self) -> str:
        """Unique in its graph."""
        return f"{self.kind}:{self.key}"


@dataclass(frozen=True)
class Edge:
    """What came of something, and in which way."""

    source: str
    target: str
    what: str


@dataclass(frozen=True)
class Graph:
    """Things in the order in which they matter, newest first, and what came of what.

    `left_out` counts by kind what was not even read.
    """

    nodes: Sequence[Node]
    edges: Sequence[Edge]
    starts: frozenset[str] = frozenset()
    left_out: Mapping[str, int] = field(default_factory=dict)

    def node(self, name: str) -> Node:
        """The node of that id. Raises KeyError."""
        return {node.id: node for node in self.nodes}[name]


def sound(graph: Graph) -> Graph:
    """The graph without doubles, edges to nowhere, and edges from a node to itself."""
    nodes = {node.id: node for node in reversed(graph.nodes)}
    kept = [nodes.pop(name) for name in dict.fromkeys(node.id for node in graph.nodes)]
    known = {node.id for node in kept}
    edges = {
        (edge.source, edge.target): edge
        for edge in reversed(graph.edges)
        if edge.source != edge.target and edge.source in known and edge.target in known
    }
    return replace(graph, nodes=kept, edges=list(reversed(edges.values())), starts=graph.starts & known)


def reached(graph: Graph, direction: Direction, depth: int | None = None) -> Graph:
    """What the starts came from, what came of them, or both, at most so many steps away."""
    found = set(graph.starts)
    if direction in ("upstream", "both"):
        found |= _walk(graph.starts, ((edge.target, edge.source) for edge in graph.edges), depth)
    if direction in ("downstream", "both"):
        found |= _walk(graph.starts, ((edge.source, edge.target) for edge in graph.edges), depth)
    return replace(
        graph,
        nodes=[node for node in graph.nodes if node.id in found],
        edges=[edge for edge in graph.edges if edge.source in found and edge.target in found],
    )


def _walk(starts: Iterable[str], steps: Iterable[tuple[str, str]], depth: int | None) -> set[str]:
    onward: dict[str, list[str]] = defaultdict(list)
    for here, there in steps:
        onward[here].append(there)
    found, edge = set(starts), set(starts)
    while edge and (depth is None or depth > 0):
        edge = {there for here in edge for there in onward[here]} - found
        found |= edge
        depth = None if depth is None else depth - 1
    return found


def ranked(graph: Graph) -> tuple[dict[str, tuple[int, int]], list[Edge]]:
    """The column of each node, and the edges that would not run from left to right.

    A column is (place of the kind in KINDS, generation within the kind). Within a kind the columns are the longest
    paths; where only circles are left, the first node goes on without what leads to it.
    """
    columns: dict[str, tuple[int, int]] = {}
    for place, kind in enumerate(KINDS):
        names = [node.id for node in graph.nodes if node.kind == kind]
        for name, generation in _generations(names, graph.edges).items():
            columns[name] = (place, generation)
    against = [edge for edge in graph.edges if columns[edge.source] >= columns[edge.target]]
    return columns, against


def _generations(names: Sequence[str], edges: Iterable[Edge]) -> dict[str, int]:
    among = set(names)
    before: dict[str, set[str]] = {name: set() for name in names}
    for edge in edges:
        if edge.source in among and edge.target in among and edge.source != edge.target:
            before[edge.target].add(edge.source)
    found: dict[str, int] = {}
    while len(found) < len(names):
        waiting = [name for name in names if name not in found]
        free = [name for name in waiting if before[name] <= found.keys()]
        for name in free or waiting[:1]:
            done = [found[source] for source in before[name] if source in found]
            found[name] = 1 + max(done, default=-1)
    return found


def folded(graph: Graph, most: int, important: Collection[str] = ()) -> Graph:
    """At most so many nodes in each column: the rest of it becomes one node, "and 14 more".

    The starts are kept first, then the important ones, then in the order of the graph. What was not even read is
    counted in as well.
    """
    columns, _ = ranked(graph)
    by_column: dict[tuple[int, int], list[Node]] = defaultdict(list)
    for node in graph.nodes:
        by_column[columns[node.id]].append(node)
    instead: dict[str, str] = {}
    kept: list[Node] = []
    unread = dict(graph.left_out)
    for column in sorted(by_column):
        nodes = by_column[column]
        kind = KINDS[column[0]]
        spare = unread.pop(kind, 0)
        room = most - 1 if spare or len(nodes) > most else most
        nodes = sorted(nodes, key=lambda node: (node.id not in graph.starts, node.id not in important))
        shown, rest = nodes[:room], nodes[room:]
        kept += [node for node in graph.nodes if node in shown]
        if rest or spare:
            more = Node(kind, f"more-{column[1]}", f"and {len(rest) + spare:,} more", more=len(rest) + spare)
            kept.append(more)
            instead |= {node.id: more.id for node in rest}
    edges = [
        replace(
            edge, source=instead.get(edge.source, edge.source), target=instead.get(edge.target, edge.target)
        )
        for edge in graph.edges
    ]
    return sound(replace(graph, nodes=kept, edges=edges, left_out={}))


def without_shortcuts(graph: Graph) -> Graph:
    """The graph without edges that a longer way says too: where v1 made v2 made v3, the data of v1 needs one line.

    What can be reached from where stays the same (the transitive reduction; Aho, Garey, Ullman 1972). Edges that run
    against the columns are left alone.
    """
    _, against = ranked(graph)
    onward: dict[str, set[str]] = defaultdict(set)
    for edge in graph.edges:
        if edge not in against:
            onward[edge.source].add(edge.target)
    steps = [(here, there) for here, targets in onward.items() for there in targets]
    beyond = {
        name: set().union(*(_walk({target}, steps, None) - {target} for target in targets))
        for name, targets in onward.items()
    }
    edges = [edge for edge in graph.edges if edge in against or edge.target not in beyond[edge.source]]
    return replace(graph, edges=edges)
