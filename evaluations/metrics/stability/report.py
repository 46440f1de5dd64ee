"""What stability found, as one result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evaluations.metrics.drift import bins, counts, samples
from evaluations.metrics.stability import churn, gaps, periods, shifts
from evaluations.metrics.values import Check, Column, Estimate, Measured, Table

PSI_SOME, PSI_LIMIT = 0.1, 0.25
CUSTOM = f"The lines at {PSI_SOME:g} and {PSI_LIMIT:g} are custom in credit scoring, no test (Siddiqi 2006)."
PSI_CONVENTION = (
    f"Population stability index, natural logarithm. {bins.CONVENTION} {counts.FILL_CONVENTION} Interval: "
    f"{counts.DRAWS:,} multinomial resamples of both sides' counts, percentiles less their bias. {CUSTOM}"
)
MOST_DRAWN, MOST_OVERLAYS = 20, 3


@dataclass(frozen=True, slots=True)
class Found:
    """Shifts of the columns, of the label and of the score, and the gaps with their table; None: not known."""

    columns: Sequence[shifts.Shift]
    label: shifts.Shift
    score: shifts.Shift | None
    gaps: tuple[Mapping[str, Estimate], Table] | None
    limit: float = PSI_LIMIT


def comparable(reference: pd.DataFrame, current: pd.DataFrame) -> tuple[list[str], list[Check]]:
    """The columns that can be compared, and what is said of the others."""
    kept, checks = [], []
    for name in current.columns:
        there, here = reference[name], current[name]
        known = there.notna().any() and here.notna().any()
        if known and shifts.kind_of(there) != shifts.kind_of(here):
            checks.append(other_type(str(name), _words(there), _words(here)))
        elif shifts.is_identifier(there) and shifts.is_identifier(here):
            checks.append(identifier(str(name)))
        else:
            kept.append(str(name))
    return kept, checks


def other_type(name: str, there: str, here: str) -> Check:
    """A column that holds something else than it did."""
    said = f"Column {name} holds {there} in the reference and {here} here; it is not compared."
    return Check(f"same_type.{name}", "Columns are of the same type", False, said, name)


def identifier(name: str) -> Check:
    """A column that names rows."""
    said = f"Most values of column {name} are different, so it has no distribution to compare."
    return Check(f"identifier.{name}", "Columns can be compared", None, said, name)


def _words(column: "pd.Series[Any]") -> str:
    return "numbers" if shifts.kind_of(column) == "number" else "text"


def of_shifts(found: Found) -> Measured:
    """Everything that compares with the reference."""
    columns = shifts.adjusted(found.columns)
    largest = columns[0]
    n = largest.psi.n
    moved = sum((shift.psi.value or 0.0) >= PSI_SOME for shift in columns)
    overall: dict[str, Estimate] = {}
    said = {"largest_psi": PSI_CONVENTION, "label_psi": PSI_CONVENTION}
    if found.score is not None:
        overall.update(_of_score(found.score))
        said |= {name: text for name, text in SCORE_CONVENTIONS.items() if name in overall}
    overall["largest_psi"] = largest.psi
    overall["shifted_columns"] = Estimate(moved / len(columns), None, None, n)
    overall["label_psi"] = found.label.psi
    said["shifted_columns"] = f"Share of the compared columns whose PSI is at least {PSI_SOME:g}."
    tables = [shifts.table_of(columns, "Columns there and here")]
    if found.gaps is not None:
        overall.update(found.gaps[0])
        said |= {name: gaps.CONVENTIONS[name.removesuffix("_gap")] for name in found.gaps[0]}
        tables.insert(0, found.gaps[1])
    extra = [shift for shift in (found.score, found.label) if shift is not None]
    curves = {
        "psi": [
            {
                "name": shift.name,
                "psi": shift.psi.value,
                "low": shift.psi.low,
                "high": shift.psi.high,
                "chance": shift.chance,
            }
            for shift in columns[:MOST_DRAWN]
        ],
        "distributions": [
            *([shifts.drawn(found.score)] if found.score else []),
            *(shifts.drawn(shift) for shift in columns[:MOST_OVERLAYS]),
        ],
    }
    return Measured(
        overall, said, curves=curves, tables=tables, checks=_checks(columns, extra, limit=found.limit)
    )


SCORE_CONVENTIONS = {
    "score_psi": PSI_CONVENTION,
    "score_ks": samples.KS_CONVENTION,
    "score_js": "Jensen-Shannon distance to base 2 over the bins of the PSI; 0 equal, 1 nothing in common.",
    "score_kl": "Relative entropy of here against the reference in nats, over the bins of the PSI. "
    + counts.FILL_CONVENTION,
    "score_wasserstein": "Area between the two cumulative distributions, in standard deviations of the reference.",
}


def _of_score(score: shifts.Shift) -> dict[str, Estimate]:
    n = score.psi.n
    found = {"score_psi": score.psi}
    for name, value in (
        ("score_ks", score.ks),
        ("score_js", score.js),
        ("score_kl", score.kl),
        ("score_wasserstein", score.wasserstein),
    ):
        if value is not None:
            found[name] = Estimate(value, None, None, n)
    return found


def _checks(columns: Sequence[shifts.Shift], extra: Sequence[shifts.Shift], *, limit: float) -> list[Check]:
    checks = []
    for shift in [*extra, *columns]:
        value = shift.psi.value
        if value is not None and value >= limit:
            chance = "" if shift.chance is None else f" By chance it would stay under {shift.chance:.3g}."
            said = f"The PSI of {shift.name} is {value:.3f}; the limit is {limit:g}.{chance}"
            checks.append(
                Check(f"psi.{shift.name}", "Distributions are as in the reference", False, said, shift.name)
            )
    if not checks:
        said = f"No PSI of columns, label or score reaches {limit:g}."
        checks.append(Check("psi", "Distributions are as in the reference", True, said))
    for shift in columns:
        if shift.unseen:
            strange, n = int(shift.current[-2]), int(shift.current.sum())
            said = f"{strange:,} of {n:,} rows hold values of {shift.name} that the reference does not have."
            checks.append(
                Check(
                    f"unseen.{shift.name}", "Categories are known to the reference", False, said, shift.name
                )
            )
    return checks


def of_periods(found: list[periods.Period], outcomes: gaps.Outcomes, made: str) -> Measured:
    """The leading metric by period and its trend."""
    metric = "roc_auc" if outcomes.score is not None else "accuracy" if outcomes.right is not None else "rmse"
    label, lower_is_better = gaps.NAMES[metric], metric == "rmse"
    trend = periods.trend(found)
    note = f"{made} Periods with few rows are shown and not judged. {periods.TREND_CONVENTION}"
    columns = (
        Column("Period"),
        Column("Rows", "count"),
        Column(label, "number"),
        Column("95% interval", "interval"),
    )
    rows = [
        (p.name, p.n, p.metric.value, None if p.metric.low is None else (p.metric.low, p.metric.high))
        for p in found
    ]
    points = [
        {
            "name": p.name,
            "n": p.n,
            "value": p.metric.value,
            "low": p.metric.low,
            "high": p.metric.high,
            "few": p.too_few,
        }
        for p in found
    ]
    nothing = Estimate(None, None, None, sum(p.n for p in found))
    slope = nothing if trend is None else trend.slope
    return Measured(
        overall={"time_slope": slope},
        conventions={"time_slope": f"{label} from one period to the next. {made} {periods.TREND_CONVENTION}"},
        curves={"periods": {"metric": label, "points": points, "p": trend and trend.p}},
        tables=[Table("periods", f"{label} by period", note, columns, rows)],
        checks=[_time_check(trend, label, lower_is_better=lower_is_better)],
    )


def _time_check(trend: periods.Trend | None, label: str, *, lower_is_better: bool) -> Check:
    title = "Performance does not fall with time"
    if trend is None or trend.slope.value is None or trend.slope.low is None or trend.slope.high is None:
        return Check(
            "time_trend",
            title,
            None,
            f"{label} has fewer than {periods.FEWEST_PERIODS} periods with enough rows.",
        )
    worse = trend.slope.low > 0 if lower_is_better else trend.slope.high < 0
    tested = "" if trend.p is None else f"; Mann-Kendall p = {trend.p:.3g}"
    slope = f"{trend.slope.value:.4g} [{trend.slope.low:.4g}, {trend.slope.high:.4g}]"
    said = f"{label} changes by {slope} from one period to the next{tested}."
    return Check("time_trend", title, not worse, said)


def of_churn(found: Mapping[str, Estimate], table: Table | None) -> Measured:
    """What another version answers otherwise."""
    said = {name: churn.CONVENTIONS[name] for name in found}
    return Measured(found, said, tables=() if table is None else (table,))


def of_silence(said: str) -> Measured:
    """The other version could not answer; that is not this version's fault, so nothing is judged."""
    return Measured({}, {}, checks=[Check("against", "The other version answers, too", None, said)])
