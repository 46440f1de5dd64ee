"""Score a questionnaire: two axes, a matrix, and overrides that only raise."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

import yaml

from policy.evidence import canonical_digest

DEFAULT = Path(__file__).with_name("tiering.yaml")
WORST = 4
"""An unanswered question counts as the worst answer, so that silence never lowers a tier."""

Axis = Literal["materiality", "inherent"]


class Tier(StrEnum):
    """How much a wrong model can cost, from low to prohibited."""

    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"
    CRITICAL = "critical"
    PROHIBITED = "prohibited"

    @property
    def order(self) -> int:
        """1 for low up to 5 for prohibited."""
        return list(Tier).index(self) + 1


class QuestionnaireError(ValueError):
    """An answer set that does not fit the questionnaire, with what to write instead."""


@dataclass(frozen=True)
class Question:
    """One question, answered 0 (harmless) to 4 (worst)."""

    id: str
    axis: Axis
    weight: int
    text: str
    answers: Mapping[int, str]
    sources: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Flag:
    """A fact that is either true of the use or not."""

    id: str
    label: str
    help: str


@dataclass(frozen=True)
class Override:
    """A rule that lifts the tier to a floor, whatever the scores say."""

    id: str
    floor: Tier
    why: str
    flags: tuple[str, ...] = ()
    unless: str | None = None
    when: Mapping[str, int] = field(default_factory=dict)
    effect: str = ""

    def applies(self, answers: Mapping[str, int], flags: Collection[str]) -> bool:
        """Whether all its flags are set, and each answer it names is at least that bad."""
        return (
            all(flag in flags for flag in self.flags)
            and (self.unless is None or self.unless not in flags)
            and all(answers[question] >= least for question, least in self.when.items())
        )


@dataclass(frozen=True)
class Band:
    """A range of axis scores, from `from_score` (0 to 100) up to the next band."""

    id: str
    from_score: Fraction


@dataclass(frozen=True)
class Questionnaire:
    """Questions, flags and the rules that turn answers into a tier."""

    id: str
    version: int
    digest: str
    questions: tuple[Question, ...]
    flags: tuple[Flag, ...]
    overrides: tuple[Override, ...]
    bands: tuple[Band, ...]
    matrix: Mapping[str, Mapping[str, Tier]]


@dataclass(frozen=True)
class Assessment:
    """What the answers give. Scores run from 0 to 100, rounded to two decimals."""

    materiality: float
    inherent: float
    base_tier: Tier
    tier: Tier
    overrides: tuple[Override, ...]
    unanswered: tuple[str, ...]
    explanation: str


@cache
def load_questionnaire(path: Path = DEFAULT) -> Questionnaire:
    """Return the questionnaire that a file describes."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Questionnaire(
        id=content["id"],
        version=content["version"],
        digest=canonical_digest(_with_text_keys(content)),
        questions=tuple(_question(item) for item in content["questions"]),
        flags=tuple(Flag(item["id"], item["label"], item["help"]) for item in content["flags"]),
        overrides=tuple(_override(item) for item in content["overrides"]),
        bands=tuple(Band(item["id"], Fraction(item["from_score"])) for item in content["axis_bands"]),
        matrix={
            materiality: {inherent: Tier(tier) for inherent, tier in row.items()}
            for materiality, row in content["matrix"].items()
        },
    )


def assess(questionnaire: Questionnaire, answers: Mapping[str, int], flags: Collection[str]) -> Assessment:
    """Return the tier that answers (question → 0 to 4) and flags give, and why."""
    _refuse_unknown(questionnaire, answers, flags)
    unanswered = tuple(item.id for item in questionnaire.questions if item.id not in answers)
    complete = {item.id: answers.get(item.id, WORST) for item in questionnaire.questions}
    materiality = _score(questionnaire, complete, "materiality")
    inherent = _score(questionnaire, complete, "inherent")
    bands = _band(questionnaire, materiality), _band(questionnaire, inherent)
    base = questionnaire.matrix[bands[0]][bands[1]]
    raised = tuple(rule for rule in questionnaire.overrides if rule.applies(complete, flags))
    tier = max([base, *(rule.floor for rule in raised)], key=lambda candidate: candidate.order)
    return Assessment(
        materiality=round(float(materiality), 2),
        inherent=round(float(inherent), 2),
        base_tier=base,
        tier=tier,
        overrides=raised,
        unanswered=unanswered,
        explanation=_explain((materiality, inherent), bands, base, tier, raised, unanswered),
    )


