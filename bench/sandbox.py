"""What the sandbox costs a run, beyond importing the model's libraries and measuring.

Floor: the same child, started bare as a process of its own with no wall, no limit and nobody who watches it. Each
wall: the whole of `run_job` on the same job, in turn with the floor.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import skops.io
from sklearn.linear_model import LogisticRegression

from evaluations.sandbox import Job, Limits, ladder, run_job
from evaluations.sandbox.isolation import environment, python
from evaluations.sandbox.job import ANSWER_FILE, JOB_FILE, WALLS_FILE, job_text
from evaluations.sandbox.walls.confine import Confinement

ROUNDS, ROWS = 7, 1_000
LIMIT_SECONDS = 0.5
LIMITS = Limits(memory_mb=4096, cpu_seconds=120, wall_seconds=120)


def main() -> int:
    """Measure in turn, print the table, judge it."""
    walls = [tried.isolation.name for tried in ladder() if tried.works]
    if not walls:
        print("No sandbox works on this machine, so there is nothing to measure.", file=sys.stderr)
        return 1
    found: dict[str, list[float]] = {name: [] for name in ("floor", *walls)}
    with tempfile.TemporaryDirectory(prefix="bench-sandbox-") as place:
        job = _job(Path(place))
        for turn in range(ROUNDS + 1):
            for name in found:
                folder = Path(place) / f"{name}-{turn}"
                folder.mkdir()
                seconds = _seconds(job, folder, name)
                if turn:  # the first round fills the caches
                    found[name].append(seconds)
    floor = statistics.median(found["floor"])
    print(f"{'':12} {'median s':>9} {'beyond floor s':>15}")
    print(f"{'floor':12} {floor:9.2f}")
    missed = 0
    for name in walls:
        beyond = statistics.median(
            mine - bare for mine, bare in zip(found[name], found["floor"], strict=True)
        )
        held = beyond < LIMIT_SECONDS
        missed |= not held
        median = statistics.median(found[name])
        print(f"{name:12} {median:9.2f} {beyond:15.2f}  {'ok' if held else f'MISSED: {LIMIT_SECONDS} s'}")
    return int(missed)


def _job(place: Path) -> Job:
    generator = np.random.default_rng(1)
    rows = pd.DataFrame(generator.normal(size=(ROWS, 4)), columns=list("abcd"))
    rows["label"] = np.where(rows["a"] + generator.normal(size=ROWS) > 0, "yes", "no")
    rows.to_csv(place / "data.csv", index=False)
    model = LogisticRegression().fit(rows[list("abcd")], rows["label"])
    (place / "model").mkdir()
    skops.io.dump(model, place / "model" / "model.skops")
    return Job(
        kind="performance",
        model_kind="binary_classification",
        model_path=str(place / "model"),
        data_path=str(place / "data.csv"),
        label="label",
        positive="yes",
        prediction=None,
        score=None,
        sensitive=(),
        features=None,
        config={},
        seed=1,
    )


def _seconds(job: Job, folder: Path, name: str) -> float:
    began = time.perf_counter()
    if name == "floor":
        _bare(job, folder)
    else:
        _walled(job, folder, name)
    return time.perf_counter() - began


def _walled(job: Job, folder: Path, wall: str) -> None:
    outcome = run_job(job, folder, LIMITS, lambda *_: None, lambda: False, sandbox=wall)
    if outcome.result is None:
        raise RuntimeError(outcome.failure)


def _bare(job: Job, folder: Path) -> None:
    (folder / JOB_FILE).write_text(job_text(job, LIMITS))
    none = Confinement(landlock=False, seccomp=False, readable=(), parent=0)
    (folder / WALLS_FILE).write_text(json.dumps(asdict(none)))
    command = python("-m", "evaluations.sandbox.child", str(folder))
    subprocess.run(command, cwd=folder, env=environment(str(folder)), check=True)
    if json.loads((folder / ANSWER_FILE).read_text())["failure"]:
        raise RuntimeError("the bare child failed")


if __name__ == "__main__":
    sys.exit(main())
