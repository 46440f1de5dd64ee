"""Plots as small as a line of a table, drawn as SVG: a histogram, and shares of a whole.

Attributes carry the print palette and classes let the page's theme override it, as in the charts of evaluations.
Each has a title and says its finding in words for those who do not see it.
"""

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

BLUE, GREY, AXIS = "#2f55a8", "#7f858e", "#5f6670"
WIDTH, HEIGHT = 120.0, 26.0
GAP = 1.0
RECT = '<rect class="f1" x="{}" y="{}" width="{}" height="{}" fill="{}"/>'
BASE = '<line class="axis" x1="0" y1="{}" x2="{}" y2="{}" stroke="{}" stroke-width="0.5"/>'
LEAST = 1.5  # a bin that holds a single row can still be seen


def histogram(prefix: str, title: str, counts: Sequence[int], finding: str) -> SafeString:
    """Bars of equal width from the smallest value to the largest; "" without rows."""
    most = max(counts, default=0)
    if not most:
        return SafeString("")
    step = WIDTH / len(counts)
    bars = (
        (place * step, HEIGHT - _tall(count, most), max(step - GAP, 0.5), _tall(count, most))
        for place, count in enumerate(counts)
        if count
    )
    drawn = format_html_join(
        "", RECT, ((f"{x:.1f}", f"{y:.1f}", f"{w:.1f}", f"{h:.1f}", BLUE) for x, y, w, h in bars)
    )
    drawn += format_html(BASE, f"{HEIGHT - 0.5:g}", f"{WIDTH:g}", f"{HEIGHT - 0.5:g}", AXIS)
    return _drawing(prefix, title, finding, drawn)


def shares(prefix: str, title: str, counts: Sequence[int], total: int, finding: str) -> SafeString:
    """One bar for the whole, its parts side by side, the commonest first; "" without rows."""
    if not total or not counts:
        return SafeString("")
    parts, left = [], 0.0
    for place, count in enumerate(counts):
        width = WIDTH * count / total
        see_through = max(1 - 0.17 * place, 0.15)
        parts.append((left, max(width - GAP, 0.5), BLUE, f"{see_through:.2f}"))
        left += width
    rest = max(WIDTH - left, 0.0)
    drawn = format_html_join(
        "",
        '<rect class="f1" x="{}" y="7" width="{}" height="12" fill="{}" fill-opacity="{}"/>',
        ((f"{left:.1f}", f"{width:.1f}", fill, see) for left, width, fill, see in parts),
    )
    if rest > GAP:
        drawn += format_html(
            '<rect class="f2" x="{}" y="7" width="{}" height="12" fill="{}" fill-opacity="0.3"/>',
            f"{left:.1f}",
            f"{rest:.1f}",
            GREY,
        )
    return _drawing(prefix, title, finding, drawn)


def _tall(count: int, most: int) -> float:
    return max((HEIGHT - 2) * count / most, LEAST)


def _drawing(prefix: str, title: str, finding: str, parts: SafeString) -> SafeString:
    return format_html(
        '<svg class="cs-svg" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img" '
        'aria-labelledby="{}-t {}-d"><title id="{}-t">{}</title><desc id="{}-d">{}</desc>{}</svg>',
        f"{WIDTH:g}",
        f"{HEIGHT:g}",
        prefix,
        prefix,
        prefix,
        title,
        prefix,
        finding,
        parts,
    )
