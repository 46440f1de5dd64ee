"""How alike groups are treated: counts by group, and what follows from them."""

from evaluations.metrics.fairness.attributes import Settings
from evaluations.metrics.fairness.cells import BINARY, GroupCells
from evaluations.metrics.fairness.measured import fairness, of_counts

__all__ = ["BINARY", "GroupCells", "Settings", "fairness", "of_counts"]
