"""What changed between two versions: the page, the API, and the rules behind them."""

from collections.abc import Callable
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from governance.portfolio.comparing import Comparison, compare
from governance.portfolio.comparing.data import told
from governance.portfolio.comparing.parts import differences, requirements
from governance.portfolio.comparing.values import Figure, Measured, Part
from registry.about import About
from registry.actions import register_upload
from registry.models import Dataset, DatasetRole, ModelVersion, RegisteredModel
from tests.builders import GOOD, a_card, a_dataset, a_file, a_measurement, a_model, a_version
from tests.conftest import AT, actor_of_user

pytestmark = pytest.mark.django_db
PAGE = "/models/credit-default/compare/"
CALL = "/api/v1/models/credit-default/compare"
BETTER = {"roc_auc": {"value": 0.9, "low": 0.87, "high": 0.93, "n": 400}}
ROWS = "age,credit\n" + "\n".join(f"{20 + n},{'good' if n % 3 else 'bad'}" for n in range(30))


@pytest.fixture
def model(cast: SimpleNamespace) -> RegisteredModel:
    return a_model(cast)


@pytest.fixture
def register(cast: SimpleNamespace, model: RegisteredModel) -> Callable[..., ModelVersion]:
    def register(version: str, files: dict[str, str], **about: Any) -> ModelVersion:
        return register_upload(
            model=model,
            version=version,
            files=[(name, BytesIO(text.encode())) for name, text in files.items()],
            registrant=cast.dev,
            about=About(**about),
            actor=actor_of_user(cast.dev),
            at=AT,
        )

    return register


@pytest.fixture
def pair(cast: SimpleNamespace, register: Callable[..., ModelVersion]) -> tuple[ModelVersion, ModelVersion]:
    """Two versions that differ in everything that is compared."""
    older = {"role": DatasetRole.TRAINING, "sensitive": []}
    first = a_dataset(cast, "loans", **older)
    second = a_dataset(cast, "loans", version="2", file=a_file(ROWS.encode(), "loans.csv"), **older)
    test = a_dataset(cast)
    then = register(
        "1",
        {
            "model.skops": "one",
            "README.md": "same",
            "old.txt": "moved",
            "requirements.txt": "numpy==1.26\nscipy",
        },
        trained_on=first,
        evaluated_on=[test],
        hyperparameters={"max_depth": 6, "eta": 0.1, "seed": 1},
        training_metrics={"auc": 0.80},
        python_version="3.10.1",
    )
    now = register(
        "2",
        {
            "model.skops": "two",
            "README.md": "same",
            "new.txt": "moved",
            "requirements.txt": "NumPy==2.1\npandas>=2",
        },
        trained_on=second,
        evaluated_on=[test],
        hyperparameters={"max_depth": 8, "eta": 0.1, "seed": 2},
        training_metrics={"auc": 0.83},
        python_version="3.11.7",
        parent=then,
    )
    a_card(cast, then, caveats="It was tried on loans under 10,000 only, and nowhere else at all.")
    a_card(cast, now, caveats="It was tried on loans under 20,000 only, and nowhere else at all.")
    a_measurement(cast, then, test, "performance", GOOD)
    a_measurement(cast, now, test, "performance", BETTER)
    return then, now


def part(found: Comparison, id: str) -> Part:
    return next(part for part in found.parts if part.id == id)


def test_every_part_says_what_changed(pair: tuple[ModelVersion, ModelVersion]) -> None:
    found = compare(*pair)

    settings = part(found, "hyperparameters")
    assert [(row.name, row.then, row.now) for row in settings.rows] == [
        ("max_depth", "6", "8"),
        ("seed", "1", "2"),
    ]
    assert settings.same == 1
    pins = {row.name: (row.then, row.now, row.note) for row in part(found, "requirements").rows}
    assert pins == {
        "numpy": ("==1.26", "==2.1", "newer, another major version"),
        "scipy": ("any version", "", ""),
        "pandas": ("", ">=2", ""),
    }
    facts = {row.name: (row.then, row.now) for row in part(found, "facts").rows}
    assert facts["Random seed"] == ("1", "2")
    assert facts["Python"] == ("3.10.1", "3.11.7")
    assert facts["Made from"] == ("", "version 1")
    files = {row.name: (row.kind, row.note) for row in part(found, "files").rows}
    assert files["model.skops"] == ("changed", "")
    assert files["old.txt"] == ("removed", "")
    assert files["new.txt"] == ("added", "the bytes of old.txt")
    assert "README.md" not in files


