"""What answers give, as the page draws it: two axes with what each answer adds, the matrix, the overrides."""

from dataclasses import dataclass

from policy.questionnaire import Override, Questionnaire, Tier
from policy.tiering import Assessment
from riskreview.tiering.answers import AXES

PARTS_SHOWN = 3


@dataclass(frozen=True)
class Part:
    """What one answer adds to its axis; `start` is where its piece of the bar begins."""

    name: str
    href: str
    points: float
    most: float
    start: float
    answered: bool


@dataclass(frozen=True)
class AxisScore:
    """The score of one axis. `parts` are in order of what they add; `marks` are where bands begin."""

    title: str
    score: float
    band: str
    parts: list[Part]
    marks: list[float]

    @property
    def heaviest(self) -> list[Part]:
        """What adds most."""
        return [part for part in self.parts if part.points > 0][:PARTS_SHOWN]

    @property
    def rest(self) -> list[Part]:
        """Everything else."""
        return [part for part in self.parts if part not in self.heaviest]


@dataclass(frozen=True)
class Fired:
    """An override that applies, and what made it apply."""

    rule: Override
    because: str
    decides: bool


@dataclass(frozen=True)
class Cell:
    """A cell of the matrix."""

    tier: Tier
    here: bool


@dataclass(frozen=True)
class Score:
    """Everything that the panel shows."""

    found: Assessment
    axes: list[AxisScore]
    fired: list[Fired]
    columns: list[str]
    rows: list[tuple[str, list[Cell]]]

    @property
    def raised(self) -> bool:
        """Whether an override lifted the tier above what the scores give."""
        return self.found.tier != self.found.base_tier


def score_of(questionnaire: Questionnaire, found: Assessment) -> Score:
    """The panel for what the answers gave."""
    bands = questionnaire.bands
    fired = [
        Fired(rule, questionnaire.why(rule), rule.floor == found.tier != found.base_tier)
        for rule in found.overrides
    ]
    return Score(
        found=found,
        axes=[_axis(questionnaire, found, place) for place in range(len(AXES))],
        fired=sorted(fired, key=lambda item: -item.rule.floor.order),
        columns=[band.name for band in bands],
        rows=[
            (
                across.name,
                [
                    Cell(questionnaire.matrix[across.id][band.id], (across, band) == found.bands)
                    for band in bands
                ],
            )
            for across in reversed(bands)
        ],
    )


def _axis(questionnaire: Questionnaire, found: Assessment, place: int) -> AxisScore:
    name, title, _ = AXES[place]
    mine = [item for item in found.contributions if item.question.axis == name]
    parts: list[Part] = []
    reached = 0.0
    for item in sorted(mine, key=lambda one: -one.points):
        answered = item.answer is not None
        parts.append(
            Part(
                item.question.name,
                f"#{item.question.id}",
                item.points,
                item.most,
                round(reached, 2),
                answered,
            )
        )
        reached += item.points
    return AxisScore(
        title=title,
        score=(found.materiality, found.inherent)[place],
        band=found.bands[place].name,
        parts=parts,
        marks=[float(band.from_score) for band in questionnaire.bands if band.from_score],
    )
