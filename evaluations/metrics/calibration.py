"""Whether what is predicted with 30% happens in 30% of cases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from evaluations.metrics.closed_form import Bounds, wilson
from evaluations.metrics.recalibration import recalibrated
from evaluations.metrics.resampling import UNIT, convention, over
from evaluations.metrics.summed import Summed
from evaluations.metrics.values import (
    FEW_ROWS,
    Bools,
    Check,
    Column,
    Estimate,
    Floats,
    Ints,
    Measured,
    Table,
    slice_of,
)

BINS = 10
Curve = list[dict[str, float | int | None]]
LINE = (
    "Logistic recalibration: outcome on the log-odds of the probability (Cox 1958); Wald 95% interval from the "
    "information matrix, of weighted rows from the sandwich (White 1982). None where a score separates the outcomes."
)
RANGES = dict.fromkeys(
    ("ece", "mce", "brier", "brier_reliability", "brier_resolution", "brier_uncertainty"), UNIT
)


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Probabilities and what happened; arrays of shape (n,)."""

    actual: Bools
    probability: Floats
    weights: Floats | None = None

    def part(self, rows: Bools) -> "Forecasts":
        """Only these rows."""
        weights = None if self.weights is None else self.weights[rows]
        return Forecasts(self.actual[rows], self.probability[rows], weights)


def edges_of(probability: Floats, bins: int, by: str) -> Floats:
    """Inner edges of the bins, closed on the right: of equal width, or of equally many rows."""
    if by == "width":
        return np.linspace(0, 1, bins + 1)[1:-1]
    return np.unique(np.quantile(probability, np.linspace(0, 1, bins + 1)[1:-1]))


def conventions(bins: int, by: str) -> dict[str, str]:
    """How each is computed."""
    cut = (
        f"{bins} bins of equal width"
        if by == "width"
        else f"{bins} bins of equally many rows (equal scores stay together)"
    )
    cut += ", closed on the right"
    binned = f"Murphy (1973), every probability replaced by its bin's mean; {cut}."
    return {
        "ece": f"Mean over rows of |mean probability - observed rate| of the row's bin; {cut} (Naeini et al. 2015).",
        "mce": f"Largest |mean probability - observed rate| of a bin that has rows; {cut}.",
        "brier": "Mean squared difference of probability and outcome. It is reliability - resolution + uncertainty + "
        "what the bins hide.",
        "brier_reliability": f"Mean over rows of (mean probability - observed rate)² of the row's bin. {binned}",
        "brier_resolution": f"Mean over rows of (observed rate of the row's bin - observed rate of all)². {binned}",
        "brier_uncertainty": "Observed rate × (1 - observed rate).",
        "brier_within_bins": "Brier score less reliability, plus resolution, less uncertainty: how probabilities "
        "differ within a bin (Stephenson et al. 2008). It makes the parts add up exactly.",
        "mean_gap": "Mean probability less observed rate, over all rows.",
    }


def family(bins: int, by: str, *, inside: int) -> Summed:
    """The metrics of so many bins asked for; `inside` there are, where equal scores stay together."""
    return Summed(partial(_metrics, bins=inside), conventions(bins, by), {}, (), ranges=RANGES)


