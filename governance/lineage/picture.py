"""A lineage drawn as SVG: boxes that link to their pages, lines from left to right."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from evaluations.charts.svg import AXIS, GREY, INK, SURFACE, clipped, safe
from governance.lineage.graph import Graph, Node, folded, reached, without_shortcuts
from governance.lineage.layout import HEIGHT, WIDTH, Box, Line, laid_out
from governance.lineage.telling import HEADINGS, KIND_WORDS
from governance.templatetags.marks import COLOURS
from governance.templatetags.wording import count_of

MOST_IN_COLUMN = 8
TITLE, NOTE = 17, 21  # characters that a box has room for
LOUD = ("no", "stale", "error")


@dataclass(frozen=True)
class Link:
    """A neighbour in the table behind the picture."""

    title: str
    href: str
    what: str


@dataclass(frozen=True)
class Told:
    """One row of the table behind the picture."""

    node: Node
    kind: str
    start: bool
    sources: Sequence[Link]


@dataclass(frozen=True)
class Picture:
    """The drawing (safe: every text in it is escaped), what one learns from it, and the same as a table."""

    svg: str
    title: str
    finding: str
    rows: Sequence[Told]
    unread: int


def drawn(graph: Graph, title: str) -> Picture:
    """Draw a lineage; columns that are too long are folded, the table has all of it."""
    important = _important(graph)
    small = folded(graph, MOST_IN_COLUMN, important)
    layout = laid_out(without_shortcuts(small))
    finding = _finding(graph)
    parts = [_heading(x, kind) for x, kind in layout.headings]
    parts += [_line(line) for line in layout.lines]
    parts += [_box(box, start=box.node.id in graph.starts) for box in layout.boxes]
    size = f'viewBox="0 0 {layout.width:g} {layout.height:g}" width="{layout.width:g}" height="{layout.height:g}"'
    svg = (
        f'<svg class="cs-svg" xmlns="http://www.w3.org/2000/svg" {size} role="group" '
        'aria-labelledby="lineage-t" aria-describedby="lineage-d" font-size="11">'
        f'<title id="lineage-t">{safe(title)}</title><desc id="lineage-d">{safe(finding)}</desc>'
        f"{''.join(parts)}</svg>"
    )
    return Picture(svg, title, finding, _table(graph), sum(graph.left_out.values()))


def _important(graph: Graph) -> set[str]:
    """What must not be folded away: what runs or needs someone, and all that led to it."""
    ends = {node.id for node in graph.nodes if node.shape in LOUD or node.state == "Runs"}
    return {node.id for node in reached(replace(graph, starts=frozenset(ends)), "upstream").nodes}


def _finding(graph: Graph) -> str:
    """What there is, in one sentence."""
    counts = {
        kind: sum(node.kind == kind for node in graph.nodes) + graph.left_out.get(kind, 0)
        for kind in ("dataset", "version", "evaluation", "review", "decision", "deployment")
    }
    words = [count_of(count, KIND_WORDS[kind].lower()) for kind, count in counts.items() if count]
    said = f"{', '.join(words)}." if words else "Nothing is known of it."
    loud = [node for node in graph.nodes if node.kind == "deployment" and node.shape in LOUD]
    if loud:
        said += f" {count_of(len(loud), 'deployment')} {'needs' if len(loud) == 1 else 'need'} someone."
    return said


def _table(graph: Graph) -> list[Told]:
    """Every node that was read, with what it came from."""
    nodes = {node.id: node for node in graph.nodes}
    sources: dict[str, list[Link]] = {}
    for edge in graph.edges:
        source = nodes[edge.source]
        link = Link(f"{KIND_WORDS[source.kind]} {source.title}, {source.note}", source.href, edge.what)
        sources.setdefault(edge.target, []).append(link)
    order = list(KIND_WORDS)
    return [
        Told(node, KIND_WORDS[node.kind], node.id in graph.starts, sources.get(node.id, []))
        for node in sorted(graph.nodes, key=lambda node: order.index(node.kind))
    ]


def _heading(x: float, kind: str) -> str:
    return f'<text class="t" x="{x:.1f}" y="14" fill="{AXIS}">{HEADINGS[kind]}</text>'


def _line(line: Line) -> str:
    """A smooth line: level where it leaves, where it crosses a column and where it arrives."""
    (x, y), *rest = line.points
    drawn = [f"M{x:.1f} {y:.1f}"]
    for place, (to_x, to_y) in enumerate(rest):
        if place % 2:
            drawn.append(f"L{to_x:.1f} {to_y:.1f}")
        else:
            half = (x + to_x) / 2
            drawn.append(f"C{half:.1f} {y:.1f} {half:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}")
        x, y = to_x, to_y
    tip = f"M{x - 5:.1f} {y - 3:.1f}L{x:.1f} {y:.1f}L{x - 5:.1f} {y + 3:.1f}"
    missing = ' stroke-dasharray="4 3"' if "without" in line.edge.what else ""
    return (
        f'<path class="s2" d="{" ".join(drawn)}" fill="none" stroke="{GREY}" stroke-width="1.25"{missing}/>'
        f'<path class="s2" d="{tip}" fill="none" stroke="{GREY}" stroke-width="1.25"/>'
    )


def _box(box: Box, *, start: bool) -> str:
    node = box.node
    kind = "ln-box ln-box--start" if start else "ln-box ln-box--more" if node.more else "ln-box"
    dashes = ' stroke-dasharray="4 3"' if node.more else ""
    words = ", ".join(filter(None, [KIND_WORDS[node.kind], node.title, node.note, node.state]))
    room = TITLE - 4 if node.shape else TITLE + 2
    middle = HEIGHT / 2 + 4 if node.more else 19
    inner = (
        f"<title>{safe(words)}</title>"
        f'<rect class="{kind}" width="{WIDTH:g}" height="{HEIGHT:g}" rx="6" fill="{SURFACE}" '
        f'stroke="{INK if start else GREY}" stroke-width="{2 if start else 1}"{dashes}/>'
        f'<text class="t-strong" x="11" y="{middle:g}" fill="{INK}" font-weight="560">'
        f"{safe(clipped(node.title, room))}</text>"
    )
    if node.note and not node.more:
        inner += f'<text class="t" x="11" y="35" fill="{AXIS}">{safe(clipped(node.note, NOTE))}</text>'
    if node.shape:
        colour = COLOURS.get(node.shape, node.shape)
        inner += f'<use class="cs-c-{colour}" href="#s-{node.shape}" x="{WIDTH - 24:g}" y="8" width="14" height="14"/>'
    placed = f'transform="translate({box.x:.1f} {box.y:.1f})"'
    if not node.href:
        return f"<g {placed}>{inner}</g>"
    return f'<a class="ln-link" href="{safe(node.href)}" {placed}>{inner}</a>'
