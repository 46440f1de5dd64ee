"""What is measured, and what each figure is called and means; a module for each kind of evaluation.

A pack may name any of these metrics; pages and reports take their words from here.
"""

from collections.abc import Mapping

from policy.metrics import (
    calibration,
    data_quality,
    explainability,
    fairness,
    performance,
    privacy,
    robustness,
    security,
    stability,
)
from policy.metrics.metric import Better, Metric

__all__ = ["EVALUATIONS", "METRICS", "NOT_FOR", "OF_KIND", "Better", "Metric", "label_of"]

OF_KIND: Mapping[str, Mapping[str, Metric]] = {
    "performance": performance.METRICS,
    "calibration": calibration.METRICS,
    "fairness": fairness.METRICS,
    "explainability": explainability.METRICS,
    "robustness": robustness.METRICS,
    "stability": stability.METRICS,
    "security": security.METRICS,
    "data_quality": data_quality.METRICS,
    "privacy": privacy.METRICS,
}
EVALUATIONS = tuple(OF_KIND)
"""Kinds of evaluation that a pack may ask for."""

NOT_FOR: Mapping[str, frozenset[str]] = {
    "calibration": frozenset({"forecasting", "multilabel_classification", "ranking", "regression"}),
    "fairness": frozenset({"forecasting", "multilabel_classification", "ranking"}),
    "explainability": frozenset({"multilabel_classification"}),
    "robustness": frozenset({"forecasting", "multilabel_classification", "ranking"}),
    "stability": frozenset({"forecasting", "multilabel_classification", "ranking"}),
}
"""Kinds of model that an evaluation does not measure; the others are measured by all of them."""

METRICS: Mapping[str, Metric] = {name: found for kind in OF_KIND.values() for name, found in kind.items()}


def label_of(name: str) -> str:
    """What people call a metric; of one that is not known here (a plug-in's), its name in words."""
    known = METRICS.get(name)
    return known.label if known else name.replace("_", " ").capitalize()
