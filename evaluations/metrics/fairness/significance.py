"""Whether two rates differ by more than chance, and what is left of that when many are tried."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import gammaln

from evaluations.metrics.fairness.rates import Counts
from evaluations.metrics.values import Floats

FEWEST_EXPECTED = 5
"""Below this expected count in a cell the normal approximation does not hold: Cochran (1954), Biometrics 10, 417."""
AS_LIKELY = 1 + 1e-7
"""Tables whose chance is so close are taken as equally likely, for rounding."""
FARTHEST, BEYOND, MORE = 40, 12, 2000
"""A table more than 40 standard deviations from the expected one has a chance below the smallest float; tables 12
deviations, and 2,000 rows, farther out than the one at hand add nothing to the sum."""


def two_proportion_z(one: Counts, other: Counts) -> tuple[float | None, float | None]:
    """z, pooled, and its two-sided p; None where nobody or everybody is a hit. Fleiss, Levin and Paik (2003), 3.1."""
    if one.n == 0 or other.n == 0:
        return None, None
    pooled = (one.hits + other.hits) / (one.n + other.n)
    variance = pooled * (1 - pooled) * (1 / one.n + 1 / other.n)
    if variance <= 0:
        return None, None
    z = (one.rate - other.rate) / math.sqrt(variance)
    return z, math.erfc(abs(z) / math.sqrt(2))


def fisher_exact(one: Counts, other: Counts) -> float | None:
    """Two-sided p of Fisher's exact test: the sum of the chances of all tables at most as likely as this one.

    Fisher (1935); the chances are hypergeometric, summed in logarithms. None without rows.
    """
    n_one, n_other, hits = round(one.n), round(other.n), round(one.hits + other.hits)
    n = n_one + n_other
    if n_one == 0 or n_other == 0:
        return None
    mean = hits * n_one / n
    deviation = math.sqrt(mean * n_other / n * (n - hits) / max(n - 1, 1))
    off = abs(round(one.hits) - mean)
    if off > FARTHEST * deviation + MORE:
        return 0.0
    reach = off + BEYOND * deviation + MORE
    least = max(hits - n_other, 0, math.floor(mean - reach))
    most = min(hits, n_one, math.ceil(mean + reach))
    k = np.arange(least, most + 1, dtype=np.float64)
    chance = _log_choose(n_one, k) + _log_choose(n_other, hits - k)
    chance = np.exp(chance - chance.max())
    rare = chance <= chance[round(one.hits) - least] * AS_LIKELY
    return min(float(chance[rare].sum() / chance.sum()), 1.0)


def p_of_gap(one: Counts, other: Counts) -> tuple[float | None, str]:
    """The p that counts, and of which test: Fisher's where a cell is expected to hold fewer than 5, else that of z."""
    if one.n == 0 or other.n == 0:
        return None, ""
    hits, n = one.hits + other.hits, one.n + other.n
    expected = min(one.n, other.n) * min(hits, n - hits) / n
    if expected < FEWEST_EXPECTED:
        return fisher_exact(one, other), "Fisher"
    return two_proportion_z(one, other)[1], "z"


def holm(given: Sequence[float | None]) -> list[float | None]:
    """The p-values, adjusted so that one wrong alarm among all of them is as rare as one p says.

    Holm (1979), Scand. J. Stat. 6, 65-70. None stays None and does not count as a trial.
    """
    known = sorted((p, place) for place, p in enumerate(given) if p is not None)
    found: list[float | None] = [None] * len(given)
    least = 0.0
    for rank, (p, place) in enumerate(known):
        least = max(least, min(p * (len(known) - rank), 1.0))
        found[place] = least
    return found


def _log_choose(n: int, k: Floats) -> Floats:
    found: Floats = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return found
