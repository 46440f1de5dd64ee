"""The process that reads tables: what it makes of cells, however it reads them, and how it stops."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from accounts.refusals import Invalid
from registry.table_reader.job import Job
from registry.tables import read_table
from tests.ops.processes import ROOT

IN_PROCESS = """
import json, sys, tempfile
from collections.abc import Sequence
from pathlib import Path
from accounts.refusals import Invalid
from registry.table_reader.job import Job
from registry.table_reader.reading import read
from registry.table_reader import csv_text
for line in sys.stdin:
    given = json.loads(line)
    if given.pop("slowly"):
        plain, csv_text.plain_rows = csv_text.plain_rows, lambda path, width: 0
    with tempfile.TemporaryDirectory() as scratch:
        try:
            answer = read(Job(**given), Path(scratch))
        except Invalid as refusal:
            answer = {"error": str(refusal)}
    csv_text.plain_rows = locals().get("plain", csv_text.plain_rows)
    print(json.dumps(answer), flush=True)
"""
CELLS = st.one_of(
    st.integers(-(10**20), 10**20).map(str),
    st.floats(allow_nan=True, allow_infinity=True).map(repr),
    st.sampled_from(
        ["", "", "true", "False", "TRUE", " 1", "1 ", "+5", ".5", "5.", "1e5", "1e", "0x1", "-", " "]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters='\r\n"\x00'), max_size=6),
)
QUOTED = st.one_of(CELLS, st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6))


class Reader:
    """The reader kept alive, because Python and polars take half a second to start."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "rows.csv"
        self._child = subprocess.Popen(
            [sys.executable, "-c", IN_PROCESS],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def read(self, body: bytes, *, slowly: bool = False, **more: Any) -> dict[str, Any]:
        """What it answers to a CSV file."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._path.write_bytes(body)
        job = asdict(Job(path=str(self._path), name="rows.csv", **more)) | {"slowly": slowly}
        self._child.stdin.write(json.dumps(job) + "\n")
        self._child.stdin.flush()
        answer: dict[str, Any] = json.loads(self._child.stdout.readline())
        return answer

    def close(self) -> None:
        """End it."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.close()
        self._child.wait(10)
        self._child.stdout.close()


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Any:
    reader = Reader(tmp_path_factory.mktemp("reader"))
    yield reader
    reader.close()


def written(
    rows: Sequence[tuple[str, str]], line_end: str = "\n", quoting: Literal[0, 1] = csv.QUOTE_MINIMAL
) -> bytes:
    target = io.StringIO()
    csv.writer(target, lineterminator=line_end, quoting=quoting).writerows([("a", "b"), *rows])
    return target.getvalue().encode()


def type_by_hand(cells: list[str]) -> str:
    """The narrowest type of the filled cells, one cell at a time."""
    found: set[str] = set()
    for cell in cells:
        if cell == "":
            continue
        if cell.lower() in {"true", "false"}:
            found.add("boolean")
        elif (
            cell.lstrip("+-").isascii()
            and cell.lstrip("+-").isdigit()
            and len(cell) - len(cell.lstrip("+-")) < 2
        ):
            found.add("integer")
        else:
            try:
                float(cell if "_" not in cell and cell.strip().isascii() else "text")
                found.add("number")
            except ValueError:
                return "text"
    if not found:
        return "text"
    if found == {"integer", "number"}:
        return "number"
    return found.pop() if len(found) == 1 else "text"


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8), line_end=st.sampled_from(["\n", "\r\n"])
)
def test_the_fast_and_the_strict_way_read_the_same(
    reader: Reader, rows: list[tuple[str, str]], line_end: str
) -> None:
    body = written(rows, line_end)

    fast, strict = reader.read(body), reader.read(body, slowly=True)

    assert fast == strict
    assert fast["rows"] == len(rows)
    assert fast["columns"] == [
        ["a", type_by_hand([row[0] for row in rows])],
        ["b", type_by_hand([row[1] for row in rows])],
    ]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(st.tuples(QUOTED, QUOTED), min_size=1, max_size=6))
def test_quoted_cells_come_back_as_they_were_written(reader: Reader, rows: list[tuple[str, str]]) -> None:
    found = reader.read(written(rows, quoting=csv.QUOTE_ALL), watch=["a"])

    assert found["rows"] == len(rows)
    filled = [row[0] for row in rows if row[0]]
    assert found["watched"]["a"]["values"] == {cell: filled.count(cell) for cell in filled}
    assert found["watched"]["a"]["empty"] == len(rows) - len(filled)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=st.binary(max_size=60))
def test_no_bytes_break_the_reader(reader: Reader, body: bytes) -> None:
    found = reader.read(b"a,b\n" + body)

    assert "error" in found or found["rows"] > 0


