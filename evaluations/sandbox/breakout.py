"""The probe's child: `python -m evaluations.sandbox.breakout FOLDER` confines itself and then tries to get out."""

import ctypes
import json
import os
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from evaluations.sandbox import packages
from evaluations.sandbox.job import Limits
from evaluations.sandbox.walls.confine import Confinement, confine

LIMITS = Limits(memory_mb=2048, cpu_seconds=10, wall_seconds=20)
PTRACE_ATTACH = 16
Given = Mapping[str, Any]


def main(folder: Path) -> None:
    """Write the names of what succeeded although it must not."""
    given: Given = json.loads((folder / "probe.json").read_text())
    walls = Confinement(
        landlock=given["landlock"],
        seccomp=True,
        readable=tuple(given["readable"]),
        parent=given["pid"] if given["landlock"] else 0,
    )
    confine(walls, folder, LIMITS)
    packages.add()
    import numpy  # noqa: F401  (a wall behind which nothing can be computed is of no use)

    got_out = [name for name, attempt in ATTEMPTS.items() if _succeeds(attempt, given)]
    (folder / "answer.json").write_text(json.dumps({"got_out": got_out}))


def _succeeds(attempt: Callable[[Given], object], given: Given) -> bool:
    try:
        attempt(given)
    except (OSError, ValueError):
        return False
    return True


def _tcp(given: Given) -> None:
    socket.create_connection(("127.0.0.1", given["port"]), 2).close()


def _udp(given: Given) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.sendto(b"x", ("127.0.0.1", given["port"]))


def _unix(given: Given) -> None:
    socket.socket(socket.AF_UNIX).close()


def _state(given: Given) -> None:
    os.listdir(given["state"])


def _secret(given: Given) -> None:
    Path(given["secret"]).read_bytes()


def _passwd(given: Given) -> None:
    Path("/etc/passwd").read_bytes()


def _environment_of_parent(given: Given) -> None:
    """Behind bubblewrap the parent is its own first process, which knows no more than this one."""
    said = Path(f"/proc/{os.getppid() or given['pid']}/environ").read_bytes().split(b"\0")
    if {line.partition(b"=")[0] for line in said} <= {*os.environb, b""}:
        raise ValueError("nothing new")


def _code(given: Given) -> None:
    _planted(Path(__file__).parent)


def _temporary(given: Given) -> None:
    _planted(Path(given["secret"]).parent)


def _planted(folder: Path) -> None:
    """Where it could be written it goes again."""
    place = folder / f"planted-{os.getpid()}"
    place.open("x").close()
    place.unlink()


def _signal(given: Given) -> None:
    os.kill(os.getppid() or given["pid"], 0)


def _process(given: Given) -> None:
    if os.fork() == 0:
        os._exit(0)


def _program(given: Given) -> None:
    """If it could, the answer would be missing, which counts as a wall that does not work."""
    os.execv("/bin/true", ["true"])


def _ptrace(given: Given) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(PTRACE_ATTACH, os.getppid() or given["pid"], 0, 0) < 0:
        raise OSError(ctypes.get_errno(), "refused")


ATTEMPTS: Mapping[str, Callable[[Given], object]] = {
    "a TCP connection": _tcp,
    "a UDP packet": _udp,
    "a Unix socket": _unix,
    "reading the project's state": _state,
    "reading another folder": _secret,
    "reading /etc/passwd": _passwd,
    "reading another process's environment": _environment_of_parent,
    "writing among the code": _code,
    "writing beside its folder": _temporary,
    "a signal to another process": _signal,
    "tracing another process": _ptrace,
    "starting a process": _process,
    "starting a program": _program,
}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
