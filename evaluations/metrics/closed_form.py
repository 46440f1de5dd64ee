"""95% intervals of rates, their ratio and their difference in closed form, without numpy: pages use them, too.

Each names its source; each answers (None, None) where it is not defined.
"""

import math

Z = 1.959963984540054
"""Two-sided 95% quantile of the normal distribution."""

Bounds = tuple[float | None, float | None]
UNDEFINED: Bounds = (None, None)


def wilson(hits: float, n: float) -> Bounds:
    """Interval of a rate. Wilson (1927), JASA 22, 209-212."""
    if n <= 0:
        return UNDEFINED
    rate = hits / n
    scale = 1 + Z * Z / n
    centre = (rate + Z * Z / (2 * n)) / scale
    half = Z / scale * math.sqrt(rate * (1 - rate) / n + Z * Z / (4 * n * n))
    return min(max(centre - half, 0.0), rate), max(min(centre + half, 1.0), rate)


def katz(hits: int, n: int, reference_hits: int, reference_n: int) -> Bounds:
    """Interval of the ratio of two rates, on the log scale. Katz et al. (1978), Biometrics 34, 469-474.

    Where its variance is zero or not defined (nobody, or everybody, selected), half a person is added to each
    cell of the table (Haldane 1956, Anscombe 1956); no hits at all give a low end of 0.
    """
    if n <= 0 or reference_n <= 0 or reference_hits <= 0:
        return UNDEFINED
    a, b, c, d = float(hits), float(n), float(reference_hits), float(reference_n)
    if hits == 0 or (hits == n and reference_hits == reference_n):
        a, b, c, d = a + 0.5, b + 1, c + 0.5, d + 1
    ratio = (a * d) / (b * c)
    spread = math.exp(Z * math.sqrt(max(1 / a - 1 / b + 1 / c - 1 / d, 0.0)))
    return (0.0 if hits == 0 else ratio / spread), ratio * spread


def newcombe(hits: int, n: int, other_hits: int, other_n: int) -> Bounds:
    """Interval of the difference of two rates, first less second. Newcombe (1998), Stat. Med. 17, 873-890,
    method 10."""
    low, high = wilson(hits, n)
    other_low, other_high = wilson(other_hits, other_n)
    if low is None or high is None or other_low is None or other_high is None:
        return UNDEFINED
    rate, other = hits / n, other_hits / other_n
    difference = rate - other
    return (
        difference - math.hypot(rate - low, other_high - other),
        difference + math.hypot(high - rate, other - other_low),
    )
