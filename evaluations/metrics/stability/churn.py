"""How differently two versions answer on the same rows."""

import numpy as np
from scipy.stats import spearmanr

from evaluations.metrics.binary import rate
from evaluations.metrics.closed_form import Z
from evaluations.metrics.values import Bools, Column, Estimate, Floats, Table, Texts

CONVENTIONS = {
    "churn": "Share of rows that the two versions decide differently; Wilson 95% interval.",
    "score_change": "Mean |difference| of the two versions' outputs on the same rows; normal 95% interval.",
    "rank_agreement": "Spearman's rank correlation of the two versions' outputs on the same rows; interval by Fisher's "
    "z with the variance of Bonett and Wright (2000), Psychometrika 65, 23-28.",
}


def churn(
    decided: Texts, other: Texts, truth: Texts, score: Floats | None, other_score: Floats | None
) -> tuple[dict[str, Estimate], Table]:
    """Decisions of this version and of the other, the truth, and their scores, shape (n,) each."""
    changed: Bools = decided != other
    n = len(decided)
    found = {"churn": rate(int(changed.sum()), n), **score_changes(score, other_score)}
    right, was_right = decided == truth, other == truth
    rows = [
        (words, int(chosen.sum()), float(chosen.mean()))
        for words, chosen in (
            ("Both right", right & was_right),
            ("Only this version right", right & ~was_right),
            ("Only the other version right", ~right & was_right),
            ("Both wrong", ~right & ~was_right),
        )
    ]
    columns = (Column("On the same rows"), Column("Rows", "count"), Column("Share", "share"))
    note = "Two versions can be equally good and still decide differently about many people."
    return found, Table("churn", "This version and the one compared with", note, columns, rows)


def score_changes(score: Floats | None, other: Floats | None) -> dict[str, Estimate]:
    """Mean |difference| and rank correlation, where both have a score."""
    if score is None or other is None:
        return {}
    n = len(score)
    size = np.abs(score - other)
    half = Z * float(size.std(ddof=1)) / n**0.5 if n > 1 else None
    value = float(size.mean())
    low, high = (None, None) if half is None else (max(value - half, 0.0), value + half)
    found = {"score_change": Estimate(value, low, high, n)}
    if n > 3 and np.ptp(score) > 0 and np.ptp(other) > 0:
        rank = float(spearmanr(score, other).statistic)
        inside = min(max(rank, -1 + 1e-12), 1 - 1e-12)
        reach = Z * ((1 + inside**2 / 2) / (n - 3)) ** 0.5
        low, high = np.tanh(np.arctanh(inside) - reach), np.tanh(np.arctanh(inside) + reach)
        found["rank_agreement"] = Estimate(rank, min(float(low), rank), max(float(high), rank), n)
    else:
        found["rank_agreement"] = Estimate(None, None, None, n)
    return found
