"""What a data set gives away about people, and what a model gives away about the rows that it learnt from."""

from evaluations.metrics.privacy.anonymity import anonymity, likely_identifiers
from evaluations.metrics.privacy.membership import Attack, membership

__all__ = ["Attack", "anonymity", "likely_identifiers", "membership"]
