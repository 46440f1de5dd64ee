"""The Merkle tree of RFC 9162, section 2.1: hashes, roots, proofs and their verification. No database."""

import hashlib
from collections.abc import Iterable, Sequence

EMPTY_ROOT = hashlib.sha256().digest()
Range = tuple[int, int]


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf: SHA-256 of 0x00 and its data."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256 of 0x01 and its children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def append(frontier: list[bytes], size: int, leaf: bytes) -> list[bytes]:
    """Add a leaf hash to the frontier (roots of the complete subtrees of `size` leaves, largest first).

    Returns the hashes of the complete subtrees that the leaf closes, by height: the leaf itself comes first.
    """
    closed = [leaf]
    while size & 1:
        closed.append(node_hash(frontier.pop(), closed[-1]))
        size >>= 1
    frontier.append(closed[-1])
    return closed


def frontier_root(frontier: Sequence[bytes]) -> bytes:
    """The root of the tree that has this frontier."""
    if not frontier:
        return EMPTY_ROOT
    root = frontier[-1]
    for left in reversed(frontier[:-1]):
        root = node_hash(left, root)
    return root


def frontier_of(leaves: Iterable[bytes]) -> list[bytes]:
    """The frontier of the tree over leaf hashes (or over the roots of equally large complete subtrees)."""
    level, frontier = list(leaves), list[bytes]()
    while level:
        if len(level) & 1:
            frontier.append(level.pop())
        level = [node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=True)]
    return frontier[::-1]


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes."""
    return frontier_root(frontier_of(leaves))


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The subtrees, as half-open ranges of leaves, whose roots prove leaf `index` in a tree of `size`."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    low, high, ranges = 0, size, list[Range]()
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    return ranges[::-1]


def consistency_ranges(old: int, size: int) -> list[Range]:
    """The subtrees whose roots prove that the tree of `size` leaves begins with the tree of `old` leaves."""
    if not 0 < old <= size:
        raise ValueError(f"a tree of {size} cannot begin with a tree of {old}")
    low, high, whole, ranges = 0, size, True, list[Range]()
    while high != old:
        middle = low + _split(high - low)
        if old <= middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low, whole = middle, False
    if not whole:
        ranges.append((low, high))
    return ranges[::-1]


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The proof that the leaf hash at `index` is among the leaf hashes."""
    return [root_of(leaves[low:high]) for low, high in inclusion_ranges(index, len(leaves))]


def consistency_proof(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """The proof that the tree over the leaf hashes begins with the tree over the first `old` of them."""
    return [root_of(leaves[low:high]) for low, high in consistency_ranges(old, len(leaves))]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof shows the leaf hash at `index` under the root of `size` (RFC 9162, 2.1.3.2)."""
    hashes = climb(leaf, index, size, proof)
    return hashes is not None and (hashes[-1] if hashes else leaf) == root


def climb(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> list[bytes] | None:
    """The hash reached with each hash of an inclusion proof, the last one being the root that it leads to.

    None where the proof does not fit that leaf and size.
    """
    if not 0 <= index < size:
        return None
    node, last, reached, hashes = index, size - 1, leaf, list[bytes]()
    for sibling in proof:
        if last == 0:
            return None
        if node & 1 or node == last:
            reached = node_hash(sibling, reached)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            reached = node_hash(reached, sibling)
        hashes.append(reached)
        node, last = node >> 1, last >> 1
    return hashes if last == 0 else None


def verify_consistency(old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the tree of `size` begins with that of `old` (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= size:
        return False
    if old == size:
        return not proof and old_root == root
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        return False
    node, last = old - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    reached_old = reached = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            reached_old, reached = node_hash(sibling, reached_old), node_hash(sibling, reached)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            reached = node_hash(reached, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and reached_old == old_root and reached == root


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << ((size - 1).bit_length() - 1)
