"""What changed between two texts, word by word."""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

WORDS = re.compile(r"\{\{[^{}\n]*\}\}|\s+|\w+|[^\w\s]")
LINES = re.compile(r"[^\n]*\n|[^\n]+")
CONTEXT = 90  # characters kept on each side of a change
MOST_WORDS = 4_000  # comparing is quadratic; longer texts are compared by line


@dataclass(frozen=True)
class Piece:
    """A run of text that stayed, came or went."""

    kind: Literal["same", "added", "removed"]
    text: str


def word_diff(before: str, after: str) -> list[Piece]:
    """The pieces of both texts in reading order; removed ones stand before what replaced them."""
    pattern = LINES if max(_words(before), _words(after)) > MOST_WORDS else WORDS
    old, new = pattern.findall(before), pattern.findall(after)
    # Thousands of equal lines would take minutes; as junk they cost nothing and are shown as replaced.
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=pattern is LINES)
    pieces: list[Piece] = []
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(old[start:end])))
            continue
        if start < end:
            pieces.append(Piece("removed", "".join(old[start:end])))
        if new_start < new_end:
            pieces.append(Piece("added", "".join(new[new_start:new_end])))
    return pieces


def near(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """The changes with a little of the text around them."""
    for position, piece in enumerate(pieces):
        if piece.kind != "same" or len(piece.text) <= 2 * CONTEXT:
            yield piece
        elif position == 0:
            yield Piece("same", f"… {piece.text[-CONTEXT:]}")
        elif position == len(pieces) - 1:
            yield Piece("same", f"{piece.text[:CONTEXT]} …")
        else:
            yield Piece("same", f"{piece.text[:CONTEXT]} … {piece.text[-CONTEXT:]}")


def _words(text: str) -> int:
    return len(WORDS.findall(text))
