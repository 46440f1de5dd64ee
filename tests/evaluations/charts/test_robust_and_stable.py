"""The charts of robustness and stability, of results that were really measured."""

from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from evaluations.charts import Chart, charts_for
from evaluations.metrics.robustness.answers import Answers
from evaluations.metrics.robustness.report import Asked, robustness
from evaluations.metrics.stability import gaps, periods, report, shifts
from evaluations.metrics.values import together
from tests.evaluations.charts.results import HOSTILE

SVG = "{http://www.w3.org/2000/svg}"
BINARY = "binary_classification"


def robust(name: str = "income") -> dict[str, Any]:
    """A model that adds two columns."""
    generator = np.random.default_rng(1)
    rows = pd.DataFrame({name: generator.normal(size=300), "job": generator.choice(["a", "b"], 300)})

    def ask(given: pd.DataFrame) -> Answers:
        score = given[name].fillna(0).to_numpy(dtype=np.float64) + (given["job"] == "a").to_numpy() * 0.5
        return Answers(score, (score > 0).astype(np.int64))

    truth = np.asarray(rows[name].to_numpy() > 0).astype(np.float64)
    return robustness(
        ask, rows, truth, BINARY, Asked(), output="x", seed=1, progress=lambda share, step: None
    ).as_json()


def stable(name: str = "income") -> dict[str, Any]:
    """Two columns, one of which moved far, and a metric that falls."""
    generator = np.random.default_rng(1)
    there, here = generator.normal(0, 1, 500), generator.normal(3, 1, 500)
    actual = generator.random(500) < 0.5
    score = np.clip(actual * np.linspace(0.6, 0.1, 500) + generator.random(500) * 0.4, 0, 1)
    outcomes = gaps.of_binary(actual, score > 0.5, score, True)
    words = np.array(["x", "y"] * 250, dtype=object)
    found = report.Found(
        columns=[
            shifts.number_shift(name, there, here, seed=1),
            shifts.category_shift("job", words, words, seed=1),
        ],
        label=shifts.category_shift("y", words, words, seed=1),
        score=shifts.number_shift("score", score, score, seed=1),
        gaps=gaps.gaps(outcomes, outcomes, seed=1),
    )
    place = np.arange(500) // 100
    by_month = periods.by_period(outcomes, place, [f"2026-0{n}" for n in range(1, 6)], seed=1)
    parts = [report.of_shifts(found), report.of_periods(by_month, outcomes, "By month.")]
    return together(parts).as_json()


def charts(name: str = "income", prefix: str = "c") -> list[Chart]:
    return [
        *charts_for(robust(name), "robustness", BINARY, f"{prefix}-r"),
        *charts_for(stable(name), "stability", BINARY, f"{prefix}-s"),
    ]


@pytest.fixture(scope="module")
def drawn() -> list[Chart]:
    return charts()


def words(chart: Chart) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(chart.svg).iter(f"{SVG}text")]


def test_both_kinds_have_their_charts(drawn: list[Chart]) -> None:
    assert [chart.title for chart in drawn] == [
        "AUC lost under disturbances",
        "One input at a time",
        "Shares of the output's variation",
        "How far the columns have moved",
        "Distributions there and here",
        "AUC over time",
    ]
    names = [ElementTree.fromstring(chart.svg).attrib["aria-labelledby"] for chart in drawn]
    assert len(set(names)) == len(drawn)


def test_every_mark_is_inside_and_has_its_colours(drawn: list[Chart]) -> None:
    for chart in drawn:
        root = ElementTree.fromstring(chart.svg)
        _, _, width, height = (float(part) for part in root.attrib["viewBox"].split())
        for element in root.iter():
            assert "style" not in element.attrib
            for name in ("x", "x1", "x2", "cx"):
                assert -0.1 <= float(element.attrib.get(name, 0)) <= width + 0.1, (
                    chart.title,
                    element.attrib,
                )
            for name in ("y", "y1", "y2", "cy"):
                assert -0.1 <= float(element.attrib.get(name, 0)) <= height + 0.1, (
                    chart.title,
                    element.attrib,
                )
        assert (root.find(f"{SVG}desc").text or "").endswith(".")  # type: ignore[union-attr]
        assert chart.note.endswith(".") and chart.table.rows
        assert all(len(row) == len(chart.table.headers) for row in chart.table.rows)


def test_what_the_charts_say(drawn: list[Chart]) -> None:
    lost, tornado, sobol, psi, both, time = drawn
    points = robust()["curves"]["drops"]["points"]
    worst = max(points, key=lambda point: point["drop"])
    assert lost.note.startswith(f"Worst: {worst['label']}, ")
    assert tornado.note.startswith("Widest: income, mean output")
    assert sobol.note.startswith("income has a part in")
    assert {"0.1", "0.25"} <= set(words(psi)) and "customs of credit scoring, no test and no law" in psi.note
    assert "Bars end at 0.6; the numbers do not." in psi.note
    assert {"reference", "here"} <= set(words(both)) and "Moved most of these: income" in both.note
    assert time.note.startswith("−0.")


def test_what_failed_is_said_not_drawn() -> None:
    result = robust()
    result["curves"]["drops"]["points"][0] |= {"drop": None, "low": None, "high": None, "failed": True}
    chart = charts_for(result, "robustness", BINARY)[0]
    assert "Under 1 of" in chart.note and "fails instead of answering" in chart.note


def test_names_from_the_data_are_escaped() -> None:
    for chart in charts(HOSTILE, HOSTILE):
        ElementTree.fromstring(chart.svg)
        assert "<script" not in chart.svg and "\x00" not in chart.svg


@pytest.mark.parametrize("kind", ["robustness", "stability"])
def test_a_result_without_data_has_no_charts(kind: str) -> None:
    assert charts_for({}, kind, BINARY) == []
    assert charts_for({"overall": {}, "curves": {}}, kind, "regression") == []


def test_periods_that_are_all_alike_can_be_drawn() -> None:
    point = {"n": 100, "value": 1.0, "low": None, "high": None, "few": False}
    points = [{"name": "a", **point}, {"name": "b", **point}]
    result = {"overall": {}, "curves": {"periods": {"metric": "AUC", "points": points, "p": None}}}
    (chart,) = charts_for(result, "stability", BINARY)
    assert chart.note.startswith("AUC from 1.000 to 1.000 over 2 periods.")
