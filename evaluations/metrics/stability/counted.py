"""Stability out of counts that merge: shifts of histograms and categories, gaps of sums, each with its bound."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evaluations.metrics import bootstrap
from evaluations.metrics.closed_form import newcombe
from evaluations.metrics.drift import bins, counted, counts
from evaluations.metrics.histogram import NONE, Bounded, ScoreHistogram
from evaluations.metrics.number_histogram import SAID, NumberHistogram
from evaluations.metrics.scored import drawn_figures
from evaluations.metrics.stability import gaps, report, shifts
from evaluations.metrics.statistics import DRAWS, Sums
from evaluations.metrics.values import Check, Column, Estimate, Measured, Table

MOST_VALUES = 10_000
"""Of a column of text with more different values nothing is counted any more: it has no distribution."""
NOTE = (
    f"{SAID}; a column whose buckets hold one number each is exact. The edges of the PSI's bins are quantiles as the "
    "histogram has them: rows in the bins are exact, and the bound is for bins at the very quantiles. Categories are "
    "counted exactly."
)


@dataclass(frozen=True, slots=True)
class Categories:
    """How often each value occurs, as text and None where missing; `rows` of None: too many different ones."""

    rows: Counter[str | None] | None

    def __add__(self, other: "Categories") -> "Categories":
        """Those of both parts together."""
        if self.rows is None or other.rows is None:
            return Categories(None)
        return Categories.of(self.rows + other.rows)

    @classmethod
    def of(cls, rows: Counter[str | None]) -> "Categories":
        """The counts, unless there are too many different values."""
        return cls(rows if len(rows) <= MOST_VALUES else None)

    def tell_apart(self) -> bool:
        """Whether most rows differ, as a name or a number does."""
        if self.rows is None:
            return True
        known = {name: rows for name, rows in self.rows.items() if name is not None}
        n = sum(known.values())
        return n >= shifts.IDENTIFIER_LEAST and len(known) > shifts.IDENTIFIER_SHARE * n


Distribution = NumberHistogram | Categories


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the figures of one column may be off by."""

    name: str
    psi: Bounded
    js: Bounded
    kl: Bounded
    ks: Bounded
    wasserstein: Bounded


@dataclass(frozen=True, slots=True)
class Side:
    """What was counted of one side: columns, label and score (or decision) as distributions; rows predicted right;
    the score by label; `losses` with the names of their values."""

    columns: Mapping[str, Distribution]
    label: Distribution
    score: Distribution | None
    n: int = 0
    right: int | None = None
    scores: ScoreHistogram | None = None
    losses: tuple[tuple[str, ...], Sums] | None = None


def stability(reference: Side, current: Side, *, seed: int, limit: float) -> Measured:
    """Shifts of columns, score and label and the gaps of performance, as `report` has them, with their bounds."""
    kept, checks = comparable(reference.columns, current.columns)
    found = [shift_of(name, reference.columns[name], current.columns[name], seed=seed) for name in kept]
    score, of_score, spread = None, [], {}
    if reference.score is not None and current.score is not None:
        name = "score" if isinstance(current.score, NumberHistogram) else "decision"
        score, bounds = shift_of(name, reference.score, current.score, seed=seed)
        of_score = [bounds] if bounds else []
        spread = _intervals(score, reference.score, current.score, seed=seed)
    label, of_label = shift_of("label", reference.label, current.label, seed=seed)
    gap, off = gaps_of(reference, current, seed=seed)
    measured = report.of_shifts(
        report.Found([shift for shift, _ in found], label, score, gap if gap[0] else None, limit)
    )
    every = [*of_score, *([of_label] if of_label else []), *(bounds for _, bounds in found if bounds)]
    said = {name: words + off.get(name, "") for name, words in measured.conventions.items()}
    for part in of_score:
        said |= {name: f"{said[name]} {words}" for name, words in _told(part).items() if name in said}
    for name, words in (("largest_psi", _largest(found)), ("label_psi", of_label and _off(of_label.psi))):
        if words:
            said[name] = f"{said[name]} {words}"
    tables = [*measured.tables, *([_table(every)] if every else [])]
    return replace(
        measured,
        overall={**measured.overall, **spread},
        conventions=said,
        tables=tables,
        checks=[*measured.checks, *checks],
    )


