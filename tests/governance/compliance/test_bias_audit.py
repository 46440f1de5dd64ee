"""The bias audit of Local Law 144: its figures are those of the city's own example, and people record who did it."""

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from scipy.stats.contingency import relative_risk

from accounts.models import User
from audit.agreement import compare_rows
from audit.models import Event
from evaluations.actions import request_evaluation, succeed_evaluation
from evaluations.jobs import claim
from evaluations.models import EvaluationRun
from governance.compliance.bias_audit.table import Count, audit_table
from registry.models import ModelVersion
from tests import builders
from tests.conftest import AT, actor_of_user

ClientOf = Callable[[User], Client]
ORACLES = json.loads((Path(__file__).parents[2] / "evaluations" / "oracles.json").read_text())["cases"]
EXAMPLE = next(case for case in ORACLES if case["id"] == "ll144_selection_race")
REASON = "Long enough to stand in the record."
PEOPLE = [
    *(("f", "White", 300, 120), ("f", "Black", 200, 60), ("f", "Islander", 8, 4)),
    *(("m", "White", 300, 150), ("m", "Black", 180, 72), ("m", "Islander", 6, 3)),
    ("m", "Not stated", 6, 2),
]
"""Sex, race, people, selected."""


def group(by: dict[str, str], n: int, hits: int) -> dict[str, Any]:
    rate = {"value": round(hits / n, 10), "low": None, "high": None, "n": n}
    return {"by": by, "n": n, "metrics": {"selection_rate": rate}, "reference": False, "too_few": False}


def a_result(*, race: bool = True) -> dict[str, Any]:
    """As a fairness run of a classification gives it."""
    columns = [("sex", 0), ("race", 1)][: 2 if race else 1]
    groups = []
    for name, place in columns:
        for value in dict.fromkeys(str(row[place]) for row in PEOPLE):
            rows = [row for row in PEOPLE if row[place] == value]
            groups.append(group({name: value}, sum(row[2] for row in rows), sum(row[3] for row in rows)))
    if race:
        groups += [group({"sex": sex, "race": one}, n, hits) for sex, one, n, hits in PEOPLE]
    table = {
        "id": "scoring_ratios",
        "title": "Scoring",
        "note": "",
        "columns": [],
        "rows": [
            [" and ".join(row["by"]), " · ".join(row["by"].values()), row["n"], 0.1, 0.5, 1.0, None, ""]
            for row in groups
        ],
    }
    overall = {"selection_rate_ratio": {"value": 0.8, "low": None, "high": None, "n": 1000}}
    return {"overall": overall, "groups": groups, "tables": [table], "curves": {"median_score": 0.41}}


def a_run(cast: SimpleNamespace, version: ModelVersion, result: dict[str, Any]) -> EvaluationRun:
    dataset = version.evaluations.filter(kind="fairness")[0].dataset
    dev = actor_of_user(cast.dev)
    run = request_evaluation(
        version=version, dataset=dataset, kind="fairness", config={}, requester=cast.dev, actor=dev, at=AT
    )
    claimed = claim(EvaluationRun, run.pk, at=AT)
    assert claimed is not None
    assert succeed_evaluation(run=claimed, result=result, provenance={}, at=AT)
    run.refresh_from_db()
    return run


@pytest.fixture
def run(cast: SimpleNamespace, version: ModelVersion) -> EvaluationRun:
    """A fairness run by sex and race of a thousand people."""
    return a_run(cast, version, a_result())


def said(**changes: Any) -> dict[str, Any]:
    today = timezone.now().date()
    return {
        "rate": "selection",
        "auditor": "Northgate Assurance LLP",
        "independence": REASON,
        "audited_on": (today - timedelta(days=20)).isoformat(),
        "distributed_on": (today - timedelta(days=400)).isoformat(),
        "data_kind": "historical",
        "data_source": REASON,
        "data_until": (today - timedelta(days=60)).isoformat(),
        "leave_out_small": "on",
        "left_out_reason": REASON,
        "sex-0": "Female",
        "sex-1": "Male",
        "race-0": "White",
        "race-1": "Black or African American",
        "race-2": "Native Hawaiian or Pacific Islander",
        "race-3": "",
    } | changes


