"""Read a tier questionnaire and refuse one that does not say exactly what it means."""

import re
from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml

from policy.evidence import canonical_digest
from policy.lines import Item, PackError, instead, parse
from policy.questionnaire import AXES, WORST, Axis, Band, Flag, Override, Question, Questionnaire, Tier

__all__ = ["DEFAULT", "PackError", "load_questionnaire", "read_questionnaire"]

DEFAULT = Path(__file__).with_name("tiering.yaml")
ID = re.compile(r"[a-z][a-z0-9_]{0,62}")
SCORED = tuple(str(tier) for tier in Tier if tier is not Tier.PROHIBITED)
MONTHS = {"low": 36, "moderate": 24, "high": 12, "critical": 6}
"""How long a confirmed tier stands where the file does not say."""


@cache
def load_questionnaire(path: Path = DEFAULT) -> Questionnaire:
    """Return the questionnaire that a file describes."""
    return read_questionnaire(path.read_text(encoding="utf-8"), source=path.name)


def read_questionnaire(text: str, *, source: str) -> Questionnaire:
    """Return the questionnaire that a YAML text describes, or raise PackError. The source is named in refusals."""
    root = parse(text, source=source, what="the questionnaire")
    fields = root.fields(
        ("id", "version", "axis_bands", "matrix", "questions"),
        ("checked", "method", "flags", "overrides", "revalidate_after_months"),
    )
    bands = _bands(fields["axis_bands"])
    questions = _questions(fields["questions"])
    flags = _flags(fields["flags"]) if "flags" in fields else ()
    if "checked" in fields:
        fields["checked"].text()
    return Questionnaire(
        id=fields["id"].text(),
        version=fields["version"].whole(1, 1_000_000),
        digest=canonical_digest(_with_text_keys(yaml.safe_load(text))),
        questions=questions,
        flags=flags,
        overrides=_overrides(fields["overrides"], questions, flags) if "overrides" in fields else (),
        bands=bands,
        matrix=_matrix(fields["matrix"], [band.id for band in bands]),
        months=_months(fields["revalidate_after_months"]) if "revalidate_after_months" in fields else MONTHS,
        method={name: item.text() for name, item in fields["method"].entries().items()}
        if "method" in fields
        else {},
    )


def _questions(item: Item) -> tuple[Question, ...]:
    found = _unique([(entry, _question(entry)) for entry in item.items()])
    for axis in AXES:
        if not any(question.axis == axis for question in found):
            raise item.refuse(f"No question is about {axis}.", f'Write at least one with "axis: {axis}".')
    return found


def _question(item: Item) -> Question:
    fields = item.fields(("id", "axis", "weight", "question", "answers"), ("help", "note", "sources"))
    name = _id(fields["id"])
    return Question(
        id=name,
        axis=cast(Axis, fields["axis"].choice(AXES)),
        weight=fields["weight"].whole(1, 100),
        text=fields["question"].text(),
        answers=_answers(Item(fields["answers"].node, item.file, f"the answers of {name}")),
        sources=tuple(entry.text() for entry in fields["sources"].items()) if "sources" in fields else (),
        help=fields["help"].text() if "help" in fields else "",
        note=fields["note"].text() if "note" in fields else "",
    )


def _answers(item: Item) -> dict[int, str]:
    found = {value: text.text() for value, text in item.numbered(0, WORST).items()}
    if len(found) < 2:
        raise item.refuse(
            f"{len(found)} answer is no choice." if found else "A question without answers asks nothing.",
            f"Write two to five lines from 0 (harmless) to {WORST} (worst).",
        )
    if WORST not in found:
        raise item.refuse(
            f"The worst answer, {WORST}, is missing in {item.what}.",
            f"Silence counts as {WORST}, so say what {WORST} means.",
        )
    return dict(sorted(found.items()))


def _flags(item: Item) -> tuple[Flag, ...]:
    found = []
    for entry in item.items():
        fields = entry.fields(("id", "label", "help"))
        flag = Flag(_id(fields["id"]), fields["label"].text(), fields["help"].text())
        found.append((entry, flag))
    return _unique(found)


def _overrides(item: Item, questions: Collection[Question], flags: Collection[Flag]) -> tuple[Override, ...]:
    asked = {question.id: question for question in questions}
    known = [flag.id for flag in flags]
    return _unique([(entry, _override(entry, asked, known)) for entry in item.items()])