def _score(questionnaire: Questionnaire, answers: Mapping[str, int], axis: Axis) -> Fraction:
    """Exact, so that a score on the edge of a band never depends on rounding."""
    asked = [item for item in questionnaire.questions if item.axis == axis]
    reached = sum(item.weight * answers[item.id] for item in asked)
    return Fraction(100 * reached, WORST * sum(item.weight for item in asked))


def _band(questionnaire: Questionnaire, score: Fraction) -> str:
    reached = [band for band in questionnaire.bands if score >= band.from_score]
    return max(reached, key=lambda band: band.from_score).id


def _refuse_unknown(questionnaire: Questionnaire, answers: Mapping[str, int], flags: Collection[str]) -> None:
    questions = {item.id: item for item in questionnaire.questions}
    for name, answer in answers.items():
        if name not in questions:
            raise QuestionnaireError(f'There is no question "{name}". {_instead(name, questions)}')
        if type(answer) is not int or answer not in questions[name].answers:
            choices = "; ".join(f"{value} = {text}" for value, text in questions[name].answers.items())
            raise QuestionnaireError(f'"{answer}" does not answer "{name}". Write {choices}.')
    known = [item.id for item in questionnaire.flags]
    for flag in flags:
        if flag not in known:
            raise QuestionnaireError(f'There is no flag "{flag}". {_instead(flag, known)}')


def _instead(name: str, known: Iterable[str]) -> str:
    names = list(known)
    close = get_close_matches(name, names, n=1)
    return f'Write "{close[0]}".' if close else f"Write one of: {', '.join(names)}."


def _explain(
    scores: tuple[Fraction, Fraction],
    bands: tuple[str, str],
    base: Tier,
    tier: Tier,
    raised: tuple[Override, ...],
    unanswered: tuple[str, ...],
) -> str:
    sentences = [
        f"Materiality {float(scores[0]):.1f} ({bands[0].replace('_', ' ')}) and inherent risk "
        f"{float(scores[1]):.1f} ({bands[1].replace('_', ' ')}) give {base}."
    ]
    if tier != base:
        deciding = "; ".join(rule.why for rule in raised if rule.floor == tier)
        sentences.append(f"Raised to {tier}: {deciding}.")
    if unanswered:
        count = len(unanswered)
        questions = "1 question is" if count == 1 else f"{count} questions are"
        sentences.append(f"{questions} unanswered and counted as the worst answer.")
    return " ".join(sentences)


def _question(item: Mapping[str, Any]) -> Question:
    return Question(
        id=item["id"],
        axis=cast(Axis, item["axis"]),
        weight=item["weight"],
        text=item["question"],
        answers={int(value): text for value, text in item["answers"].items()},
        sources=tuple(item.get("sources", ())),
        note=item.get("note", ""),
    )


def _override(item: Mapping[str, Any]) -> Override:
    flags = (item["flag"],) if "flag" in item else tuple(item.get("all_flags", ()))
    return Override(
        id=item["id"],
        floor=Tier(item["floor"]),
        why=item["why"],
        flags=flags,
        unless=item.get("unless"),
        when=item.get("when", {}),
        effect=item.get("effect", ""),
    )


def _with_text_keys(value: Any) -> Any:
    """Canonical JSON has text keys only; the answers are numbered."""
    if isinstance(value, dict):
        return {str(key): _with_text_keys(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_text_keys(item) for item in value]
    return value
