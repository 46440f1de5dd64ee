"""The offline verifier: its arithmetic against the product's and published vectors, and what it says of forgeries."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from audit import merkle
from clients import countersign_verify as verifier

VECTORS = json.loads((Path(__file__).parents[1] / "audit" / "merkle-vectors.json").read_text())
LEAVES = [verifier.leaf_of(str(number)) for number in range(140)]


def test_the_published_inclusion_proofs_hold() -> None:
    for row in VECTORS["inclusion_all"]:
        root = verifier.root_by_inclusion(
            bytes.fromhex(row["leaf_hash"]),
            row["index"],
            row["size"],
            [bytes.fromhex(h) for h in row["proof"]],
        )
        assert root == bytes.fromhex(VECTORS["roots_by_size_0_to_8"][row["size"]])


@given(st.integers(1, 140), st.data())
@settings(max_examples=150)
def test_inclusion_proofs_hold_and_changed_ones_do_not(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(LEAVES[:size], index)
    root = merkle.root_of(LEAVES[:size])
    assert verifier.root_by_inclusion(LEAVES[index], index, size, proof) == root
    wrong = [
        verifier.root_by_inclusion(LEAVES[index], index, size, [*proof, LEAVES[0]]),
        verifier.root_by_inclusion(LEAVES[index], size, size, proof),
        verifier.root_by_inclusion(verifier.leaf_of("another"), index, size, proof),
        verifier.root_by_inclusion(LEAVES[index], index, size, proof[1:]) if proof else None,
        verifier.root_by_inclusion(LEAVES[index], index, size, proof[::-1]) if len(set(proof)) > 1 else None,
    ]
    assert root not in wrong


@given(st.integers(1, 140), st.data())
@settings(max_examples=150)
def test_consistency_proofs_hold_and_changed_ones_do_not(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size))
    proof = merkle.consistency_proof(LEAVES[:size], old)
    before, after = merkle.root_of(LEAVES[:old]), merkle.root_of(LEAVES[:size])
    assert verifier.roots_by_consistency(old, size, proof, before) == (before, after)
    for changed in ([*proof, LEAVES[0]], proof[1:], [LEAVES[-1], *proof[1:]]):
        if changed != proof:
            assert verifier.roots_by_consistency(old, size, changed, before) != (before, after)
    other = verifier.leaf_of("another history")
    assert verifier.roots_by_consistency(old, size, proof, other) != (before, after)


@given(st.integers(0, 140))
def test_a_tree_that_grows_has_the_same_roots(size: int) -> None:
    tree = verifier.Tree()
    for leaf in LEAVES[:size]:
        tree.add(leaf)
    assert (tree.size, tree.root()) == (size, merkle.root_of(LEAVES[:size]))


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(plain)
@settings(max_examples=400)
def test_its_canonical_json_is_the_standard_s(value: Any) -> None:
    try:
        wanted = rfc8785.dumps(value).decode()
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        return  # lone surrogates
    assert verifier.canonical(value) == wanted


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e-7, "1e-7"), (1.5e-9, "1.5e-9"), (0.000001, "0.000001"), (1e21, "1e+21"), (4.5, "4.5"), (-0.0, "0"),
        (1e20, "100000000000000000000"), (333333333.33333329, "333333333.3333333"), (1e16, "10000000000000000"),
        (5e-324, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"), (2e-3, "0.002"),
        (123456789012345680000.0, "123456789012345680000"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_ecmascript_writes_them(value: float, text: str) -> None:
    assert verifier.number(value) == text == rfc8785.dumps(value).decode()
    assert math.isclose(float(text), value, rel_tol=0)


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip", b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_bundle_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    assert verifier.main(["bundle", str(tmp_path / "x.zip")]) == 2
    assert capsys.readouterr().err.strip()
    assert verifier.main(["log", str(tmp_path / "x.zip")]) == 2
    assert verifier.main(["bundle", str(tmp_path / "absent.zip")]) == 2
