"""The Merkle core against the vectors of transparency-dev/merkle and RFC 6962 (the file names the source)."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import merkle

VECTORS = json.loads((Path(__file__).parent / "merkle-vectors.json").read_text())
LEAVES = [merkle.leaf_hash(bytes.fromhex(data)) for data in VECTORS["leaf_inputs_hex"]]


def hashes(texts: list[str]) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]


def test_leaves_and_nodes_hash_as_rfc_6962_says() -> None:
    assert hashes(VECTORS["leaf_hashes"]) == LEAVES
    assert merkle.leaf_hash(b"L123456").hex() == VECTORS["hasher"]["leaf('L123456')"]
    assert merkle.node_hash(b"N123", b"N456").hex() == VECTORS["hasher"]["node('N123','N456')"]


@pytest.mark.parametrize("size", range(9))
def test_the_root_of_every_size_is_the_published_one(size: int) -> None:
    assert merkle.root_of(LEAVES[:size]).hex() == VECTORS["roots_by_size_0_to_8"][size]


@pytest.mark.parametrize("case", VECTORS["inclusion_all"], ids=lambda c: f"{c['index']}-of-{c['size']}")
def test_inclusion_proofs_are_the_published_ones_and_verify(case: dict[str, Any]) -> None:
    proof = merkle.inclusion_proof(LEAVES[: case["size"]], case["index"])
    root = bytes.fromhex(case["root"])

    assert proof == hashes(case["proof"])
    assert merkle.verify_inclusion(LEAVES[case["index"]], case["index"], case["size"], proof, root)


@pytest.mark.parametrize("case", VECTORS["consistency_all"], ids=lambda c: f"{c['size1']}-to-{c['size2']}")
def test_consistency_proofs_are_the_published_ones_and_verify(case: dict[str, Any]) -> None:
    proof = merkle.consistency_proof(LEAVES[: case["size2"]], case["size1"])
    roots = bytes.fromhex(case["root1"]), bytes.fromhex(case["root2"])

    assert proof == hashes(case["proof"])
    assert merkle.verify_consistency(case["size1"], case["size2"], *roots, proof)


@given(st.integers(1, 200), st.data())
def test_a_proof_holds_for_its_own_leaf_place_size_and_root_only(size: int, data: st.DataObject) -> None:
    leaves = [merkle.leaf_hash(b"%d" % n) for n in range(size)]
    index = data.draw(st.integers(0, size - 1))
    root, proof = merkle.root_of(leaves), merkle.inclusion_proof(leaves, index)

    assert merkle.verify_inclusion(leaves[index], index, size, proof, root)
    assert not merkle.verify_inclusion(merkle.leaf_hash(b"forged"), index, size, proof, root)
    assert not merkle.verify_inclusion(leaves[index], index, size, proof, bytes(32))
    assert not merkle.verify_inclusion(leaves[index], size, size, proof, root)
    assert not merkle.verify_inclusion(leaves[index], index, size, [*proof, bytes(32)], root)
    for other in range(size):
        assert other == index or not merkle.verify_inclusion(leaves[index], other, size, proof, root)
    if proof:
        assert not merkle.verify_inclusion(leaves[index], index, size, proof[:-1], root)


@given(st.integers(1, 120), st.data())
def test_a_rewritten_log_has_no_consistency_proof(size: int, data: st.DataObject) -> None:
    leaves = [merkle.leaf_hash(b"%d" % n) for n in range(size)]
    old = data.draw(st.integers(1, size))
    changed = data.draw(st.integers(0, old - 1))
    rewritten = [*leaves[:changed], merkle.leaf_hash(b"rewritten"), *leaves[changed + 1 :]]
    old_root = merkle.root_of(leaves[:old])

    honest = merkle.consistency_proof(leaves, old)
    assert merkle.verify_consistency(old, size, old_root, merkle.root_of(leaves), honest)
    forged = merkle.consistency_proof(rewritten, old)
    assert not merkle.verify_consistency(old, size, old_root, merkle.root_of(rewritten), forged)


@pytest.mark.parametrize(("old", "size"), [(0, 4), (5, 4)])
def test_sizes_that_make_no_sense_are_refused(old: int, size: int) -> None:
    with pytest.raises(ValueError, match="cannot begin"):
        merkle.consistency_ranges(old, size)
    assert not merkle.verify_consistency(old, size, merkle.EMPTY_ROOT, merkle.EMPTY_ROOT, [])


def test_a_leaf_beyond_the_tree_has_no_proof() -> None:
    with pytest.raises(ValueError, match="not in a tree"):
        merkle.inclusion_ranges(4, 4)
