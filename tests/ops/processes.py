"""Starting programs of ours as a person would, and looking at what they leave behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def embedded(var: Path, **more: str) -> dict[str, str]:
    """The environment of an embedded installation in this folder, whatever the tests themselves run on."""
    ours = ("COUNTERSIGN_", "DATABASE_URL", "REDIS_URL", "MLFLOW_", "PROMETHEUS_", "DJANGO_SETTINGS_MODULE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "COUNTERSIGN_VAR": str(var), "COUNTERSIGN_DEMO": "0", **more}


def manage(*arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """`manage.py …`, to its end."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


class Running:
    """A program that runs, and what it has said so far."""

    def __init__(self, process: "subprocess.Popen[str]", said: Path) -> None:
        self.process = process
        self._said = said

    @property
    def said(self) -> str:
        """Everything it wrote."""
        return self._said.read_text()

    def says(self, text: str, *, within: float = 30.0) -> bool:
        """Wait until it has written this."""
        return eventually(lambda: text in self.said, within=within)

    def stop(self, number: int = signal.SIGTERM, *, within: float = 20.0) -> float:
        """Send the signal and wait for the end; how many seconds that took."""
        started = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(within)
        return time.monotonic() - started


@contextmanager
def running(*arguments: str, folder: Path, environment: Mapping[str, str] | None = None) -> Iterator[Running]:
    """Run this Python with the arguments; ended at the latest with the block."""
    said = folder / f"said-{time.monotonic_ns()}.txt"
    with said.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-u", *arguments],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    try:
        yield Running(process, said)
    finally:
        with suppress(subprocess.TimeoutExpired):
            if process.poll() is None:
                process.terminate()
                process.wait(15)
        if process.poll() is None:
            process.kill()
            process.wait(5)


def eventually(holds: Callable[[], bool], *, within: float) -> bool:
    """Whether it comes true in time."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.05)
    return holds()


def alive_with(mark: str) -> list[str]:
    """Command lines of the processes in whose environment or command line this text stands."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (folder / "stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                continue
            command = (folder / "cmdline").read_bytes()
            if mark.encode() in command + (folder / "environ").read_bytes():
                found.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return found