def comparable(
    reference: Mapping[str, Distribution], current: Mapping[str, Distribution]
) -> tuple[list[str], list[Check]]:
    """The columns that can be compared, and what is said of the others."""
    kept, checks = [], []
    for name, here in current.items():
        there = reference[name]
        if isinstance(here, NumberHistogram) != isinstance(there, NumberHistogram):
            checks.append(report.other_type(name, _words(there), _words(here)))
        elif isinstance(here, Categories) and isinstance(there, Categories) and _unlike(there, here):
            checks.append(report.identifier(name))
        else:
            kept.append(name)
    return kept, checks


def _words(column: Distribution) -> str:
    return "numbers" if isinstance(column, NumberHistogram) else "text"


def _unlike(there: Categories, here: Categories) -> bool:
    return there.rows is None or here.rows is None or (there.tell_apart() and here.tell_apart())


def shift_of(
    name: str, reference: Distribution, current: Distribution, *, seed: int
) -> tuple[shifts.Shift, Bounds | None]:
    """One column of both sides; of numbers also what its figures may be off by."""
    if isinstance(reference, NumberHistogram) and isinstance(current, NumberHistogram):
        return _numbers(name, reference, current, seed=seed)
    assert isinstance(reference, Categories) and isinstance(current, Categories)
    there, here = reference.rows or Counter(), current.rows or Counter()
    made = bins.category_bins_of(there)
    return shifts.of_categories(name, made, made.counts_of(there), made.counts_of(here), seed=seed), None


def _numbers(
    name: str, reference: NumberHistogram, current: NumberHistogram, *, seed: int
) -> tuple[shifts.Shift, Bounds]:
    found = counted.binned(reference, current)
    ks, p = counted.kolmogorov_smirnov(reference, current)
    area = counted.wasserstein(reference, current)
    scale = reference.deviation
    area = NONE if not scale else Bounded(*(_over(part, scale) for part in (area.value, area.low, area.high)))
    shift = shifts.of_bins(name, "number", found.bins, found.reference, found.current, seed=seed)
    psi, js, kl = (
        NONE if value is None else bound(found, value)
        for bound, value in (
            (counted.psi_bound, shift.psi.value),
            (counted.js_bound, shift.js),
            (counted.kl_bound, shift.kl),
        )
    )
    bounds = Bounds(name, psi, js, kl, ks, area)
    return replace(shift, ks=ks.value, p=p, wasserstein=area.value), bounds


def _over(part: float | None, scale: float) -> float | None:
    return None if part is None else part / scale


def _intervals(
    score: shifts.Shift, reference: Distribution, current: Distribution, *, seed: int
) -> dict[str, Estimate]:
    """The distances of the score with intervals from resampled counts of both sides."""
    n = score.psi.n
    generator = np.random.default_rng(seed)
    there, here = (
        generator.multinomial(int(side.sum()), side / side.sum(), DRAWS)
        for side in (score.reference, score.current)
    )
    drawn = {
        "score_js": (score.js, counts.jensen_shannon(there, here)),
        "score_kl": (score.kl, counts.kullback_leibler(here, there)),
    }
    if (
        isinstance(reference, NumberHistogram)
        and isinstance(current, NumberHistogram)
        and score.ks is not None
    ):
        ks, area = counted.drawn(reference, current, seed=seed)
        drawn |= {"score_ks": (score.ks, ks)}
        if score.wasserstein is not None:
            drawn |= {"score_wasserstein": (score.wasserstein, area / reference.deviation)}
    return {
        name: counted.estimate(value, many, n) for name, (value, many) in drawn.items() if value is not None
    }


