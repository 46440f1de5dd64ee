"""A card names measured values; what it shows follows the runs, and what was never measured is said loudly."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from governance.templatetags.prose import prose
from registry.drafts import draft_sections
from registry.measures import Measure, Measures, measures_of, references, replaced, written
from registry.models import ModelVersion, RegisteredModel
from riskreview.judgement import judge_version
from tests.builders import FAIR, GOOD, a_card, a_dataset, a_measurement, a_version, active_policy
from tests.conftest import AT

ClientOf = Callable[[User], Client]
CARD = "/models/credit-default/versions/1/card/"


def measure(name: str, value: float | None = 0.81, **changes: object) -> Measure:
    facts: dict[str, object] = {
        "kind": "performance", "kind_label": "Performance", "dataset": "loans", "on": "loans@1", "label": name,
        "low": 0.78, "high": 0.84, "n": 400, "run": 12, "href": "/evaluations/12/",
    }  # fmt: skip
    return Measure(name=name, value=value, **(facts | changes))  # type: ignore[arg-type]


@pytest.fixture
def version(cast: SimpleNamespace, model: RegisteredModel) -> ModelVersion:
    return a_version(cast, model)


@pytest.mark.parametrize(
    ("token", "text"),
    [
        ("{{ performance.roc_auc }}", "0.810 [0.780, 0.840]"),
        ("{{performance.roc_auc}}", "0.810 [0.780, 0.840]"),
        ("{{ performance.roc_auc.value }}", "0.810"),
        ("{{ performance.roc_auc.low }}", "0.780"),
        ("{{ performance.roc_auc.high }}", "0.840"),
        ("{{ performance.roc_auc.n }}", "400"),
        ("{{ performance@loans.roc_auc }}", "0.810 [0.780, 0.840]"),
        ("{{ performance.rows }}", "1,200"),
    ],
)
def test_a_reference_stands_for_value_bounds_and_run(token: str, text: str) -> None:
    found = Measures((measure("roc_auc"), measure("rows", 1200.0, low=None, high=None)))

    resolved = found.resolve(token)

    assert (resolved.text, resolved.problem) == (text, "")
    assert resolved.note == "n 400, run 12"


@pytest.mark.parametrize(
    ("token", "problem"),
    [
        ("{{ fairness.ratio }}", "no fairness run has finished on test data"),
        ("{{ performance.f1 }}", "no performance run on test data gave f1"),
        ("{{ performance@other.roc_auc }}", "no performance run has finished on other"),
        ("{{ performance.none }}", "run 12 could not compute it"),
        ("{{ performance.roc_auc.median }}", "there is no part median; there are value, low, high, n"),
        ("{{ performance }}", "not a reference to a measured value"),
        ("{{ 7*7 }}", "not a reference to a measured value"),
        ("{{ settings.SECRET_KEY }}", "no settings run has finished on test data"),
    ],
)
def test_what_was_not_measured_says_so(token: str, problem: str) -> None:
    found = Measures((measure("roc_auc"), measure("none", None)))

    resolved = found.resolve(token)

    assert (resolved.text, resolved.problem) == ("", problem)
    shown = prose(f"Here: {token}.", found)
    assert '<span class="cs-unmeasured"><strong>Not measured</strong>' in shown
    assert resolved.plain.startswith("NOT MEASURED")


def test_the_newest_run_on_test_data_counts_and_never_an_older_one() -> None:
    newest = measure("accuracy", 0.7, run=14)
    training = measure("roc_auc", 0.99, run=13, dataset="train", on_test_data=False)
    old = measure("roc_auc", 0.81, run=12)
    found = Measures((newest, training, old))

    assert (
        found.resolve("{{ performance.roc_auc }}").problem == "no performance run on test data gave roc_auc"
    )
    assert found.resolve("{{ performance@train.roc_auc }}").text.startswith("0.990")
    assert [token for token, _ in found.to_insert] == [
        "{{ performance@train.roc_auc }}",
        "{{ performance.accuracy }}",
    ]


def test_references_in_code_are_words() -> None:
    text = "`{{ a.b }}` and ``{{ c.d }} ` `` and {{ e.f }}\n```\n{{ g.h }}\n```\n~~~\n{{ i.j }}"

    assert references(text) == ["{{ e.f }}"]
    assert replaced(text, lambda token: "X") == text.replace("{{ e.f }}", "X")
    assert "<code>{{ a.b }}</code>" in prose(text, Measures())


def test_a_text_without_measures_keeps_its_braces() -> None:
    assert "{{ performance.roc_auc }}" in prose("AUC {{ performance.roc_auc }}")


def test_a_reference_inside_a_link_or_a_table_keeps_the_page_whole() -> None:
    found = Measures((measure("roc_auc"),))

    linked = prose("[AUC {{ performance.roc_auc }}](https://x.example)", found)
    table = prose("| AUC |\n| --- |\n| {{ performance.roc_auc }} |", found)

    assert linked.count("<a ") == 1
    assert '<td><span class="cs-measured">0.810' in table
    assert '<a href="/evaluations/12/"' in table


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_can_be_written(value: float) -> None:
    assert written(value)


@given(st.text(alphabet="{}`~.@ ab\n|_<>*[]()", max_size=60))
def test_replacing_nothing_changes_nothing(text: str) -> None:
    assert replaced(text, lambda token: token) == text
    assert prose(text, Measures()) is not None


def test_a_new_run_changes_what_the_card_shows_but_not_the_card(
    cast: SimpleNamespace, version: ModelVersion, client_of: ClientOf
) -> None:
    active_policy(cast)
    dataset = a_dataset(cast)
    first = a_measurement(cast, version, dataset, "performance", GOOD)
    card = a_card(cast, version, quantitative_analysis="The AUC is {{ performance.roc_auc }}, as measured.")
    client = client_of(cast.ada)
    assert f">n 400, run {first.pk}</a>" in client.get(CARD).content.decode()
    before = judge_version(version, "production", at=AT).components

    better = {"roc_auc": {"value": 0.9, "low": 0.88, "high": 0.92, "n": 400}}
    second = a_measurement(cast, version, dataset, "performance", better)

    page = client.get(CARD).content.decode()
    assert "0.900 [0.880, 0.920]" in page
    assert f'<a href="/evaluations/{second.pk}/"' in page
    assert "0.810" not in page
    after = judge_version(version, "production", at=AT).components
    assert (after["card"], card.digest) == (before["card"], version.cards.get().digest)
    assert after["evaluation.performance"] != before["evaluation.performance"]


def test_the_page_counts_what_was_not_measured(
    cast: SimpleNamespace, version: ModelVersion, client_of: ClientOf
) -> None:
    a_card(cast, version, metrics="The AUC is {{ performance.roc_auc }} and {{ nothing }} and more.")

    page = client_of(cast.ada).get(CARD).content.decode()

    assert "2 values not measured" in page
    assert "no performance run has finished on test data" in page


def test_a_first_draft_names_values_and_data(
    cast: SimpleNamespace, version: ModelVersion, client_of: ClientOf
) -> None:
    dataset = a_dataset(cast)
    a_measurement(cast, version, dataset, "performance", GOOD)
    a_measurement(cast, version, dataset, "fairness", FAIR)

    draft = draft_sections(version, measures_of(version))

    assert "| AUC | {{ performance.roc_auc }} |" in draft["quantitative_analysis"]
    assert draft["factors"] == "Examined by group: sex."
    assert "loans-test@1: 60 rows" in draft["evaluation_data"]
    assert "- Fairness: Lowest selection ratio" in draft["metrics"]
    page = client_of(cast.dev).get(f"{CARD}edit/").content.decode()
    assert "from the file" in page
    assert 'data-token="{{ performance.roc_auc }}"' in page


def test_a_draft_tells_what_the_profile_of_the_data_says_but_no_confidential_value(
    cast: SimpleNamespace, version: ModelVersion
) -> None:
    dataset = a_dataset(cast, "loans-train", role="training")
    dataset.profile = {
        "rows": 60,
        "columns": [{"name": "age", "missing": 3}, {"name": "sex", "missing": 0}],
        "balance": [{"value": "good", "count": 40}, {"value": "bad", "count": 20}],
        "groups": {"sex": [{"value": "f", "count": 30}, {"value": "m", "count": 30}]},
    }
    dataset.confidential = ["sex"]
    version.trained_on = dataset

    text = draft_sections(version, Measures())["training_data"]

    assert "Rows by credit: good 66.7%, bad 33.3%." in text
    assert "Missing values: age 3." in text
    assert "50.0%" not in text