def _override(item: Item, asked: Mapping[str, Question], known: Collection[str]) -> Override:
    fields = item.fields(("id", "floor", "why"), ("flag", "all_flags", "unless", "when", "effect"))
    if "flag" in fields and "all_flags" in fields:
        raise fields["flag"].refuse('"flag" and "all_flags" say the same.', "Keep one of them.")
    flags: tuple[str, ...] = (fields["flag"].choice(known),) if "flag" in fields else ()
    if "all_flags" in fields:
        flags = fields["all_flags"].choices(known)
    when = _when(fields["when"], asked) if "when" in fields else {}
    if not flags and not when:
        raise item.refuse(
            "The override names nothing that makes it apply.", 'Write "flag", "all_flags" or "when".'
        )
    floor = Tier(fields["floor"].choice(tuple(Tier)))
    if floor is Tier.LOW:
        raise fields["floor"].refuse(
            "A floor of low raises nothing, and an override only raises.",
            "Write moderate, high, critical or prohibited.",
        )
    return Override(
        id=_id(fields["id"]),
        floor=floor,
        why=fields["why"].text(),
        flags=flags,
        unless=fields["unless"].choice(known) if "unless" in fields else None,
        when=when,
        effect=fields["effect"].text() if "effect" in fields else "",
    )


def _when(item: Item, asked: Mapping[str, Question]) -> dict[str, int]:
    found = {}
    for name, least in item.entries().items():
        if name not in asked:
            raise item.key(name).refuse(f'There is no question "{name}".', instead(name, asked))
        found[name] = least.whole(1, WORST)
    return found


def _bands(item: Item) -> tuple[Band, ...]:
    found: list[tuple[Item, Band]] = []
    for entry in item.items():
        fields = entry.fields(("id", "from_score"))
        start = Fraction(str(fields["from_score"].number()))
        if not found and start != 0:
            raise fields["from_score"].refuse(
                f"The first band begins at {float(start):g}, so lower scores have none.", "Begin at 0."
            )
        if found and not found[-1][1].from_score < start < 100:
            raise fields["from_score"].refuse(
                f"{float(start):g} does not come after {float(found[-1][1].from_score):g} and before 100.",
                "Write the bands from the lowest to the highest score.",
            )
        found.append((entry, Band(_id(fields["id"]), start)))
    return _unique(found)


def _matrix(item: Item, bands: list[str]) -> dict[str, dict[str, Tier]]:
    found: dict[str, dict[str, Tier]] = {}
    rows = Item(item.node, item.file, "the matrix").fields(bands)
    for materiality in bands:
        row = Item(rows[materiality].node, item.file, f"the row {materiality} of the matrix").fields(bands)
        found[materiality] = {}
        for place, inherent in enumerate(bands):
            tier = Tier(row[inherent].choice(SCORED))
            before = [found[materiality][bands[place - 1]]] if place else []
            above = bands.index(materiality) - 1
            before += [found[bands[above]][inherent]] if above >= 0 else []
            worse = max(before, key=lambda known: known.order, default=tier)
            if tier.order < worse.order:
                raise row[inherent].refuse(
                    f"A worse score gives {tier}, where a better one gives {worse}.",
                    f"Write {worse} or higher.",
                )
            found[materiality][inherent] = tier
    return found


def _months(item: Item) -> dict[str, int]:
    return {tier: given.whole(1, 120) for tier, given in item.fields(SCORED).items()}


def _id(item: Item) -> str:
    name = item.text()
    if not ID.fullmatch(name):
        raise item.refuse(f'"{name}" is not an id.', 'Write small letters, digits and "_", a letter first.')
    return name


def _unique(found: Iterable[tuple[Item, Any]]) -> tuple[Any, ...]:
    """The values in order; an id that stands twice is refused."""
    lines: dict[str, int] = {}
    values = []
    for item, value in found:
        if value.id in lines:
            raise item.refuse(
                f'The id "{value.id}" stands twice.',
                f"Write another id; the first is on line {lines[value.id]}.",
            )
        lines[value.id] = item.line
        values.append(value)
    return tuple(values)


def _with_text_keys(value: Any) -> Any:
    """Canonical JSON has text keys only; the answers are numbered."""
    if isinstance(value, dict):
        return {str(key): _with_text_keys(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_text_keys(item) for item in value]
    return value
