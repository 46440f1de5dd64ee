"""Each chart shows the result's numbers, says what it finds, and is safe to put into a page."""

import copy
import json
import subprocess
import sys
from typing import Any
from xml.etree import ElementTree

import pytest

from evaluations.charts import Chart, charts_for, sparkline
from tests.evaluations.charts.results import (
    ALL,
    BINARY,
    CLASSES,
    EXPLAINED,
    FAIRNESS,
    HOSTILE,
    NUMBERS,
    RECORD,
    estimate,
    group,
    measured,
)

SVG = "{http://www.w3.org/2000/svg}"


def drawn(chart: Chart) -> ElementTree.Element:
    return ElementTree.fromstring(chart.svg)


def words(chart: Chart) -> list[str]:
    return [element.text or "" for element in drawn(chart).iter(f"{SVG}text")]


def everything() -> list[Chart]:
    return [
        chart
        for place, (result, kind, model_kind, _) in enumerate(ALL)
        for chart in charts_for(result, kind, model_kind, f"r{place}")
    ]


@pytest.mark.parametrize(("result", "kind", "model_kind", "count"), ALL)
def test_each_kind_has_its_charts(result: dict[str, Any], kind: str, model_kind: str, count: int) -> None:
    assert len(charts_for(result, kind, model_kind)) == count


@pytest.mark.parametrize("chart", everything(), ids=lambda chart: chart.title)
def test_a_chart_is_named_described_and_free_of_style(chart: Chart) -> None:
    root = drawn(chart)
    names = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    assert root.attrib["aria-labelledby"].split() == names
    assert root.find(f"{SVG}title") is not None and (root.find(f"{SVG}desc").text or "").endswith(".")  # type: ignore[union-attr]
    for element in root.iter():
        assert "style" not in element.attrib
        assert not any(name.startswith("on") for name in element.attrib)
        assert element.tag.removeprefix(SVG) in {
            "svg",
            "title",
            "desc",
            "g",
            "path",
            "line",
            "rect",
            "circle",
            "text",
        }
    assert chart.note.endswith(".")


@pytest.mark.parametrize("chart", everything(), ids=lambda chart: chart.title)
def test_every_mark_has_its_colour_for_paper_and_a_class_for_the_theme(chart: Chart) -> None:
    coloured = {"line": "stroke", "path": "stroke", "rect": "fill", "text": "fill", "g": "fill"}
    for element in drawn(chart).iter():
        name = element.tag.removeprefix(SVG)
        if name in coloured and element.attrib.get("class") != "band":
            assert element.attrib["class"] and element.attrib[coloured[name]].startswith("#"), element.attrib


@pytest.mark.parametrize("chart", everything(), ids=lambda chart: chart.title)
def test_everything_is_inside_the_picture(chart: Chart) -> None:
    root = drawn(chart)
    _, _, width, height = (float(part) for part in root.attrib["viewBox"].split())
    for element in root.iter():
        for name, most in (
            ("x", width),
            ("x1", width),
            ("x2", width),
            ("cx", width),
            ("y1", height),
            ("cy", height),
        ):
            if name in element.attrib:
                assert -0.1 <= float(element.attrib[name]) <= most + 0.1, (element.tag, element.attrib)


@pytest.mark.parametrize("chart", everything(), ids=lambda chart: chart.title)
def test_the_table_is_whole(chart: Chart) -> None:
    assert chart.table.rows
    assert all(len(row) == len(chart.table.headers) for row in chart.table.rows)


def test_ids_are_unique_on_a_page_with_several_results() -> None:
    names = [
        element.attrib["id"]
        for chart in everything()
        for element in drawn(chart).iter()
        if "id" in element.attrib
    ]
    assert len(names) == len(set(names)) == 2 * len(everything())


def test_names_from_the_data_are_escaped_everywhere() -> None:
    spoiled = [
        (json.loads(json.dumps(result).replace(name, "@@")), kind, model_kind)
        for result, kind, model_kind, name in (
            (FAIRNESS, "fairness", "binary_classification", "under 25"),
            (BINARY, "performance", "binary_classification", "sex"),
            (EXPLAINED, "explainability", "binary_classification", "income"),
            (CLASSES, "performance", "multiclass_classification", "fox"),
        )
    ]
    for result, kind, model_kind in spoiled:
        charts = charts_for(_replaced(result), kind, model_kind, HOSTILE)
        assert charts
        for chart in charts:
            drawn(chart)
            assert "<script" not in chart.svg and "\x00" not in chart.svg


def _replaced(value: Any) -> Any:
    if isinstance(value, dict):
        return {_replaced(key): _replaced(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner) for inner in value]
    return value.replace("@@", HOSTILE) if isinstance(value, str) else value


