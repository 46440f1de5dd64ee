"""Charts of data quality and privacy: every name escaped, nothing drawn from nothing."""

from xml.etree import ElementTree

import numpy as np
import pandas as pd

from evaluations.charts import charts_for
from evaluations.metrics.data_quality import Asked, data_quality
from evaluations.metrics.groups import coded
from evaluations.metrics.privacy import Attack, membership


def test_leaks_and_proxies_are_drawn_from_a_real_result() -> None:
    generator = np.random.default_rng(2)
    sex = generator.choice(["f", "m"], 200)
    rows = pd.DataFrame({"<b>height": (sex == "m") + generator.normal(size=200), "sex": sex, "y": sex == "m"})
    result = data_quality(rows, Asked(label="y", sensitive=["sex"], seed=1)).as_json()
    drawn = charts_for(result, "data_quality", "binary_classification")
    assert [chart.title for chart in drawn] == [
        "Single columns against the label",
        "Columns that tell sensitive ones",
    ]
    for chart in drawn:
        ElementTree.fromstring(chart.svg)
        assert "<b>" not in chart.svg and chart.table.rows
    assert "sex" in drawn[0].note


def test_members_told_are_drawn_by_group() -> None:
    generator = np.random.default_rng(2)
    attack = Attack(generator.normal(size=200), np.repeat([True, False], 100))
    result = membership(attack, {"sex": coded("sex", np.tile(["f", "m"], 100))}, seed=1).as_json()
    (drawn,) = charts_for(result, "privacy", "binary_classification")
    ElementTree.fromstring(drawn.svg)
    assert [row[1] for row in drawn.table.rows] == ["all rows", "f", "m"]


def test_a_result_without_such_figures_has_no_charts() -> None:
    for kind in ("data_quality", "privacy", "security", "custom"):
        assert charts_for({"overall": {}, "groups": []}, kind, "regression") == []
