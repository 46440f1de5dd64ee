"""One model against another on the same rows: differences with paired intervals, as a table and as figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluations.metrics.resampling import Figures, estimates
from evaluations.metrics.values import Column, Estimate, Floats, Table

LOWER_IS_BETTER = frozenset(
    {
        "log_loss",
        "brier",
        "ece",
        "mae",
        "rmse",
        "mape",
        "smape",
        "mase",
        "quantile_loss",
        "hamming_loss",
    }
)
NEITHER = frozenset({"selection_rate", "bias"})
PAIRED = (
    "Positive: this model does better. Both models answer the same rows, and both are computed on each resample of "
    "them: the interval is paired. Where it holds 0, the data cannot tell the two apart."
)


@dataclass(frozen=True, slots=True)
class Rival:
    """What is compared with: `suffix` ends the names of the figures, `words` name it in a sentence."""

    id: str
    suffix: str
    title: str
    column: str
    words: str


BASELINE = Rival(
    "baseline", "over_baseline", "Against the simplest answer", "Simplest answer", "the simplest answer"
)
AGAINST = Rival("against", "gain", "Against the other version", "Other version", "the other version")


def advantage(name: str, ours: Floats, theirs: Floats) -> Floats:
    """How much better ours is: the difference, turned round where lower is better."""
    return theirs - ours if name in LOWER_IS_BETTER else ours - theirs


def differences(
    ours: Figures, theirs: Figures, drawn: Figures, drawn_theirs: Figures, *, n: int
) -> dict[str, Estimate]:
    """The advantage in each metric that both have, with the interval of the drawn advantages."""
    names = [name for name in ours if name in theirs and name not in NEITHER]
    with np.errstate(invalid="ignore"):
        point = {name: advantage(name, ours[name], theirs[name]) for name in names}
        spread = {name: advantage(name, drawn[name], drawn_theirs[name]) for name in names}
    return estimates(point, spread, n=n, ranges={})


def compared(
    rival: Rival,
    found: Mapping[str, Estimate],
    ours: Figures,
    theirs: Figures,
    labels: Mapping[str, str],
    *,
    told: Sequence[str],
    how: str = "",
) -> tuple[dict[str, Estimate], dict[str, str], Table]:
    """The told figures as `<metric>_gain` or `<metric>_over_baseline`, their conventions, and a table of all."""
    rows = [
        [
            labels.get(name, name),
            float(ours[name][0]),
            float(theirs[name][0]),
            estimate.value,
            None if estimate.low is None else (estimate.low, estimate.high),
        ]
        for name, estimate in found.items()
    ]
    columns = [
        Column("Metric"),
        Column("This model", "number"),
        Column(rival.column, "number"),
        Column("Better by", "number"),
        Column("95% interval", "interval"),
    ]
    figures = {f"{name}_{rival.suffix}": found[name] for name in told if name in found}
    said = {
        name: f"How much better than {rival.words}, paired bootstrap over the same rows. {how}".strip()
        for name in figures
    }
    return figures, said, Table(rival.id, rival.title, f"{PAIRED} {how}".strip(), columns, rows)
