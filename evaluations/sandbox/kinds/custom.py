"""An evaluation that somebody else wrote, in the same sandbox and under the same limits as every other.

Its figures are named `plugin.metric`, so that they are never taken for ours or for another plug-in's.
"""

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import pandas as pd

from evaluations.metrics.values import Column, Estimate, Measured, Table
from evaluations.plugins import BadPlugin, Declared, installed
from evaluations.sandbox.given import Given
from evaluations.sandbox.job import CannotEvaluate, Job

MOST_ROWS = 500
SHORT = 2_000


@dataclass(frozen=True)
class PluginInput:
    """What a plug-in is given. `features` holds the columns that the model takes; without a model it is empty."""

    rows: pd.DataFrame
    features: pd.DataFrame
    model: Any
    label: str
    positive: str | None
    sensitive: tuple[str, ...]
    seed: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    progress: Callable[[float, str], None] = lambda share, step: None


def refuse(job: Job) -> None:
    """Say what job and declaration tell, before anything of the plug-in is imported."""
    declared = declared_of(job)
    if declared.needs_model and job.model_path is None:
        raise CannotEvaluate(
            f"{declared.label} needs the model itself; this version is known by its predictions."
        )
    if declared.needs_label and not job.label:
        raise CannotEvaluate(f"{declared.label} needs a label, and the data set names none.")
    if wrong := declared.wrong_settings(job.config.get("settings", {})):
        raise CannotEvaluate(wrong)


def declared_of(job: Job) -> Declared:
    """The plug-in that the job names."""
    name = str(job.config.get("plugin", ""))
    try:
        known = installed(job.plugins_path)
    except BadPlugin as bad:
        raise CannotEvaluate(str(bad)) from bad
    if name not in known:
        raise CannotEvaluate(f"There is no plug-in {name}. Installed: {', '.join(sorted(known)) or 'none'}.")
    return known[name]


def measure(given: Given) -> Measured:
    """Import the plug-in, run it, and hold its answer to its declaration."""
    job, declared = given.job, declared_of(given.job)
    if job.plugins_path:
        sys.path.append(job.plugins_path)
    module, _, function = declared.target.partition(":")
    run = getattr(import_module(module), function, None)
    if not callable(run):
        raise CannotEvaluate(f"The plug-in {declared.name} names {declared.target}, which is no function.")
    model = given.model if declared.needs_model else None
    given.measuring(declared.label)
    answer = run(
        PluginInput(
            given.rows,
            given.features() if model is not None else pd.DataFrame(),
            model,
            job.label,
            job.positive,
            job.sensitive,
            job.seed,
            job.config.get("settings", {}),
            lambda share, step: given.teller.progress(0.4 + 0.55 * min(max(share, 0.0), 1.0), str(step)[:80]),
        )
    )
    given.teller.facts["plugin"] = {"name": declared.name, "version": declared.version}
    return held(answer, declared, len(given.rows))


def held(answer: Any, declared: Declared, n: int) -> Measured:
    """The answer as a result. Raises CannotEvaluate where it is not what the plug-in declared."""
    figures = answer.get("metrics") if isinstance(answer, Mapping) else None
    if not isinstance(figures, Mapping):
        raise CannotEvaluate(f"{declared.label} answered without a mapping of metrics.")
    odd = sorted(set(map(str, figures)) ^ set(declared.metrics))
    if odd:
        raise CannotEvaluate(
            f"{declared.label} declares other metrics than it answers: {', '.join(odd[:5])}."
        )
    overall = {
        f"{declared.name}.{name}": _estimate(name, figures[name], declared, n) for name in declared.metrics
    }
    said = {f"{declared.name}.{name}": metric["meaning"][:SHORT] for name, metric in declared.metrics.items()}
    notes = [str(note)[:SHORT] for note in answer.get("notes", [])]
    origin = f"Measured by the plug-in {declared.label}, version {declared.version or 'unknown'}."
    tables = [_table(place, table, declared) for place, table in enumerate(answer.get("tables", []))]
    return Measured(overall, said, tables=tables, notes=[origin, *notes])


def _estimate(name: str, figure: Any, declared: Declared, n: int) -> Estimate:
    """A number, or (value, low, high); None for what could not be computed."""
    parts = tuple(figure) if isinstance(figure, tuple | list) else (figure, None, None)
    try:
        value, low, high = (None if part is None else float(part) for part in parts)
    except (TypeError, ValueError) as error:
        said = f"{declared.label} answered {name} with what is no number and no (value, low, high)."
        raise CannotEvaluate(said) from error
    if any(part is not None and not math.isfinite(part) for part in (value, low, high)):
        raise CannotEvaluate(f"{declared.label} answered {name} with what is not finite.")
    if (
        value is not None
        and not (low is None or low <= value)
        or value is not None
        and not (high is None or value <= high)
    ):
        raise CannotEvaluate(f"{declared.label} answered {name} with a value outside its interval.")
    return Estimate(value, low, high, n)


def _table(place: int, table: Any, declared: Declared) -> Table:
    """A mapping with title, note, columns (names) and rows."""
    try:
        columns = [Column(str(name)[:80]) for name in table["columns"]]
        rows = [[str(cell)[:200] for cell in row] for row in table["rows"][:MOST_ROWS]]
        title, note = str(table["title"])[:120], str(table.get("note", ""))[:SHORT]
    except (TypeError, KeyError, AttributeError) as error:
        raise CannotEvaluate(f"{declared.label} answered with a table that cannot be read.") from error
    if any(len(row) != len(columns) for row in rows):
        raise CannotEvaluate(f"{declared.label} answered with a table whose rows differ in length.")
    return Table(f"{declared.name}.{place}", title, note, columns, rows)
