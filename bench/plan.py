"""Every kind of evaluation of the Adult demo model on all 32,561 rows, two at a time: under a minute."""

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import skops.io
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline

from evaluations.sandbox import Job, Limits, Outcome, run_job
from governance.demo.training.adult import FILE, HIGH, LABEL, SCREENING, SENSITIVE
from governance.demo.training.frames import SEED
from governance.demo.training.pipelines import pipeline
from policy.metrics import EVALUATIONS

LIMIT_SECONDS, AT_ONCE, TRAINING_ROWS = 60.0, 2, 10_000
LONGEST_FIRST = ("explainability", "robustness", "stability", "privacy", "data_quality")
LIMITS = Limits(memory_mb=4096, cpu_seconds=600, wall_seconds=600)


def main() -> int:
    """Measure, print the table, judge it."""
    with tempfile.TemporaryDirectory() as folder:
        jobs = _jobs(Path(folder))
        began = time.perf_counter()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            ran = list(pool.map(lambda job: _run(job, Path(folder)), jobs))
        whole = time.perf_counter() - began
    print(f"{'kind':<18}{'seconds':>9}{'MiB':>7}  outcome")
    for job, (seconds, outcome) in zip(jobs, ran, strict=True):
        memory = outcome.provenance.get("peak_memory_mb", 0)
        print(f"{job.kind:<18}{seconds:>9.1f}{memory:>7}  {outcome.failure or 'measured'}")
    print(f"{'all of them':<18}{whole:>9.1f}{'':>7}  at most {LIMIT_SECONDS:g} s, {AT_ONCE} at a time")
    met = whole <= LIMIT_SECONDS and all(outcome.result is not None for _, outcome in ran)
    print("met" if met else "MISSED")
    return 0 if met else 1


def _run(job: Job, folder: Path) -> tuple[float, Outcome]:
    place = folder / f"job-{job.kind}"
    place.mkdir()
    began = time.perf_counter()
    outcome = run_job(job, place, LIMITS, lambda share, step: None, lambda: False)
    return time.perf_counter() - began, outcome


def _jobs(folder: Path) -> list[Job]:
    rows = pd.read_parquet(FILE)
    training = rows.sample(TRAINING_ROWS, random_state=SEED)
    rows.to_parquet(folder / "all.parquet")
    training.to_parquet(folder / "training.parquet")
    boosted = HistGradientBoostingClassifier(max_iter=80, random_state=SEED)
    model: Pipeline = pipeline(training[SCREENING], boosted).fit(training[SCREENING], training[LABEL])
    artifact = folder / "model"
    artifact.mkdir()
    skops.io.dump(model, artifact / "model.skops")
    kinds = sorted(EVALUATIONS, key=lambda kind: kind not in LONGEST_FIRST)
    return [
        Job(
            kind=kind,
            model_kind="binary_classification",
            model_path=str(artifact),
            data_path=str(folder / "all.parquet"),
            label=LABEL,
            positive=HIGH,
            prediction=None,
            score=None,
            sensitive=SENSITIVE,
            features=tuple(SCREENING),
            config={},
            seed=SEED,
            reference_path=str(folder / "training.parquet"),
        )
        for kind in kinds
    ]
