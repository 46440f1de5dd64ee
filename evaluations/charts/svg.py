"""Small parts of an SVG drawing.

Attributes carry the print palette, because WeasyPrint applies no page stylesheet inside SVG; classes let the
page's theme override it. No style attribute: the content security policy forbids it.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from html import escape

GRID, AXIS, INK, BLUE, GREY, ORANGE = "#e6e6df", "#5f6670", "#1b2129", "#2f55a8", "#7f858e", "#b8570f"
BAND, ZONE, SURFACE = "#d5dff3", "#fcebe6", "#ffffff"
STROKES = {"grid": GRID, "axis": AXIS, "ref": INK, "s1": BLUE, "s2": GREY, "warm": ORANGE}
LOW_TO_HIGH = ("#1f4ea8", "#5580cb", "#86808f", "#c9772a", "#b8570f")
FONT = "Inter Variable, Inter, DejaVu Sans, sans-serif"
ANCHORS = {"start": "", "middle": " t-mid", "end": " t-end"}

Point = tuple[float, float]
Scale = Callable[[float], float]


def safe(words: str) -> str:
    """Text for XML: escaped, and without the control characters that XML has no way to write."""
    return escape("".join(letter for letter in words if letter.isprintable() or letter == " "))


def drawing(prefix: str, width: float, height: float, title: str, finding: str, parts: Iterable[str]) -> str:
    """The whole picture, with a name and the finding for those who do not see it."""
    name = safe(prefix)
    return (
        f'<svg class="cs-svg" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        'role="img" '
        f'aria-labelledby="{name}-t {name}-d" font-family="{FONT}" font-size="11">'
        f'<title id="{name}-t">{safe(title)}</title>'
        f'<desc id="{name}-d">{safe(finding)}</desc>{"".join(parts)}</svg>'
    )


def line(start: Point, end: Point, kind: str = "grid", *, dash: str = "", width: float = 1) -> str:
    """A straight line of a kind in STROKES."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line class="{kind}" x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}" '
        f'stroke="{STROKES[kind]}" stroke-width="{width:g}"{dashed}/>'
    )


def text(at: Point, words: str, *, strong: bool = False, anchor: str = "start") -> str:
    """A line of text; escaped."""
    kind = f"{'t-strong' if strong else 't'}{ANCHORS[anchor]}"
    weight = ' font-weight="560"' if strong else ""
    return (
        f'<text class="{kind}" x="{at[0]:.1f}" y="{at[1]:.1f}" text-anchor="{anchor}" '
        f'fill="{INK if strong else AXIS}"{weight}>{safe(words)}</text>'
    )


def curve(points: Iterable[Point], kind: str, *, width: float = 2, dash: str = "") -> str:
    """Connected points, not filled."""
    drawn = " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    pen = f'stroke="{STROKES[kind]}" stroke-width="{width:g}"{dashed}'
    return f'<path class="{kind}" d="M{drawn}" fill="none" {pen}/>'


def area(points: Iterable[Point]) -> str:
    """A band of uncertainty."""
    drawn = " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f'<path class="band" d="M{drawn} Z" fill="{BAND}"/>'


def bar(
    at: Point, width: float, height: float, *, kind: str = "f1", opacity: float = 1, radius: float = 0
) -> str:
    """A filled rectangle: f1 blue, f2 grey, fwarm orange, zone the shaded part."""
    fill = {"f1": BLUE, "f2": GREY, "fwarm": ORANGE, "zone": ZONE}[kind]
    see_through = f' fill-opacity="{opacity:.2f}"' if opacity < 1 else ""
    rounded = f' rx="{radius:g}"' if radius else ""
    return (
        f'<rect class="{kind}" fill="{fill}" x="{at[0]:.1f}" y="{at[1]:.1f}" width="{max(width, 0):.1f}" '
        f'height="{max(height, 0):.1f}"{see_through}{rounded}/>'
    )


def dot(at: Point, radius: float = 5, *, hollow: bool = False) -> str:
    """A filled blue dot, or a hollow grey one for what rests on too few rows."""
    where = f'cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="{radius:g}"'
    if hollow:
        return f'<circle class="hollow s2" {where} fill="{SURFACE}" stroke="{GREY}" stroke-width="2"/>'
    return f'<circle class="f1" {where} fill="{BLUE}"/>'


def diamond(at: Point) -> str:
    """The mark of the reference group."""
    x, y = at
    return (
        f'<rect class="f2" fill="{GREY}" x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9" '
        f'transform="rotate(45 {x:.1f} {y:.1f})"/>'
    )


def interval(
    left: float, right: float, y: float, *, kind: str, ends: tuple[bool, bool] = (True, True)
) -> list[str]:
    """A horizontal interval; an end that lies outside the picture has no cap."""
    caps = [x for x, shown in zip((left, right), ends, strict=True) if shown]
    return [
        line((left, y), (right, y), kind, width=2),
        *(line((x, y - 4), (x, y + 4), kind, width=2) for x in caps),
    ]


def scale(low: float, high: float, start: float, end: float) -> Scale:
    """Maps [low, high] to [start, end]."""
    span = (high - low) or 1.0
    return lambda value: start + (value - low) / span * (end - start)


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers from low to high, at most so many."""
    span = high - low
    if span <= 0:
        return [low]
    rough = span / most
    magnitude = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * magnitude for factor in (1, 2, 2.5, 5, 10) if factor * magnitude >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    count = math.floor(high / step + 1e-9) - first
    return [(first + place) * step for place in range(count + 1)]


def label_of(value: float, step: float, *, percent: bool = False, signed: bool = False) -> str:
    """A tick's label with as many decimals as the step needs."""
    shown, unit = (value * 100, step * 100) if percent else (value, step)
    decimals = next((places for places in range(7) if abs(round(unit, places) - unit) < 1e-6 * abs(unit)), 7)
    return number(shown, decimals, signed=signed) + ("%" if percent else "")


def number(value: float, decimals: int = 2, *, signed: bool = False) -> str:
    """With a real minus sign, thousands apart, and no negative zero."""
    rounded = round(value, decimals)
    if rounded == 0:
        return f"{0:.{decimals}f}"
    return f"{rounded:{'+' if signed else ''},.{decimals}f}".replace("-", "−")


def clipped(words: str, most: int) -> str:
    """Cut to a length; the table beside the drawing has the whole."""
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}…"


def axes(
    box: tuple[float, float, float, float],
    across: Sequence[tuple[float, str]],
    up: Sequence[tuple[float, str]],
    names: tuple[str, str],
) -> list[str]:
    """Grid and labels in (left, bottom, right, top), for ticks given as (place, label)."""
    left, bottom, right, top = box
    parts = [line((left, y), (right, y)) for y, _ in up] + [line((x, bottom), (x, top)) for x, _ in across]
    parts += [text((left - 6, y + 4), words, anchor="end") for y, words in up]
    parts += [text((x, bottom + 15), words, anchor="middle") for x, words in across]
    return [
        *parts,
        line((left, bottom), (right, bottom), "axis"),
        text(((left + right) / 2, bottom + 31), names[0], anchor="middle"),
        text((max(left - 40, 0), top - 9), names[1]),
    ]
