"""Roots of ranges of the log, read from stored subtrees rather than hashed from all its leaves."""

from collections.abc import Iterable, Iterator

from django.db.models import Q

from audit.merkle import frontier_of, frontier_root
from audit.models import LogEntry, Subtree

TILE_HEIGHT = 8
TILE = 1 << TILE_HEIGHT


def subtrees_closed_by(seq: int, closed: list[bytes]) -> list[Subtree]:
    """The subtrees to store once leaf `seq` closed these hashes, in the order of `merkle.append`."""
    return [
        Subtree(level=height // TILE_HEIGHT, index=seq >> height, hash=closed[height].hex())
        for height in range(TILE_HEIGHT, len(closed), TILE_HEIGHT)
    ]


class Tiles:
    """Reads hashes of the log in tiles of 256, each once: a proof takes two queries for them at any size."""

    def __init__(self) -> None:
        self._read: dict[tuple[int, int], list[bytes]] = {}

    def read(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Fetch at once what the roots of these ranges low..high-1 need."""
        wanted = {tile for low, high in ranges for tile in _tiles_of(low, high)} - self._read.keys()
        if not wanted:
            return
        leaves, subtrees = Q(pk__in=[]), Q(pk__in=[])
        for level, tile in wanted:
            self._read[level, tile] = []
            first, end = tile * TILE, (tile + 1) * TILE
            if level == 0:
                leaves |= Q(seq__gte=first, seq__lt=end)
            else:
                subtrees |= Q(level=level, index__gte=first, index__lt=end)
        for seq, text in LogEntry.objects.filter(leaves).order_by("seq").values_list("seq", "leaf_hash"):
            self._read[0, seq // TILE].append(bytes.fromhex(text))
        rows = Subtree.objects.filter(subtrees).order_by("level", "index")
        for level, index, text in rows.values_list("level", "index", "hash"):
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
