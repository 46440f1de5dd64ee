"""A table's columns, types, rows, profile and checks, read in a process of its own with limits."""

import json
import logging
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from django.conf import settings

from accounts.refusals import Invalid
from registry.table_reader.job import MOST_VALUES, Job

__all__ = ["MOST_VALUES", "Job", "Table", "Watched", "read_table"]

PARQUET_MAGIC = b"PAR1"
LARGEST_ANSWER = 8 << 20
KEPT_FOR_CHILD = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ")
NO_MEMORY = ("memory allocation", "MemoryError", "Cannot allocate memory", "failed to spawn thread")
log = logging.getLogger(__name__)


@dataclass
class Watched:
    """What a column that means something holds: values as text with counts, and which rows leave it empty."""

    values: Counter[str] = field(default_factory=Counter)
    empty_rows: list[int] = field(default_factory=list)
    empty: int = 0


@dataclass(frozen=True)
class Table:
    """Rows, columns with their type (integer, number, boolean, text, other), the watched columns, the profile,
    and by column how each check of the schema went."""

    rows: int
    columns: tuple[tuple[str, str], ...]
    watched: Mapping[str, Watched]
    profile: dict[str, Any]
    checks: Mapping[str, list[dict[str, Any]]]

    def type_of(self, name: str) -> str:
        """The type of a column."""
        return dict(self.columns)[name]


def read_table(job: Job) -> Table:
    """Read the file. Raises Invalid naming the missing column, the broken rows or the limit that was met."""
    _refuse_wrong_ending(Path(job.path), job.name)
    answer = _answer(replace(job, memory_mb=settings.TABLE_MEMORY_MB, seconds=settings.TABLE_SECONDS))
    if "error" in answer:
        raise Invalid(answer["error"], answer["remedy"], field=answer["field"])
    return Table(
        rows=answer["rows"],
        columns=tuple((name, kind) for name, kind in answer["columns"]),
        watched={
            name: Watched(Counter(found["values"]), found["empty_rows"], found["empty"])
            for name, found in answer["watched"].items()
        },
        profile=answer["profile"],
        checks=answer["checks"],
    )


def _refuse_wrong_ending(path: Path, name: str) -> None:
    with path.open("rb") as opened:
        is_parquet = opened.read(4) == PARQUET_MAGIC
    suffix = Path(name).suffix.lower()
    if suffix not in {".csv", ".parquet"}:
        raise Invalid(f"{name} is neither a .csv nor a .parquet file.", "Send one of these.", field="file")
    if is_parquet != (suffix == ".parquet"):
        raise Invalid(
            f"The content of {name} is not what its ending says.", "Rename it or save it again.", field="file"
        )


def _answer(job: Job) -> dict[str, Any]:
    """polars takes memory and parses foreign bytes in native code: not in the web process."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "registry.table_reader"],
            cwd=settings.BASE_DIR,
            env=_environment(),
            input=json.dumps(asdict(job)),
            capture_output=True,
            text=True,
            timeout=job.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Invalid(
            f"Reading {job.name} takes longer than {job.seconds} seconds.",
            "Send fewer rows or columns; an administrator can raise the limit.",
            field="file",
        ) from error
    try:
        if len(done.stdout) > LARGEST_ANSWER:
            raise ValueError("the answer is too long")
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:
        raise _silent(job, done.returncode, done.stderr) from error
    return found


def _silent(job: Job, code: int, said: str) -> Invalid:
    """Why there is no answer."""
    if any(sign in said for sign in NO_MEMORY):
        return Invalid(
            f"Reading {job.name} takes more than {job.memory_mb:,} MB of memory.",
            "Send fewer rows or shorter texts; an administrator can raise the limit.",
            field="file",
        )
    log.error("The reader of tables ended with %s: %s", code, said[-2000:])
    kind = "Parquet" if job.name.lower().endswith(".parquet") else "CSV"
    return Invalid(f"{job.name} cannot be read as {kind}.", "Save it again, and try once more.", field="file")


def _environment() -> dict[str, str]:
    """No secrets and no addresses; few threads, because each has a stack that counts as memory."""
    kept = {name: os.environ[name] for name in KEPT_FOR_CHILD if name in os.environ}
    return kept | {"POLARS_MAX_THREADS": "4", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