def gaps_of(
    reference: Side, current: Side, *, seed: int
) -> tuple[tuple[dict[str, Estimate], Table], dict[str, str]]:
    """How much worse each metric is here than on the reference; and what is said of how exact it is."""
    found: dict[str, gaps.Gap] = {}
    said: dict[str, str] = {}
    n = min(reference.n, current.n)
    if not n:
        return gaps.told(found, reference.n, current.n), said
    if reference.scores is not None and current.scores is not None:
        gap, words = _auc_gap(reference.scores, current.scores, n, seed=seed)
        if gap is not None:
            found["roc_auc"], said["roc_auc_gap"] = gap, words
    if reference.right is not None and current.right is not None:
        a, b = reference.right / reference.n, current.right / current.n
        bound = newcombe(reference.right, reference.n, current.right, current.n)
        found["accuracy"] = (a, b, Estimate(a - b, *bound, n))
    if reference.losses is not None and current.losses is not None:
        (names, there), (others, here) = reference.losses, current.losses
        for name in names:
            if name in others and name in gaps.MEANS:
                found[name] = gaps.gap_of_means(*(_moments(side, name) for side in (reference, current)))
        if "error" in names:
            drawn = [gaps.drawn_of_sums(side, seed=seed + place) for place, side in enumerate((there, here))]
            found |= gaps.regression_gaps(drawn[0], drawn[1], n)
    return gaps.told(found, reference.n, current.n), said


def _moments(side: Side, name: str) -> tuple[float, float, int]:
    """Mean, variance and number of a loss."""
    assert side.losses is not None
    names, sums = side.losses
    place = 1 + names.index(name)
    mean = float(sums.total[place] / sums.n)
    spread = float(sums.product[place, place] / sums.n) - mean**2
    return mean, max(spread, 0.0) * sums.n / max(sums.n - 1, 1), sums.n


def _auc_gap(
    there: ScoreHistogram, here: ScoreHistogram, n: int, *, seed: int
) -> tuple[gaps.Gap | None, str]:
    one, two = there.auc(), here.auc()
    if one.value is None or two.value is None or one.error is None or two.error is None:
        return None, ""
    drawn = [
        drawn_figures(side, seed=seed + place)["roc_auc"] for place, side in enumerate((there, here))
    ]  # seeds differ: the samples are independent
    gap = one.value - two.value
    words = (
        f" Here both from histograms of the score, together at most {one.error + two.error:.1g} off; interval by "
        f"bootstrap of their counts: {DRAWS:,} resamples of each side."
    )
    return (one.value, two.value, Estimate(gap, *bootstrap.bounds(gap, drawn[0] - drawn[1]), n)), words


def _told(bounds: Bounds) -> dict[str, str]:
    drawn = f"Interval: bootstrap of both sides' counts, {DRAWS:,} resamples, percentiles less their bias."
    return {
        "score_psi": _off(bounds.psi),
        "score_ks": f"{_off(bounds.ks)} The p value is the asymptotic one. {drawn}",
        "score_js": f"{_off(bounds.js)} {drawn}",
        "score_kl": f"{_off(bounds.kl)} {drawn}",
        "score_wasserstein": f"{_off(bounds.wasserstein)} {drawn}",
    }


def _off(bounded: Bounded) -> str:
    error = bounded.error
    if error is None:
        return ""
    return f"{SAID}, exactly." if error < _exact(bounded) else f"{SAID}: at most {error:.1g} off."


def _exact(bounded: Bounded) -> float:
    return 1e-12 * max(1.0, math.fabs(bounded.value or 0.0))


def _largest(found: Sequence[tuple[shifts.Shift, Bounds | None]]) -> str:
    largest = max(found, key=lambda part: part[0].psi.value or 0.0)
    return "" if largest[1] is None else _off(largest[1].psi)


def _table(every: Sequence[Bounds]) -> Table:
    def error(bounded: Bounded) -> float | None:
        off = bounded.error
        return 0.0 if off is not None and off < _exact(bounded) else off

    columns = (
        Column("Column"),
        Column("PSI", "number"),
        Column("KS", "number"),
        Column("JS distance", "number"),
        Column("KL", "number"),
        Column("Wasserstein", "number"),
    )
    rows = [
        (one.name, error(one.psi), error(one.ks), error(one.js), error(one.kl), error(one.wasserstein))
        for one in every
    ]
    return Table("bounds", "How far off these figures are at most", NOTE, columns, rows)
