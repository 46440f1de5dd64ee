"""`python -m bench.scores`: AUC, KS, Brier score and calibration error of ten million scores, against scikit-learn.

The scores are counted in a histogram; the figures must lie within its bounds of what scikit-learn computes from the
rows. Exit code 1 when counting and computing takes 0.2 s or more, or a bound does not hold.
"""

import resource
import statistics
import sys
import time

import numpy as np
from sklearn import metrics as oracle

from evaluations.metrics.histogram import ScoreHistogram
from evaluations.metrics.scored import figures

ROWS, ROUNDS, LIMIT = 10_000_000, 5, 0.2


def main() -> int:
    """Measure both on the same scores, print the table, judge it."""
    generator = np.random.default_rng(1)
    score = generator.beta(2, 5, ROWS)
    actual = generator.random(ROWS) < score
    before = _peak_mib()
    counting, resampling = [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        counted = ScoreHistogram.count(actual, score)
        bounds = {"AUC": counted.auc(), "KS": counted.ks(), "Brier": counted.brier(), "ECE": counted.ece()}
        counting.append(time.perf_counter() - began)
        began = time.perf_counter()
        figures(counted, seed=1)
        resampling.append(time.perf_counter() - began)
    memory = _peak_mib() - before
    ours = statistics.median(counting)
    began = time.perf_counter()
    false_rate, true_rate, _ = oracle.roc_curve(actual, score)
    exact = {
        "AUC": float(oracle.auc(false_rate, true_rate)),
        "KS": float(np.max(true_rate - false_rate)),
        "Brier": float(oracle.brier_score_loss(actual, score)),
    }
    peer = time.perf_counter() - began
    print(f"{ROWS:,} scores, median of {ROUNDS}")
    print(f"{'ours: AUC, KS, Brier, ECE':<38}{ours:>8.3f} s, limit {LIMIT} s; {memory} MiB more at the peak")
    print(f"{'1,000 resamples of all for intervals':<38}{statistics.median(resampling):>8.3f} s")
    print(f"{'scikit-learn: AUC, KS, Brier':<38}{peer:>8.3f} s, {peer / ours:.0f} times ours")
    missed = ours >= LIMIT
    for name, found in bounds.items():
        if found.value is None or found.low is None or found.high is None:
            raise SystemExit(f"{name} was not computed")
        inside = name not in exact or found.low - 1e-9 <= exact[name] <= found.high + 1e-9
        off = f"{abs(found.value - exact[name]):.1e} off" if name in exact else ""
        print(
            f"{name:<7}{found.value:>9.6f}  off at most {found.error:.1e}  {off}{'' if inside else '  NOT INSIDE'}"
        )
        missed |= not inside
    print("MISSED" if missed else "met")
    return int(missed)


def _peak_mib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    sys.exit(main())
