"""What a scan says, and how far it looks."""

from dataclasses import dataclass, field
from typing import Literal

Level = Literal["danger", "caution", "not_understood"]
MEGABYTE = 1 << 20
LARGEST_FILE = 2048 * MEGABYTE
LARGEST_MEMBER = 512 * MEGABYTE
MOST_UNPACKED = 2048 * MEGABYTE
MOST_FILES = 20_000
DEEPEST = 4
MOST_OF_ONE_KIND = 50


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about one file: a danger, something to read first, or something that could not be looked into.

    `file` is the path inside the folder, a member of an archive behind "!". `id` is the kind of finding.
    """

    id: str
    level: Level
    file: str
    said: str


@dataclass(frozen=True, slots=True)
class Looked:
    """A file or an archive's member that was looked at. `understood`: nothing in it was left unread."""

    file: str
    format: str
    size: int
    understood: bool


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that an artifact needs, and the file that says so."""

    file: str
    name: str
    pinned: bool


@dataclass
class Report:
    """What one scan has gathered so far, and how much more it may unpack."""

    files: list[Looked] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    pickles: list[str] = field(default_factory=list)  # the files that hold pickled objects
    requirements: list[Requirement] = field(default_factory=list)
    unpacked: int = 0
    left_out: int = 0  # findings beyond the first MOST_OF_ONE_KIND of a kind
    _counts: dict[str, int] = field(default_factory=dict)

    def add(self, id: str, level: Level, file: str, said: str) -> None:
        """Add a finding, unless it is there or its kind has been told often enough."""
        found = Finding(id, level, shown(file), said)
        if found in self.findings[-MOST_OF_ONE_KIND:]:
            return
        told = self._counts[id] = self._counts.get(id, 0) + 1
        if told > MOST_OF_ONE_KIND:
            self.left_out += 1
            return
        self.findings.append(found)

    def unread(self, file: str, why: str) -> None:
        """A part of the file could not be looked into."""
        self.add("not_understood", "not_understood", file, f"It was not looked into: {why}.")

    def looked(self, file: str, format: str, size: int, before: int) -> None:
        """The file is done; `before` is how many findings there were when it began."""
        new = self.findings[before:]
        understood = not any(found.level == "not_understood" for found in new)
        self.files.append(Looked(shown(file), format, size, understood))

    def may_unpack(self, size: int) -> bool:
        """Count bytes that are unpacked; False when they would be too many."""
        if self.unpacked + size > MOST_UNPACKED:
            return False
        self.unpacked += size
        return True


def shown(name: str) -> str:
    """A name out of a hostile file, for people: printable and not endless."""
    letters = "".join(letter if letter.isprintable() else "?" for letter in name)
    return letters if len(letters) <= 200 else f"{letters[:199]}…"
