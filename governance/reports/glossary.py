"""The measures of a report: what each means, and the conventions of its runs that stand beside no figure."""

from collections.abc import Iterable
from dataclasses import dataclass

from evaluations.models import EvaluationRun
from policy.metrics import METRICS, label_of


@dataclass(frozen=True)
class Entry:
    """One measure, or another thing that runs have a convention for; each comes with the runs that used it."""

    name: str
    label: str
    meaning: str
    conventions: tuple[tuple[str, tuple[int, ...]], ...]


def glossary_of(runs: Iterable[EvaluationRun]) -> tuple[Entry, ...]:
    """Every measure that these runs name, and what else they say of how they counted, in the order of its label."""
    said: dict[str, dict[str, list[int]]] = {}
    for run in runs:
        result = run.result or {}
        conventions, figures = result.get("conventions") or {}, result.get("overall") or {}
        for name in {*conventions, *figures}:
            found = said.setdefault(name, {})
            if name not in figures:
                found.setdefault(conventions[name], []).append(run.pk)
    entries = [
        Entry(
            name,
            label_of(name),
            METRICS[name].meaning if name in METRICS else "",
            tuple((text, tuple(runs)) for text, runs in found.items()),
        )
        for name, found in said.items()
    ]
    entries = [entry for entry in entries if entry.meaning or entry.conventions]
    return tuple(sorted(entries, key=lambda entry: (entry.label.lower(), entry.name)))
