"""What a data set asks of its rows, who may see them, and what changed since the version before."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from accounts.refusals import Invalid
from audit.models import Event
from registry.actions import register_dataset
from registry.models import Dataset
from registry.schemas import read_schema
from tests.conftest import AT, actor_of_user
from tests.registry.conftest import Verbs

ROWS = "name,age,sex,credit\nZoe Q,31,f,good\nYan P,44,m,bad\nXia O,52,f,good\n"
SECRETS = ("Zoe Q", "Yan P", "Xia O")
SCHEMA = """
columns:
  name: {type: text, regex: "[A-Z][a-z]+ [A-Z]", unique: true}
  age: {type: integer, nullable: false, min: 18, max: 50}
  sex: {type: text, allowed: [f, m]}
"""
WARNING = f"on_failure: warn\n{SCHEMA}"


def register(cast: SimpleNamespace, body: str = ROWS, **changes: Any) -> Dataset:
    given: dict[str, Any] = {
        "name": "people",
        "version": "1",
        "role": "test",
        "file": ContentFile(body.encode(), name="people.csv"),
        "label": "credit",
        "positive": "good",
        "sensitive": ["sex"],
        "owner": cast.viktor,
    }
    return register_dataset(**(given | changes), actor=actor_of_user(cast.viktor), at=AT)


def test_a_failing_schema_refuses_naming_row_and_column(
    cast: SimpleNamespace, leftovers: Callable[[], list[str]]
) -> None:
    with pytest.raises(Invalid) as refused:
        register(cast, schema=SCHEMA)

    assert "Row 3 of age is 52, asked at most 50." in str(refused.value)
    assert refused.value.field == "file"
    assert not Dataset.objects.exists()
    assert leftovers() == []


def test_a_schema_that_warns_lets_it_pass_and_keeps_the_report(cast: SimpleNamespace) -> None:
    made = register(cast, schema=WARNING)

    assert made.validation["failed"] == 1
    (age,) = [column for column in made.validation["columns"] if column["name"] == "age"]
    assert {"check": "max", "asked": 50, "failing": 1, "rows": [3], "values": ["52"]} in age["checks"]
    assert Event.objects.get().detail["failed_checks"] == 1


def test_one_column_may_warn_where_the_others_refuse(cast: SimpleNamespace) -> None:
    schema = SCHEMA.replace("max: 50", "max: 50, on_failure: warn")

    assert register(cast, schema=schema).validation["failed"] == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (ROWS.replace("44", ""), "Row 2 of age is empty, asked for no empty cell."),
        (ROWS.replace("44", "old"), "Row 2 of age is old, asked for type integer."),
        (ROWS.replace(",f,", ",x,"), "Rows 1 and 3 of sex fail, the first with x: asked for one of f, m."),
        (
            ROWS.replace("Yan P", "Zoe Q"),
            "Rows 1 and 2 of name fail, the first with Zoe Q: asked for no value twice.",
        ),
        (ROWS.replace("Yan P", "yan"), "Row 2 of name is yan, asked to fit [A-Z][a-z]+ [A-Z]."),
        ("sex,credit\nf,good\n", "There is no column name, asked to be there."),
    ],
)
def test_each_kind_of_check_names_its_rows(cast: SimpleNamespace, body: str, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        register(cast, body.replace("52", "50"), schema=SCHEMA)

    assert said in str(refused.value)


def test_a_confidential_value_stands_in_no_refusal_and_no_report(cast: SimpleNamespace) -> None:
    bad = ROWS.replace("Yan P", "secret")

    with pytest.raises(Invalid) as refused:
        register(cast, bad, schema=SCHEMA, confidential=["name"])
    made = register(cast, bad, schema=WARNING, confidential=["name"])

    assert "Row 2 of name fails: asked to fit" in str(refused.value)
    assert "secret" not in str(refused.value)
    assert "secret" not in json.dumps(made.validation)


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ("columns: [", "Line 1 of the schema: This is not YAML"),
        ("columns:\n  age: {typ: integer}", 'There is no key "typ"'),
        ("columns:\n  age: {type: int}", '"int" is not known as type'),
        ("columns:\n  age: {type: text, min: 3}", '"min" needs the type integer or number'),
        ("columns:\n  age: {type: integer, min: 5, max: 3}", "The greatest value is under the least"),
        ("columns:\n  age: {type: integer, allowed: [1.5]}", "1.5 is not a whole number"),
        ("columns: {}", "No column is named"),
        ('columns:\n  age: {type: text, regex: "\\0"}', "characters as escapes"),
        ("rows: 5", 'There is no key "rows"'),
        ("- a", "is not a mapping"),
        ("[" * 5000, "schema"),
    ],
)
def test_a_schema_that_is_none_is_refused_by_line(schema: str, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_schema(schema)

    assert said in str(refused.value)
    assert refused.value.field == "schema"


def test_a_pattern_that_cannot_be_read_is_the_schemas_fault(cast: SimpleNamespace) -> None:
    with pytest.raises(Invalid, match="The pattern of name in the schema cannot be read") as refused:
        register(cast, schema='columns:\n  name: {type: text, regex: "(["}')

    assert refused.value.field == "schema"


def test_what_the_version_before_held_only_warns(cast: SimpleNamespace) -> None:
    register(cast, confidential=["name"])
    later = register(
        cast,
        ROWS.replace("31", "99").replace(",m,", ",x,").replace("name", "title"),
        version="2",
        infer_schema_from_previous=True,
        sensitive=["sex"],
    )

    failed = {
        (column["name"], check["check"])
        for column in later.validation["columns"]
        for check in column["checks"]
        if check["failing"]
    }
    assert failed == {("age", "max"), ("sex", "allowed"), ("name", "present"), ("title", "named")}
    assert later.schema["origin"] == "inferred from people@1"
    assert not any(secret in json.dumps(later.schema) for secret in SECRETS)
    with pytest.raises(Invalid, match="There is no earlier version of crowd"):
        register(cast, name="crowd", infer_schema_from_previous=True)


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"reference_groups": {"sex": "x"}}, "reference_groups", "never says x; it says f, m"),
        ({"reference_groups": {"age": "31"}}, "reference_groups", "age, which is no sensitive column"),
        ({"confidential": ["salary"]}, "confidential", "There is no column salary"),
        (
            {"confidential": ["name"], "classification": "public"},
            "classification",
            "A public data set cannot",
        ),
        ({"classification": "secret"}, "classification", "secret is not a classification"),
    ],
)
def test_statements_about_the_data_must_fit_it(
    cast: SimpleNamespace, changes: dict[str, Any], field: str, said: str
) -> None:
    with pytest.raises(Invalid) as refused:
        register(cast, **changes)

    assert said in str(refused.value)
    assert refused.value.field == field


INSIDERS = ("viktor", "ada", "carl")
OUTSIDERS = ("dev", "olga", "etta", "bea", "aud", "adam")


@pytest.mark.parametrize("name", [*INSIDERS, *OUTSIDERS])
def test_confidential_values_are_shown_to_the_owner_and_the_officers_only(
    cast: SimpleNamespace, client_of: Callable[..., Client], api: Callable[..., Client], name: str
) -> None:
    register(cast, confidential=["name", "age"], schema=WARNING, reference_groups={"sex": "m"})
    user = getattr(cast, name)
    page = client_of(user).get("/datasets/people/1/").content.decode()
    answer = api(owner=user).get("/api/v1/datasets/people/1")
    file = client_of(user).get("/datasets/people/1/file/")
    api_file = api(owner=user).get("/api/v1/datasets/people/1/file")

    sees = name in INSIDERS
    for taken in (file, api_file):
        if sees:
            assert b"".join(taken.streaming_content).decode() == ROWS  # type: ignore[attr-defined]
    assert [secret in page for secret in SECRETS] == [sees] * 3
    assert [secret in answer.content.decode() for secret in SECRETS] == [sees] * 3
    assert ("31 to 52" in page) is sees
    assert ("asked at most 50" in page) is sees
    assert ("Confidential: shown to the owner" in page) is not sees
    assert [file.status_code, api_file.status_code] == ([200] * 2 if sees else [403] * 2)
    body = answer.json()
    assert body["preview"]["rows"][0][2:] == ["f", "good"]
    assert (body["preview"]["rows"][0][0] is None) is not sees
    columns = {column["name"]: column for column in body["profile"]["columns"]}
    assert columns["age"]["missing"] == 0
    assert ("numbers" in columns["age"]) is sees
    assert "preview" not in body["profile"]


def test_of_a_restricted_set_there_is_no_preview_for_others(
    cast: SimpleNamespace, client_of: Callable[..., Client], api: Callable[..., Client]
) -> None:
    register(cast, classification="restricted")

    page = client_of(cast.dev).get("/datasets/people/1/").content.decode()
    answer = api(owner=cast.dev).get("/api/v1/datasets/people/1").json()

    assert "Restricted: shown to the owner" in page
    assert not any(secret in page for secret in SECRETS)
    assert answer["preview"] == {
        "columns": [],
        "rows": [],
        "withheld": "Restricted: shown to the owner of the data set, risk and compliance officers.",
    }
    assert answer["profile"]["balance"] == [{"value": "good", "count": 2}, {"value": "bad", "count": 1}]
    assert client_of(cast.dev).get("/datasets/people/1/file/").status_code == 403
    assert "Zoe Q" in client_of(cast.ada).get("/datasets/people/1/").content.decode()


def test_a_download_is_recorded(
    cast: SimpleNamespace, client_of: Callable[..., Client], api: Callable[..., Client], verbs: Verbs
) -> None:
    register(cast)

    answer = client_of(cast.aud).get("/datasets/people/1/file/")
    assert b"".join(answer.streaming_content).decode() == ROWS  # type: ignore[attr-defined]
    assert answer["Content-Disposition"] == 'attachment; filename="people-1.csv"'
    taken = api(owner=cast.dev).get("/api/v1/datasets/people/1/file")
    assert b"".join(taken.streaming_content).decode() == ROWS  # type: ignore[attr-defined]

    assert verbs().count("dataset.downloaded") == 2


def test_a_refused_download_is_not_recorded_as_one(
    cast: SimpleNamespace, client_of: Callable[..., Client], verbs: Verbs
) -> None:
    register(cast, confidential=["name"])

    assert client_of(cast.dev).get("/datasets/people/1/file/").status_code == 403

    assert "dataset.downloaded" not in verbs()


def test_the_page_tells_what_changed_since_the_version_before(
    cast: SimpleNamespace, client_of: Callable[..., Client]
) -> None:
    register(cast)
    register(cast, ROWS.replace("name", "title") + "Wim N,20,m,good\n", version="2")

    page = client_of(cast.aud).get("/datasets/people/2/").content.decode()

    assert "4 rows, +1 (+33.3%)." in page
    assert "Columns added: title." in page
    assert "Columns removed: name." in page
    assert "credit says good in 75.0% of the rows, 66.7% before (+8.3 points)." in page


def test_a_script_in_a_cell_or_a_name_stays_text(
    cast: SimpleNamespace, client_of: Callable[..., Client]
) -> None:
    body = "sex,<script>x</script>,credit\n<img src=x>,1,good\nm,2,bad\n"
    register(cast, body, reference_groups={"sex": "<img src=x>"})

    page = client_of(cast.aud).get("/datasets/people/1/").content.decode()

    assert "<img src=x>" not in page
    assert "<script>x" not in page


def test_the_form_takes_a_schema_and_says_what_fails(
    cast: SimpleNamespace, client_of: Callable[..., Client]
) -> None:
    form = {
        "name": "people",
        "version": "1",
        "role": "test",
        "label": "credit",
        "positive": "good",
        "sensitive": "sex",
        "reference_groups": "sex=m",
        "classification": "confidential",
        "confidential": "name",
        "legal_basis": "Contract",
    }
    client = client_of(cast.dev)
    refused = client.post(
        "/datasets/new/",
        form
        | {
            "file": ContentFile(ROWS.encode(), name="people.csv"),
            "schema": ContentFile(SCHEMA.encode(), name="schema.yaml"),
        },
    )
    taken = client.post(
        "/datasets/new/",
        form
        | {
            "file": ContentFile(ROWS.encode(), name="people.csv"),
            "schema": ContentFile(WARNING.encode(), name="schema.yaml"),
        },
        follow=True,
    )

    assert refused.status_code == 400
    assert "Row 3 of age is 52, asked at most 50." in refused.content.decode()
    assert "1 checks of its schema fail" in taken.content.decode()
    made = Dataset.objects.get()
    assert (made.reference_groups, made.confidential, made.legal_basis) == (
        {"sex": "m"},
        ["name"],
        "Contract",
    )


@pytest.mark.parametrize("pairs", [["sex=m"], ['{"sex": "m"}']])
def test_a_pipeline_states_everything_in_one_call(
    cast: SimpleNamespace, api: Callable[..., Client], pairs: list[str]
) -> None:
    given = {
        "file": ContentFile(ROWS.encode(), name="people.csv"),
        "name": "people",
        "version": "1",
        "role": "test",
        "label": "credit",
        "sensitive": ["sex"],
        "reference_groups": pairs,
        "classification": "confidential",
        "legal_basis": "Contract",
        "confidential": ["name", "age"],
        "schema": WARNING,
    }

    made = api().post("/api/v1/datasets", given)

    assert made.status_code == 201, made.content
    assert made.json()["reference_groups"] == {"sex": "m"}
    assert made.json()["confidential"] == ["name", "age"]
    assert Dataset.objects.get().validation["failed"] == 1
    assert api().post("/api/v1/datasets", given | {"reference_groups": "nonsense"}).status_code == 400


def test_the_list_is_narrowed_by_classification_and_owner(
    cast: SimpleNamespace, client_of: Callable[..., Client], api: Callable[..., Client]
) -> None:
    register(cast)
    register(cast, name="vault", classification="restricted", owner=cast.dev)
    client = client_of(cast.aud)

    assert "vault" not in client.get("/datasets/?classification=internal").content.decode()
    assert "/datasets/people/" not in client.get("/datasets/?owner=dev").content.decode()
    assert "No data set matches" in client.get("/datasets/?owner=dev&classification=public").content.decode()
    found = api().get("/api/v1/datasets?classification=restricted").json()["results"]
    assert [row["name"] for row in found] == ["vault"]
    assert "profile" not in found[0]
