"""Running a script that loads mlflow: lines in, lines out, and an end to silence, slowness and floods."""

import os
import selectors
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from time import monotonic

from django.conf import settings

MOST_BYTES = 64 * 1024 * 1024
TICK_SECONDS = 1.0


class NoAnswer(Exception):
    """The script was ended or ended badly; `str()` says how, in a sentence."""


def lines_of(
    module: str,
    arguments: Sequence[str],
    *,
    given: str = "",
    environment: Mapping[str, str],
    silence_seconds: float,
    most_seconds: float,
    tick: Callable[[], bool] = lambda: True,
) -> Iterator[str]:
    """Each line as the script prints it. `tick` is called about every second; False ends the work.

    Raises NoAnswer when a line takes longer than `silence_seconds`, all of them longer than `most_seconds`, or
    there are too many. The script and whatever it started are gone afterwards, however the loop was left.
    """
    with tempfile.TemporaryFile() as source:
        source.write(given.encode())
        source.seek(0)
        child = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=settings.BASE_DIR,
            env=dict(environment),
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        yield from _lines(child, silence_seconds, most_seconds, tick)
    finally:
        _end(child)


def _lines(
    child: "subprocess.Popen[bytes]", silence: float, most: float, tick: Callable[[], bool]
) -> Iterator[str]:
    assert child.stdout is not None
    begun = heard = monotonic()
    buffer, read = b"", 0
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while True:
            now = monotonic()
            left = min(heard + silence, begun + most) - now
            if left <= 0:
                raise NoAnswer(
                    f"MLflow did not answer within {silence if heard > begun else most:g} seconds."
                )
            if selector.select(min(left, TICK_SECONDS)):
                chunk = os.read(child.stdout.fileno(), 1 << 16)
                if not chunk:
                    return
                read += len(chunk)
                if read > MOST_BYTES:
                    raise NoAnswer("MLflow sent more than can be taken in.")
                *lines, buffer = (buffer + chunk).split(b"\n")
                for line in lines:
                    yield line.decode(errors="replace")
                if lines:
                    heard = monotonic()
            elif not tick():
                raise NoAnswer("The work was taken over or stopped.")


def _end(child: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    if child.stdout is not None:
        child.stdout.close()
