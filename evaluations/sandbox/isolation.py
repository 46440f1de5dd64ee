"""The walls that can stand around a child, and how its command line puts them up.

bubblewrap: namespaces of its own, so that the child sees no network, no other process and no file but Python, the
system's libraries, this package, the model and the data (all read-only), and its own folder; inside, a filter of system
calls. Landlock: the same files by rules of the kernel, and the same filter, which closes off network and processes.
"""

import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

CODE = Path(__file__).resolve().parent.parent
SYSTEM = ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/localtime")
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

    @property
    def is_landlock(self) -> bool:
        """Whether the child binds itself by Landlock."""
        return self.name == "landlock"

    @property
    def is_wall(self) -> bool:
        """Whether code that somebody else wrote may run behind it."""
        return self.is_bubblewrap or self.is_landlock


BUBBLEWRAP = Isolation(
    "bubblewrap",
    "No network, no other processes, read-only files, no project state, no program can be started; limits on memory, "
    "time and output.",
)
LANDLOCK = Isolation(
    "landlock",
    "Landlock and seccomp: no network, no other process can be reached, only the model and the data can be read, no "
    "program can be started; limits on memory, time and output.",
)
OFF = Isolation(
    "off",
    "NO SANDBOX: it is switched off by COUNTERSIGN_SANDBOX=off. The model ran with the rights of the worker; only "
    "memory, time and output were limited.",
)
OWN_MODEL = Isolation(
    "own model only",
    "No sandbox works on this machine. This artifact was made by the product itself for its demo, so it ran without "
    "one, with limits on memory, time and output.",
)
NONE = Isolation("none", "No sandbox works on this machine, so no model is run.")


def command(isolation: Isolation, module: str, folder: Path, readable: Iterable[str]) -> list[str]:
    """The command line of a child that runs a module of this package on `folder`."""
    child = python("-m", f"evaluations.sandbox.{module}", str(folder))
    if not isolation.is_bubblewrap:
        return child
    program = shutil.which("bwrap") or "bwrap"
    return [program, *_arguments(folder=folder, readable=readable), *child]


def python(*arguments: str) -> list[str]:
    """This Python, without the current folder on its path and without the user's packages.

    -S: the packages' folders come later (`packages.add`), because what stands in them may run code at the start.
    """
    return [sys.executable, "-P", "-s", "-S", *arguments]


def environment(folder: str) -> Mapping[str, str]:
    """All that the child may know of the environment: no secrets, no addresses, one thread, one process."""
    threads = [f"{library}_NUM_THREADS" for library in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA")]
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": folder,
        "TMPDIR": folder,
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(CODE.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "NUMBA_DISABLE_JIT": "1",  # shap would compile for eleven seconds in each child, and gain none
        "MPLCONFIGDIR": folder,
        "LOKY_MAX_CPU_COUNT": THREADS,
        "JOBLIB_MULTIPROCESSING": "0",  # what would start processes goes on in this one
        **dict.fromkeys(threads, THREADS),
    }


def pythons() -> list[str]:
    """Folders that this Python is made of: the virtual environment, and the installation behind it."""
    real = Path(sys.executable).resolve().parent.parent
    found = [sys.prefix, sys.base_prefix, str(real)]
    return [place for place in dict.fromkeys(found) if not place.startswith(("/usr/", "/lib/"))]


def visible(readable: Iterable[str]) -> tuple[str, ...]:
    """Every place that the child may read beside its own folder."""
    return tuple(dict.fromkeys((*SYSTEM, *pythons(), str(CODE), *readable)))


def _arguments(*, folder: Path, readable: Iterable[str]) -> list[str]:
    bound = [
        "--unshare-all",
        "--die-with-parent",
        "--new-session",
        "--cap-drop",
        "ALL",
        "--hostname",
        "sandbox",
    ]
    bound += ["--dev", "/dev", "--proc", "/proc"]
    for place in SYSTEM:
        bound += ["--ro-bind-try", place, place]
    for place in dict.fromkeys((*pythons(), str(CODE), *readable)):
        bound += ["--ro-bind", place, place]
    bound += ["--bind", str(folder), str(folder), "--chdir", str(folder)]
    # What lies in memory outside of the folder is counted by no limit, so nothing may be written there.
    return [*bound, "--remount-ro", "/dev", "--remount-ro", "/", "--"]
