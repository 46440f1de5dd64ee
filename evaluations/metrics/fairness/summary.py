"""The overall figures of a binary classification: the worst of each attribute's."""

from collections.abc import Mapping, Sequence

import numpy as np

from evaluations.metrics import bootstrap
from evaluations.metrics.fairness.attributes import Attribute, largest, smallest
from evaluations.metrics.fairness.cells import DRAWS, GroupCells, Numbers
from evaluations.metrics.fairness.inequality import inequality
from evaluations.metrics.fairness.rates import NOTHING, Gap, counts_of, rate, ratio, spread, widest
from evaluations.metrics.fairness.significance import holm, p_of_gap
from evaluations.metrics.values import Estimate

GAPS: Mapping[str, str] = {
    "selection_rate_difference": "selection_rate",
    "equal_opportunity_difference": "true_positive_rate",
    "false_positive_rate_difference": "false_positive_rate",
    "false_negative_rate_difference": "false_negative_rate",
    "predictive_parity_difference": "precision",
    "false_discovery_rate_difference": "false_discovery_rate",
    "false_omission_rate_difference": "false_omission_rate",
    "accuracy_difference": "accuracy",
}
"""Figure → the rate whose largest difference it is."""
ODDS = ("true_positive_rate", "false_positive_rate")


def overall_of(cells: GroupCells, attributes: Sequence[Attribute], *, seed: int) -> dict[str, Estimate]:
    """Every figure, over the attributes one by one."""
    gaps = {name: [_gap(one, rate_name) for one in attributes] for name, rate_name in GAPS.items()}
    everybody = cells.over([]).counts
    return {
        "selection_rate": rate(counts_of(everybody, "selection_rate")[0]),
        "accuracy": rate(counts_of(everybody, "accuracy")[0]),
        "selection_rate_ratio": smallest([lowest_ratio(one) for one in attributes]),
        "demographic_parity_ratio": smallest(
            [found.ratio for found in gaps["selection_rate_difference"] if found is not None]
        ),
        **{name: largest([found.difference for found in of_rate if found]) for name, of_rate in gaps.items()},
        **equalized_odds(attributes, seed=seed),
        **inequality(cells, seed=seed),
        **_counted(attributes),
    }


def lowest_ratio(one: Attribute) -> Estimate:
    """The lowest ratio between a compared group and the reference, whichever of the two is selected less."""
    counts, place = one.counts("selection_rate"), one.reference.place
    if place is None:
        return NOTHING
    found = []
    for group in one.compared():
        less, more = sorted((counts[group], counts[place]), key=lambda found: found.rate)
        found.append(ratio(less, more))
    return smallest(found)


def equalized_odds(attributes: Sequence[Attribute], *, seed: int) -> dict[str, Estimate]:
    """The larger difference, and the smaller ratio, of true and of false positive rates; of the attribute where it is
    worst. None unless both rates can be compared somewhere."""
    differences, ratios = [], []
    for one in attributes:
        gaps = [_gap(one, name) for name in ODDS]
        known = [found for found in gaps if found is not None]
        if len(known) < len(ODDS):
            continue
        difference = max(_value(found.difference) for found in known)
        lowest = [found.ratio.value for found in known if found.ratio.value is not None]
        drawn = [
            spread(table, name, one.judged(name))
            for table in [one.cells.resampled(DRAWS, seed=seed)]
            for name in ODDS
        ]
        differences.append(_bounded(difference, np.maximum(drawn[0][0], drawn[1][0]), one))
        if len(lowest) == len(ODDS):
            ratios.append(_bounded(min(lowest), np.minimum(drawn[0][1], drawn[1][1]), one, ratio=True))
    return {
        "equalized_odds_difference": largest(differences),
        "equalized_odds_ratio": smallest(ratios),
    }


def adjusted(
    attributes: Sequence[Attribute],
) -> dict[tuple[int, int], tuple[float | None, float | None, str]]:
    """For each compared group (attribute, place): p, p adjusted over all of them, and which test."""
    trials = [(index, place) for index, one in enumerate(attributes) for place in one.compared()]
    found = []
    for index, place in trials:
        counts, reference = attributes[index].counts("selection_rate"), attributes[index].reference.place
        found.append((None, "") if reference is None else p_of_gap(counts[place], counts[reference]))
    after = holm([p for p, _ in found])
    return {trial: (p, q, test) for trial, (p, test), q in zip(trials, found, after, strict=True)}


def _gap(one: Attribute, rate_name: str) -> Gap | None:
    return widest(one.counts(rate_name), one.min_n)


def _value(found: Estimate) -> float:
    return found.value or 0.0


def _bounded(value: float, drawn: Numbers, one: Attribute, *, ratio: bool = False) -> Estimate:
    """With the interval of the draws; a ratio's on the log scale, where it is less skewed."""
    n = int(one.cells.counts.sum())
    if ratio:
        drawn = np.log(drawn, out=np.full(len(drawn), np.nan), where=drawn > 0)
        low, high = bootstrap.bounds(float(np.log(value)) if value > 0 else None, drawn)
        return Estimate(
            value, None if low is None else np.exp(low), None if high is None else min(np.exp(high), 1.0), n
        )
    low, high = bootstrap.bounds(value, drawn)
    return Estimate(
        value, None if low is None else max(low, 0.0), None if high is None else min(high, 1.0), n
    )


def _counted(attributes: Sequence[Attribute]) -> dict[str, Estimate]:
    found = [q for _, q, _ in adjusted(attributes).values() if q is not None]
    small = sum(size < one.min_n for one in attributes for size in one.sizes)
    groups = sum(len(one.groups) for one in attributes)
    return {
        "smallest_adjusted_p": Estimate(min(found, default=None), None, None, len(found)),
        "groups_too_small": Estimate(float(small), None, None, groups),
    }
