"""How long the gate took, and what it answered, for Prometheus."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter

from prometheus_client import Histogram

ANSWERS = Histogram(
    "countersign_gate_answer_seconds",
    "How long the gate took to answer: allow, deny, or none because it could not judge.",
    ["answer"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
for _answer in ("allow", "deny", "none"):
    ANSWERS.labels(_answer)  # there from the first scrape on, so that a rate has something to begin with


@dataclass
class Answer:
    """What came out; "none" until it is known."""

    word: str = "none"


@contextmanager
def timed() -> Iterator[Answer]:
    """Count the answer with its time, however the block ends."""
    answer, began = Answer(), perf_counter()
    try:
        yield answer
    finally:
        ANSWERS.labels(answer.word).observe(perf_counter() - began)