def calibration(
    data: Forecasts,
    slices: Mapping[str, Mapping[str, Bools]],
    *,
    seed: int,
    bins: int = BINS,
    by: str = "width",
    min_n: int = FEW_ROWS,
) -> Measured:
    """Calibration of the probability of one event, over all rows and in each group."""
    n = len(data.actual)
    edges = edges_of(data.probability, bins, by)
    summed = family(bins, by, inside=len(edges) + 1)
    summands = values(data, edges)
    overall, said, _ = summed.measured(summands, [], n=n, seed=seed)
    line = recalibrated(data.actual, data.probability, data.weights)
    overall |= {"calibration_slope": line.slope, "calibration_intercept": line.intercept}
    said |= {"calibration_slope": LINE, "calibration_intercept": LINE}
    if data.weights is not None:
        said["weights"] = (
            "Every sum over rows counts a row by its weight; intervals of bins are Wilson's for Kish's "
        )
        said["weights"] += "effective number of rows."
    curve = reliability(data, edges)
    groups, by_group = [], []
    for column, found in slices.items():
        for value, rows in found.items():
            if not rows.any():
                continue
            part, count = data.part(rows), int(rows.sum())
            own = recalibrated(part.actual, part.probability, part.weights)
            metrics = summed.of(summands[rows], n=count, seed=seed)
            metrics |= {"calibration_slope": own.slope, "calibration_intercept": own.intercept}
            groups.append(slice_of(column, value, count, metrics, min_n))
            fewer = edges_of(part.probability, 5, "rows")
            by_group.append(
                {"column": column, "value": value, "n": count, "points": reliability(part, fewer)}
            )
    curves = {"reliability": curve, "reliability_by_group": by_group}
    return Measured(overall, said, groups, curves, tables=[table_of(curve)], checks=checks_of(overall))


def values(data: Forecasts, edges: Floats) -> Floats:
    """What the metrics are made of, shape (n, 1 + 3 bins): squared error, then by bin weight, outcomes and
    probabilities."""
    place = np.searchsorted(edges, data.probability)
    weight = np.ones(len(place)) if data.weights is None else data.weights
    one = np.eye(len(edges) + 1)[place] * weight[:, None]
    square = weight * (data.probability - data.actual) ** 2
    found: Floats = np.column_stack(
        [square, one, one * data.actual[:, None], one * data.probability[:, None]]
    )
    return found


def _metrics(sums: Floats, *, bins: int) -> dict[str, Floats]:
    squares = sums[:, 0]
    weight, happened, said = (sums[:, 1 + k * bins : 1 + (k + 1) * bins] for k in range(3))
    weight = np.where(np.abs(weight) < 1e-9, 0.0, weight)
    total = weight.sum(axis=1)
    rate = over(happened.sum(axis=1), total)
    observed, predicted = np.nan_to_num(over(happened, weight)), np.nan_to_num(over(said, weight))
    share = over(weight, total[:, None])
    gap = np.abs(predicted - observed)
    brier = over(squares, total)
    reliability = (share * gap**2).sum(axis=1)
    resolution = (share * (observed - rate[:, None]) ** 2).sum(axis=1)
    uncertainty = rate * (1 - rate)
    return {
        "ece": (share * gap).sum(axis=1),
        "mce": gap.max(axis=1),
        "brier": brier,
        "brier_reliability": reliability,
        "brier_resolution": resolution,
        "brier_uncertainty": uncertainty,
        "brier_within_bins": brier - reliability + resolution - uncertainty,
        "mean_gap": over(said.sum(axis=1), total) - rate,
    }


def reliability(data: Forecasts, edges: Floats) -> Curve:
    """Mean probability and observed rate of each bin that has rows, with Wilson's interval."""
    place: Ints = np.searchsorted(edges, data.probability)
    found: Curve = []
    for index in np.unique(place):
        rows = place == index
        weights = None if data.weights is None else data.weights[rows]
        if weights is not None and not weights.any():
            continue
        predicted = float(np.average(data.probability[rows], weights=weights))
        observed = float(np.average(data.actual[rows], weights=weights))
        many = float(rows.sum()) if weights is None else float(weights.sum() ** 2 / (weights**2).sum())
        low, high = wilson(observed * many, many)
        found.append(
            {"n": int(rows.sum()), "predicted": predicted, "observed": observed, "low": low, "high": high}
        )
    return found


def table_of(curve: Curve) -> Table:
    """The curve as a table, and whether it holds."""
    columns = [
        Column("Rows", "count"),
        Column("Mean probability", "share"),
        Column("Observed rate", "share"),
        Column("95% interval", "interval"),
        Column("Holds the mean probability"),
    ]
    rows = []
    for part in curve:
        predicted, low, high = part["predicted"], part["low"], part["high"]
        holds = predicted is not None and low is not None and high is not None and low <= predicted <= high
        rows.append([part["n"], predicted, part["observed"], (low, high), "yes" if holds else "no"])
    note = "One line for each bin of the probability that has rows. Intervals of the observed rate: Wilson."
    return Table("reliability", "What was predicted and what happened", note, columns, rows)


