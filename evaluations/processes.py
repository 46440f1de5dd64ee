"""Processes of our own beside the sandbox: started, handed a job through a pipe, watched, ended.

Such a process prints lines of JSON: {"progress", "step"}, and at its end {"done": {...}} or {"failure": "..."}.
"""

import json
import logging
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TICK_SECONDS = 0.2
MOST_LINE, MOST_ERROR = 1 << 20, 4000
STOPPED = "Stopped on request."
KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """Why the work was not done, or what is worth knowing about it."""

    failure: str
    facts: dict[str, Any] = field(default_factory=dict)


def run(
    module: str,
    given: str,
    folder: Path,
    *,
    what: str,
    seconds: float,
    on_progress: Callable[[float, str], None],
    should_stop: Callable[[], bool],
    passed_on: str | tuple[str, ...] = (),
) -> Ended:
    """Run a module with this text as its input, in the folder. `what` names the work in sentences; of the environment
    it gets next to nothing, and variables whose names begin with `passed_on`."""
    child = subprocess.Popen(
        [sys.executable, "-P", "-s", "-m", module],
        cwd=folder,
        env=_environment(passed_on),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert child.stdin is not None
        with suppress(BrokenPipeError), child.stdin as pipe:
            pipe.write(given.encode())
        return _watch(child, what, seconds, on_progress, should_stop)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        for stream in (child.stdout, child.stderr):
            if stream is not None:
                stream.close()


def _watch(
    child: "subprocess.Popen[bytes]",
    what: str,
    seconds: float,
    on_progress: Callable[[float, str], None],
    should_stop: Callable[[], bool],
) -> Ended:
    assert child.stdout is not None and child.stderr is not None
    begun, buffer, errors = time.monotonic(), b"", b""
    with selectors.DefaultSelector() as selector:
        for stream in (child.stdout, child.stderr):
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            if should_stop():
                return Ended(STOPPED)
            if time.monotonic() - begun > seconds:
                return Ended(f"{what} was stopped after {seconds:g} s, the time that it may take.")
            for key, _ in selector.select(TICK_SECONDS):
                chunk = os.read(key.fd, 1 << 16)
                if not chunk:
                    selector.unregister(key.fileobj)
                elif key.fileobj is child.stderr:
                    errors = (errors + chunk)[-MOST_ERROR:]
                else:
                    *lines, buffer = (buffer + chunk)[-MOST_LINE:].split(b"\n")
                    for line in lines:
                        if (ended := _heard(line, on_progress)) is not None:
                            return ended
    log.error("%s ended without an answer: %s", what, errors.decode(errors="replace"))
    if b"MemoryError" in errors or b"Unable to allocate" in errors:
        return Ended(f"{what} ran out of memory.")
    return Ended(f"{what} ended without an answer; the worker's log says more.")


def _heard(line: bytes, on_progress: Callable[[float, str], None]) -> Ended | None:
    said = json.loads(line)
    if "failure" in said:
        return Ended(str(said["failure"]))
    if "done" in said:
        return Ended("", dict(said["done"]))
    on_progress(float(said["progress"]), str(said["step"]))
    return None


def _environment(passed_on: str | tuple[str, ...]) -> dict[str, str]:
    """No secrets, no proxies: what is needed comes with the job."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    kept |= {name: value for name, value in os.environ.items() if name.startswith(passed_on)}
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
