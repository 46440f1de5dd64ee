"""Rows for the tests of groups."""

import numpy as np
from hypothesis import strategies as st

from evaluations.metrics.binary import Binary
from evaluations.metrics.values import Group, Measured

Person = tuple[bool, bool, str, str]
PEOPLE = st.lists(
    st.tuples(st.booleans(), st.booleans(), st.sampled_from("abc"), st.sampled_from(["x", "y"])),
    min_size=2,
    max_size=80,
)


def columns_of(people: list[Person]) -> tuple[Binary, dict[str, np.ndarray]]:
    """Truth and prediction, and two columns of groups."""
    actual, predicted, first, second = (list(part) for part in zip(*people, strict=True))
    sensitive = {"first": np.array(first, dtype=object), "second": np.array(second, dtype=object)}
    return Binary(np.array(actual, dtype=bool), np.array(predicted, dtype=bool)), sensitive


def by_selected(**groups: tuple[int, int]) -> tuple[Binary, np.ndarray]:
    """Groups of (selected, n); everybody is positive."""
    predicted = np.concatenate([np.arange(n) < hits for hits, n in groups.values()])
    names = np.concatenate([np.full(n, name, dtype=object) for name, (_, n) in groups.items()])
    return Binary(np.ones(len(predicted), dtype=bool), predicted), names


def group_named(found: Measured, value: str) -> Group:
    """The first group with this value."""
    return next(group for group in found.groups if value in group.by.values())
