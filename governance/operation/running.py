"""One server at a time on one var/: a lock that goes away with its holder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRunning(RuntimeError):
    """Another process holds the lock; the message says which."""


@contextmanager
def only_one(lock: Path, holder: str) -> Iterator[None]:
    """Hold the lock file for as long as the block lasts. Raises AlreadyRunning with what its holder wrote in it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(os.read(descriptor, 500).decode(errors="replace").strip()) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{holder}\n".encode())
        yield
    finally:
        os.close(descriptor)
