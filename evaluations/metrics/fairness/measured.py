"""The fairness of a binary classification: from rows, or from counts alone."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from evaluations.metrics.binary import Binary
from evaluations.metrics.fairness.attributes import Attribute, Settings, combined, listed, singles
from evaluations.metrics.fairness.cells import GroupCells
from evaluations.metrics.fairness.rates import RATES, rate, ratio
from evaluations.metrics.fairness.scores import with_scores
from evaluations.metrics.fairness.summary import overall_of
from evaluations.metrics.fairness.tables import checks_of, tables_of
from evaluations.metrics.fairness.words import conventions
from evaluations.metrics.groups import coded
from evaluations.metrics.values import Estimate, Group, Measured


def fairness(
    data: Binary,
    sensitive: Mapping[str, Any],
    settings: Settings | None = None,
) -> Measured:
    """Rates of each group of each sensitive attribute and of attributes together, and how far they are apart.

    `sensitive` holds the columns' values, shape (n,) each. Raises CannotMeasure where a column has one group only or
    too many, or a stated reference group is missing or too small.
    """
    columns = {name: coded(name, values) for name, values in sensitive.items()}
    banded = tuple(name for name, found in columns.items() if found.banded)
    judged = replace(settings or Settings(), banded=banded)
    cells = GroupCells.from_codes(columns, data.actual, data.predicted)
    found = of_counts(cells, judged)
    return found if data.score is None else with_scores(found, data, columns, judged)


def of_counts(cells: GroupCells, settings: Settings) -> Measured:
    """All that follows from counts of group × label × prediction."""
    attributes = singles(cells, settings)
    together, notes = combined(cells, settings)
    groups = []
    for one in [*attributes, *together]:
        found, more = _groups(one)
        groups += found
        notes += more
    if cells.left_out:
        notes.append(f"Left out for want of a label or a prediction: {cells.left_out:,} rows.")
    return Measured(
        overall_of(cells, attributes, seed=settings.seed),
        conventions(settings, attributes),
        groups,
        {"min_n": settings.min_n, "references": references([*attributes, *together])},
        tables=tables_of(attributes, together),
        checks=checks_of(attributes),
        notes=notes,
    )


def references(attributes: Sequence[Any]) -> list[dict[str, Any]]:
    """For each attribute or combination: which group is compared with, and whether the data set states it."""
    return [
        {
            "columns": list(one.columns),
            "group": None if one.reference.place is None else list(one.groups[one.reference.place]),
            "stated": one.reference.stated,
        }
        for one in attributes
    ]


def _groups(one: Attribute) -> tuple[list[Group], list[str]]:
    by_rate = {name: one.counts(name) for name in RATES}
    selected, place = by_rate["selection_rate"], one.reference.place
    places, notes = listed(one, one.sizes)
    found = []
    for at in places:
        metrics = {name: rate(counts[at]) for name, counts in by_rate.items()}
        n = one.sizes[at]
        if place is not None:
            same = at == place
            metrics["selection_rate_ratio"] = (
                Estimate(1.0, None, None, n) if same else ratio(selected[at], selected[place])
            )
        by = dict(zip(one.columns, one.groups[at], strict=True))
        found.append(Group(by, n, metrics, reference=at == place, too_few=n < one.min_n))
    return found, notes
