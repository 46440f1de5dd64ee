"""The state of a data set: what is missing, doubled, leaking, out of its schema, or stands for something else."""

from evaluations.metrics.data_quality.measured import Asked, data_quality

__all__ = ["Asked", "data_quality"]