def test_ratios_are_those_of_the_citys_example() -> None:
    rows = EXAMPLE["inputs"]
    counts = [Count((row["category"],), row["applicants"], row["selected"]) for row in rows]
    same = {row["category"]: row["category"] for row in rows}
    total = sum(row["applicants"] for row in rows)
    lines = {line.category: line for line in audit_table("race", counts, [same], total=total).lines}
    for row in EXAMPLE["expected"]:
        found = lines[row["category"]]
        assert found.rate * 100 == pytest.approx(row["selection_rate_percent"], abs=0.5)
        assert found.ratio == pytest.approx(row["impact_ratio"], abs=EXAMPLE["tolerance"]["impact_ratio"])
    assert [name for name, line in lines.items() if line.small] == ["Native American or Alaska Native"]


def test_intervals_of_the_ratios_are_those_of_another_program() -> None:
    rows = EXAMPLE["inputs"]
    counts = [Count((row["category"],), row["applicants"], row["selected"]) for row in rows]
    same = {row["category"]: row["category"] for row in rows}
    table = audit_table("race", counts, [same], total=sum(row["applicants"] for row in rows))
    highest = next(line for line in table.lines if line.ratio == 1)
    assert (highest.low, highest.high) == (None, None)
    others = [line for line in table.lines if line is not highest]
    for line in others:
        theirs = relative_risk(line.hits, line.n, highest.hits, highest.n).confidence_interval(0.95)
        assert (line.low, line.high) == pytest.approx((theirs.low, theirs.high), rel=1e-9)
        assert line.low is not None and line.ratio is not None and line.low < line.ratio
    assert len(others) == len(rows) - 1


def test_nobody_selected_gives_an_interval_that_begins_at_nothing() -> None:
    counts = [Count(("f",), 40, 0), Count(("m",), 60, 30)]
    female = next(
        line
        for line in audit_table("sex", counts, [{"f": "Female", "m": "Male"}], total=100).lines
        if line.category == "Female"
    )
    assert (female.ratio, female.low) == (0.0, 0.0) and female.high is not None and 0 < female.high < 1


def test_what_is_left_out_keeps_its_rate_and_sets_no_reference() -> None:
    counts = [Count(("a",), 500, 200), Count(("b",), 495, 99), Count(("c",), 5, 5), Count(("?",), 0, 0)]
    known = {"a": "White", "b": "Asian", "c": "Two or More Races", "?": ""}
    every = audit_table("race", counts, [known], total=1000)
    assert [round(line.ratio or 0, 3) for line in every.lines] == [0.4, 0.2, 1.0]
    skipped = audit_table("race", counts, [known], total=1000, left_out=["Two or More Races", "Asian"])
    assert [(line.category, line.ratio, line.rate) for line in skipped.lines] == [
        ("White", 1.0, 0.4),
        ("Asian", 0.5, 0.2),  # not under 2%, so it stays
        ("Two or More Races", None, 1.0),
    ]
    nobody = audit_table("sex", [Count(("f",), 9, 0)], [{"f": "Female"}], total=10)
    assert (nobody.unknown, nobody.lines[0].ratio) == (1, None)


def test_without_a_record_it_is_a_draft_that_says_what_is_missing(
    cast: SimpleNamespace, run: EvaluationRun, client_of: ClientOf
) -> None:
    page = f"/models/{run.version.model.slug}/bias-audit/"
    facts = json.loads(client_of(cast.aud).get(page, {"as": "json"}).content)
    assert facts["recorded"] is None and [table["by"] for table in facts["tables"]] == ["sex", "race", "both"]
    missing = " ".join(facts["missing"])
    assert "Nobody recorded an audit" in missing and "unknown race and ethnicity: Islander" in missing
    assert facts["tables"][1]["unknown"] == 20 and facts["people"] == 1000
    a_run(cast, run.version, a_result(race=False))
    text = client_of(cast.aud).get(page).content.decode()
    assert "holds race and ethnicity: people were grouped by sex" in text and "Draft." in text


