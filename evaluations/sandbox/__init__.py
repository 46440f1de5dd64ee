"""Runs one evaluation in a process of its own, because a model is code that somebody else wrote.

Only this package's names are for others; only the child process ever loads a model.
"""

from evaluations.sandbox.isolation import Isolation
from evaluations.sandbox.job import Job, Limits, Outcome
from evaluations.sandbox.probe import Tried, ladder, probe
from evaluations.sandbox.runner import run_job

__all__ = ["Isolation", "Job", "Limits", "Outcome", "Tried", "ladder", "probe", "run_job"]
