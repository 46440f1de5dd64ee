"""Why one record got its answer: contributions, what single changes would do, and reasons in words.

For people, never evidence: nothing here is a figure that a policy could ask for.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evaluations.metrics.explain_columns import changed, is_number, levels, said
from evaluations.metrics.explain_effects import edges_of
from evaluations.metrics.explain_output import Output, Progress, Target, output_of
from evaluations.metrics.explain_reasons import reasons
from evaluations.metrics.explain_shap import how_explained, sample
from evaluations.metrics.explainers import Explained, exact, sampled
from evaluations.metrics.groups import is_missing
from evaluations.metrics.values import Column, Measured, Table, number

BACKGROUND_ROWS, FEWER_ROWS = 500, 100
TRIES = 10
HELD_BACK = "held back"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model says of the record: the explained output, the probability where there is one, the decision."""

    output: float
    base: float
    unit: str
    chance: float | None
    label: str | None


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The output over other values of one feature, all else as it is; shown as text because values may be words."""

    name: str
    now: str
    lowest: float
    lowest_at: str
    highest: float
    highest_at: str
    turns_at: str | None


def explain_record(
    model: Any,
    record: pd.DataFrame,
    behind: pd.DataFrame,
    target: Target,
    *,
    seed: int,
    progress: Progress,
    hidden: Collection[str] = (),
    wording: Mapping[str, str] | None = None,
    unfavourable: str | None = None,
    sensitive: Collection[str] = (),
) -> Measured:
    """Explain one row (shape (1, features)) against a sample of the rows behind it.

    `target.predicted` holds the record's class where each row's own is explained. `unfavourable` says whether a high or
    a low output is to the person's disadvantage; without it no reasons are given. Values of `hidden` columns do not
    enter what comes back.
    """
    behind = behind.iloc[sample(len(behind), BACKGROUND_ROWS, seed)].reset_index(drop=True)
    explained = exact(model, record, target, background=behind)
    if explained is None:
        explained = sampled(
            model, record, target, seed=seed, progress=progress, background=behind, background_rows=FEWER_ROWS
        )
    one = target.one_class()
    shown = pd.concat([record, behind], ignore_index=True)
    output = output_of(model, shown, one, unit=explained.unit)
    answer = _answer(model, record, explained, one)
    tries = [
        _what_if(output, record, behind, str(name), one, answer)
        for name in record.columns
        if name not in hidden
    ]
    values = {
        str(name): HELD_BACK if name in hidden else said(record[name].iloc[0]) for name in record.columns
    }
    parts = dict(zip(values, explained.values[0].tolist(), strict=True))
    given = reasons(parts, values, unfavourable, wording or {}, answer.label, one, sensitive)
    return Measured(
        {},
        {**_conventions(explained, one, len(behind)), **given.conventions},
        explanations={"local": _local(explained, answer, values, parts, one)},
        tables=[
            _answer_table(answer, one),
            *given.tables,
            _parts_table(values, parts, answer.unit),
            _what_if_table(tries, output.unit),
        ],
        notes=[*given.notes, *_held_back(values, hidden)],
    )


def _answer(model: Any, record: pd.DataFrame, explained: Explained, target: Target) -> Answer:
    chance = None
    if target.is_class and hasattr(model, "predict_proba"):
        chance = float(np.asarray(model.predict_proba(record), dtype=np.float64)[0, target.positive])
    label = None if target.decide is None else target.labels[int(target.decide(record)[0])]
    return Answer(float(explained.output[0]), float(explained.base[0]), explained.unit, chance, label)


def _what_if(
    output: Output, record: pd.DataFrame, behind: pd.DataFrame, name: str, target: Target, answer: Answer
) -> WhatIf:
    now = record[name].iloc[0]
    tried = _tries(behind[name])
    moved = pd.concat([changed(record, name, value) for value in [now, *tried]], ignore_index=True)
    found = output.of(moved)
    names = [said(value) for value in [now, *tried]]
    low, high = int(found.argmin()), int(found.argmax())
    return WhatIf(
        name,
        names[0],
        float(found[low]),
        names[low],
        float(found[high]),
        names[high],
        _turns(target, moved, names, now, tried, answer),
    )


def _tries(column: "pd.Series[Any]") -> list[Any]:
    """Values that are common in the data: deciles of numbers, else the most common ones."""
    if is_number(column):
        numbers = column.to_numpy(dtype=np.float64)
        return list(edges_of(numbers[np.isfinite(numbers)], TRIES).tolist())
    return [value for value in levels(column, TRIES) if value is not None]


def _turns(
    target: Target, moved: pd.DataFrame, names: Sequence[str], now: Any, tried: Sequence[Any], answer: Answer
) -> str | None:
    """The value nearest to the present one (of words the most common one) that gets another decision."""
    if target.decide is None:
        return None
    decided = [target.labels[int(place)] for place in target.decide(moved)]
    others = [place for place in range(1, len(decided)) if decided[place] != answer.label]
    if not others:
        return None
    if isinstance(now, int | float | np.number) and not isinstance(now, bool) and not is_missing(now):
        others.sort(key=lambda place: abs(float(tried[place - 1]) - float(now)))
    return names[others[0]]


def _local(
    explained: Explained,
    answer: Answer,
    values: Mapping[str, str],
    parts: Mapping[str, float],
    target: Target,
) -> dict[str, Any]:
    ordered = sorted(parts, key=lambda name: (-abs(parts[name]), name))
    return {
        "of": target.words(),
        "method": explained.method,
        "unit": answer.unit,
        "base": answer.base,
        "output": answer.output,
        "chance": answer.chance,
        "label": answer.label,
        "additivity_error": explained.additivity_error,
        "features": [
            {"name": name, "value": values[name], "contribution": number(parts[name])} for name in ordered
        ],
    }


def _answer_table(answer: Answer, target: Target) -> Table:
    rows: list[tuple[str, str]] = []
    if answer.label is not None:
        rows.append(("Decision", answer.label))
    if answer.chance is not None:
        rows.append((f"Probability of {_named(target)}", f"{answer.chance:.1%}"))
    rows.append((f"Output, {answer.unit}", f"{answer.output:.4g}"))
    rows.append((f"Average output, {answer.unit}", f"{answer.base:.4g}"))
    note = "What the model says of this record, and the average that the contributions start from."
    return Table("answer", "The answer", note, (Column("What"), Column("Value")), rows)


def _parts_table(values: Mapping[str, str], parts: Mapping[str, float], unit: str) -> Table:
    ordered = sorted(parts, key=lambda name: (-abs(parts[name]), name))
    note = "How far each feature of this record moves the output from the average. Together they give the output."
    columns = (Column("Feature"), Column("Value"), Column(f"Contribution, {unit}", "number"))
    return Table(
        "contributions",
        "What moved this answer",
        note,
        columns,
        [(name, values[name], parts[name]) for name in ordered],
    )


def _what_if_table(tries: Sequence[WhatIf], unit: str) -> Table:
    ordered = sorted(tries, key=lambda one: (one.lowest - one.highest, one.name))
    columns = (
        Column("Feature"),
        Column("Now"),
        Column(f"Lowest output, {unit}", "number"),
        Column("at"),
        Column(f"Highest output, {unit}", "number"),
        Column("at"),
        Column("Other decision at"),
    )
    note = (
        "The same record with one feature changed to values that are common in the data, all else as it is. It says "
        "what the model would answer, not what would happen to the person."
    )
    rows = [
        (one.name, one.now, one.lowest, one.lowest_at, one.highest, one.highest_at, one.turns_at)
        for one in ordered
    ]
    return Table("what_if", "What if one feature were different", note, columns, rows)


def _held_back(values: Mapping[str, str], hidden: Collection[str]) -> list[str]:
    names = [name for name in values if name in hidden]
    return [f"Confidential, so its value is held back and not varied: {', '.join(names)}."] if names else []


def _named(target: Target) -> str:
    return target.labels[target.positive] if target.positive is not None and target.labels else target.words()


def _conventions(explained: Explained, target: Target, behind: int) -> dict[str, str]:
    return {
        "contributions": f"{how_explained(explained.method)}; in {explained.unit}, of {target.words()}. One-hot "
        f"columns are summed back. Additivity error {explained.additivity_error:.2g}.",
        "what_if": f"Deciles of numbers and the {TRIES} most common other values, out of {behind:,} rows drawn with "
        "the seed.",
    }
