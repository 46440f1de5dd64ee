"""How well items are put in order for each query."""

from collections.abc import Mapping

import numpy as np

from evaluations.metrics.comparison import AGAINST, BASELINE
from evaluations.metrics.resampling import UNIT, over
from evaluations.metrics.summed import Summed
from evaluations.metrics.values import (
    FEW_ROWS,
    Bools,
    CannotMeasure,
    Column,
    Floats,
    Ints,
    Measured,
    Table,
    slice_of,
)

METRICS = ("ndcg", "ndcg_at_k", "map", "precision_at_k")
SIMPLEST = "The simplest answer: items in random order (equal scores share their places)."


def conventions(top: int) -> dict[str, str]:
    """How each is computed."""
    ties = "Items with equal scores share the mean of their places."
    return {
        "ndcg": "Mean over queries of the discounted gain of the order over that of the best order: gain = relevance, "
        f"discount = 1 / log2(place + 1) (Järvelin and Kekäläinen 2002). {ties}",
        "ndcg_at_k": f"The same over the first {top} places.",
        "map": "Mean over queries of average precision; relevant is what has a relevance above 0, equal scores share "
        "one threshold.",
        "precision_at_k": f"Mean over queries of the part of the first {top} places that is relevant. {ties}",
    }


def performance(
    relevance: Floats,
    score: Floats,
    query: Ints,
    slices: Mapping[str, Mapping[str, Bools]],
    *,
    seed: int,
    top: int = 10,
    min_n: int = FEW_ROWS,
    against: Floats | None = None,
) -> Measured:
    """NDCG and MAP over queries; arrays of shape (n,), `query` numbers them from 0. For each slice its rows alone
    are put in order."""
    if relevance.min() < 0:
        raise CannotMeasure("The label of a ranking is how relevant an item is, and some are below 0.")
    labels = {
        "ndcg": "NDCG",
        "ndcg_at_k": f"NDCG at {top}",
        "map": "MAP",
        "precision_at_k": f"Precision at {top}",
    }
    summed = Summed(
        _metrics, conventions(top), labels, ("ndcg", "map"), "queries", dict.fromkeys(METRICS, UNIT)
    )
    ours = by_query(relevance, score, query, top)
    if not len(ours):
        raise CannotMeasure(
            "No query has a relevant item (a label above 0), so no order is better than another."
        )
    simplest = by_query(relevance, np.zeros(len(score)), query, top)
    rivals = [(BASELINE, simplest, SIMPLEST, None)]
    if against is not None:
        rivals.append((AGAINST, by_query(relevance, against, query, top), "", None))
    overall, said, tables = summed.measured(ours, rivals, n=len(ours), seed=seed)
    groups = []
    for column, values in slices.items():
        for value, rows in values.items():
            part = by_query(relevance[rows], score[rows], query[rows], top)
            if len(part):
                found = summed.of(part, n=len(part), seed=seed)
                groups.append(slice_of(column, value, len(part), found, min_n))
    queries = len(np.unique(query))
    notes = [f"{queries:,} queries, {len(relevance):,} items."]
    if queries > len(ours):
        notes.append(f"Left out: {queries - len(ours):,} queries without a relevant item.")
    if slices:
        notes.append("In a group only its own items are put in order; n counts queries.")
    return Measured(
        overall, said, groups, {"queries": _spread(ours)}, tables=[_sizes(query), *tables], notes=notes
    )


def by_query(relevance: Floats, score: Floats, query: Ints, top: int) -> Floats:
    """1 and the metrics of each query that has a relevant item, shape (queries, 5)."""
    order = np.lexsort((-score, query))
    asked, gain, given = query[order], relevance[order], score[order]
    first = np.append(True, asked[1:] != asked[:-1])
    start = np.flatnonzero(first)
    number = np.cumsum(first) - 1
    place = np.arange(len(asked)) - start[number]
    new_tie = first | np.append(True, given[1:] != given[:-1])
    tie = np.cumsum(new_tie) - 1
    discount = 1 / np.log2(place + 2.0)
    cut = np.where(place < top, discount, 0.0)
    shared = (np.bincount(tie, gain) / np.bincount(tie))[tie]
    ideal = relevance[np.lexsort((-relevance, query))]
    best, best_cut = np.bincount(number, ideal * discount), np.bincount(number, ideal * cut)
    relevant = (gain > 0).astype(np.float64)
    hits = np.bincount(tie, relevant)
    found = np.cumsum(relevant)
    ends = np.append(np.flatnonzero(new_tie)[1:] - 1, len(asked) - 1)
    before = np.append(0.0, found)[start][number[ends]]
    precision = (found[ends] - before) / (place[ends] + 1)
    there = best > 0
    all_relevant = np.bincount(number, relevant)
    shared_hits = (hits / np.bincount(tie))[tie]
    columns = (
        np.ones(len(start)),
        over(np.bincount(number, shared * discount), best),
        over(np.bincount(number, shared * cut), best_cut),
        over(np.bincount(number[ends], hits * precision, len(start)), all_relevant),
        np.bincount(number, shared_hits * (place < top)) / top,
    )
    return np.column_stack(columns)[there]


def _metrics(sums: Floats) -> dict[str, Floats]:
    return {name: over(sums[:, 1 + place], sums[:, 0]) for place, name in enumerate(METRICS)}


def _spread(values: Floats) -> dict[str, object]:
    """How many queries have which NDCG."""
    counts, edges = np.histogram(values[:, 1], 20, (0.0, 1.0))
    return {"edges": edges, "counts": counts}


def _sizes(query: Ints) -> Table:
    sizes = np.unique(query, return_counts=True)[1]
    named = ("Fewest", "Median", "Most")
    rows = [[name, float(value)] for name, value in zip(named, np.quantile(sizes, [0, 0.5, 1]), strict=True)]
    note = "How many items there are to put in order for one query."
    return Table("queries", "Items for a query", note, [Column(""), Column("Items", "number")], rows)
