"""What a model answers, asked as often as need be."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evaluations.metrics.values import Bools, Floats, Ints

TOLERANCE = 0.1
"""A regression's answer counts as another one when it changes by more than this part of its standard deviation."""


class ModelFailed(Exception):
    """The model gave no usable answer. The text says why, in its own words."""


@dataclass(frozen=True, slots=True)
class Answers:
    """One answer a row: `score` (n,) is the output that is watched; `decided` (n,) the decision, None for a
    regression; `chances` (n, classes) where the model gives them for more than two classes."""

    score: Floats
    decided: Ints | None
    chances: Floats | None = None


Ask = Callable[[pd.DataFrame], Answers]
"""Asks the model about rows. Raises ModelFailed whatever the model does instead of answering."""


def together(ask: Ask, frames: Sequence[pd.DataFrame]) -> list[Answers]:
    """The answers to several frames of the same columns, out of one question: each question costs time of its own."""
    found = ask(pd.concat(frames, ignore_index=True))
    ends = np.cumsum([len(frame) for frame in frames])[:-1]
    return [
        Answers(score, decided, chances)
        for score, decided, chances in zip(
            np.split(found.score, ends),
            [None] * len(frames) if found.decided is None else np.split(found.decided, ends),
            [None] * len(frames) if found.chances is None else np.split(found.chances, ends),
            strict=True,
        )
    ]


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """The sampled rows as they are, what the model says of them, and what counts as another answer."""

    rows: pd.DataFrame
    answers: Answers
    step: float  # of a regression: the change from which an answer counts as another

    def flipped(self, after: Answers, picked: Ints | None = None) -> Bools:
        """Which rows get another answer; `picked` are the rows' places where not all were asked."""
        where = slice(None) if picked is None else picked
        if self.answers.decided is None or after.decided is None:
            return np.asarray(np.abs(after.score - self.answers.score[where]) > self.step)
        return np.asarray(after.decided != self.answers.decided[where])

    def pressure(self, after: Answers, picked: Ints) -> Floats:
        """How close each picked row is to another answer; higher is closer."""
        before = self.answers
        if before.decided is None:
            return np.abs(after.score - before.score[picked])
        if after.chances is not None:
            return -after.chances[np.arange(len(picked)), before.decided[picked]]
        return np.where(before.decided[picked] == 1, -after.score, after.score)


def undisturbed(ask: Ask, rows: pd.DataFrame) -> Undisturbed:
    """Ask about the rows as they are."""
    found = ask(rows)
    return Undisturbed(rows, found, TOLERANCE * float(found.score.std()))
