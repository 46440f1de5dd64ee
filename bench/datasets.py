"""`python -m bench.datasets`: a CSV of a million rows read, checked and profiled, against polars only scanning it.

The floor is the same file scanned by polars in a process of its own, every cell as text. Exit code 1 when the reader
takes 10 seconds or more, or more than 1 GiB of memory.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from registry.schemas import read_schema
from registry.table_reader.job import Job

ROOT = Path(__file__).resolve().parent.parent
ROWS, ROUNDS = 1_000_000, 3
SECONDS_LIMIT, MIB_LIMIT = 10.0, 1024
HEADER = "account,age,income,debt,sex,region,member,job,score,opened,reference,credit"
SCHEMA = """
columns:
  account: {type: integer, unique: true}
  age: {type: integer, nullable: false, min: 18, max: 120}
  income: {type: number, min: 0}
  sex: {type: text, allowed: [f, m]}
  region: {type: text, allowed: [north, south, east, west-coast]}
  score: {type: number, min: 0, max: 1}
  reference: {type: text, regex: "AC-[0-9]{12}"}
  credit: {type: text, nullable: false, allowed: [good, bad]}
"""
FLOOR = """
import sys, polars as pl
names = open(sys.argv[1]).readline().strip().split(",")
cells = pl.scan_csv(sys.argv[1], schema=dict.fromkeys(names, pl.String))
cells.select(pl.all().null_count()).collect()
"""


def main() -> int:
    """Write the files, measure, print the table, judge it."""
    with tempfile.TemporaryDirectory() as folder:
        plain, quoted = Path(folder) / "plain.csv", Path(folder) / "quoted.csv"
        megabytes = _write(plain, "clerk") / 1e6
        _write(quoted, '"clerk, senior"')
        floor = _best([sys.executable, "-c", FLOOR, str(plain)])
        reader = [sys.executable, "-m", "registry.table_reader"]
        measured = {name: _best(reader, _job(path)) for name, path in (("plain", plain), ("quoted", quoted))}
    rows = [
        ("floor: polars scans the file", *floor, ""),
        ("read, checked and profiled", *measured["plain"], f"under {SECONDS_LIMIT:g} s, {MIB_LIMIT:,} MiB"),
        ("the same with quoted cells", *measured["quoted"], f"under {SECONDS_LIMIT:g} s, {MIB_LIMIT:,} MiB"),
    ]
    print(f"{ROWS:,} rows, 12 columns, {megabytes:.0f} MB, best of {ROUNDS}")
    print(f"{'':<32}{'s':>8}{'MiB':>8}  limit")
    for name, seconds, mib, limit in rows:
        print(f"{name:<32}{seconds:>8.2f}{mib:>8}  {limit}")
    met = all(seconds < SECONDS_LIMIT and mib <= MIB_LIMIT for seconds, mib in measured.values())
    print("met" if met else "MISSED")
    return 0 if met else 1


def _write(path: Path, job: str) -> int:
    chance = random.Random(7)
    regions, jobs = ("north", "south", "east", "west-coast"), (job, "nurse", "software engineer", "teacher")
    with path.open("w", encoding="utf-8") as file:
        file.write(f"{HEADER}\n")
        for number in range(ROWS):
            draw = chance.random()
            file.write(
                f"{10_000_000 + number},{18 + int(draw * 77)},{draw * 90_000:.2f},{(draw - 0.3) * 9_000:.4f},"
                f"{'fm'[number % 2]},{regions[int(draw * 4)]},{'true' if draw < 0.5 else 'false'},"
                f"{jobs[number % 4]},{draw},2026-{1 + number % 12:02}-{1 + number % 28:02},"
                f"AC-{int(draw * 1e12):012},{'good' if draw < 0.8 else 'bad'}\n"
            )
    return path.stat().st_size


def _job(path: Path) -> str:
    job = Job(
        path=str(path),
        name=path.name,
        needed={"credit": "label", "sex": "sensitive"},
        watch=("credit", "sex"),
        label="credit",
        sensitive=("sex",),
        schema=read_schema(SCHEMA),
    )
    return json.dumps(asdict(job))


def _best(command: Sequence[str], given: str = "") -> tuple[float, int]:
    """Seconds by the clock of the fastest round, and the largest peak memory in MiB."""
    found = [_once(command, given) for _ in range(ROUNDS)]
    return min(seconds for seconds, _ in found), max(mib for _, mib in found)


def _once(command: Sequence[str], given: str) -> tuple[float, int]:
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as answer, tempfile.TemporaryFile("w+") as job:
        job.write(given)
        job.seek(0)
        child = subprocess.Popen(command, cwd=ROOT, stdin=job, stdout=answer)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
        answer.seek(0)
        said = answer.read()
    if status or (given and json.loads(said).get("rows") != ROWS):
        raise SystemExit(f"the reader answered {said[:300]}")
    return seconds, usage.ru_maxrss // 1024


if __name__ == "__main__":
    sys.exit(main())