def test_the_fairness_chart_finds_the_lowest_group_that_can_be_judged() -> None:
    chart = charts_for(FAIRNESS, "fairness", "binary_classification")[0]
    finding = drawn(chart).find(f"{SVG}desc").text  # type: ignore[union-attr]
    assert finding == "Lowest ratio 0.74 [0.65, 0.85]: Age, under 25, n 149. 1 group is too small to judge."
    assert "does not decide whether the law is met" in chart.note
    shown = words(chart)
    assert {"four-fifths, 0.80", "parity", "highest rate", "0.90 [0.85, 0.96]", "149"} <= set(shown)
    hollow = [e for e in drawn(chart).iter(f"{SVG}circle") if "hollow" in e.attrib["class"]]
    assert len(hollow) == 1


def test_a_ratio_just_under_four_fifths_is_not_rounded_up_to_it() -> None:
    chart = charts_for(FAIRNESS, "fairness", "binary_classification")[0]
    assert "0.796 [0.70, 0.90]" in words(chart)
    assert ("Age: 25–34", "399", "50.0%", "0.796", "0.70 to 0.90") in [tuple(row) for row in chart.table.rows]


def test_many_groups_are_drawn_in_part_and_listed_whole() -> None:
    groups = [group({"country": "A"}, 900, estimate(1.0), reference=True)]
    groups += [group({"country": f"C{n}"}, 500 - n, estimate(0.9, 0.8, 1.0)) for n in range(40)]
    groups += [group({"country": "Worst"}, 31, estimate(0.3, 0.2, 0.5))]
    chart = charts_for({**FAIRNESS, "groups": groups}, "fairness", "binary_classification")[0]
    assert {"A", "Worst"} <= set(words(chart))
    assert "C39" not in words(chart)
    assert len(chart.table.rows) == 42
    assert "The table has 28 more, smaller ones." in chart.note


def test_a_group_with_nobody_to_compare_with_is_said() -> None:
    lonely = [group({"sex": "f"}, 40, estimate(None)), group({"sex": "m"}, 40, estimate(None))]
    chart = charts_for({**FAIRNESS, "groups": lonely}, "fairness", "binary_classification")[0]
    assert words(chart).count("nobody selected to compare with") == 2
    assert "No two groups are large enough to compare." in chart.svg


def test_a_stated_reference_is_called_so() -> None:
    chart = charts_for(measured("binary_classification"), "fairness", "binary_classification")[0]
    assert {"stated reference", "highest rate"} <= set(words(chart))
    assert (
        "Diamond: the reference group, stated by the data set or the one with the highest rate." in chart.note
    )


def test_error_rates_say_where_groups_are_farthest_apart() -> None:
    result = measured("binary_classification")
    chart = next(
        c
        for c in charts_for(result, "fairness", "binary_classification")
        if c.title == "Error rates by group"
    )
    assert chart.note.startswith("Widest by ") and "to judge" in chart.note
    rows = {row[0]: row for row in chart.table.rows}
    wells = next(g for g in result["groups"] if g["by"] == {"home_town": "Wells"})["metrics"][
        "false_positive_rate"
    ]
    assert rows["Home town, false positive rate: Wells"][1:3] == (f"{wells['n']}", f"{wells['value']:.1%}")
    hollow = [e for e in drawn(chart).iter(f"{SVG}circle") if "hollow" in e.attrib["class"]]
    assert len(hollow) == 2  # Wells has too few rows of either label


def test_what_ifs_say_that_they_are_no_evidence() -> None:
    charts = charts_for(measured("binary_classification"), "fairness", "binary_classification")
    what_ifs = [chart for chart in charts if chart.title.startswith("What if")]
    assert len(what_ifs) == 2
    assert all("not evidence; no check looks at it" in chart.note for chart in what_ifs)
    assert {row[0] for row in what_ifs[0].table.rows} == {"one threshold", "in use", "by group", "optimizer"}


def test_the_roc_chart_marks_where_the_model_decides() -> None:
    chart = charts_for(BINARY, "performance", "binary_classification")[0]
    assert chart.title == "Separates positives from the rest, AUC 0.812"
    assert {"cut-off 0.5", "FPR 0.10 · TPR 0.50"} <= set(words(chart))
    assert "AUC 0.812 [0.801, 0.823]" in chart.note


