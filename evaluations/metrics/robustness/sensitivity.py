"""How much each input moves the output: one at a time, and by Sobol's indices."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import qmc

from evaluations.metrics.robustness.answers import Ask, together
from evaluations.metrics.robustness.features import Feature, with_value
from evaluations.metrics.values import Estimate, Floats

ROWS, VALUES, LOW, HIGH = 500, 8, 0.05, 0.95
MOST_QUERIES, MOST_BASE, FEWEST_BASE, DRAWS = 20_000, 1024, 64, 1000
ONE_AT_A_TIME = (
    f"Mean output over {{n}} rows with the column of every row at its {LOW:.0%} and {HIGH:.0%} quantile (of "
    f"categories: the two of the {VALUES} most frequent with the lowest and the highest mean), all else as it is."
)
SOBOL_CONVENTION = (
    "Saltelli's design with {n} base points of a scrambled Sobol sequence, Jansen's estimators; each column is drawn "
    "from its own values and independently of the others, so combinations occur that the data does not hold. Interval: "
    f"bootstrap of the base points, {DRAWS:,} resamples."
)


@dataclass(frozen=True, slots=True)
class Swing:
    """Mean output with a column low and high; `at_low` and `at_high` say at which values."""

    name: str
    low: float
    high: float
    at_low: str
    at_high: str


@dataclass(frozen=True, slots=True)
class Indices:
    """Sobol's first-order and total index of each column, shape (d,), with the ends of their 95% intervals."""

    first: Floats
    first_low: Floats
    first_high: Floats
    total: Floats
    total_low: Floats
    total_high: Floats
    n: int

    def of(self, place: int) -> tuple[Estimate, Estimate]:
        """First-order and total index of one column."""
        return (
            _estimate(self.first[place], self.first_low[place], self.first_high[place], self.n),
            _estimate(self.total[place], self.total_low[place], self.total_high[place], self.n),
        )


def _estimate(value: float, low: float, high: float, n: int) -> Estimate:
    if not np.isfinite([value, low, high]).all():
        return Estimate(None, None, None, n)
    return Estimate(float(value), float(low), float(high), n)


def one_at_a_time(ask: Ask, rows: pd.DataFrame, features: Sequence[Feature]) -> list[Swing]:
    """The widest swing first."""
    found = []
    for feature in features:
        ends = _ends(feature, rows)
        if len(ends) < 2:
            continue
        asked = together(ask, [with_value(rows, feature.name, value) for value, _ in ends])
        means = [(float(a.score.mean()), said) for a, (_, said) in zip(asked, ends, strict=True)]
        if feature.kind == "category":
            means = [min(means), max(means)]
        found.append(Swing(feature.name, means[0][0], means[-1][0], means[0][1], means[-1][1]))
    return sorted(found, key=lambda swing: (-abs(swing.high - swing.low), swing.name))


def _ends(feature: Feature, rows: pd.DataFrame) -> list[tuple[Any, str]]:
    if feature.kind == "category":
        return [(value, str(value)) for value in feature.values[:VALUES]]
    if feature.kind == "other":
        return []
    known = rows[feature.name].to_numpy(dtype=np.float64, na_value=np.nan)
    ends = np.quantile(known[np.isfinite(known)], [LOW, HIGH])
    if pd.api.types.is_integer_dtype(rows[feature.name].dtype):
        ends = np.rint(ends)
    return [(float(end), f"{end:.5g}") for end in ends] if ends[0] < ends[1] else []


def base_points(columns: int) -> int:
    """As many base points as the queries allow: n × (columns + 2) of them; a power of two."""
    allowed = MOST_QUERIES // (columns + 2)
    return int(max(FEWEST_BASE, min(MOST_BASE, 2 ** int(np.log2(max(allowed, 1))))))


def sobol_of_model(ask: Ask, rows: pd.DataFrame, *, seed: int) -> Indices | None:
    """Indices of the columns of the rows; None where the output does not vary."""
    ordered = [_ordered(rows[name]) for name in rows.columns]
    n = base_points(len(ordered))

    def output(points: Floats) -> Floats:
        places = np.minimum((points * len(rows)).astype(np.int64), len(rows) - 1)
        drawn = {
            name: column.take(places[:, at]).reset_index(drop=True)
            for at, (name, column) in enumerate(zip(rows.columns, ordered, strict=True))
        }
        return ask(pd.DataFrame(drawn)).score

    return sobol(output, len(ordered), n, seed=seed)


def _ordered(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """The column's values in order, so that neighbouring points of the sequence get neighbouring values."""
    key = column if pd.api.types.is_numeric_dtype(column.dtype) else column.astype(object).map(str)
    return column.iloc[np.argsort(key.to_numpy(), kind="stable")]


def sobol(output: Callable[[Floats], Floats], columns: int, n: int, *, seed: int) -> Indices | None:
    """Indices of a function of points in the unit cube; `output` takes (rows, columns) and answers (rows,).

    Design and first-order estimator: Saltelli et al. (2010), Comput. Phys. Commun. 181, 259-270, table 2 (b and f),
    both estimators by Jansen (1999), Comput. Phys. Commun. 117, 35-43. None where the output does not vary.
    """
    points = qmc.Sobol(2 * columns, rng=seed).random(n)
    a, b = points[:, :columns], points[:, columns:]
    mixed = np.repeat(a[None], columns, axis=0)
    for place in range(columns):
        mixed[place, :, place] = b[:, place]
    every = output(np.concatenate([a, b, mixed.reshape(-1, columns)]))
    return jansen(every[:n], every[n : 2 * n], every[2 * n :].reshape(columns, n), seed=seed)


def jansen(of_a: Floats, of_b: Floats, of_mixed: Floats, *, seed: int) -> Indices | None:
    """Indices out of the outputs, shapes (n,), (n,) and (columns, n): row i of the last has column i from B."""
    n = len(of_a)
    pair = np.column_stack([of_a, of_b])
    if np.ptp(pair) == 0:
        return None
    centre = pair.mean()
    to_b, to_a = (of_b - of_mixed) ** 2, (of_a - of_mixed) ** 2
    first_moment, second_moment = (pair - centre).sum(axis=1), ((pair - centre) ** 2).sum(axis=1)
    generator = np.random.default_rng(seed)
    weights = generator.multinomial(n, np.full(n, 1 / n), DRAWS).T.astype(np.float64)
    weights = np.column_stack([np.ones(n), weights])
    variance = second_moment @ weights / (2 * n) - (first_moment @ weights / (2 * n)) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        first, total = 1 - to_b @ weights / (2 * n) / variance, to_a @ weights / (2 * n) / variance
    low, high = (np.nanpercentile(first[:, 1:], q, axis=1) for q in (2.5, 97.5))
    total_low, total_high = (np.nanpercentile(total[:, 1:], q, axis=1) for q in (2.5, 97.5))
    return Indices(
        first[:, 0],
        np.minimum(low, first[:, 0]),
        np.maximum(high, first[:, 0]),
        total[:, 0],
        np.minimum(total_low, total[:, 0]),
        np.maximum(total_high, total[:, 0]),
        n,
    )
