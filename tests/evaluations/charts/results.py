"""Results as the worker stores them, small enough to read."""

from typing import Any

HOSTILE = '<script>alert("x")</script>&\x00'


def estimate(
    value: float | None, low: float | None = None, high: float | None = None, n: int = 200
) -> dict[str, Any]:
    """One number of a result."""
    return {"value": value, "low": low, "high": high, "n": n}


def group(
    by: dict[str, str], n: int, ratio: dict[str, Any], *, reference: bool = False, too_few: bool = False
) -> dict[str, Any]:
    """One group of a fairness result."""
    metrics = {"selection_rate": estimate(0.5, 0.4, 0.6, n), "selection_rate_ratio": ratio}
    return {"by": by, "n": n, "metrics": metrics, "reference": reference, "too_few": too_few}


BINARY: dict[str, Any] = {
    "overall": {"roc_auc": estimate(0.812, 0.801, 0.823), "ece": estimate(0.0253, 0.01, 0.04)},
    "groups": [
        {"by": {"sex": "f"}, "n": 120, "metrics": {"roc_auc": estimate(0.8, 0.75, 0.85)}, "too_few": False},
        {"by": {"sex": "m"}, "n": 80, "metrics": {"roc_auc": estimate(0.7, 0.6, 0.8)}, "too_few": False},
        {"by": {"sex": "Not stated"}, "n": 3, "metrics": {"roc_auc": estimate(None)}, "too_few": True},
    ],
    "curves": {
        "roc": {
            "points": [[0.0, 0.0], [0.1, 0.5], [0.4, 0.9], [1.0, 1.0]],
            "band": [[0.0, 0.0, 0.2], [0.5, 0.8, 0.95], [1.0, 1.0, 1.0]],
            "cutoff": {"threshold": 0.5, "fpr": 0.1, "tpr": 0.5},
        },
        "calibration": [
            {"n": 100, "predicted": 0.05, "observed": 0.04, "low": 0.01, "high": 0.1},
            {"n": 100, "predicted": 0.3, "observed": 0.36, "low": 0.27, "high": 0.46},
        ],
    },
    "explanations": {},
    "conventions": {},
}
FAIRNESS: dict[str, Any] = {
    "overall": {},
    "groups": [
        group({"age": "under 25"}, 149, estimate(0.74, 0.65, 0.85)),
        group({"age": "25–34"}, 399, estimate(0.796, 0.7, 0.9)),
        group({"age": "35–44"}, 251, estimate(1.0), reference=True),
        group({"age": "65 and over"}, 23, estimate(0.4, 0.2, 1.3), too_few=True),
        group({"sex": "f"}, 310, estimate(0.9, 0.85, 0.96)),
        group({"sex": "m"}, 690, estimate(1.0), reference=True),
        group({"age": "under 25", "sex": "f"}, 80, estimate(0.6, 0.5, 0.72)),
        group({"age": "under 25", "sex": "m"}, 69, estimate(1.0), reference=True),
    ],
    "curves": {},
    "explanations": {},
    "conventions": {},
}
EXPLAINED: dict[str, Any] = {
    "overall": {"explained_rows": estimate(200.0)},
    "groups": [],
    "curves": {},
    "explanations": {
        "of": "the positive class",
        "method": "TreeExplainer",
        "output": "log-odds",
        "base_value": 0.1,
        "rows": 200,
        "features": [
            {"name": "income", "importance": 0.83, "low": 0.79, "high": 0.86},
            {"name": "debt", "importance": 0.41, "low": 0.38, "high": 0.44},
            {"name": "job", "importance": 0.05, "low": 0.04, "high": 0.06},
        ],
        "points": [
            {"feature": "income", "values": [[-1.0, 0.0], [0.1, 0.5], [1.2, 1.0]]},
            {"feature": "debt", "values": [[0.6, 0.0], [0.0, 0.5], [-0.4, 1.0]]},
            {"feature": "job", "values": [[0.06, None], [0.06, None], [-0.05, None]]},
        ],
    },
    "conventions": {},
}
CLASSES: dict[str, Any] = {
    "overall": {},
    "groups": [],
    "curves": {"confusion": {"labels": ["cat", "dog", "fox"], "counts": [[9, 1, 0], [0, 8, 0], [4, 0, 6]]}},
    "explanations": {},
    "conventions": {},
}
NUMBERS: dict[str, Any] = {
    "overall": {"r2": estimate(0.49, 0.4, 0.6), "mae": estimate(41.3, 38, 45)},
    "groups": [],
    "curves": {
        "predicted_actual": [[100.0, 120.0], [200.0, 180.0], [150.0, 150.0]],
        "residuals": {"edges": [-50.0, -25.0, 0.0, 25.0], "counts": [2, 5, 3]},
    },
    "explanations": {},
    "conventions": {},
}
ALL = [
    (BINARY, "performance", "binary_classification", 3),
    (CLASSES, "performance", "multiclass_classification", 1),
    (NUMBERS, "performance", "regression", 2),
    (FAIRNESS, "fairness", "binary_classification", 2),
    (EXPLAINED, "explainability", "binary_classification", 2),
]
