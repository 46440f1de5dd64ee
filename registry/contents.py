"""A version's files as they came in, with what they say about themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from registry.formats import Description, describe
from registry.intake import StoredFile
from registry.signing import check_signature


@dataclass(frozen=True)
class Contents:
    """The staged folder, its manifest, its description, and what its signature proves."""

    folder: Path
    files: tuple[StoredFile, ...]
    described: Description
    signing: Mapping[str, object]


def look_into(folder: Path, files: tuple[StoredFile, ...], *, at: datetime) -> Contents:
    """Read what the files say and check the signature among them. Raises Invalid when it does not fit."""
    signing = check_signature(folder, files, at=at)
    return Contents(folder, files, describe(folder, [file.path for file in files]), signing)
