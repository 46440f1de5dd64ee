"""Risks as pages show them: scores with their level, state, treatment, and the picture of what controls changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from policy.risk_scales import Rating, RiskScales
from registry.models import RegisteredModel
from riskreview.models import Risk, RiskState
from riskreview.risks.heat import COLOURS
from riskreview.risks.queries import RiskFilters, risks
from riskreview.risks.scales import current_scales, word_for_level

MOST_MOVES = 14
MOST_PRESSING = 4
LEFT, RIGHT, TOP, STEP = 60, 440, 30, 27
MOST_SCORE = 25


@dataclass(frozen=True)
class Score:
    """A rating with its product and level; no rating has neither."""

    value: int | None
    level: str
    colour: str
    words: str

    @property
    def label(self) -> str:
        """`High`."""
        return word_for_level(self.level)


@dataclass(frozen=True)
class Shown:
    """A risk with what its rating means today."""

    risk: Risk
    inherent: Score
    residual: Score
    state: str  # open, accepted, expired or closed
    overdue: bool

    @property
    def shape(self) -> str:
        """The mark of its state."""
        return {"open": "half", "accepted": "waived", "expired": "stale", "closed": "ok"}[self.state]

    @property
    def state_words(self) -> str:
        """The state in words."""
        return {"expired": "Acceptance expired"}.get(self.state, self.state.capitalize())


@dataclass(frozen=True)
class Move:
    """A line of the picture: from the score before controls to the score after them."""

    name: str
    y: int
    before: float
    after: float
    words: str


def shown(rows: Iterable[Risk], scales: RiskScales, *, at: datetime) -> list[Shown]:
    """Each risk, ready for a row."""
    return [show(risk, scales, at=at) for risk in rows]


def show(risk: Risk, scales: RiskScales, *, at: datetime) -> Shown:
    """One risk, ready to be shown."""
    state = str(risk.state)
    if state == RiskState.ACCEPTED and (risk.accepted_until is None or risk.accepted_until <= at):
        state = "expired"
    return Shown(
        risk,
        score_of(risk.inherent, scales),
        score_of(risk.residual, scales),
        state,
        overdue=not risk.is_closed and risk.review_on < at.date(),
    )


def score_of(rating: Rating | None, scales: RiskScales) -> Score:
    """The product, the level and the words of a rating."""
    if rating is None:
        return Score(None, "", "", "Not rated")
    likelihood, impact = scales.likelihood[rating[0] - 1].word, scales.impact[rating[1] - 1].word
    level = scales.level(rating)
    return Score(rating[0] * rating[1], level, COLOURS[level], f"{likelihood}, {impact.lower()}")


def moves(rows: Iterable[Shown]) -> dict[str, Any]:
    """What riskreview/risk_moves.html draws: the risks that are rated before and after their controls."""
    rated = [row for row in rows if row.inherent.value is not None and row.residual.value is not None]
    lines = [
        Move(
            f"R-{row.risk.pk}",
            TOP + STEP * place,
            _x(row.inherent.value or 0),
            _x(row.residual.value or 0),
            f"{row.inherent.value} to {row.residual.value}",
        )
        for place, row in enumerate(rated[:MOST_MOVES])
    ]
    bottom = TOP + STEP * len(lines) - STEP // 2
    return {
        "moves": lines,
        "axis": [(score, _x(score)) for score in range(0, MOST_SCORE + 1, 5)],
        "bottom": bottom,
        "foot": bottom + 16,
        "height": bottom + 24,
    }


def _x(score: int) -> float:
    return round(LEFT + (RIGHT - LEFT) * score / MOST_SCORE, 1)


def most_pressing(model: RegisteredModel, *, at: datetime) -> dict[str, Any]:
    """The first few open risks of a model for a panel: what is not rated, then the highest that remain."""
    scales = current_scales()
    rows = shown(risks(RiskFilters(model=model.slug), scales, None, at=at), scales, at=at)
    return {"rows": rows[:MOST_PRESSING], "more": len(rows[MOST_PRESSING:])}
