"""Blobs of an object store, kept on this machine while they are used: bounded, and checked at every use."""

import os
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from django.conf import settings

from registry.intake import hash_file


def cached(name: str, download: Callable[[Path], None]) -> Path:
    """The blob's file in the cache, downloaded unless it is there and sound. Raises what `download` raises."""
    home = _folder() / name[:2] / name
    if home.is_file() and hash_file(home)[1] == name:
        os.utime(home)
        return home
    home.parent.mkdir(parents=True, exist_ok=True)
    aside = home.parent / f".{uuid4().hex}"
    try:
        download(aside)
        aside.chmod(0o444)
        os.replace(aside, home)
    finally:
        aside.unlink(missing_ok=True)
    _make_room(home)
    return home


def forget(name: str) -> None:
    """Drop a blob's file from the cache."""
    (_folder() / name[:2] / name).unlink(missing_ok=True)


def _folder() -> Path:
    return Path(settings.VAR_DIR) / "cache" / "blobs"


def _make_room(newest: Path) -> None:
    """Remove what was used longest ago until the cache keeps its limit. Linked files live on where they are used."""
    found = []
    for place in _folder().glob("??/*"):
        try:
            about = place.stat()
        except FileNotFoundError:
            continue
        found.append((about.st_mtime, about.st_size, place))
    excess = sum(size for _, size, _ in found) - settings.CACHE_MAX_BYTES
    for _, size, place in sorted(found):
        if excess <= 0:
            return
        if place != newest:
            place.unlink(missing_ok=True)
            excess -= size
