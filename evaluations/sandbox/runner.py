"""The worker's side: start the child, watch it, end it, and believe nothing that it left without a look."""

import json
import math
import os
import signal
import stat
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

from evaluations.sandbox.isolation import Isolation, command, environment, probe
from evaluations.sandbox.job import (
    ANSWER_FILE,
    ERROR_FILE,
    JOB_FILE,
    OUT_OF_MEMORY,
    PROGRESS_FILE,
    Job,
    Limits,
    Outcome,
    job_text,
)

POLL_SECONDS = 0.05
MOST_ANSWER_BYTES = 16_000_000
MOST_PROGRESS_BYTES = 65_536
MOST_ERROR_BYTES = 65_536
MOST_FAILURE = 600
MOST_DEPTH = 12
STOPPED = "Stopped on request."
UNUSABLE = "The evaluation left an answer that cannot be used"


@dataclass(frozen=True, slots=True)
class _Ended:
    """How the child ended: signal number or None, exit status, why we ended it, peak memory in MB,
    seconds."""

    signal: int | None
    status: int
    reason: str
    peak_mb: int
    seconds: float


def run_job(
    job: Job,
    folder: Path,
    limits: Limits,
    on_progress: Callable[[float, str], None],
    should_stop: Callable[[], bool],
) -> Outcome:
    """Measure in a child process. `folder` must be empty and ours; the child can write only there."""
    isolation = probe()
    folder = folder.resolve()
    (folder / JOB_FILE).write_text(job_text(job, limits), encoding="utf-8")
    readable = [str(Path(path).resolve()) for path in (job.model_path, job.data_path) if path is not None]
    (folder / PROGRESS_FILE).touch()
    with (folder / PROGRESS_FILE).open("rb") as progress, (folder / ERROR_FILE).open("wb") as errors:
        child = subprocess.Popen(
            command(isolation, folder=folder, readable=readable),
            cwd=folder,
            env=environment(str(folder)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )
        try:
            ended = _watch(child, limits, progress, on_progress, should_stop)
        finally:
            _kill(child)
    return _outcome(folder, ended, limits, isolation)


def _watch(
    child: "subprocess.Popen[bytes]",
    limits: Limits,
    progress: BufferedReader,
    on_progress: Callable[[float, str], None],
    should_stop: Callable[[], bool],
) -> _Ended:
    began = time.monotonic()
    reason = ""
    while True:
        pid, code, usage = os.wait4(child.pid, os.WNOHANG)
        seconds = time.monotonic() - began
        if pid:
            break
        _report(progress, on_progress)
        if not reason and (seconds > limits.wall_seconds or should_stop()):
            reason = STOPPED if seconds <= limits.wall_seconds else _too_long(limits.wall_seconds)
            _kill(child)
        time.sleep(POLL_SECONDS)
    child.returncode = os.waitstatus_to_exitcode(code)  # so that Popen knows that it was waited for
    status = child.returncode
    killed = -status if status < 0 else status - 128 if 128 < status <= 128 + signal.SIGRTMAX else None
    return _Ended(killed, status, reason, usage.ru_maxrss // 1024, round(seconds, 2))


def _kill(child: "subprocess.Popen[bytes]") -> None:
    """The child's whole session; bubblewrap's own ends with it."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _report(progress: BufferedReader, on_progress: Callable[[float, str], None]) -> None:
    """Pass on the newest whole line."""
    lines = progress.read(MOST_PROGRESS_BYTES).splitlines()
    for line in reversed(lines):
        try:
            given = json.loads(line)
            on_progress(min(max(float(given["progress"]), 0.0), 1.0), str(given["step"])[:120])
        except (ValueError, TypeError, KeyError):  # half a line, or not ours
            continue
        return


def _outcome(folder: Path, ended: _Ended, limits: Limits, isolation: Isolation) -> Outcome:
    around: dict[str, Any] = {
        "isolation": isolation.name,
        "isolation_detail": isolation.detail,
        "seconds": ended.seconds,
        "limits": {
            "memory_mb": limits.memory_mb,
            "cpu_seconds": limits.cpu_seconds,
            "wall_seconds": limits.wall_seconds,
        },
    }
    if (
        not isolation.is_bubblewrap
    ):  # which does not pass on what its children used; the child tells it itself
        around["peak_memory_mb"] = ended.peak_mb
    if ended.reason:
        return Outcome(None, ended.reason, around)
    answer = _answer(folder / ANSWER_FILE)
    provenance = {**_mapping(answer.get("provenance")), **around}
    result = answer.get("result")
    if isinstance(result, dict) and not answer.get("failure"):
        return Outcome(result, "", provenance)
    return Outcome(
        None, str(answer.get("failure") or _death(folder, ended, limits))[:MOST_FAILURE], provenance
    )


def _answer(path: Path) -> dict[str, Any]:
    """What the child left, if it is a plain file of ours with plain finite numbers; else nothing."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return {}
    with os.fdopen(handle, "rb") as file:
        kept = os.fstat(file.fileno())
        if not stat.S_ISREG(kept.st_mode) or kept.st_size > MOST_ANSWER_BYTES:
            return {"failure": f"{UNUSABLE}: it is too large, or no file."}
        text = file.read(MOST_ANSWER_BYTES)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {"failure": f"{UNUSABLE}: it cannot be read."}
    if not isinstance(found, dict) or not _is_plain(found, MOST_DEPTH):
        return {"failure": f"{UNUSABLE}: it holds more than finite numbers and text."}
    return found


def _is_plain(value: Any, depth: int) -> bool:
    """Only what JSON can hold, finite, and not nested without end."""
    if depth == 0:
        return False
    if isinstance(value, dict):
        return all(_is_plain(inner, depth - 1) for inner in value.values())
    if isinstance(value, list):
        return all(_is_plain(inner, depth - 1) for inner in value)
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, int) or abs(value) < 2**53  # canonical JSON knows no larger integers


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _too_long(seconds: int) -> str:
    return f"The evaluation was stopped after {seconds} s, the time that it may take."


def _death(folder: Path, ended: _Ended, limits: Limits) -> str:
    """Why a child that left no answer is gone."""
    with (folder / ERROR_FILE).open("rb") as file:
        said = file.read(MOST_ERROR_BYTES)
    if any(sign.encode() in said for sign in OUT_OF_MEMORY):
        return f"The evaluation ran out of memory: the limit is {limits.memory_mb} MB."
    if ended.signal == signal.SIGXCPU:
        return f"The evaluation was stopped after {limits.cpu_seconds} s of processor time, all it may use."
    if ended.signal == signal.SIGKILL:
        return (
            "The evaluation was killed by the system. It most likely ran out of memory: the limit is "
            f"{limits.memory_mb} MB."
        )
    if ended.signal is not None:
        return f"The model, or a library that it uses, crashed ({_signal_name(ended.signal)})."
    return f"The evaluation ended without an answer (exit status {ended.status})."


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
