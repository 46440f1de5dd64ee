"""The headline figures of a run, as the page's tiles show them."""

from typing import Any

from evaluations.models import EvaluationKind, EvaluationRun

LABELS = {
    "roc_auc": "AUC",
    "gini": "Gini",
    "ks": "KS",
    "brier": "Brier score",
    "ece": "Calibration error",
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "macro_f1": "Macro F1",
    "log_loss": "Log loss",
    "r2": "R²",
    "mae": "Mean absolute error",
    "rmse": "Root mean squared error",
    "selection_rate_ratio": "Lowest selection ratio",
    "selection_rate_difference": "Largest selection gap",
    "equalized_odds_difference": "Equalised odds difference",
    "equal_opportunity_difference": "Equal opportunity difference",
    "explained_rows": "Rows explained",
    "additivity_error": "Additivity error",
}
SHOWN = {
    EvaluationKind.PERFORMANCE: [
        "roc_auc",
        "gini",
        "ks",
        "brier",
        "ece",
        "balanced_accuracy",
        "macro_f1",
        "accuracy",
        "r2",
        "mae",
        "rmse",
    ],
    EvaluationKind.FAIRNESS: [
        "selection_rate_ratio",
        "selection_rate_difference",
        "equalized_odds_difference",
        "equal_opportunity_difference",
    ],
    EvaluationKind.EXPLAINABILITY: ["explained_rows", "additivity_error"],
}


def tiles_of(run: EvaluationRun) -> list[dict[str, Any]]:
    """Label, value and interval of the figures that matter for this kind."""
    overall = (run.result or {}).get("overall", {})
    return [
        _tile(name, overall[name])
        for name in SHOWN[EvaluationKind(run.kind)]
        if overall.get(name, {}).get("value") is not None
    ]


def _tile(name: str, measured: dict[str, Any]) -> dict[str, Any]:
    value, low, high = measured["value"], measured.get("low"), measured.get("high")
    whole = name == "explained_rows"
    return {
        "label": LABELS[name],
        "value": f"{value:,.0f}" if whole else f"{value:.3g}" if abs(value) < 0.001 else f"{value:.3f}",
        "interval": f"{low:.3f} to {high:.3f}" if low is not None and high is not None else "",
        "bound": f"n {measured['n']:,}" if measured.get("n") else "",
        "shape": "",
    }
