"""`python -m bench.scale`: 100 million Parquet rows measured, against only decoding the columns that are measured.

Both in processes of their own with one thread, in turns; a file of about 1 GB lies in the folder for temporary files
meanwhile. Exit code 1 when measuring takes more than 2.5 times as long as decoding, or 1 GiB of memory.
`ROWS=1e7` measures fewer rows.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
ROWS = int(float(os.environ.get("ROWS", "1e8")))
ROUNDS = 3
RATIO_LIMIT, MIB_LIMIT = 2.5, 1024
WRITE = """
import sys, numpy as np, pyarrow as pa, pyarrow.parquet as pq
path, rows, writer, chance = sys.argv[1], int(sys.argv[2]), None, np.random.default_rng(7)
for start in range(0, rows, 1_000_000):
    n = min(1_000_000, rows - start)
    score = chance.random(n)
    groups = pa.array(chance.integers(0, 5, n).astype(np.int8))
    table = pa.table({
        "label": pa.array((chance.random(n) < score).astype(np.int8)),
        "prediction": pa.array((score > 0.5).astype(np.int8)),
        "score": score,
        "group": pa.DictionaryArray.from_arrays(groups, ["a", "b", "c", "d", "e"]),
    })
    writer = writer or pq.ParquetWriter(path, table.schema)
    writer.write_table(table)
writer.close()
"""
MEASURE = """
import sys
import pyarrow.parquet as pq
from evaluations.sandbox.job import Job
from evaluations.sandbox.partitions.measure import measure
from evaluations.sandbox.partitions.reading import ROWS_AT_ONCE
class Silent:
    facts = {}
    def enter(self, *said): pass
    def progress(self, *said): pass
kind = "fairness" if sys.argv[2] == "fairness" else "performance"
job = Job(kind, "binary_classification", None, sys.argv[1], "label", "1", "prediction", "score", ("group",), None, {},
          1, stream=True)
if sys.argv[2] == "floor":
    file = pq.ParquetFile(job.data_path)
    wanted = ["label", "group", "prediction", "score"]
    rows = sum(batch.num_rows for part in range(file.num_row_groups)
               for batch in file.iter_batches(ROWS_AT_ONCE, row_groups=[part], columns=wanted))
else:
    found = measure(job, Silent()).as_json()
    rows = found["overall"]["accuracy"]["n"]
print(rows)
"""


def main() -> int:
    """Write the file, measure in turns, print the table, judge it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        subprocess.run([sys.executable, "-c", WRITE, str(path), str(ROWS)], cwd=ROOT, check=True)
        print(
            f"{ROWS:,} rows, 4 columns, {path.stat().st_size / 1e6:.0f} MB, median of {ROUNDS}, processor seconds"
        )
        found: dict[str, list[tuple[float, float, int]]] = {"floor": [], "performance": [], "fairness": []}
        for _ in range(ROUNDS):
            for what, rounds in found.items():
                rounds.append(_once(path, what))
    floor = median(cpu for cpu, _, _ in found["floor"])
    met = True
    print(f"{'':<34}{'cpu s':>8}{'s':>8}{'MiB':>8}{'ratio':>8}  limit")
    for what, rounds in found.items():
        cpu, wall = (median(one[place] for one in rounds) for place in (0, 1))
        mib, ratio = max(one[2] for one in rounds), cpu / floor
        limit = "" if what == "floor" else f"{RATIO_LIMIT}, {MIB_LIMIT:,} MiB"
        name = "floor: the columns decoded" if what == "floor" else f"{what}, with imports and intervals"
        print(f"{name:<34}{cpu:>8.2f}{wall:>8.2f}{mib:>8}{ratio:>8.2f}  {limit}")
        met &= what == "floor" or (ratio <= RATIO_LIMIT and mib <= MIB_LIMIT)
    print("met" if met else "MISSED")
    return 0 if met else 1


def _once(path: Path, what: str) -> tuple[float, float, int]:
    """Processor seconds, seconds by the clock, and peak memory in MiB of one process."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as answer:
        child = subprocess.Popen(
            [sys.executable, "-c", MEASURE, str(path), what], cwd=ROOT, stdout=answer, env=environment
        )
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
        answer.seek(0)
        said = answer.read()
    if status or int(said) != ROWS:
        raise SystemExit(f"{what} answered {said[:300]!r}")
    return usage.ru_utime + usage.ru_stime, seconds, usage.ru_maxrss // 1024


if __name__ == "__main__":
    sys.exit(main())
