"""The headline figures of a run, as the page's tiles show them."""

from typing import Any

from evaluations.models import EvaluationRun
from evaluations.presenting import count, interval, number
from policy.metrics import METRICS, OF_KIND, label_of

MOST_TILES = 8


def shown_of(kind: str) -> list[str]:
    """The figures of a kind that matter most, most telling first."""
    return [name for name, metric in OF_KIND.get(kind, {}).items() if metric.headline]


def tiles_of(run: EvaluationRun) -> list[dict[str, Any]]:
    """Label, value and interval of the figures that matter for this kind."""
    overall = (run.result or {}).get("overall", {})
    names = [name for name in shown_of(run.kind) if overall.get(name, {}).get("value") is not None]
    return [_tile(name, overall[name]) for name in names[:MOST_TILES]]


def _tile(name: str, measured: dict[str, Any]) -> dict[str, Any]:
    value, low, high = measured["value"], measured.get("low"), measured.get("high")
    whole = name in METRICS and METRICS[name].whole
    return {
        "name": name,
        "label": label_of(name),
        "value": count(value) if whole else number(value),
        "interval": interval((low, high)) if low is not None and high is not None else "",
        "bound": f"n {measured['n']:,}" if measured.get("n") else "",
        "shape": "",
    }