def test_an_audit_is_recorded_taken_along_and_withdrawn(
    cast: SimpleNamespace, run: EvaluationRun, client_of: ClientOf, api: Callable[..., Client]
) -> None:
    carl, model = client_of(cast.carl), run.version.model
    page = f"/models/{model.slug}/bias-audit/"
    assert carl.get(f"{page}new/").status_code == 200
    refused = [
        said(auditor=" "),
        said(left_out_reason=""),
        said(data_until=timezone.now().date().isoformat()),
        said(audited_on=(timezone.now().date() + timedelta(days=2)).isoformat()),
        said(**{"race-0": "Martian"}),
    ]
    assert [carl.post(f"{page}new/", given).status_code for given in refused] == [400] * 5
    assert not Event.objects.filter(verb="bias_audit.recorded").exists()
    assert carl.post(f"{page}new/", said()).status_code == 302
    rows = list(csv.DictReader(io.StringIO(carl.get(page, {"as": "csv"}).content.decode())))
    sexes = {row["category"]: row for row in rows if row["by"] == "sex"}
    assert sexes["Female"]["people"] == "508" and sexes["Female"]["counted"] == "184"
    assert float(sexes["Female"]["impact_ratio"]) == pytest.approx((184 / 508) / (227 / 492))
    both = {row["category"]: row for row in rows if row["by"] == "both"}
    assert both["Female · Native Hawaiian or Pacific Islander"]["left_out"] == "yes"
    assert both["Male · White"]["impact_ratio"] == "1.0000000000"
    assert both["Male · White"]["impact_ratio_low"] == ""
    assert float(sexes["Female"]["impact_ratio_low"]) < 0.785 < float(sexes["Female"]["impact_ratio_high"])
    assert {row["unknown_in_table"] for row in rows if row["by"] != "sex"} == {"6"}
    assert "Northgate Assurance LLP" in carl.get(page).content.decode()
    answer = api().get(f"/api/v1/models/{model.slug}/bias-audit").json()
    assert answer["recorded"]["auditor"] == "Northgate Assurance LLP" and answer["median_score"] is None
    female = next(line for line in answer["tables"][0]["categories"] if line["category"] == "Female")
    assert f"{female['low']:.10f}" == sexes["Female"]["impact_ratio_low"]
    assert f"{female['low']:.3f} to {female['high']:.3f}" in carl.get(page).content.decode()
    pk = model.bias_audits.get().pk
    assert carl.post(f"{page}{pk}/withdraw/", {"reason": REASON}).status_code == 302
    assert "withdrawn" in carl.get(page, {"audit": pk}).content.decode()
    assert [one.text for one in compare_rows().told if one.row.startswith("compliance.")] == []
    verbs = set(Event.objects.filter(subject=f"{model.ref}/bias-audit:{pk}").values_list("verb", flat=True))
    assert verbs == {"bias_audit.recorded", "bias_audit.withdrawn", "document.downloaded"}


def test_a_tool_that_scores_is_told_by_its_scoring_rates(
    cast: SimpleNamespace, run: EvaluationRun, client_of: ClientOf
) -> None:
    carl, page = client_of(cast.carl), f"/models/{run.version.model.slug}/bias-audit/"
    assert carl.post(f"{page}new/", said(rate="scoring")).status_code == 302
    facts = json.loads(carl.get(page, {"as": "json"}).content)
    assert facts["median_score"] == 0.41
    assert {line["rate"] for line in facts["tables"][0]["categories"]} == {0.5}


def test_without_a_fairness_run_nothing_is_pretended(cast: SimpleNamespace, client_of: ClientOf) -> None:
    model = builders.a_model(cast, "bare")
    assert "No fairness run" in client_of(cast.aud).get(f"/models/{model.slug}/bias-audit/").content.decode()
    assert client_of(cast.carl).get(f"/models/{model.slug}/bias-audit/new/").status_code == 409
