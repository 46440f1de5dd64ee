"""Files as somebody who means harm would make them. None of them is ever loaded by a test."""

import os
import pickle
from pathlib import Path
from typing import Any

from evaluations.sandbox.scan import Finding, scan


class Calls:
    """Pickles as a call of `maker` with `given`."""

    def __init__(self, maker: Any, *given: Any) -> None:
        self.call = (maker, given)

    def __reduce__(self) -> Any:
        return self.call


def touching(mark: Path) -> Calls:
    """Would leave a mark if anybody unpickled it."""
    return Calls(os.system, f"touch {mark}")


HARMFUL = pickle.dumps(Calls(os.system, "true"))
SYSTEM_BY_MEMO = (
    b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94"  # two texts, kept in the memo,
    b"00"  # taken off the stack
    b"h\x00h\x01\x93"  # and fetched again as a name
    b"\x8c\x04true\x85R."
)


def found(content: bytes, place: Path, name: str = "model.pkl") -> list[Finding]:
    """What a scan says of one file."""
    folder = place / "artifact"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    return scan(folder)


def ids(findings: list[Finding]) -> set[str]:
    """The kinds of findings."""
    return {finding.id for finding in findings}


def said(findings: list[Finding]) -> str:
    """All sentences."""
    return " ".join(finding.said for finding in findings)
