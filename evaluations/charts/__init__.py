"""Charts of a result, drawn as SVG on the server: the same picture on the page and in the PDF. Pure
Python."""

from collections.abc import Callable, Mapping
from typing import Any

from evaluations.charts.chart import Chart, Table
from evaluations.charts.classes import confusion
from evaluations.charts.curves import calibration, reliability, roc
from evaluations.charts.data import leaks, proxies, told_members
from evaluations.charts.effects import effects
from evaluations.charts.fairness import (
    calibration_by_group,
    class_gaps,
    error_rates,
    mean_errors,
    mean_predictions,
    selection_rates,
)
from evaluations.charts.groups import fairness, fairness_combined, gap_by_group, slices
from evaluations.charts.local import waterfall
from evaluations.charts.performance import (
    errors_over_time,
    forecasts_over_time,
    gain,
    ks_curve,
    precision_recall,
)
from evaluations.charts.quantities import predicted_actual, residuals
from evaluations.charts.robustness import drops, sobol, tornado
from evaluations.charts.shap import bars, beeswarm, shuffled
from evaluations.charts.spark import sparkline
from evaluations.charts.stability import distributions, over_time, psi
from evaluations.charts.thresholds import accuracy_and_parity, thresholds

__all__ = ["Chart", "Table", "charts_for", "sparkline"]

Draw = Callable[[Mapping[str, Any], str], Chart | None]
PERFORMANCE: Mapping[str, tuple[Draw, ...]] = {
    "binary_classification": (roc, precision_recall, ks_curve, gain, calibration, slices),
    "multiclass_classification": (confusion, slices),
    "multilabel_classification": (slices,),
    "regression": (predicted_actual, residuals, slices),
    "ranking": (slices,),
    "forecasting": (forecasts_over_time, errors_over_time, slices),
}
FAIRNESS: tuple[Draw, ...] = (
    fairness,
    selection_rates,
    error_rates,
    fairness_combined,
    calibration_by_group,
    mean_errors,
    mean_predictions,
    class_gaps,
    accuracy_and_parity,
    thresholds,
)


def charts_for(result: Mapping[str, Any], kind: str, model_kind: str, prefix: str = "chart") -> list[Chart]:
    """The charts of a result, in the order in which a reader needs them; those without data are left out.

    `prefix` begins every id: give each result on a page its own.
    """
    drawn = {
        "performance": PERFORMANCE.get(model_kind, ()),
        "calibration": (reliability, gap_by_group),
        "fairness": FAIRNESS,
        "explainability": (bars, beeswarm, shuffled, effects),
        "robustness": (drops, tornado, sobol),
        "stability": (psi, distributions, over_time),
        "local_explanation": (waterfall,),
        "data_quality": (leaks, proxies),
        "privacy": (told_members,),
    }.get(kind, ())
    charts = [draw(result, f"{prefix}-{draw.__name__.replace('_', '-')}") for draw in drawn]
    return [chart for chart in charts if chart is not None]
