"""The child's first act: bind itself, so that neither it nor what it loads can do more."""

import os
import resource
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from evaluations.sandbox.job import Limits
from evaluations.sandbox.walls import landlock, seccomp
from evaluations.sandbox.walls.kernel import die_with, give_up_privileges

MEGABYTE = 1024 * 1024
LARGEST_FILE = 64 * MEGABYTE
OPEN_FILES = 256
MORE_THREADS = 64


@dataclass(frozen=True, slots=True)
class Confinement:
    """Which walls the child puts up itself, what it may read, and whose end is its own."""

    landlock: bool
    seccomp: bool
    readable: tuple[str, ...]
    parent: int  # 0: inside of bubblewrap, which sees to it


def confine(given: Confinement, folder: Path, limits: Limits) -> None:
    """Put up the walls. Raises WallMissing, and then nothing may be opened."""
    threads = _threads_of_user() + MORE_THREADS
    if given.landlock or given.seccomp:
        if given.parent:
            die_with(given.parent)
        give_up_privileges()
    if given.landlock:
        landlock.restrict(given.readable, str(folder))
    bind(limits, threads)
    if given.seccomp:
        seccomp.restrict()


def bind(limits: Limits, threads: int) -> None:
    """Limits that neither this process nor what it starts can lift again."""
    memory = limits.memory_mb * MEGABYTE
    for kind, soft, hard in _bounds(memory, limits.cpu_seconds, threads):
        most = resource.getrlimit(kind)[1]
        if most != resource.RLIM_INFINITY:
            soft, hard = min(soft, most), min(hard, most)
        resource.setrlimit(kind, (soft, hard))


def _bounds(memory: int, seconds: int, threads: int) -> Iterable[tuple[int, int, int]]:
    return (
        (resource.RLIMIT_AS, memory, memory),
        (resource.RLIMIT_CPU, seconds, seconds + 2),
        (resource.RLIMIT_FSIZE, LARGEST_FILE, LARGEST_FILE),
        (resource.RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES),
        (resource.RLIMIT_NPROC, threads, threads),
        (resource.RLIMIT_CORE, 0, 0),
    )


def _threads_of_user() -> int:
    """RLIMIT_NPROC counts every thread of the user, so the limit starts from those that run already."""
    running = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.stat().st_uid == os.getuid():
                running += len(os.listdir(process / "task"))
        except OSError:  # it has just ended
            continue
    return running
