"""A result is plain JSON: finite, the same for the same seed, and with a convention for every number."""

import json
import math
from typing import Any

import numpy as np
import pytest
import rfc8785

from evaluations.metrics import binary, multiclass, regression
from evaluations.metrics.groups import grouped, text_of
from evaluations.metrics.values import Measured, number, plain


def measured(seed: int = 1, n: int = 300) -> Measured:
    generator = np.random.default_rng(9)
    actual = generator.random(n) < 0.3
    score = np.clip(actual * 0.2 + generator.random(n) * 0.8, 0, 1)
    slices = {"sex": grouped("sex", generator.choice(np.array(["f", "m"], dtype=object), n))[0]}
    return binary.performance(binary.Binary(actual, score > 0.5, score, True, 0.5), slices, seed=seed)


def floats(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [number for inner in value.values() for number in floats(inner)]
    if isinstance(value, list):
        return [number for inner in value for number in floats(inner)]
    return [value] if isinstance(value, float) else []


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_intervals() -> None:
    first, again, other = (rfc8785.dumps(measured(seed).as_json()) for seed in (1, 1, 2))
    assert first == again != other


def test_a_result_is_finite_json() -> None:
    found = measured().as_json()
    json.dumps(found, allow_nan=False)
    assert all(math.isfinite(value) for value in floats(found))
    assert set(found) == {
        "overall",
        "groups",
        "curves",
        "explanations",
        "conventions",
        "tables",
        "checks",
        "notes",
    }
    assert set(found["overall"]["roc_auc"]) == {"value", "low", "high", "n"}


def test_every_number_has_its_convention() -> None:
    found = measured()
    assert set(found.conventions) == set(found.overall)
    assert "DeLong" in found.conventions["roc_auc"]
    assert "Wilson" in found.conventions["accuracy"]
    assert "1,000 resamples" in found.conventions["brier"]
    assert found.conventions["brier"].endswith("less their bias.")


def test_curves_are_small_enough_to_draw() -> None:
    found = measured(n=5000).as_json()["curves"]
    assert len(found["roc"]["points"]) <= 100
    assert found["roc"]["points"][0] == [0.0, 0.0] and found["roc"]["points"][-1] == [1.0, 1.0]
    assert len(found["calibration"]) == 10
    assert sum(part["n"] for part in found["calibration"]) == 5000
    assert sum(found["scores"]["positive"]) + sum(found["scores"]["negative"]) == 5000
    assert found["roc"]["cutoff"]["threshold"] == 0.5


def test_slices_are_measured_like_the_whole() -> None:
    found = measured()
    assert [group.by["sex"] for group in found.groups] == ["f", "m"]
    assert sum(group.n for group in found.groups) == 300
    assert all(group.metrics["roc_auc"].low is not None for group in found.groups)


def test_a_score_without_probability_has_no_calibration() -> None:
    actual = np.array([True, False, True, False])
    found = binary.performance(binary.Binary(actual, actual, np.array([2.0, -1.0, 0.5, -3.0])), {}, seed=1)
    assert "brier" not in found.overall and "calibration" not in found.curves
    assert found.overall["roc_auc"].value == 1.0


def test_predictions_alone_have_no_auc() -> None:
    actual = np.array([True, False, True, False])
    found = binary.performance(binary.Binary(actual, actual), {}, seed=1)
    assert "roc_auc" not in found.overall and found.curves == {}
    assert found.overall["accuracy"].value == 1.0


def test_a_matrix_of_very_many_classes_is_left_out() -> None:
    places = np.arange(21)
    found = multiclass.performance(
        multiclass.Multiclass([str(n) for n in places], places, places), {}, seed=1
    )
    assert found.curves == {}
    assert found.overall["accuracy"].value == 1.0


def test_regression_by_slice_and_curves() -> None:
    actual = np.arange(40, dtype=float)
    rows = actual < 20
    found = regression.performance(
        actual, actual + 1, {"half": {"low": rows, "high": ~rows}}, seed=1
    ).as_json()
    assert [group["metrics"]["mae"]["value"] for group in found["groups"]] == [1.0, 1.0]
    assert [group["too_few"] for group in found["groups"]] == [True, True]
    assert found["curves"]["predicted_actual"][0] == [1.0, 0.0]
    assert sum(found["curves"]["residuals"]["counts"]) == 40


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1 / 3, 0.3333333333),
        (float("nan"), None),
        (float("inf"), None),
        (None, None),
        (-0.0, 0.0),
        (np.float64(2), 2.0),
    ],
)
def test_numbers_keep_ten_digits_and_only_finite_ones_pass(value: Any, expected: float | None) -> None:
    assert number(value) == expected
    assert math.copysign(1, number(value) or 1.0) == 1


def test_numpys_own_types_become_json() -> None:
    given = {"a": np.array([[1, 2]]), "b": np.int64(3), "c": np.bool_(True), "d": (np.float32(0.5), "text")}
    assert plain(given) == {"a": [[1, 2]], "b": 3, "c": True, "d": [0.5, "text"]}


@pytest.mark.parametrize(
    ("value", "text"),
    [(1, "1"), (1.0, "1"), ("1", "1"), (1.5, "1.5"), (True, "True"), (b"x", "x"), (np.int64(2), "2")],
)
def test_labels_are_compared_as_text(value: object, text: str) -> None:
    assert text_of(value) == text
