"""Results as the worker stores them, small enough to read."""

from typing import Any

import numpy as np

from evaluations.metrics.binary import Binary
from evaluations.metrics.fairness import Settings, fairness, multiclass, regression
from evaluations.metrics.fairness.optimizer import optimized
from evaluations.metrics.groups import coded
from evaluations.metrics.multiclass import Multiclass
from evaluations.metrics.values import plain

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
        "permutation": {
            "metric": "AUC",
            "value": 0.81,
            "rows": 200,
            "repeats": 5,
            "features": [
                {"name": "income", "importance": 0.12, "low": 0.1, "high": 0.14},
                {"name": "job", "importance": -0.01, "low": -0.03, "high": 0.01},
            ],
        },
        "effects_of": "the positive class",
        "effects_in": "log-odds",
        "effects": [
            {
                "feature": "income",
                "ordered": True,
                "grid": [1000.0, 2000.0, 25000.0],
                "value": [-0.5, 0.1, 0.9],
                "low": [-0.6, 0.0, 0.7],
                "high": [-0.4, 0.2, 1.1],
                "ice": [[-0.4, 0.1, 0.8], [-0.7, 0.2, 1.3]],
                "n": 200,
                "left_out": 0,
            },
            {
                "feature": "job",
                "ordered": False,
                "grid": ["clerk", "cook"],
                "value": [0.2, -0.1],
                "low": [0.1, -0.2],
                "high": [0.3, 0.0],
                "ice": [[0.2, -0.1], [0.25, -0.15]],
                "n": 200,
                "left_out": 3,
            },
        ],
    },
    "conventions": {},
}
RECORD: dict[str, Any] = {
    "overall": {},
    "explanations": {
        "local": {
            "of": "the positive class",
            "method": "TreeExplainer",
            "unit": "log-odds",
            "base": -1.2,
            "output": 0.4,
            "features": [
                {
                    "name": f"part{place}",
                    "value": "held back",
                    "contribution": (-1) ** place * 0.2 * (12 - place),
                }
                for place in range(11)
            ]
            + [{"name": "debt", "value": "3", "contribution": 0.2}],
        }
    },
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


def measured(model_kind: str) -> dict[str, Any]:
    """What the engine finds among 900 people of two attributes, one group of which is tiny."""
    generator = np.random.default_rng(8)
    sexes = generator.choice(np.array(["f", "m"], dtype=object), 900)
    towns = generator.choice(np.array(["Bath", "Ely", "Wells"], dtype=object), 900, p=[0.6, 0.38, 0.02])
    score = np.clip(generator.beta(2, 2, 900) + 0.1 * (sexes == "m"), 0, 1)
    actual, sensitive = generator.random(900) < score, {"home_town": towns, "sex": sexes}
    stated = Settings(references={"sex": "m"})
    if model_kind == "regression":
        return regression.fairness(actual * 1.0, score, sensitive, stated).as_json()
    if model_kind == "multiclass_classification":
        places = np.digitize(score, [0.4, 0.7])
        classes = Multiclass(["low", "middle", "high"], places, np.roll(places, 1))
        return multiclass.fairness(classes, sensitive, stated).as_json()
    data = Binary(actual, score >= 0.5, score, probability=True, threshold=0.5)
    columns = {name: coded(name, values) for name, values in sensitive.items()}
    found = fairness(data, sensitive, stated).as_json()
    found["curves"]["what_if"]["optimizer"] = plain(optimized(data, columns, stated)[0])
    return found


ALL = [
    (BINARY, "performance", "binary_classification", 3),
    (CLASSES, "performance", "multiclass_classification", 1),
    (NUMBERS, "performance", "regression", 2),
    (FAIRNESS, "fairness", "binary_classification", 3),
    (measured("binary_classification"), "fairness", "binary_classification", 7),
    (measured("regression"), "fairness", "regression", 2),
    (measured("multiclass_classification"), "fairness", "multiclass_classification", 1),
    (EXPLAINED, "explainability", "binary_classification", 4),
    (RECORD, "local_explanation", "binary_classification", 1),
]
