"""Figures of two versions side by side, each with its interval where the measurement gave one."""

from collections.abc import Iterable, Mapping
from typing import Any

from evaluations.models import EvaluationKind, EvaluationRun
from evaluations.tiles import shown_of
from governance.portfolio.comparing.drawing import both_intervals
from governance.portfolio.comparing.values import Figure, Figures, Measured
from policy.metrics import label_of

MOST_FIGURES = 60
OTHER_DATA = "Measured on different data, so the difference is not the model's alone."


def training(then: Mapping[str, Any], now: Mapping[str, Any]) -> Figures:
    """What the makers report of their training."""
    names = sorted({*then, *now})[:MOST_FIGURES]
    rows = [
        Figure(name, name, Measured(_number(then.get(name))), Measured(_number(now.get(name))))
        for name in names
    ]
    return Figures("training", "Training metrics", rows, "As their makers report them; not measured here.")


def _number(given: object) -> float | None:
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    return float(str(given)) if is_number else None


def measured(then: Iterable[EvaluationRun], now: Iterable[EvaluationRun]) -> list[Figures]:
    """The newest runs of each kind: on the same data where both were measured on it."""
    found: list[Figures] = []
    old, new = _newest(then), _newest(now)
    for kind in EvaluationKind:
        before = {data: run for (of, data), run in old.items() if of == kind}
        after = {data: run for (of, data), run in new.items() if of == kind}
        shared = [data for data in after if data in before]
        found += [_side_by_side(kind, before[data], after[data]) for data in shared]
        rest = [[run for data, run in side.items() if data not in shared][:1] for side in (before, after)]
        if not shared and (rest[0] or rest[1]):
            found.append(_side_by_side(kind, next(iter(rest[0]), None), next(iter(rest[1]), None)))
    return found


def _newest(runs: Iterable[EvaluationRun]) -> dict[tuple[str, int], EvaluationRun]:
    """The newest run of each kind on each data set, from runs in falling order."""
    newest: dict[tuple[str, int], EvaluationRun] = {}
    for run in runs:
        newest.setdefault((run.kind, run.dataset_id), run)
    return newest


def _side_by_side(kind: EvaluationKind, then: EvaluationRun | None, now: EvaluationRun | None) -> Figures:
    old, new = _overall(then), _overall(now)
    order = [name for name in shown_of(kind) if name in old or name in new]
    names = [*order, *sorted({*old, *new} - set(order))][:MOST_FIGURES]
    prefix = f"{kind}-{then.pk if then else 0}-{now.pk if now else 0}"
    rows = [_figure(prefix, name, _measured(old.get(name)), _measured(new.get(name))) for name in names]
    comparable = then is not None and now is not None and then.dataset_digest == now.dataset_digest
    note = "" if comparable else OTHER_DATA
    runs = (then.pk if then else None, now.pk if now else None)
    return Figures(prefix, _title(kind, then, now), rows, note, comparable, runs)


def _figure(prefix: str, name: str, then: Measured, now: Measured) -> Figure:
    label = label_of(name)
    return Figure(name, label, then, now, both_intervals(then, now, label, f"{prefix}-{name}"))


def _overall(run: EvaluationRun | None) -> Mapping[str, Any]:
    overall: Mapping[str, Any] = (run.result or {}).get("overall", {}) if run else {}
    return overall


def _measured(given: Mapping[str, Any] | None) -> Measured:
    given = given or {}
    return Measured(_number(given.get("value")), _number(given.get("low")), _number(given.get("high")))


def _title(kind: EvaluationKind, then: EvaluationRun | None, now: EvaluationRun | None) -> str:
    on = " and ".join(dict.fromkeys(str(run.dataset) for run in (then, now) if run is not None))
    return f"{kind.label} on {on}"