def checks_of(overall: Mapping[str, Estimate]) -> list[Check]:
    """Whether slope and intercept can be told from 1 and 0."""
    found = []
    asked = (
        ("calibration_slope", 1.0, "The slope is 1", "too extreme", "too timid"),
        ("calibration_intercept", 0.0, "The intercept is 0", "too high", "too low"),
    )
    for name, wanted, title, below, above in asked:
        given = overall[name]
        if given.value is None or given.low is None or given.high is None:
            said = "It could not be computed: there is one outcome only, one probability only, or no overlap."
            found.append(Check(name, title, None, said))
            continue
        passed = given.low <= wanted <= given.high
        said = f"{given.value:.3f} [{given.low:.3f}, {given.high:.3f}]"
        side = below if given.value < wanted else above
        found.append(
            Check(name, title, passed, f"{said}." if passed else f"{said}: probabilities are {side}.")
        )
    return found


def several(
    labels: tuple[str, ...],
    actual: Ints,
    probabilities: Floats,
    slices: Mapping[str, Mapping[str, Bools]],
    *,
    seed: int,
    bins: int = BINS,
    by: str = "width",
    min_n: int = FEW_ROWS,
    weights: Floats | None = None,
) -> Measured:
    """Calibration of several classes: of the class named first (is it right as often as it is sure?), and of every
    class's probability by itself. `probabilities` of shape (n, classes)."""
    top = np.argmax(probabilities, axis=1)
    sure = Forecasts(top == actual, probabilities[np.arange(len(top)), top], weights)
    found = calibration(sure, slices, seed=seed, bins=bins, by=by, min_n=min_n)
    each: list[tuple[str, int, Mapping[str, Estimate], Estimate]] = []
    for place, label in enumerate(labels):
        one = Forecasts(actual == place, probabilities[:, place], weights)
        edges = edges_of(one.probability, bins, by)
        summed = family(bins, by, inside=len(edges) + 1)
        figures = summed.of(values(one, edges), n=len(actual), seed=seed)
        line = recalibrated(one.actual, one.probability, weights)
        each.append((label, int(one.actual.sum()), figures, line.slope))
    return classwise(found, each, convention(len(actual)))


def classwise(
    found: Measured, each: Sequence[tuple[str, int, Mapping[str, Estimate], Estimate]], how: str
) -> Measured:
    """The calibration of the class named first with that of every class: its rows, figures and slope."""
    rows = [
        [
            label,
            n,
            figures["ece"].value,
            _pair((figures["ece"].low, figures["ece"].high)),
            figures["mean_gap"].value,
            slope.value,
            _pair((slope.low, slope.high)),
        ]
        for label, n, figures, slope in each
    ]
    columns = [
        Column("Class"),
        Column("Rows", "count"),
        Column("Calibration error", "number"),
        Column("95% interval", "interval"),
        Column("Mean probability less rate", "number"),
        Column("Slope", "number"),
        Column("95% interval", "interval"),
    ]
    mean = float(np.mean([figures["ece"].value or 0.0 for _, _, figures, _ in each]))
    overall = {**found.overall, "classwise_ece": Estimate(mean, None, None, found.overall["ece"].n)}
    told = "Mean over classes of the calibration error of each class's probability (Kull et al. 2019); no interval."
    first = "Of the class with the highest probability: its probability against how often it is right."
    table = Table("classwise", "Class by class", f"Each class against all others. {how}", columns, rows)
    return Measured(
        overall,
        {**found.conventions, "classwise_ece": told, "label": first},
        found.groups,
        found.curves,
        tables=[*found.tables, table],
        checks=found.checks,
        notes=[first],
    )


def _pair(bounds: Bounds) -> Bounds | None:
    return None if bounds[0] is None else bounds