def test_a_cut_off_at_the_right_edge_keeps_its_label_inside() -> None:
    result = copy.deepcopy(BINARY)
    result["curves"]["roc"]["cutoff"] = {"threshold": None, "fpr": 0.95, "tpr": 0.99}
    chart = charts_for(result, "performance", "binary_classification")[0]
    label = next(e for e in drawn(chart).iter(f"{SVG}text") if e.text == "decides here")
    assert label.attrib["text-anchor"] == "end" and float(label.attrib["x"]) < 380


def test_the_calibration_chart_names_the_largest_gap() -> None:
    chart = charts_for(BINARY, "performance", "binary_classification")[1]
    assert chart.title == "Predicted and observed rates, calibration error 0.025"
    assert "Largest gap: 30.0% predicted, 36.0% observed, n 100." in chart.note


def test_slices_name_the_weakest_group() -> None:
    chart = charts_for(BINARY, "performance", "binary_classification")[2]
    assert chart.title == "AUC by group"
    assert chart.note.startswith("Lowest: m, 0.700 [0.600, 0.800], n 80.")
    assert "not defined here" in words(chart)


def test_explanations_are_in_one_order_and_say_the_direction() -> None:
    bars, swarm, *_ = charts_for(EXPLAINED, "explainability", "binary_classification")
    assert [word for word in words(bars) if word in {"income", "debt", "job"}] == ["income", "debt", "job"]
    assert [row[0] for row in swarm.table.rows] == ["income", "debt", "job"]
    assert "Higher values raise the output: income. Higher values lower the output: debt." in swarm.note
    grey = [e for e in drawn(swarm).iter(f"{SVG}g") if e.attrib["class"] == "f2"]
    assert len(grey) == 1 and len(grey[0]) == 3


def test_the_confusion_matrix_names_what_is_confused_most() -> None:
    chart = charts_for(CLASSES, "performance", "multiclass_classification")[0]
    assert chart.title == "Most often confused: fox taken for cat"
    assert "23 of 28 rows are right. 4 rows of class fox are taken for cat." in chart.note


def test_a_perfect_classifier_confuses_nothing() -> None:
    perfect = {**CLASSES, "curves": {"confusion": {"labels": ["a", "b"], "counts": [[3, 0], [0, 4]]}}}
    assert (
        charts_for(perfect, "performance", "multiclass_classification")[0].title
        == "No class is taken for another"
    )


def test_a_regression_says_how_far_off_it_is() -> None:
    close, errors = charts_for(NUMBERS, "performance", "regression")
    assert close.title == "Predicted against actual, R² 0.490"
    assert errors.title == "Off by 41.3 on average"
    assert "−40" in words(errors)


@pytest.mark.parametrize("kind", ["performance", "fairness", "explainability", "unheard-of"])
def test_a_result_without_data_has_no_charts(kind: str) -> None:
    assert charts_for({}, kind, "binary_classification") == []
    assert (
        charts_for({"overall": {}, "groups": [], "curves": {}, "explanations": {}}, kind, "regression") == []
    )


def test_a_sparkline_ends_in_the_newest_value() -> None:
    picture = sparkline([0.7, 0.72, 0.69], label="AUC, six runs", prefix="s1")
    root = ElementTree.fromstring(picture)
    assert root.find(f"{SVG}desc").text == "From 0.700 to 0.690 over 3 runs."  # type: ignore[union-attr]
    assert sparkline([0.7], label="AUC", prefix="s2") == ""
    assert "nan" not in sparkline([0.5, 0.5], label="AUC", prefix="s3")


def test_drawing_needs_no_numerical_library() -> None:
    code = "import sys, evaluations.charts; print(sorted({'numpy', 'pandas', 'django', 'sklearn'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_effects_share_one_scale_and_values_without_order_are_sorted() -> None:
    chart = charts_for(EXPLAINED, "explainability", "binary_classification")[3]
    said = words(chart)
    assert said.index("clerk") < said.index("cook")  # the higher effect first
    assert "income moves the output most: by 1.40 log-odds" in chart.note
    assert ("income", "25,000", "0.90", "0.70 to 1.10") in [tuple(row) for row in chart.table.rows]


def test_a_column_whose_shuffling_helps_reaches_below_zero() -> None:
    chart = charts_for(EXPLAINED, "explainability", "binary_classification")[2]
    assert "Without income, AUC falls by 0.12 from 0.81." in chart.note
    assert ("job", "−0.010", "−0.030 to 0.010") in [tuple(row) for row in chart.table.rows]


def test_the_waterfall_ends_at_the_output_with_the_small_parts_together() -> None:
    (chart,) = charts_for(RECORD, "local_explanation", "binary_classification")
    said = words(chart)
    assert "3 other features" in said and "part0 = held back" in said
    assert "average −1.20" in said and "this record 0.40" in said
    assert len(chart.table.rows) == 12
