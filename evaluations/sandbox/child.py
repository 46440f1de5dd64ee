"""The child: `python -m evaluations.sandbox.child FOLDER` reads job.json, measures, writes result.json.

Its first act is to put up its walls and limits (walls.json); packages and the model come only after that. Progress
goes to progress.jsonl.
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

from evaluations.sandbox import packages
from evaluations.sandbox.job import (
    ANSWER_FILE,
    JOB_FILE,
    OUT_OF_MEMORY,
    PROGRESS_FILE,
    WALLS_FILE,
    CannotEvaluate,
    ModelGone,
    ModelRaised,
    read_job,
)
from evaluations.sandbox.walls.confine import Confinement, confine

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
SPARE = 4 * 1024 * 1024  # bytes kept for the moment when there are no others


class Teller:
    """Tells the parent how far the job is and how it ended."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._began = time.monotonic()
        self._stage_began = self._began
        self._timings: dict[str, float] = {}
        self.stage = "starting"
        self.memory_mb = 0
        self._spare = bytes(SPARE)
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
        self._spare = b""  # room to say it in
        if isinstance(error, MemoryError) or any(sign in str(error) for sign in OUT_OF_MEMORY):
            failure = f"The evaluation ran out of memory: the limit is {self.memory_mb} MB."
        elif isinstance(error, CannotEvaluate | ModelGone):
            failure = str(error)
        elif isinstance(error, ModuleNotFoundError) and self.stage == "loading":
            failure = (
                f"This artifact cannot be loaded: it needs the package {error.name}, which is not installed here. "
                "Register the version with requirements that name it, and an environment is built for it."
            )
        else:
            failure = f"{_blame(self.stage)}: {last_line(error)}"
        del error, trace
        try:
            self.end(failure=failure)
        except MemoryError:
            self._last_word()

    def _last_word(self) -> None:
        """Where not even the answer fits any more: as little as can be said."""
        said = b'{"result": null, "provenance": {}, "failure": "The evaluation ran out of memory: the limit is %d MB."}'
        place = os.open(f"{self._folder}/{ANSWER_FILE}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(place, said % self.memory_mb)
        os.close(place)


def last_line(error: BaseException) -> str:
    """What an error says, in one line and without this machine's paths."""
    said = " ".join(PATH.sub(r"\1", str(error)).split())[:LONGEST_ERROR]
    kind = error.kind if isinstance(error, ModelRaised) else type(error).__name__
    return f"{kind}: {said}" if said else kind


def main(folder: Path) -> None:
    """Measure the job in `folder`."""
    teller = Teller(folder)
    sys.excepthook = teller.uncaught
    job, limits = read_job((folder / JOB_FILE).read_text(encoding="utf-8"))
    teller.memory_mb = limits.memory_mb
    teller.facts["seed"] = job.seed
    walls = json.loads((folder / WALLS_FILE).read_text(encoding="utf-8"))
    confine(Confinement(**walls), folder, limits)
    packages.add()
    from evaluations.sandbox.measure import measure  # behind the walls: what it imports counts, too

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


if __name__ == "__main__":
    main(Path(sys.argv[1]))
