"""Score a questionnaire: two axes, a matrix, and overrides that only raise."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction

from policy.questionnaire import WORST, Axis, Band, Flag, Override, Question, Questionnaire, Tier
from policy.questionnaire_file import load_questionnaire

__all__ = [
    "WORST",
    "Assessment",
    "Contribution",
    "Fitting",
    "Flag",
    "Question",
    "Questionnaire",
    "QuestionnaireError",
    "Tier",
    "assess",
    "fitting",
    "load_questionnaire",
    "tier_of",
]


class QuestionnaireError(ValueError):
    """An answer set that does not fit the questionnaire, with what to write instead."""


@dataclass(frozen=True)
class Contribution:
    """What one answer adds to the score of its axis (0 to 100), and the most it could. Silence counts as worst."""

    question: Question
    answer: int | None
    points: float
    most: float


@dataclass(frozen=True)
class Assessment:
    """What the answers give. Scores run from 0 to 100, with two decimals; bands are of materiality and inherent."""

    materiality: float
    inherent: float
    bands: tuple[Band, Band]
    base_tier: Tier
    tier: Tier
    overrides: tuple[Override, ...]
    unanswered: tuple[str, ...]
    contributions: tuple[Contribution, ...]
    explanation: str


@dataclass(frozen=True)
class Fitting:
    """Answers of one questionnaire as far as another one still asks for them; `gone` is what it does not."""

    answers: Mapping[str, int]
    flags: tuple[str, ...]
    gone: tuple[str, ...]


def assess(questionnaire: Questionnaire, answers: Mapping[str, int], flags: Collection[str]) -> Assessment:
    """Return the tier that answers (question → 0 to 4) and flags give, and why."""
    _refuse_unknown(questionnaire, answers, flags)
    unanswered = tuple(item.id for item in questionnaire.questions if item.id not in answers)
    found = _outcome(questionnaire, answers, flags)
    added = _contributions(questionnaire, answers)
    return Assessment(
        materiality=round(float(found.scores[0]), 2),
        inherent=round(float(found.scores[1]), 2),
        bands=found.bands,
        base_tier=found.base,
        tier=found.tier,
        overrides=found.raised,
        unanswered=unanswered,
        contributions=added,
        explanation=_explain(found, _because(added), len(unanswered)),
    )


def tier_of(
    questionnaire: Questionnaire, answers: Mapping[str, int], flags: Collection[str]
) -> tuple[Tier, Tier]:
    """Return the tier and the highest floor under it, of answers that fit: assess() in short, for whole portfolios."""
    found = _outcome(questionnaire, answers, flags)
    return found.tier, max((rule.floor for rule in found.raised), key=_order, default=Tier.LOW)


@dataclass(frozen=True)
class _Outcome:
    scores: tuple[Fraction, Fraction]
    bands: tuple[Band, Band]
    base: Tier
    raised: tuple[Override, ...]
    tier: Tier


def _outcome(questionnaire: Questionnaire, answers: Mapping[str, int], flags: Collection[str]) -> _Outcome:
    complete = {item.id: answers.get(item.id, WORST) for item in questionnaire.questions}
    scores = _score(questionnaire, complete, "materiality"), _score(questionnaire, complete, "inherent")
    bands = _band(questionnaire, scores[0]), _band(questionnaire, scores[1])
    base = questionnaire.matrix[bands[0].id][bands[1].id]
    raised = tuple(rule for rule in questionnaire.overrides if rule.applies(complete, flags))
    return _Outcome(scores, bands, base, raised, max([base, *(rule.floor for rule in raised)], key=_order))


def _order(tier: Tier) -> int:
    return tier.order


def fitting(questionnaire: Questionnaire, answers: Mapping[str, int], flags: Collection[str]) -> Fitting:
    """Return what of these answers the questionnaire still asks for, so that answers outlive a new version."""
    questions = {item.id: item for item in questionnaire.questions}
    known = [item.id for item in questionnaire.flags]
    kept = {
        name: value
        for name, value in answers.items()
        if name in questions and type(value) is int and value in questions[name].answers
    }
    lost = [name for name in answers if name not in kept] + [flag for flag in flags if flag not in known]
    return Fitting(kept, tuple(flag for flag in known if flag in flags), tuple(lost))


def _score(questionnaire: Questionnaire, answers: Mapping[str, int], axis: Axis) -> Fraction:
    """Exact, so that a score on the edge of a band never depends on rounding."""
    asked = questionnaire.of_axis(axis)
    reached = sum(item.weight * answers[item.id] for item in asked)
    return Fraction(100 * reached, WORST * sum(item.weight for item in asked))


def _contributions(questionnaire: Questionnaire, answers: Mapping[str, int]) -> tuple[Contribution, ...]:
    weights = {item.axis: 0 for item in questionnaire.questions}
    for item in questionnaire.questions:
        weights[item.axis] += item.weight
    found = []
    for item in questionnaire.questions:
        most = 100 * item.weight / weights[item.axis]
        given = answers.get(item.id)
        points = most * (WORST if given is None else given) / WORST
        found.append(Contribution(item, given, round(points, 2), round(most, 2)))
    return tuple(found)


def _band(questionnaire: Questionnaire, score: Fraction) -> Band:
    return [band for band in questionnaire.bands if score >= band.from_score][-1]


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


def _because(added: Iterable[Contribution]) -> str:
    """The question of each axis that adds most: "reach × autonomy". The first of equals; nothing where all add 0."""
    most: dict[str, Contribution] = {}
    for item in added:
        known = most.get(item.question.axis)
        if item.points > 0 and (known is None or item.points > known.points):
            most[item.question.axis] = item
    names = [most[axis].question.name for axis in ("materiality", "inherent") if axis in most]
    return " × ".join(names) or "nothing weighs"


def _explain(found: _Outcome, because: str, unanswered: int) -> str:
    sentences = [
        f"{found.base.capitalize()} because {because}: materiality {float(found.scores[0]):.1f} "
        f"({found.bands[0].name}), inherent risk {float(found.scores[1]):.1f} ({found.bands[1].name})."
    ]
    if found.tier != found.base:
        deciding = [f"{rule.id} ({rule.why})" for rule in found.raised if rule.floor == found.tier]
        words = "override" if len(deciding) == 1 else "overrides"
        sentences.append(f"Raised to {found.tier} by {words} {' and '.join(deciding)}.")
    if unanswered:
        questions = "1 question is" if unanswered == 1 else f"{unanswered} questions are"
        sentences.append(f"{questions} unanswered and counted as the worst answer.")
    return " ".join(sentences)
