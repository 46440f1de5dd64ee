"""What a binary classifier would do at other thresholds: precision and recall, gain and lift, KS, and a table."""

from typing import Any

import numpy as np

from evaluations.metrics.closed_form import wilson
from evaluations.metrics.values import Bools, Column, Floats, Table

MOST_POINTS, TABLE_ROWS, TENTHS = 100, 19, 10


class Thresholds:
    """True and false positives at every different score, highest first; rows may have weights."""

    def __init__(self, actual: Bools, score: Floats, weights: Floats | None) -> None:
        order = np.argsort(-score, kind="stable")
        weight = np.ones(len(score)) if weights is None else weights[order]
        ordered, truth = score[order], actual[order]
        ends = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
        self.score: Floats = ordered[ends]
        self.hits: Floats = np.cumsum(weight * truth)[ends]
        self.chosen: Floats = np.cumsum(weight)[ends]
        self.misses: Floats = self.chosen - self.hits
        # Weights make rows count for less than they are: Kish's effective number of rows.
        self.effective = 1.0 if weights is None else float(weight.sum() / (weight**2).sum())

    def curves(self) -> dict[str, Any]:
        """Points of the precision-recall, KS and gain curves; empty where a class is missing."""
        positive, negative = self.hits[-1], self.misses[-1]
        if positive == 0 or negative == 0:
            return {}
        recall, false_rate = self.hits / positive, self.misses / negative
        keep = spread(self.chosen / self.chosen[-1], MOST_POINTS)
        share = np.arange(1, TENTHS + 1) / TENTHS
        gained = np.interp(share, np.append(0, self.chosen / self.chosen[-1]), np.append(0, recall))
        worst = int(np.argmax(recall - false_rate))
        return {
            "precision_recall": {
                "points": np.column_stack([recall, self.hits / self.chosen])[keep],
                "prevalence": positive / self.chosen[-1],
            },
            "ks": {
                "points": np.column_stack([self.score, recall, false_rate])[keep],
                "at": [self.score[worst], recall[worst], false_rate[worst]],
            },
            "gain": np.column_stack([share, gained, gained / share]),
        }

    def table(self, current: float | None) -> Table:
        """Rates at thresholds that select ever fewer rows, and at the one in use."""
        shares = np.linspace(0.95, 0.05, TABLE_ROWS)
        places = {int(np.searchsorted(self.chosen / self.chosen[-1], part)) for part in shares}
        used = None
        if current is not None:
            used = max(int((self.score >= current).sum()) - 1, 0)
            places.add(used)
        rows = [self._row(place, used) for place in sorted(places, reverse=True)]
        columns = [
            Column("Threshold", "number"),
            Column("Selected", "share"),
            Column("Precision", "share"),
            Column("95% interval", "interval"),
            Column("Recall", "share"),
            Column("95% interval", "interval"),
            Column("False positive rate", "share"),
            Column("F1", "number"),
            Column(""),
        ]
        note = "Rows that score at least the threshold are selected. Intervals: Wilson."
        return Table("thresholds", "What other thresholds would do", note, columns, rows)

    def _row(self, place: int, used: int | None) -> list[Any]:
        hits, misses, chosen = self.hits[place], self.misses[place], self.chosen[place]
        positive, negative, total = self.hits[-1], self.misses[-1], self.chosen[-1]
        return [
            float(self.score[place]),
            chosen / total,
            hits / chosen if chosen else None,
            self._interval(hits, chosen),
            hits / positive if positive else None,
            self._interval(hits, positive),
            misses / negative if negative else None,
            2 * hits / (chosen + positive) if chosen + positive else None,
            "in use" if place == used else "",
        ]

    def _interval(self, hits: float, total: float) -> tuple[float, float] | None:
        low, high = wilson(hits * self.effective, total * self.effective)
        return None if low is None or high is None else (low, high)


def spread(along: Floats, most: int) -> Any:
    """Indices of at most so many points, evenly far apart along the curve, with both ends."""
    if len(along) <= most:
        return np.arange(len(along))
    return np.unique(np.searchsorted(along, np.linspace(along[0], along[-1], most)))
