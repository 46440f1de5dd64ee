"""What a running child uses: what it wrote, its threads, what stays of it. Polled by the worker."""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from evaluations.sandbox.job import Limits

MEGABYTE = 1024 * 1024
MOST_ERROR_BYTES = 65_536
MOST_THREADS = 256
DEEPEST = 16
DELETED = " (deleted)"


@dataclass(frozen=True, slots=True)
class Ended:
    """How the child ended: signal number or None, exit status, why we ended it, peak memory in MB, seconds."""

    signal: int | None
    status: int
    reason: str
    peak_mb: int
    seconds: float
    cpu_seconds: float


class Heard:
    """What the child writes, read from our own handle: whatever it puts in the place of the file is not looked at."""

    def __init__(self, file: FileIO, tell: Callable[[bytes], None]) -> None:
        self._handle = file.fileno()
        self._told = 0
        self._tell = tell

    def listen(self) -> None:
        """Pass on what is new."""
        size = os.fstat(self._handle).st_size
        begin = max(self._told, size - MOST_ERROR_BYTES)
        if size > begin:
            self._tell(os.pread(self._handle, size - begin, begin))
        self._told = size

    def last(self) -> bytes:
        """The end of all that it wrote."""
        size = os.fstat(self._handle).st_size
        return os.pread(self._handle, MOST_ERROR_BYTES, max(0, size - MOST_ERROR_BYTES))


def overrun(pid: int, folder: Path, limits: Limits) -> str:
    """What the child does beyond its limits, as a sentence; "" when nothing."""
    processes = _family(pid)
    if sum(_threads(process) for process in processes) > MOST_THREADS:
        return f"The evaluation was stopped because it started more than {MOST_THREADS} threads."
    files, size = _left_in(folder, limits.files)
    if files > limits.files:
        return f"The evaluation was stopped because it left more than {limits.files:,} files in its folder."
    size += sum(_deleted(process) for process in processes)
    if size > limits.output_mb * MEGABYTE:
        return f"The evaluation was stopped because it wrote more than {limits.output_mb} MB."
    return ""


def clear(folder: Path) -> None:
    """Remove what a child left in folders of its own, however deep it nested them and whatever it forbade."""
    moved = 0
    while True:
        nested = [Path(entry.path) for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)]
        if not nested:
            return
        for place in nested:
            place.chmod(stat.S_IRWXU)
            for entry in list(os.scandir(place)):
                if entry.is_dir(follow_symlinks=False):
                    moved += 1
                    os.chmod(entry.path, stat.S_IRWXU)  # to be moved it must be writable itself
                    os.rename(entry.path, folder / f".left-{moved}")
                else:
                    os.unlink(entry.path)
            place.rmdir()


def _left_in(folder: Path, most: int) -> tuple[int, int]:
    """Files and bytes below a folder; links are not followed. Gives up beyond `most` files or too deep a nest."""
    files = size = 0
    waiting = [(str(folder), 0)]
    while waiting and files <= most:
        place, depth = waiting.pop()
        try:
            entries = os.scandir(place)
        except OSError:  # gone, or closed to us: it counts as a file
            continue
        with entries:
            for entry in entries:
                files += 1
                if files > most:
                    break
                if entry.is_dir(follow_symlinks=False):
                    if depth >= DEEPEST:
                        return most + 1, size
                    waiting.append((entry.path, depth + 1))
                else:
                    size += _size(entry)
    return files, size


def _size(entry: "os.DirEntry[str]") -> int:
    try:
        return entry.stat(follow_symlinks=False).st_blocks * 512
    except OSError:
        return 0


def _family(pid: int) -> list[int]:
    """The process and all that descend from it."""
    found, waiting = [], [pid]
    while waiting:
        process = waiting.pop()
        found.append(process)
        try:
            for thread in os.listdir(f"/proc/{process}/task"):
                said = Path(f"/proc/{process}/task/{thread}/children").read_text()
                waiting += [int(child) for child in said.split()]
        except OSError:  # it has just ended, or this system has no /proc
            continue
    return found


def _threads(process: int) -> int:
    try:
        return len(os.listdir(f"/proc/{process}/task"))
    except OSError:
        return 0


def _deleted(process: int) -> int:
    """Bytes of files that the process holds open and that no folder shows any more."""
    size = 0
    try:
        for handle in os.listdir(f"/proc/{process}/fd"):
            place = f"/proc/{process}/fd/{handle}"
            if os.readlink(place).endswith(DELETED):
                size += os.stat(place).st_blocks * 512
    except OSError:  # not ours to see, or just closed
        return size
    return size