def test_data_says_what_is_in_another_version_of_the_table(pair: tuple[ModelVersion, ModelVersion]) -> None:
    (row,) = part(compare(*pair), "data").rows

    assert (row.then, row.now) == ("loans@1, 60 rows", "loans@2, 30 rows")
    assert row.note == "other bytes; \u221230 rows (\u221250%); columns removed: amount, sex"


def test_figures_stand_side_by_side_with_their_intervals(pair: tuple[ModelVersion, ModelVersion]) -> None:
    performance, training = compare(*pair).figures

    (auc,) = performance.rows
    assert (auc.label, auc.then.value, auc.now.value, auc.intervals) == ("AUC", 0.81, 0.9, "apart")
    assert auc.difference == pytest.approx(0.09)
    assert "<svg" in auc.picture
    assert performance.comparable
    assert training.rows[0].difference == pytest.approx(0.03)


def test_figures_on_different_data_are_said_to_be(
    cast: SimpleNamespace, register: Callable[..., ModelVersion]
) -> None:
    then, now = register("1", {"a": "1"}), register("2", {"a": "2"})
    a_measurement(cast, then, a_dataset(cast), "performance", GOOD)
    other = a_dataset(cast, "loans-june", file=a_file(ROWS.encode(), "j.csv"), sensitive=[])
    a_measurement(cast, now, other, "performance", BETTER)

    (performance,) = compare(then, now).figures

    assert not performance.comparable
    assert performance.note.startswith("Measured on different data")


def test_the_card_is_compared_word_by_word(pair: tuple[ModelVersion, ModelVersion]) -> None:
    (caveats,) = compare(*pair).card

    assert caveats.id == "caveats"
    assert [piece.text for piece in caveats.pieces if piece.kind != "same"] == ["10", "20"]


def test_a_version_against_itself_differs_in_nothing(pair: tuple[ModelVersion, ModelVersion]) -> None:
    found = compare(pair[0], pair[0])

    assert found.is_empty
    assert {"hyperparameters", "requirements", "files", "data", "card"} <= set(found.unchanged)


def test_comparing_takes_a_fixed_number_of_queries(
    pair: tuple[ModelVersion, ModelVersion], django_assert_max_num_queries: Any
) -> None:
    versions = list(ModelVersion.objects.select_related("parent", "trained_on", "registered_by", "model"))

    with django_assert_max_num_queries(8):
        compare(versions[0], versions[1])


def test_the_page_shows_the_newest_against_what_it_was_made_from(
    pair: tuple[ModelVersion, ModelVersion], client_of: Callable[..., Client], cast: SimpleNamespace
) -> None:
    page = client_of(cast.aud).get(PAGE)
    html = page.content.decode()

    assert (page.context["from_name"], page.context["to_name"]) == ("1", "2")
    for words in (
        "max_depth",
        "numpy",
        "Python",
        "the bytes of old.txt",
        "<ins>20</ins>",
        "apart",
        "1 other unchanged",
    ):
        assert words in html


def test_the_page_takes_any_two_versions_in_any_order(
    pair: tuple[ModelVersion, ModelVersion], client_of: Callable[..., Client], cast: SimpleNamespace
) -> None:
    client = client_of(cast.aud)

    assert client.get(PAGE, {"from": "2", "to": "1"}).context["found"].parts
    assert "same version" in client.get(PAGE, {"from": "2", "to": "2"}).content.decode()
    assert client.get(PAGE, {"from": "2", "to": "9"}).status_code == 404


def test_a_model_with_one_version_has_nothing_to_compare(
    cast: SimpleNamespace, model: RegisteredModel, client_of: Callable[..., Client]
) -> None:
    a_version(cast, model)
    page = client_of(cast.aud).get(PAGE)

    assert page.status_code == 200
    assert "nothing to compare yet" in page.content.decode()


def test_hostile_names_and_values_stay_text(
    register: Callable[..., ModelVersion], client_of: Callable[..., Client], cast: SimpleNamespace
) -> None:
    register("1", {"a": "1"}, hyperparameters={"<script>": "</td><script>alert(1)</script>"})
    register("2", {"<img src=x>.txt": "2"}, training_metrics={"<b>": 1.0})

    html = client_of(cast.aud).get(PAGE).content.decode()

    assert "<script>alert" not in html
    assert "<img src=x>" not in html
    assert "&lt;b&gt;" in html


