"""Answers as people read them, with the very questions that they answered; and what differs between two sets."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from policy.questionnaire import Questionnaire
from riskreview.models import TierAssessment
from riskreview.tiering.questionnaires import questions_answered

AXES = [
    ("materiality", "Materiality", "What depends on it"),
    ("inherent", "Inherent risk", "What can make it go wrong, before any control"),
]


@dataclass(frozen=True)
class Given:
    """One question and its answer; `value` is None where there was none."""

    number: int
    text: str
    value: int | None
    words: str


@dataclass(frozen=True)
class GivenAxis:
    """The answers of one axis."""

    id: str
    title: str
    text: str
    rows: list[Given]


@dataclass(frozen=True)
class Answers:
    """A set of answers. Where its questionnaire is not kept, only ids and numbers are left to show."""

    version: int
    known: bool
    axes: list[GivenAxis] = field(default_factory=list)
    facts: list[tuple[str, bool]] = field(default_factory=list)


@dataclass(frozen=True)
class Difference:
    """Something that two sets of answers say differently."""

    what: str
    was: str
    now: str


def answers_of(assessment: TierAssessment, questionnaire: Questionnaire | None = None) -> Answers:
    """The answers with the questions that they answered, also where those are not asked any more."""
    asked = questionnaire or questions_answered(assessment)
    if asked is None:
        rows = [Given(n, name, value, "") for n, (name, value) in enumerate(assessment.answers.items(), 1)]
        raw = GivenAxis("raw", "Answers", "Their questionnaire is not kept here", rows)
        facts = [(flag, True) for flag in assessment.flags]
        return Answers(assessment.questionnaire_version, False, [raw], facts)
    numbered = [
        (
            question,
            Given(number, question.text, value, question.answers.get(value, "") if value is not None else ""),
        )
        for number, question in enumerate(asked.questions, 1)
        for value in [assessment.answers.get(question.id)]
    ]
    return Answers(
        version=asked.version,
        known=True,
        axes=[
            GivenAxis(name, title, text, [given for question, given in numbered if question.axis == name])
            for name, title, text in AXES
        ],
        facts=[(flag.label, flag.id in assessment.flags) for flag in asked.flags],
    )


def differences(before: TierAssessment, after: TierAssessment) -> list[Difference]:
    """What the later set of answers says differently, each in the words of its own questionnaire."""
    return [
        *_tiers(before, after),
        *_answers(before, after, questions_answered(before), questions_answered(after)),
    ]


def _tiers(before: TierAssessment, after: TierAssessment) -> Iterator[Difference]:
    pairs = [
        ("Tier confirmed", before.confirmed_tier or "not confirmed", after.confirmed_tier or "not confirmed"),
        ("Tier by the answers", before.computed_tier, after.computed_tier),
        ("Materiality", f"{before.materiality:.1f}", f"{after.materiality:.1f}"),
        ("Inherent risk", f"{before.inherent:.1f}", f"{after.inherent:.1f}"),
        ("Overrides", _rules(before), _rules(after)),
        (
            "Questionnaire",
            f"version {before.questionnaire_version}",
            f"version {after.questionnaire_version}",
        ),
    ]
    for what, was, now in pairs:
        if was != now:
            yield Difference(what, was, now)


def _rules(assessment: TierAssessment) -> str:
    return ", ".join(sorted(rule["id"] for rule in assessment.overrides)) or "none"


def _answers(
    before: TierAssessment, after: TierAssessment, old: Questionnaire | None, new: Questionnaire | None
) -> Iterator[Difference]:
    texts = {item.id: item.text for asked in (old, new) if asked for item in asked.questions}
    for name in dict.fromkeys([*texts, *before.answers, *after.answers]):
        was, now = _answer(before, old, name), _answer(after, new, name)
        if was != now:
            yield Difference(texts.get(name, name), was, now)
    labels = {item.id: item.label for asked in (old, new) if asked for item in asked.flags}
    for name in dict.fromkeys([*labels, *before.flags, *after.flags]):
        was, now = (_ticked(row, asked, name) for row, asked in ((before, old), (after, new)))
        if was != now:
            yield Difference(labels.get(name, name), was, now)


def _answer(assessment: TierAssessment, asked: Questionnaire | None, name: str) -> str:
    value = assessment.answers.get(name)
    question = next((item for item in asked.questions if item.id == name), None) if asked else None
    if asked and question is None:
        return "not asked"
    if value is None:
        return "not answered, counts as the worst"
    return f"{value}: {question.answers[value]}" if question and value in question.answers else str(value)


def _ticked(assessment: TierAssessment, asked: Questionnaire | None, name: str) -> str:
    if asked and name not in [flag.id for flag in asked.flags]:
        return "not asked"
    return "yes" if name in assessment.flags else "no"
