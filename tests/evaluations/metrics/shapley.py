"""Shapley values by their definition: every coalition of features, each weighed. Shapley (1953)."""

from collections.abc import Callable
from functools import cache
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np


def brute_force(value: Callable[[frozenset[int]], float], features: int) -> np.ndarray:
    """The exact value of each feature, shape (features,), where `value` is what a coalition is worth."""
    found = np.zeros(features)
    value = cache(value)
    for feature in range(features):
        others = [other for other in range(features) if other != feature]
        for size in range(features):
            weight = factorial(size) * factorial(features - size - 1) / factorial(features)
            for some in combinations(others, size):
                coalition = frozenset(some)
                found[feature] += weight * (value(coalition | {feature}) - value(coalition))
    return found


def against_background(
    answers: Callable[[np.ndarray], np.ndarray], row: np.ndarray, background: np.ndarray
) -> Callable[[frozenset[int]], float]:
    """A coalition is worth the mean answer when its features are the row's and the rest are the background's."""

    def value(coalition: frozenset[int]) -> float:
        mixed = background.copy()
        mixed[:, sorted(coalition)] = row[sorted(coalition)]
        return float(np.mean(answers(mixed)))

    return value


def along_paths(nodes: Any, row: np.ndarray) -> Callable[[frozenset[int]], float]:
    """A coalition is worth what a tree of HistGradientBoosting says on average when questions about other features are
    answered as the training rows answered them (Lundberg et al. 2020, algorithm 1)."""

    def below(node: int, coalition: frozenset[int]) -> float:
        here = nodes[node]
        if here["is_leaf"]:
            return float(here["value"])
        left, right = int(here["left"]), int(here["right"])
        if int(here["feature_idx"]) in coalition:
            return below(left if row[here["feature_idx"]] <= here["num_threshold"] else right, coalition)
        counts = float(nodes[left]["count"]), float(nodes[right]["count"])
        return (counts[0] * below(left, coalition) + counts[1] * below(right, coalition)) / sum(counts)

    return lambda coalition: below(0, coalition)
