"""The rules of the picture, for every graph: nothing overlaps, everything runs from left to right, nothing is lost."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from governance.lineage.graph import (
    KINDS,
    Edge,
    Graph,
    Node,
    folded,
    ranked,
    reached,
    sound,
    without_shortcuts,
)
from governance.lineage.layout import HEIGHT, WIDTH, laid_out
from governance.lineage.picture import drawn

KEYS = st.integers(0, 14).map(str)
NODES = st.builds(Node, st.sampled_from(KINDS), KEYS, st.text(max_size=30), st.text(max_size=30))


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Any nodes, and edges between any of them: circles, doubles and edges to nowhere too."""
    nodes = draw(st.lists(NODES, min_size=1, max_size=40))
    names = st.sampled_from([*(node.id for node in nodes), "version:nowhere"])
    edges = draw(st.lists(st.builds(Edge, names, names, st.just("made")), max_size=80))
    starts = draw(st.sets(st.sampled_from([node.id for node in nodes]), max_size=3))
    left_out = draw(st.dictionaries(st.sampled_from(KINDS), st.integers(1, 999), max_size=2))
    return sound(Graph(nodes, edges, frozenset(starts), left_out))


many = settings(max_examples=150, deadline=None)


@many
@given(graphs())
def test_no_two_boxes_overlap_and_all_lie_within_the_picture(graph: Graph) -> None:
    layout = laid_out(graph)
    boxes = sorted(layout.boxes, key=lambda box: (box.x, box.y))
    assert len(boxes) == len(graph.nodes)
    for upper, lower in pairwise(boxes):
        assert upper.x != lower.x or upper.y + HEIGHT < lower.y + 1e-6
    columns = sorted({box.x for box in boxes})
    assert all(left + WIDTH < right for left, right in pairwise(columns))
    for box in boxes:
        assert 0 <= box.x <= layout.width - WIDTH + 1e-6
        assert 0 <= box.y <= layout.height - HEIGHT + 1e-6


@many
@given(graphs())
def test_every_line_runs_from_left_to_right_and_crosses_no_box(graph: Graph) -> None:
    layout = laid_out(graph)
    place = {box.node.id: box for box in layout.boxes}
    for line in layout.lines:
        assert all(left[0] < right[0] for left, right in pairwise(line.points))
        source, target = place[line.edge.source], place[line.edge.target]
        assert line.points[0] == (source.x + WIDTH, source.y + HEIGHT / 2)
        assert line.points[-1] == (target.x, target.y + HEIGHT / 2)
        for (left, y), (right, _) in list(pairwise(line.points))[1::2]:  # the level parts, across a column
            in_the_way = [box for box in layout.boxes if left - 1 <= box.x <= right]
            assert not [box for box in in_the_way if box.y < y < box.y + HEIGHT]


@many
@given(graphs())
def test_what_is_drawn_has_no_circles_and_every_edge_is_drawn_or_named(graph: Graph) -> None:
    columns, against = ranked(graph)
    layout = laid_out(graph)
    assert all(columns[line.edge.source] < columns[line.edge.target] for line in layout.lines)
    assert {(e.source, e.target) for e in against} | {
        (line.edge.source, line.edge.target) for line in layout.lines
    } == {(e.source, e.target) for e in graph.edges}


@many
@given(graphs(), st.integers(2, 9))
def test_folding_loses_no_count_and_keeps_the_starts(graph: Graph, most: int) -> None:
    small = folded(graph, most)
    counted = sum(node.more or 1 for node in small.nodes)
    shown = {node.kind for node in graph.nodes}
    unread = sum(count for kind, count in graph.left_out.items() if kind in shown)
    assert counted == len(graph.nodes) + unread
    kept = {node.id for node in small.nodes}
    if len(graph.starts) < most:
        assert graph.starts <= kept
    columns, _ = ranked(graph)
    before = {column: sum(columns[node.id] == column for node in graph.nodes) for column in columns.values()}
    if all(size < most for size in before.values()):
        assert {node.id for node in graph.nodes} <= kept


@many
@given(graphs())
def test_the_same_graph_is_the_same_picture_and_safe_to_show(graph: Graph) -> None:
    picture = drawn(graph, "<script>")
    assert picture.svg == drawn(graph, "<script>").svg
    assert "<script" not in picture.svg
    assert " style=" not in picture.svg
    assert len(picture.rows) == len(graph.nodes)


@many
@given(graphs())
def test_leaving_out_shortcuts_changes_nothing_about_what_can_be_reached(graph: Graph) -> None:
    spare = without_shortcuts(graph)
    assert set(spare.edges) <= set(graph.edges)
    for node in graph.nodes[:8]:
        whole, less = (
            names(reached(Graph(one.nodes, one.edges, frozenset({node.id})), "downstream"))
            for one in (graph, spare)
        )
        assert whole == less


def test_a_line_that_a_longer_way_says_is_not_drawn() -> None:
    more = Graph(LINE.nodes, [*LINE.edges, Edge("dataset:d", "version:2", "trained")], LINE.starts)
    assert without_shortcuts(more).edges == LINE.edges


def chain(*names: str) -> list[Edge]:
    return [Edge(left, right, "made") for left, right in pairwise(names)]


ROAD = ["dataset:d", "version:1", "version:2", "evaluation:e", "review:r", "decision:g", "deployment:p"]
LINE = Graph(
    [Node(kind, key, key) for kind, _, key in (name.partition(":") for name in ROAD)],
    chain(*ROAD),
    frozenset({"version:2"}),
)


def names(graph: Graph) -> set[str]:
    return {node.id for node in graph.nodes}


def test_upstream_is_what_it_came_from_and_downstream_what_came_of_it() -> None:
    assert names(reached(LINE, "upstream")) == set(ROAD[:3])
    assert names(reached(LINE, "downstream")) == set(ROAD[2:])
    assert names(reached(LINE, "both")) == set(ROAD)
    assert names(reached(LINE, "both", depth=1)) == set(ROAD[1:4])


def test_siblings_are_neither_up_nor_down() -> None:
    sibling = Node("version", "9", "sibling")
    wider = Graph([*LINE.nodes, sibling], [*LINE.edges, Edge("version:1", sibling.id, "made")], LINE.starts)
    assert sibling.id not in names(reached(wider, "both"))


def test_a_circle_of_parents_is_drawn_all_the_same() -> None:
    circle = Graph(
        [Node("version", name, name) for name in "abc"],
        chain("version:a", "version:b", "version:c", "version:a"),
        frozenset({"version:b"}),
    )
    layout = laid_out(circle)
    assert [(edge.source, edge.target) for edge in layout.against] == [("version:c", "version:a")]
    assert len(layout.lines) == 2


def test_a_long_column_ends_in_a_count() -> None:
    nodes = [Node("version", "v", "V")] + [
        Node("decision", str(number), f"D{number}") for number in range(20)
    ]
    edges = [Edge("version:v", f"decision:{number}", "judged") for number in range(20)]
    small = folded(Graph(nodes, edges, frozenset({"version:v"}), {"decision": 100}), 8, {"decision:15"})
    decisions = [node for node in small.nodes if node.kind == "decision"]
    assert len(decisions) == 8
    assert decisions[-1].title == "and 113 more"
    assert "decision:15" in names(small)
    assert len(small.edges) == 8
