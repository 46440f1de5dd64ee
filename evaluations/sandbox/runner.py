"""The worker's side: start the child, watch it, end it, and believe nothing that it left without a look."""

import json
import os
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from io import BufferedReader
from pathlib import Path
from typing import Any

from evaluations.sandbox.answers import answer, death
from evaluations.sandbox.children import Child, Predictor, ended, start, start_predictors
from evaluations.sandbox.isolation import Isolation
from evaluations.sandbox.job import (
    ANSWER_FILE,
    GONE,
    JOB_FILE,
    PROGRESS_FILE,
    CannotEvaluate,
    Job,
    Limits,
    Outcome,
    job_text,
)
from evaluations.sandbox.probe import AUTOMATIC, chosen
from evaluations.sandbox.watching import Ended, Heard, clear, overrun

POLL_SECONDS = 0.02
LOOK_SECONDS = 0.2  # at what it uses, which costs more than to see whether it has ended
MOST_PROGRESS_BYTES = 65_536
MOST_FAILURE = 600
STOPPED = "Stopped on request."


def run_job(
    job: Job,
    folder: Path,
    limits: Limits,
    on_progress: Callable[[float, str], None],
    should_stop: Callable[[], bool],
    on_output: Callable[[bytes], None] = lambda said: None,
    *,
    sandbox: str = AUTOMATIC,
    own: bool = False,
) -> Outcome:
    """Measure in a child process. `folder` must be empty and ours; the child can write only there.

    `on_output` gets what the child writes to stdout and stderr as it comes: of a flood, the last part. `sandbox` is
    the setting COUNTERSIGN_SANDBOX; `own` says that the product made the model itself.
    """
    try:
        isolation = chosen(sandbox, own=own)
    except CannotEvaluate as refusal:
        return Outcome(None, str(refusal), {"isolation": "none"})
    folder = folder.resolve()
    (folder / PROGRESS_FILE).touch()
    with ExitStack() as open_until_the_end:
        progress = open_until_the_end.enter_context((folder / PROGRESS_FILE).open("rb"))
        with ExitStack() as passed_on:
            job, predictors, handles = start_predictors(
                job, isolation, folder.parent, limits, on_output, open_until_the_end, passed_on
            )
            (folder / JOB_FILE).write_text(job_text(job, limits), encoding="utf-8")
            readable = [str(Path(path).resolve()) for path in job.readable]
            child = start("child", isolation, folder, readable, handles)
        open_until_the_end.enter_context(child.said)
        heard = Heard(child.said, on_output)
        open_until_the_end.callback(child.kill)
        end = _watch(child, predictors, folder, limits, progress, on_progress, should_stop, heard)
        heard.listen()
        outcome = _outcome(folder, heard, end, limits, isolation)
        outcome = _with_predictors(outcome, predictors, limits, isolation)
    clear(folder)
    return outcome


def _watch(
    child: Child,
    predictors: Sequence[Predictor],
    folder: Path,
    limits: Limits,
    progress: BufferedReader,
    on_progress: Callable[[float, str], None],
    should_stop: Callable[[], bool],
    heard: Heard,
) -> Ended:
    began = time.monotonic()
    look_again, reason = LOOK_SECONDS, ""
    while True:
        pid, code, usage = os.wait4(child.process.pid, os.WNOHANG)
        seconds = time.monotonic() - began
        if pid:
            break
        _report(progress, on_progress)
        heard.listen()
        if not reason:
            if seconds > limits.wall_seconds:
                reason = _too_long(limits.wall_seconds)
            elif should_stop():
                reason = STOPPED
            elif seconds >= look_again:
                reason, look_again = overrun(child.process.pid, folder, limits), seconds + LOOK_SECONDS
                reason = reason or next((said for each in predictors if (said := each.look())), "")
            if reason:
                child.kill()
        time.sleep(POLL_SECONDS)
    if not reason:
        reason = overrun(child.process.pid, folder, limits)  # what it wrote last
    return ended(child, code, usage.ru_maxrss, usage.ru_utime + usage.ru_stime, round(seconds, 2), reason)


def _report(progress: BufferedReader, on_progress: Callable[[float, str], None]) -> None:
    """Pass on the newest whole line."""
    lines = progress.read(MOST_PROGRESS_BYTES).splitlines()
    for line in reversed(lines):
        try:
            given = json.loads(line)
            on_progress(min(max(float(given["progress"]), 0.0), 1.0), str(given["step"])[:120])
        except (ValueError, TypeError, KeyError, RecursionError):  # half a line, or not ours
            continue
        return


def _outcome(folder: Path, heard: Heard, ended: Ended, limits: Limits, isolation: Isolation) -> Outcome:
    around: dict[str, Any] = {
        "isolation": isolation.name,
        "isolation_detail": isolation.detail,
        "sandboxed": isolation.is_wall,
        "seconds": ended.seconds,
        "limits": {
            "memory_mb": limits.memory_mb,
            "cpu_seconds": limits.cpu_seconds,
            "wall_seconds": limits.wall_seconds,
        },
    }
    if not isolation.is_bubblewrap:
        # bubblewrap does not pass on what its children used; there the child tells it itself
        around["peak_memory_mb"] = ended.peak_mb
    if ended.reason:
        return Outcome(None, ended.reason, around)
    found = answer(folder / ANSWER_FILE)
    provenance = {**_mapping(found.get("provenance")), **around}
    result = found.get("result")
    if isinstance(result, dict) and not found.get("failure"):
        if not isolation.is_wall:
            _note(result, isolation.detail)
        return Outcome(result, "", provenance)
    said = str(found.get("failure") or death(heard.last(), ended, limits))
    return Outcome(None, said[:MOST_FAILURE], provenance)


def _with_predictors(
    outcome: Outcome, predictors: Sequence[Predictor], limits: Limits, isolation: Isolation
) -> Outcome:
    """What the children that held the models used; and where one of them ended before it answered, why."""
    if not predictors:
        return outcome
    ends = [each.end() for each in predictors]
    failure = outcome.failure
    if failure == GONE:
        fallen = [
            death(each.heard.last(), end, limits)
            for each, end in zip(predictors, ends, strict=True)
            if end.status
        ]
        failure = fallen[0] if fallen else failure
    around = dict(outcome.provenance)
    if not isolation.is_bubblewrap:
        around["predictor_peak_memory_mb"] = max(end.peak_mb for end in ends)
    return Outcome(outcome.result, failure, around)


def _note(result: dict[str, Any], said: str) -> None:
    """A result without a sandbox says so itself, on every page and in the evidence."""
    notes = result.get("notes")
    result["notes"] = [said, *(notes if isinstance(notes, list) else [])]


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _too_long(seconds: int) -> str:
    return f"The evaluation was stopped after {seconds} s, the time that it may take."