def test_the_version_and_the_model_lead_there(
    pair: tuple[ModelVersion, ModelVersion], client_of: Callable[..., Client], cast: SimpleNamespace
) -> None:
    client = client_of(cast.aud)

    assert f'href="{PAGE}"' in client.get("/models/credit-default/").content.decode()
    assert (
        f'href="{PAGE}?from=1&amp;to=2"' in client.get("/models/credit-default/versions/2/").content.decode()
    )


def test_a_pipeline_reads_the_same(
    pair: tuple[ModelVersion, ModelVersion], api: Callable[..., Client]
) -> None:
    answer = api("registry:read").get(CALL, {"from": "1", "to": "2"}).json()

    assert (answer["model"], answer["then"], answer["now"]) == ("credit-default", "1", "2")
    assert answer["figures"][0]["rows"][0]["intervals"] == "apart"
    settings = next(part for part in answer["parts"] if part["id"] == "hyperparameters")
    assert settings["changes"][0] == {
        "name": "max_depth",
        "kind": "changed",
        "then": "6",
        "now": "8",
        "note": "",
    }
    assert answer["card"][0]["section"] == "caveats"


@pytest.mark.parametrize(("asked", "status"), [({"from": "1"}, 400), ({"from": "1", "to": "9"}, 404)])
def test_a_pipeline_must_name_two_versions(
    pair: tuple[ModelVersion, ModelVersion], api: Callable[..., Client], asked: dict[str, str], status: int
) -> None:
    assert api("registry:read").get(CALL, asked).status_code == status


def a_table(columns: list[tuple[str, str]], rows: int) -> Dataset:
    named = [{"name": name, "type": kind} for name, kind in columns]
    return Dataset(name="t", digest=str(columns), rows=rows, columns=named, sensitive=[], label="")


def test_a_column_of_another_type_is_named() -> None:
    changes = told(a_table([("age", "integer")], 10), a_table([("age", "text"), ("sex", "text")], 12))

    assert changes == [
        "other bytes",
        "+2 rows (+20%)",
        "columns added: sex",
        "types changed: age from integer to text",
    ]


@pytest.mark.parametrize(
    ("then", "now", "intervals"),
    [
        (Measured(1, 0, 2), Measured(3, 2, 4), "overlap"),
        (Measured(1, 0, 2), Measured(3, 2.1, 4), "apart"),
        (Measured(3, 2.1, 4), Measured(1, 0, 2), "apart"),
        (Measured(1, 0, 9), Measured(3, 2, 4), "overlap"),
        (Measured(1), Measured(3, 2, 4), ""),
        (Measured(), Measured(3, 2, 4), ""),
    ],
)
def test_intervals_overlap_when_they_share_a_value(then: Measured, now: Measured, intervals: str) -> None:
    assert Figure("m", "M", then, now).intervals == intervals


values = st.dictionaries(st.text(max_size=3), st.text(min_size=1, max_size=3))


@given(values, values)
def test_every_name_is_either_told_or_counted_as_the_same(then: dict[str, str], now: dict[str, str]) -> None:
    rows, same = differences(then, now)

    assert len(rows) + same == len(then.keys() | now.keys())
    assert {row.name for row in rows} == {
        name for name in then.keys() | now.keys() if then.get(name) != now.get(name)
    }
    back, _ = differences(now, then)
    assert {(row.name, row.then, row.now) for row in rows} == {(row.name, row.now, row.then) for row in back}


@given(
    st.lists(
        st.sampled_from(["numpy==1", "NumPy==1.0", "numpy", "a[b]>1", "a @ https://x.example/a.zip", "???"])
    )
)
def test_requirements_never_differ_from_themselves(lines: list[str]) -> None:
    assert requirements(lines, lines).rows == []


def test_what_only_one_of_them_has_is_told_in_a_line(
    cast: SimpleNamespace, register: Callable[..., ModelVersion]
) -> None:
    then, now = register("1", {"a": "1"}), register("2", {"a": "2"})
    run = a_measurement(cast, then, a_dataset(cast), "performance", GOOD)
    a_card(cast, now)

    found = compare(then, now)

    assert [(row.name, row.then, row.now) for row in part(found, "one-sided").rows] == [
        ("Performance on loans-test@1", f"run {run.pk}", ""),
        ("Card", "", "revision 1 by Dev Menon"),
    ]
    assert (found.figures, found.card) == ([], [])
