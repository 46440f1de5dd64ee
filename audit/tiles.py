"""Roots of ranges of the log, read from stored subtrees rather than hashed from all its leaves."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import connection

from audit.merkle import frontier_of, frontier_root
from audit.models import Subtree

TILE_HEIGHT = 8
TILE = 1 << TILE_HEIGHT


def subtrees_closed_by(seq: int, closed: list[bytes]) -> list[Subtree]:
    """The subtrees to store once leaf `seq` closed these hashes, in the order of `merkle.append`."""
    return [
        Subtree(level=height // TILE_HEIGHT, index=seq >> height, hash=closed[height].hex())
        for height in range(TILE_HEIGHT, len(closed), TILE_HEIGHT)
    ]


LEAVES = "SELECT seq, leaf_hash FROM audit_logentry WHERE {} ORDER BY seq"
SUBTREES = 'SELECT level, "index", hash FROM audit_subtree WHERE {} ORDER BY level, "index"'


def _rows(query: str, one: str, spans: Sequence[tuple[int, ...]]) -> list[Any]:
    """The rows of these spans. Written out, because the ORM takes as long to say this as the database to answer."""
    if not spans:
        return []
    with connection.cursor() as cursor:
        cursor.execute(query.format(" OR ".join([one] * len(spans))), [n for span in spans for n in span])
        rows: list[Any] = cursor.fetchall()
    return rows


class Tiles:
    """Reads hashes of the log in tiles of 256, each once: a proof takes two queries for them at any size."""

    def __init__(self) -> None:
        self._read: dict[tuple[int, int], list[bytes]] = {}

    def read(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Fetch at once what the roots of these ranges low..high-1 need."""
        wanted = {tile for low, high in ranges for tile in _tiles_of(low, high)} - self._read.keys()
        if not wanted:
            return
        for level, tile in wanted:
            self._read[level, tile] = []
        spans = [(tile * TILE, (tile + 1) * TILE) for level, tile in wanted if level == 0]
        for seq, text in _rows(LEAVES, "seq >= %s AND seq < %s", spans):
            self._read[0, seq // TILE].append(bytes.fromhex(text))
        spans_above = [(level, tile * TILE, (tile + 1) * TILE) for level, tile in wanted if level]
        for level, index, text in _rows(
            SUBTREES, 'level = %s AND "index" >= %s AND "index" < %s', spans_above
        ):
            self._read[level, index // TILE].append(bytes.fromhex(text))

    def root(self, low: int, high: int) -> bytes:
        """The root over leaves low..high-1; low is a multiple of a power of two >= high - low."""
        self.read([(low, high)])
        frontier: list[bytes] = []
        for level, first, count in _blocks(low, high):
            frontier += frontier_of(self._hashes(level, first, count))
        return frontier_root(frontier)

    def _hashes(self, level: int, first: int, count: int) -> list[bytes]:
        found: list[bytes] = []
        for tile in range(first // TILE, (first + count - 1) // TILE + 1):
            found += self._read[level, tile]
        start = first % TILE
        return found[start : start + count]


def _blocks(low: int, high: int) -> Iterator[tuple[int, int, int]]:
    """The level, index and number of the largest stored subtrees that make up leaves low..high-1."""
    level = max(0, (high - low).bit_length() - 1) // TILE_HEIGHT
    while low < high:
        width = TILE**level
        if blocks := (high - low) // width:
            yield level, low // width, blocks
            low += blocks * width
        level -= 1


def _tiles_of(low: int, high: int) -> Iterator[tuple[int, int]]:
    for level, first, count in _blocks(low, high):
        for tile in range(first // TILE, (first + count - 1) // TILE + 1):
            yield level, tile
