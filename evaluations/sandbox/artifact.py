"""An artifact's files as the child opens them: each byte that is loaded has the digest that the registry holds."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from evaluations.sandbox.job import CannotEvaluate

BLOCK = 1 << 20


class Artifact:
    """A folder (or one file) and, where the registry knows it, the SHA-256 of each file by its path inside."""

    def __init__(self, place: Path, manifest: Mapping[str, str] | None = None) -> None:
        self.place = place
        self._manifest = manifest

    def check(self) -> None:
        """Every file is as registered, and there is no other. Raises CannotEvaluate."""
        if self._manifest is None:
            return
        there = {
            path.relative_to(self.place).as_posix(): path
            for path in self.place.rglob("*")
            if not path.is_dir() or path.is_symlink()
        }
        wrong = sorted(set(there) ^ set(self._manifest))
        wrong += [name for name, path in there.items() if name not in wrong and self._differs(name, path)]
        if wrong:
            raise CannotEvaluate(_changed(wrong[0]))

    def read(self, path: Path) -> bytes:
        """The bytes of one file, hashed as they are handed out. Raises CannotEvaluate when they are others."""
        content = path.read_bytes()
        name = path.relative_to(self.place.resolve()).as_posix() if self._manifest is not None else ""
        if self._manifest is not None and hashlib.sha256(content).hexdigest() != self._manifest.get(name):
            raise CannotEvaluate(_changed(name))
        return content

    def _differs(self, name: str, path: Path) -> bool:
        if self._manifest is None or path.is_symlink():
            return True
        seen = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                seen.update(block)
        return seen.hexdigest() != self._manifest[name]


def _changed(name: str) -> str:
    return f"The artifact's file {name} is not the one that was registered, so nothing of it was loaded."
