import hashlib
from collections.abc import Callable
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.files.base import ContentFile
from pytest_django.fixtures import Settings

from accounts.refusals import Conflict, Invalid
from registry.actions import register_dataset
from registry.models import Dataset
from registry.storage import StoredBytesDiffer, materialised_dataset
from tests.builders import blob
from tests.conftest import AT, actor_of_user
from tests.registry.conftest import Verbs

CSV = "age,income,member,sex,credit\n31,1200.5,true,f,good\n44,900,false,m,bad\n52,,true,f,good\n"


def register(cast: SimpleNamespace, body: bytes | str = CSV, **changes: Any) -> Dataset:
    content = body.encode() if isinstance(body, str) else body
    given: dict[str, Any] = {
        "name": "loans",
        "version": "1",
        "role": "test",
        "file": ContentFile(content, name="loans.csv"),
        "label": "credit",
        "positive": "good",
        "sensitive": ["sex"],
        "owner": cast.viktor,
    }
    return register_dataset(**(given | changes), actor=actor_of_user(cast.viktor), at=AT)


def parquet(**columns: list[Any]) -> "ContentFile[bytes]":
    buffer = BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return ContentFile(buffer.getvalue(), name="loans.parquet")


def test_a_csv_is_read_for_its_columns_types_and_rows(cast: SimpleNamespace, verbs: Verbs) -> None:
    dataset = register(cast)

    assert dataset.rows == 3
    assert dataset.columns == [
        {"name": "age", "type": "integer"},
        {"name": "income", "type": "number"},
        {"name": "member", "type": "boolean"},
        {"name": "sex", "type": "text"},
        {"name": "credit", "type": "text"},
    ]
    assert dataset.digest == "sha256:" + hashlib.sha256(CSV.encode()).hexdigest()
    with materialised_dataset(dataset) as place:
        assert (place.name, place.read_text()) == ("data.csv", CSV)
    assert verbs() == ["dataset.registered"]


def test_a_parquet_file_is_read_for_the_same(cast: SimpleNamespace) -> None:
    file = parquet(age=[31, 44], income=[1.5, None], sex=["f", "m"], credit=[1, 2])

    dataset = register(cast, file=file, positive="1")

    assert (dataset.rows, [column["name"] for column in dataset.columns]) == (
        2,
        ["age", "income", "sex", "credit"],
    )
    assert [column["type"] for column in dataset.columns] == ["integer", "number", "text", "integer"]


def test_a_byte_order_mark_and_blank_lines_are_no_content(cast: SimpleNamespace) -> None:
    dataset = register(cast, b"\xef\xbb\xbf" + b"sex,credit\nf,good\n\nm,bad\n")

    assert (dataset.rows, [column["name"] for column in dataset.columns]) == (2, ["sex", "credit"])


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        (
            {"label": "default"},
            "label",
            "There is no column default; the columns are age, income, member, sex, credit.",
        ),
        ({"label": ""}, "label", "A positive value needs a label column"),
        ({"label": "", "positive": ""}, "label", "No label column is named"),
        ({"positive": "yes"}, "positive", "The column credit never says yes; it says good, bad"),
        ({"sensitive": ["gender"]}, "sensitive", "There is no column gender"),
        ({"sensitive": ["credit"]}, "sensitive", "cannot be the label and sensitive"),
        ({"prediction": "guess"}, "prediction", "There is no column guess"),
        ({"prediction": "credit"}, "prediction", "cannot be the label and the prediction"),
        ({"score": "sex"}, "score", "does not hold numbers"),
        ({"role": "practice"}, "role", "practice is not a role"),
        ({"name": "a b"}, "name", "cannot be a data set's name"),
        ({"version": "../1"}, "version", "cannot be a version"),
    ],
)
def test_columns_that_do_not_mean_what_is_said_are_refused(
    cast: SimpleNamespace,
    leftovers: Callable[[], list[str]],
    changes: dict[str, Any],
    field: str,
    said: str,
) -> None:
    with pytest.raises(Invalid) as refused:
        register(cast, **changes)

    assert said in str(refused.value)
    assert refused.value.field == field
    assert leftovers() == []
    assert not Dataset.objects.exists()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("sex,credit\nf,good\nm\nf,bad\n", "Row 2 has 1 values; the header names 2 columns."),
        ("sex,credit\nf\nm\nf,bad\nm\n", "Rows 1, 2 and 4 have a wrong number of values"),
        ("sex,credit\n" + "f\n" * 9, "Rows 1, 2, 3, 4, 5 and 4 more have"),
        ("sex,credit\nf,good\nm,\n", "Row 2 has no credit."),
        ('sex,credit\nf,"good\n', "Row 1 cannot be read"),
        ("sex;credit\nf;good\n", "separated by semicolons"),
        ("sex,sex,credit\nf,f,good\n", "Two columns are called sex"),
        ("sex,,credit\nf,1,good\n", "Column 2 has no name"),
        ("sex,credit\n", "a header but no rows"),
        ("\n\n", "The file is empty"),
        ("", "is empty"),
        (b"sex,credit\nf,g\xff\xfeod\n", "not UTF-8 text near line 2"),
        (b"PAR1 but not really", "is not what its ending says"),
    ],
)
def test_broken_rows_are_named_by_number(cast: SimpleNamespace, body: str | bytes, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        register(cast, body)

    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (ContentFile(b"1", name="loans.xlsx"), "neither a .csv nor a .parquet"),
        (ContentFile(b"PAR1" + b"\0" * 60 + b"PAR1", name="loans.parquet"), "cannot be read as Parquet"),
        (ContentFile(b"sex,credit\nf,good\n", name="loans.parquet"), "is not what its ending says"),
        (parquet(sex=["f"], other=[1]), "There is no column credit; the columns are sex, other."),
        (parquet(sex=["f", "m"], credit=["good", None]), "Row 2 has no credit"),
    ],
)
def test_files_that_are_no_table_are_refused(
    cast: SimpleNamespace, file: "ContentFile[bytes]", said: str
) -> None:
    file.seek(0)
    with pytest.raises(Invalid) as refused:
        register(cast, file=file)

    assert said in str(refused.value)


def test_a_production_sample_may_lack_labels(cast: SimpleNamespace) -> None:
    assert register(cast, role="production_sample", label="", positive="").label == ""
    late = register(cast, "sex,credit\nf,good\nm,\n", role="production_sample", version="2")
    assert late.rows == 2


def test_a_name_and_version_are_given_once_and_so_are_the_bytes(cast: SimpleNamespace) -> None:
    register(cast)

    with pytest.raises(Conflict, match="loans@1 exists already"):
        register(cast, CSV + "1,2,true,f,good\n")
    with pytest.raises(Conflict, match="registered already, as loans@1"):
        register(cast, version="2")
    assert register(cast, name="loans-copy").digest == Dataset.objects.get(name="loans").digest


def test_a_table_over_the_limit_is_refused(cast: SimpleNamespace, settings: Settings) -> None:
    settings.UPLOAD_MAX_BYTES = 50

    with pytest.raises(Invalid, match=r"loans\.csv takes the upload over"):
        register(cast)


def test_a_changed_file_is_noticed(cast: SimpleNamespace) -> None:
    dataset = register(cast)
    path = blob(dataset.digest)
    path.chmod(0o600)
    path.write_text(CSV.replace("bad", "good"))

    with pytest.raises(StoredBytesDiffer, match="has changed since"), materialised_dataset(dataset):
        pass
    path.unlink()
    with pytest.raises(StoredBytesDiffer, match="is missing"), materialised_dataset(dataset):
        pass