@pytest.mark.parametrize(
    ("body", "rows", "kinds"),
    [
        (b"a,b\n1,2\n3,4", 2, "integer integer"),
        (b"\xef\xbb\xbfa,b\r\n1,2\r\n3,4\r\n", 2, "integer integer"),
        (b"a,b\r1,2\r3,4\r", 2, "integer integer"),
        (b"\n\na,b\n\n1,2\n\n\n3,4\n\n", 2, "integer integer"),
        (b'a,b\n5" pipe,6" pipe\n1,2\n', 2, "text text"),
        (b'a,b\n"two\nlines","with ""quotes"""\n1,2\n', 2, "text text"),
        (b"a,b\n99999999999999999999999,1\n1,2\n", 2, "integer integer"),
        (b"a,b\n1,true\n0.5,\n", 2, "number boolean"),
        (b"a,b\n,\n,\n", 2, "text text"),
        (b"a,b\ntrue,1\nmaybe,true\n", 2, "text text"),
    ],
)
def test_odd_but_sound_files_are_read(reader: Reader, body: bytes, rows: int, kinds: str) -> None:
    found = reader.read(body)

    assert (found["rows"], [kind for _, kind in found["columns"]]) == (rows, kinds.split())


def test_a_profile_tells_missing_ranges_and_commonest_values(reader: Reader) -> None:
    rows = b"".join(b"%d,%s\n" % (n, b"x" if n % 4 else b"") for n in range(100))

    numbers, texts = reader.read(b"a,b\n" + rows, label="b")["profile"]["columns"]

    assert (numbers["missing"], numbers["distinct"]) == (0, 100)
    assert (numbers["numbers"]["min"], numbers["numbers"]["max"]) == (0, 99)
    assert numbers["numbers"]["quantiles"]["0.5"] == 49.5
    assert numbers["histogram"]["counts"] == [5] * 20
    assert (texts["missing"], texts["top"]) == (25, [{"value": "x", "count": 75}])


def test_what_no_number_can_be_measured_by_stays_out_of_its_profile(reader: Reader) -> None:
    (found, _) = reader.read(b"a,b\n1.5,x\ninf,x\nnan,x\n-1e308,x\n1e308,x\n")["profile"]["columns"]

    assert (found["not_finite"], found["missing"]) == (1, 1)
    assert found["numbers"]["max"] == 1e308


def test_letters_that_a_database_cannot_hold_are_replaced(reader: Reader) -> None:
    found = reader.read(b"a,b\nx\x00y,1\n" + b"z" * 300 + b",2\n")

    assert [row[0] for row in found["profile"]["preview"]["rows"]] == ["x\ufffdy", "z" * 79 + "…"]


def big_csv(path: Path, rows: int, broken: int, cells: str) -> None:
    with path.open("w") as file:
        file.write("id,age,sex,credit\n")
        for row in range(1, rows + 1):
            file.write(f"{row},{20 + row % 60},f,good\n" if row != broken else f"{cells}\n")


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("1,2,f", "Row 900,001 has 3 values; the header names 4 columns."),
        ("1,2,f,good,5", "Row 900,001 has 5 values; the header names 4 columns."),
        ('1,2,f,"good" x', "Row 900,001 cannot be read"),
    ],
)
def test_a_broken_row_deep_in_a_big_file_is_named(tmp_path: Path, cells: str, said: str) -> None:
    path = tmp_path / "big.csv"
    big_csv(path, 900_010, 900_001, cells)

    with pytest.raises(Invalid) as refused:
        read_table(Job(path=str(path), name="big.csv"))

    assert said in str(refused.value)
    assert refused.value.field == "file"
    assert [left.name for left in tmp_path.iterdir()] == ["big.csv"]


def test_a_table_that_takes_too_much_memory_or_time_is_refused(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "big.csv"
    path.write_text("text\n" + "".join(f"{row}{'x' * 400}\n" for row in range(400_000)))
    job = Job(path=str(path), name="big.csv")

    settings.TABLE_MEMORY_MB = 256
    with pytest.raises(Invalid, match=r"Reading big\.csv takes more than 256 MB of memory"):
        read_table(job)
    settings.TABLE_MEMORY_MB, settings.TABLE_SECONDS = 2048, 0
    with pytest.raises(Invalid, match="takes longer than 0 seconds"):
        read_table(job)


def test_nested_parquet_columns_are_refused_by_name(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "loans.parquet"
    pq.write_table(pa.table({"age": [1], "address": [{"street": "a", "town": "b"}]}), path)
    with pytest.raises(
        Invalid, match="The column address of loans.parquet is nested: each cell holds a structure"
    ):
        read_table(Job(path=str(path), name="loans.parquet"))
    pq.write_table(pa.table({"age": [1], "phones": [["1", "2"]]}), path)
    with pytest.raises(Invalid, match="The column phones of loans.parquet is nested: each cell holds a list"):
        read_table(Job(path=str(path), name="loans.parquet"))


def test_a_parquet_cut_off_half_way_is_refused(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "loans.parquet"
    pq.write_table(pa.table({"age": list(range(5000))}), path)
    path.write_bytes(path.read_bytes()[:2000])

    with pytest.raises(Invalid, match="loans.parquet cannot be read as Parquet"):
        read_table(Job(path=str(path), name="loans.parquet"))


def test_the_child_sees_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from registry import tables

    monkeypatch.setenv("COUNTERSIGN_SECRET_KEY", "secret")
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")

    assert not {name for name in tables._environment() if "COUNTERSIGN" in name or "URL" in name}
