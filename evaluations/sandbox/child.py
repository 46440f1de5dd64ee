"""The child: `python -m evaluations.sandbox.child FOLDER` reads job.json, measures, writes result.json.

Its first act is to bind itself to its limits; the model is loaded only after that. Progress goes to
progress.jsonl.
"""

import json
import os
import re
import resource
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Any

from evaluations.sandbox.job import (
    ANSWER_FILE,
    JOB_FILE,
    OUT_OF_MEMORY,
    PROGRESS_FILE,
    CannotEvaluate,
    Limits,
    read_job,
)

MEGABYTE = 1024 * 1024
LARGEST_FILE = 64 * MEGABYTE
OPEN_FILES = 256
MORE_THREADS = 64
LIBRARIES = {
    "numpy": "numpy",
    "pandas": "pandas",
    "sklearn": "scikit-learn",
    "fairlearn": "fairlearn",
    "shap": "shap",
    "skops": "skops",
    "cloudpickle": "cloudpickle",
    "onnxruntime": "onnxruntime",
    "pyarrow": "pyarrow",
}
PATH = re.compile(r"(?<![\w.])/(?:[^\s/'\"<>]+/)+([^\s/'\"<>]*)")
LONGEST_ERROR = 300


class Teller:
    """Tells the parent how far the job is and how it ended."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._began = time.monotonic()
        self._stage_began = self._began
        self._timings: dict[str, float] = {}
        self.stage = "starting"
        self.memory_mb = 0
        self.facts: dict[str, Any] = {}

    def progress(self, share: float, step: str) -> None:
        """Append one line to progress.jsonl."""
        with (self._folder / PROGRESS_FILE).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"progress": round(share, 3), "step": step}) + "\n")

    def enter(self, stage: str, share: float, step: str) -> None:
        """Begin a stage: what failures are attributed to, and what is timed."""
        now = time.monotonic()
        self._timings[self.stage] = round(now - self._stage_began, 2)
        self.stage, self._stage_began = stage, now
        self.progress(share, step)

    def end(self, *, result: dict[str, Any] | None = None, failure: str = "") -> None:
        """Write the answer: whole or not at all."""
        self._timings[self.stage] = round(time.monotonic() - self._stage_began, 2)
        known = {LIBRARIES[name]: _version(LIBRARIES[name]) for name in LIBRARIES if name in sys.modules}
        provenance = {
            **self.facts,
            "python": sys.version.split()[0],
            "libraries": dict(sorted(known.items())),
            "timings": dict(self._timings),
            "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }
        answer = json.dumps({"result": result, "failure": failure, "provenance": provenance}, allow_nan=False)
        draft = self._folder / f"{ANSWER_FILE}.new"
        draft.write_text(answer, encoding="utf-8")
        os.replace(draft, self._folder / ANSWER_FILE)

    def uncaught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Whatever the model's code or a library raised ends here: told to the person, never hidden."""
        if isinstance(error, MemoryError) or any(sign in str(error) for sign in OUT_OF_MEMORY):
            failure = f"The evaluation ran out of memory: the limit is {self.memory_mb} MB."
        elif isinstance(error, CannotEvaluate):
            failure = str(error)
        else:
            failure = f"{_blame(self.stage)}: {last_line(error)}"
        del error, trace
        self.end(failure=failure)


def bind(limits: Limits) -> None:
    """Limits that neither this process nor what it starts can lift again."""
    memory = limits.memory_mb * MEGABYTE
    threads = _threads_of_user() + MORE_THREADS
    for kind, soft, hard in (
        (resource.RLIMIT_AS, memory, memory),
        (resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 2),
        (resource.RLIMIT_FSIZE, LARGEST_FILE, LARGEST_FILE),
        (resource.RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES),
        (resource.RLIMIT_NPROC, threads, threads),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        most = resource.getrlimit(kind)[1]
        if most != resource.RLIM_INFINITY:
            soft, hard = min(soft, most), min(hard, most)
        resource.setrlimit(kind, (soft, hard))


def last_line(error: BaseException) -> str:
    """What an error says, in one line and without this machine's paths."""
    said = " ".join(PATH.sub(r"\1", str(error)).split())[:LONGEST_ERROR]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def main(folder: Path) -> None:
    """Measure the job in `folder`."""
    teller = Teller(folder)
    sys.excepthook = teller.uncaught
    job, limits = read_job((folder / JOB_FILE).read_text(encoding="utf-8"))
    teller.memory_mb = limits.memory_mb
    teller.facts["seed"] = job.seed
    bind(limits)
    from evaluations.sandbox.measure import measure  # after bind: what it imports counts, too

    result = measure(job, teller).as_json()
    teller.end(result=result)


def _blame(stage: str) -> str:
    return {
        "loading": "This artifact cannot be loaded",
        "reading": "The data set cannot be read",
        "predicting": "The model failed while it predicted",
    }.get(stage, "The evaluation failed")


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "unknown"


def _threads_of_user() -> int:
    """RLIMIT_NPROC counts every thread of the user, so the limit starts from those that run already."""
    running = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.stat().st_uid == os.getuid():
                running += len(os.listdir(process / "task"))
        except OSError:  # it has just ended
            continue
    return running


if __name__ == "__main__":
    main(Path(sys.argv[1]))
