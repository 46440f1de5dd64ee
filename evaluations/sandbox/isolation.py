"""How far the child is kept from the machine: by bubblewrap where that works, else only by process limits.

In bubblewrap the child sees no network, no other process and no file but Python, the system's libraries, this
package, the model and the data (all read-only), and its own folder. Nothing of the project's state, no home,
no /etc.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CODE = Path(__file__).resolve().parent.parent
SYSTEM = ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/localtime")
PROBE_SECONDS = 20
THREADS = "1"


@dataclass(frozen=True, slots=True)
class Isolation:
    """What stands between the child and the machine."""

    name: str
    detail: str

    @property
    def is_bubblewrap(self) -> bool:
        """Whether the child runs in namespaces of its own."""
        return self.name == "bubblewrap"


BUBBLEWRAP = Isolation(
    "bubblewrap",
    "No network, no other processes, read-only files, no project state; limits on memory and time.",
)


def process_only(why: str) -> Isolation:
    """Without bubblewrap."""
    return Isolation(
        "process",
        "A process of its own with limits on memory and time and an empty environment; network and files "
        f"are not closed off ({why}).",
    )


@cache
def probe() -> Isolation:
    """Try bubblewrap once."""
    program = shutil.which("bwrap")
    if program is None:
        return process_only("bubblewrap is not installed")
    command = [program, *_arguments(folder=None, readable=()), *python("-c", "import numpy")]
    try:
        tried = subprocess.run(
            command,
            env=environment("/"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROBE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return process_only("bubblewrap does not answer here")
    return BUBBLEWRAP if tried.returncode == 0 else process_only("bubblewrap does not work here")


def command(isolation: Isolation, *, folder: Path, readable: Iterable[str]) -> list[str]:
    """The command line of the child for the job in `folder`."""
    child = python("-m", "evaluations.sandbox.child", str(folder))
    if not isolation.is_bubblewrap:
        return child
    program = shutil.which("bwrap") or "bwrap"
    return [program, *_arguments(folder=folder, readable=readable), *child]


def python(*arguments: str) -> list[str]:
    """This Python, without the current folder on its path and without the user's packages."""
    return [sys.executable, "-P", "-s", *arguments]


def environment(folder: str) -> Mapping[str, str]:
    """All that the child may know of the environment: no secrets, no addresses, one thread."""
    threads = [f"{library}_NUM_THREADS" for library in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA")]
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": folder,
        "TMPDIR": folder,
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(CODE.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "NUMBA_DISABLE_JIT": "1",  # shap would compile for eleven seconds in each child, and gain none
        "MPLCONFIGDIR": folder,
        "LOKY_MAX_CPU_COUNT": THREADS,
        **dict.fromkeys(threads, THREADS),
    }


def _arguments(*, folder: Path | None, readable: Iterable[str]) -> list[str]:
    bound = [
        "--unshare-all",
        "--die-with-parent",
        "--new-session",
        "--cap-drop",
        "ALL",
        "--hostname",
        "sandbox",
    ]
    bound += ["--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]  # noqa: S108  (the sandbox's own, empty)
    for place in SYSTEM:
        bound += ["--ro-bind-try", place, place]
    for place in dict.fromkeys((*_pythons(), str(CODE), *readable)):
        bound += ["--ro-bind", place, place]
    if folder is not None:
        bound += ["--bind", str(folder), str(folder), "--chdir", str(folder)]
    return [*bound, "--"]


def _pythons() -> list[str]:
    """Folders that this Python is made of: the virtual environment, and the installation behind it."""
    real = Path(sys.executable).resolve().parent.parent
    found = [sys.prefix, sys.base_prefix, str(real)]
    return [
        place for place in found if not any(place.startswith(f"{system}/") for system in ("/usr", "/lib"))
    ]
