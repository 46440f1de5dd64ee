"""The folders of environments below var/, and clearing away those that nobody uses."""

import os
import shutil
from datetime import datetime
from pathlib import Path

from django.conf import settings

from evaluations.models import Environment

CACHE, DRAFTS = "cache", "drafts"


def folder_of(environment: Environment) -> Path:
    """Where its packages lie."""
    return root() / environment.folder


def is_here(environment: Environment) -> bool:
    """Whether this machine sees its packages."""
    return environment.is_ready and folder_of(environment).is_dir()


def leave(environment: Environment) -> None:
    """No new run takes its folder. Those that use it now have time until it is cleared away."""
    if environment.folder and folder_of(environment).is_dir():
        os.utime(folder_of(environment))


def root() -> Path:
    """The folder of all environments."""
    place: Path = settings.VAR_DIR / "environments"
    place.mkdir(parents=True, exist_ok=True)
    return place


def drafts() -> Path:
    """What is being built lies here until it is whole."""
    place = root() / DRAFTS
    place.mkdir(exist_ok=True)
    return place


def clear_leftovers(*, before: datetime) -> int:
    """Remove what no row names and nobody has touched since: drafts of dead workers, folders that were built anew."""
    kept = set(Environment.objects.exclude(folder="").values_list("folder", flat=True)) | {CACHE, DRAFTS}
    removed = 0
    for place in [*root().iterdir(), *drafts().iterdir()]:
        if (
            place.name not in kept or place.parent.name == DRAFTS
        ) and place.stat().st_mtime < before.timestamp():
            shutil.rmtree(place)
            removed += 1
    return removed
