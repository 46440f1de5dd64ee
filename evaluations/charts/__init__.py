"""Charts of a result, drawn as SVG on the server: the same picture on the page and in the PDF. Pure
Python."""

from collections.abc import Callable, Mapping
from typing import Any

from evaluations.charts.chart import Chart, Table
from evaluations.charts.classes import confusion
from evaluations.charts.curves import calibration, roc
from evaluations.charts.groups import fairness, fairness_combined, slices
from evaluations.charts.quantities import predicted_actual, residuals
from evaluations.charts.shap import bars, beeswarm
from evaluations.charts.spark import sparkline

__all__ = ["Chart", "Table", "charts_for", "sparkline"]

Draw = Callable[[Mapping[str, Any], str], Chart | None]
PERFORMANCE: Mapping[str, tuple[Draw, ...]] = {
    "binary_classification": (roc, calibration, slices),
    "multiclass_classification": (confusion, slices),
    "regression": (predicted_actual, residuals, slices),
}


def charts_for(result: Mapping[str, Any], kind: str, model_kind: str, prefix: str = "chart") -> list[Chart]:
    """The charts of a result, in the order in which a reader needs them; those without data are left out.

    `prefix` begins every id: give each result on a page its own.
    """
    drawn = {
        "performance": PERFORMANCE.get(model_kind, ()),
        "fairness": (fairness, fairness_combined),
        "explainability": (bars, beeswarm),
    }.get(kind, ())
    charts = [draw(result, f"{prefix}-{draw.__name__.replace('_', '-')}") for draw in drawn]
    return [chart for chart in charts if chart is not None]
