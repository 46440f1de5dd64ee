"""What a child left, believed only after a look; and why one that left nothing is gone."""

import json
import math
import os
import signal
import stat
from pathlib import Path
from typing import Any

from evaluations.sandbox.job import OUT_OF_MEMORY, Limits
from evaluations.sandbox.watching import Ended

MOST_ANSWER_BYTES = 16_000_000
MOST_DEPTH = 12
UNUSABLE = "The evaluation left an answer that cannot be used"


def answer(path: Path) -> dict[str, Any]:
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


def death(said: bytes, ended: Ended, limits: Limits) -> str:
    """Why a child that left no answer is gone. `said` is the end of its output."""
    if any(sign.encode() in said for sign in OUT_OF_MEMORY):
        return f"The evaluation ran out of memory: the limit is {limits.memory_mb} MB."
    if ended.signal == signal.SIGXCPU or ended.cpu_seconds >= limits.cpu_seconds:
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
