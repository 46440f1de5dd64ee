"""What a version of the questionnaire changed, in words, from the rules rather than from the text."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from policy.questionnaire import Flag, Override, Question, Questionnaire
from policy.words import listed

Kind = Literal["added", "removed", "changed"]


@dataclass(frozen=True)
class Change:
    """One thing that was added, removed or changed; `was` and `now` hold what it said, where it said something."""

    kind: Kind
    what: str
    was: str = ""
    now: str = ""


def changes(before: Questionnaire, after: Questionnaire) -> list[Change]:
    """Return everything that differs and matters to answers or tiers; nothing for a change of layout."""
    return [
        *_questions(before, after),
        *_flags(before.flags, after.flags),
        *_overrides(before, after),
        *_bands(before, after),
        *_matrix(before, after),
        *_months(before, after),
    ]


def _questions(before: Questionnaire, after: Questionnaire) -> Iterator[Change]:
    old = {item.id: item for item in before.questions}
    new = {item.id: item for item in after.questions}
    for name, question in new.items():
        if name not in old:
            yield Change(
                "added", f"Question {question.name}", now=f"{question.text} Weight {question.weight}."
            )
        else:
            yield from _question(old[name], question)
    for name, question in old.items():
        if name not in new:
            yield Change("removed", f"Question {question.name}", was=question.text)


def _question(old: Question, new: Question) -> Iterator[Change]:
    what = f"Question {new.name}"
    yield from _differing(what, old.text, new.text)
    yield from _differing(f"{what}, weight", str(old.weight), str(new.weight))
    yield from _differing(f"{what}, axis", old.axis, new.axis)
    for value in sorted({*old.answers, *new.answers}):
        yield from _differing(
            f"{what}, answer {value}", old.answers.get(value, ""), new.answers.get(value, "")
        )
    yield from _differing(f"{what}, help", old.help, new.help)
    yield from _differing(f"{what}, note", old.note, new.note)
    yield from _differing(f"{what}, sources", "; ".join(old.sources), "; ".join(new.sources))


def _flags(before: Iterable[Flag], after: Iterable[Flag]) -> Iterator[Change]:
    old, new = {item.id: item for item in before}, {item.id: item for item in after}
    for name in dict.fromkeys([*new, *old]):
        was, now = old.get(name), new.get(name)
        yield from _differing(f"Fact {name}", was.label if was else "", now.label if now else "")
        if was and now:
            yield from _differing(f"Fact {name}, help", was.help, now.help)


def _overrides(before: Questionnaire, after: Questionnaire) -> Iterator[Change]:
    old = {item.id: _rule(before, item) for item in before.overrides}
    new = {item.id: _rule(after, item) for item in after.overrides}
    for name in dict.fromkeys([*new, *old]):
        yield from _differing(f"Override {name}", old.get(name, ""), new.get(name, ""))


def _rule(questionnaire: Questionnaire, rule: Override) -> str:
    effect = f" {rule.effect}." if rule.effect else ""
    return f"At least {rule.floor} where {questionnaire.why(rule)}: {rule.why}.{effect}"


def _bands(before: Questionnaire, after: Questionnaire) -> Iterator[Change]:
    old, new = (
        listed(f"{band.name} from {float(band.from_score):g}" for band in item.bands)
        for item in (before, after)
    )
    yield from _differing("Bands of the scores", old, new)


def _matrix(before: Questionnaire, after: Questionnaire) -> Iterator[Change]:
    for materiality, row in after.matrix.items():
        for inherent, tier in row.items():
            was = before.matrix.get(materiality, {}).get(inherent)
            if was is not None and was != tier:
                where = f"materiality {materiality}, inherent risk {inherent}".replace("_", " ")
                yield Change("changed", f"Matrix, {where}", str(was), str(tier))


def _months(before: Questionnaire, after: Questionnaire) -> Iterator[Change]:
    for tier, months in after.months.items():
        was = before.months[tier]
        yield from _differing(
            f"A tier of {tier} is looked at again after", f"{was} months", f"{months} months"
        )


def _differing(what: str, was: str, now: str) -> Iterator[Change]:
    if was != now:
        kind: Kind = "changed" if was and now else "added" if now else "removed"
        yield Change(kind, what, was, now)
