"""How far two features act together: Friedman's H.

Friedman and Popescu (2008), Ann. Appl. Stat. 2, 916-954, section 8.1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from evaluations.metrics.explain_output import Answers
from evaluations.metrics.values import Floats, Ints

SAMPLES, SAMPLE_ROWS = 5, 40
T_OF_FIVE = 2.7764451051977987
"""Two-sided 95% quantile of Student's t with four degrees of freedom."""
NO_EFFECT = 1e-20


@dataclass(frozen=True, slots=True)
class Interaction:
    """How much of the joint effect of two features (H, 0 to 1) is more than the sum of both, and its size in the
    output's unit; means over the samples, with t intervals where there are five."""

    first: str
    second: str
    share: float
    low: float | None
    high: float | None
    size: float


def interactions(
    answers: Answers, rows: pd.DataFrame, names: Sequence[str], *, seed: int
) -> list[Interaction]:
    """Every pair of the features, the strongest first by size."""
    order = np.random.default_rng(seed).permutation(len(rows))
    width = min(SAMPLE_ROWS, len(rows))
    samples = [
        order[place * width : (place + 1) * width] for place in range(min(SAMPLES, len(rows) // width))
    ]
    found = [_pairs(answers, rows.iloc[picked].reset_index(drop=True), names) for picked in samples]
    return sorted(
        (_over_samples(pair, [one[pair] for one in found]) for pair in combinations(names, 2)),
        key=lambda pair: (-pair.size, pair.first, pair.second),
    )


def _pairs(
    answers: Answers, rows: pd.DataFrame, names: Sequence[str]
) -> dict[tuple[str, str], tuple[float, float]]:
    """H and the size of what is joint, on one sample."""
    alone = {name: _dependence(answers, rows, (name,)) for name in names}
    found = {}
    for pair in combinations(names, 2):
        together = _dependence(answers, rows, pair)
        rest = float(np.mean((together - alone[pair[0]] - alone[pair[1]]) ** 2))
        whole = float(np.mean(together**2))
        found[pair] = (
            float(np.sqrt(min(rest / whole, 1.0))) if whole > NO_EFFECT else 0.0,
            float(np.sqrt(rest)),
        )
    return found


def _dependence(answers: Answers, rows: pd.DataFrame, names: Sequence[str]) -> Floats:
    """Centred partial dependence at the rows' own values of these features, shape (rows,)."""
    n = len(rows)
    of, behind = _crossed(n)
    moved = rows.iloc[behind].reset_index(drop=True)
    for name in names:
        moved = moved.assign(**{name: rows[name].iloc[of].reset_index(drop=True)})
    found = answers(moved).reshape(n, n).mean(axis=1)
    return np.asarray(found - found.mean())


def _crossed(n: int) -> tuple[Ints, Ints]:
    return np.repeat(np.arange(n), n), np.tile(np.arange(n), n)


def _over_samples(pair: tuple[str, str], found: Sequence[tuple[float, float]]) -> Interaction:
    shares, sizes = np.array(found).T
    value, low, high = float(shares.mean()), None, None
    if len(shares) == SAMPLES:
        half = T_OF_FIVE * float(shares.std(ddof=1)) / np.sqrt(SAMPLES)
        low, high = max(0.0, value - half), min(1.0, value + half)
    return Interaction(*pair, value, low, high, float(sizes.mean()))
