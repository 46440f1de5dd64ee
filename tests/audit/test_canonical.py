"""Canonical JSON: the quick way of writing it and the library's agree to the byte."""

from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as some

from audit.canonical import canonical, plain, written

SCALARS = some.none() | some.booleans() | some.integers() | some.floats() | some.text()
ANYTHING = some.recursive(
    SCALARS, lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner), max_leaves=12
)


@given(ANYTHING)
def test_both_ways_of_writing_agree(value: Any) -> None:
    assert written(plain(value)).encode() == rfc8785.dumps(plain(value))


@pytest.mark.parametrize(
    "value",
    [
        {
            "\U0001f600": 1,
            "\ufb33": 2,
            "a": 3,
        },  # UTF-16 puts the first before the second, code points after it
        {"z": [1.0, 1e21, -0.0], "a": 5e-324},
        '\x00\x1f\x7f"\\/\b\f\n\r\t',
        {"": {"b": [], "a": {}}},
        [True, False, None, 0, -(2**53) + 1],
    ],
)
def test_what_the_two_might_write_otherwise(value: Any) -> None:
    assert canonical(value).encode() == rfc8785.dumps(plain(value))
