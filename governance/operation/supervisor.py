"""Keeps a few processes running: starts them, passes on what they say, starts again what dies, leaves none behind.

Ours rather than a library's because the ones at hand (honcho, foreman) stop everything when one process dies, and a
governance system has to outlive a worker that the kernel killed for its memory.
"""

import ctypes
import os
import selectors
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0  # whoever ran for this long starts without a pause, as if it had never failed
POLITE_SECONDS = 8.0  # what a process gets to stop by itself
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
Say = Callable[[str], None]


@dataclass(frozen=True)
class Service:
    """A process to keep running."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Child:
    service: Service
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = FIRST_PAUSE_SECONDS
    start_at: float = 0.0
    unfinished_line: bytes = b""


class Supervisor:
    """Runs its services until SIGINT, SIGTERM or SIGHUP; one thread, so that it can fork safely."""

    def __init__(
        self, services: Sequence[Service], *, say: Say, polite_seconds: float = POLITE_SECONDS
    ) -> None:
        self._children = [_Child(service) for service in services]
        self._polite_seconds = polite_seconds
        self._say = say
        self._selector = selectors.DefaultSelector()
        self._signals = 0
        self._libc = _libc()

    def run(self, each_turn: Callable[[], None]) -> None:
        """Start everything; return when everything has ended. `each_turn` is called about five times a second."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        if self._libc:
            self._libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        try:
            while not self._signals:
                self._start_due()
                self._listen()
                self._reap()
                each_turn()
        finally:
            self._stop()

    def _on_signal(self, number: int, frame: object) -> None:
        self._signals += 1

    def _start_due(self) -> None:
        for child in self._children:
            if child.process is None and monotonic() >= child.start_at:
                self._start(child)

    def _start(self, child: _Child) -> None:
        child.process = subprocess.Popen(
            child.service.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **child.service.environment},
            start_new_session=True,  # the terminal's Ctrl-C reaches only us, so that we stop them in order
            preexec_fn=self._die_with_us if self._libc else None,
        )
        child.started = monotonic()
        assert child.process.stdout is not None
        self._selector.register(child.process.stdout, selectors.EVENT_READ, child)

    def _die_with_us(self) -> None:
        if self._libc:
            self._libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)

    def _listen(self) -> None:
        for key, _ in self._selector.select(timeout=0.2):
            child: _Child = key.data
            said = os.read(key.fd, 65536)
            if not said:
                self._selector.unregister(key.fileobj)
                continue
            *lines, child.unfinished_line = (child.unfinished_line + said).split(b"\n")
            for line in lines:
                self._say(f"{child.service.name:<9} | {line.decode(errors='replace')}")

    def _reap(self) -> None:
        """Collect whoever ended: our own, and what those left behind, which Linux hands to us."""
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                pid, status = ended
                for child in self._children:
                    if child.process is not None and child.process.pid == pid:
                        child.process.returncode = os.waitstatus_to_exitcode(status)
                        self._ended(child, child.process)

    def _ended(self, child: _Child, process: subprocess.Popen[bytes]) -> None:
        child.process = None
        self._kill(process.pid)
        if self._signals:
            return
        ran = monotonic() - child.started
        if ran >= STEADY_SECONDS:
            child.pause = FIRST_PAUSE_SECONDS
        child.start_at = monotonic() + child.pause
        self._say(
            f"{child.service.name} {_how(process.returncode)} after {ran:.0f} s; "
            f"it starts again in {child.pause:.0f} s."
        )
        child.pause = min(child.pause * 2, LONGEST_PAUSE_SECONDS)

    def _kill(self, leader: int) -> None:
        """End what a dead leader left: its group, and whoever made a group of its own and was handed to us."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)
        ours = {child.process.pid for child in self._children if child.process is not None}
        for orphan in _children_of(os.getpid()) - ours:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(orphan, signal.SIGKILL)

    def _stop(self) -> None:
        """SIGTERM, patience (none after a second Ctrl-C), SIGKILL."""
        if self._running():
            self._say("Stopping …")
        for child in self._running():
            with suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGTERM)
        deadline, patience = monotonic() + self._polite_seconds, self._signals
        while self._running() and monotonic() < deadline and self._signals <= patience:
            self._listen()
            self._reap()
        for process in self._running():
            self._kill(process.pid)
            process.wait()
        while self._libc and (left := _children_of(os.getpid())):
            for orphan in left:
                with suppress(ProcessLookupError):
                    os.kill(orphan, signal.SIGKILL)
                with suppress(ChildProcessError):
                    os.waitpid(orphan, 0)

    def _running(self) -> list[subprocess.Popen[bytes]]:
        return [child.process for child in self._children if child.process is not None]


def _how(returncode: int) -> str:
    if returncode >= 0:
        return f"ended with exit code {returncode}"
    hint = " (out of memory?)" if -returncode == signal.SIGKILL else ""
    return f"was ended by {signal.Signals(-returncode).name}{hint}"


def _libc() -> ctypes.CDLL | None:
    """The C library where it has prctl, which is on Linux."""
    library = ctypes.CDLL(None)
    return library if hasattr(library, "prctl") else None


def _children_of(parent: int) -> set[int]:
    """The processes whose parent this is; empty where there is no /proc."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            # "pid (name) state ppid …", and the name may hold blanks and brackets
            if int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1]) == parent:
                found.add(int(folder.name))
    return found
