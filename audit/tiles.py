"""Roots of ranges of the log, read from stored subtrees rather than hashed from all its leaves."""

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
    """Reads hashes of the log in tiles of 256, each once: a proof takes a handful of queries at any size."""

    def __init__(self) -> None:
        self._read: dict[tuple[int, int], list[bytes]] = {}

    def root(self, low: int, high: int) -> bytes:
        """The root over leaves low..high-1; low is a multiple of a power of two >= high - low."""
        frontier: list[bytes] = []
        level = max(0, (high - low).bit_length() - 1) // TILE_HEIGHT
        while low < high:
            width = TILE**level
            blocks = (high - low) // width
            if blocks:
                frontier += frontier_of(self._hashes(level, low // width, blocks))
                low += blocks * width
            level -= 1
        return frontier_root(frontier)

    def _hashes(self, level: int, first: int, count: int) -> list[bytes]:
        found: list[bytes] = []
        for tile in range(first // TILE, (first + count - 1) // TILE + 1):
            found += self._tile(level, tile)
        start = first % TILE
        return found[start : start + count]

    def _tile(self, level: int, tile: int) -> list[bytes]:
        if (level, tile) not in self._read:
            span = (tile * TILE, (tile + 1) * TILE)
            self._read[level, tile] = _stored(level, *span)
        return self._read[level, tile]


def _stored(level: int, first: int, end: int) -> list[bytes]:
    if level == 0:
        entries = LogEntry.objects.filter(seq__gte=first, seq__lt=end).order_by("seq")
        texts = list(entries.values_list("leaf_hash", flat=True))
    else:
        subtrees = Subtree.objects.filter(level=level, index__gte=first, index__lt=end).order_by("index")
        texts = list(subtrees.values_list("hash", flat=True))
    return [bytes.fromhex(text) for text in texts]
