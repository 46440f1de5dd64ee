"""What the active policy asks of the figures of a run, beside each of them."""

from typing import Any

from evaluations.models import EvaluationRun
from evaluations.tiles import tiles_of
from riskreview.checks_asked import checks_on, in_words, is_met


def tiles_asked(run: EvaluationRun) -> list[dict[str, Any]]:
    """The headline figures, each with what production asks of it at the model's tier, and whether it is met."""
    overall = (run.result or {}).get("overall", {})
    asked = checks_on(run)
    tiles = tiles_of(run)
    for tile in tiles:
        checks = asked.get(tile["name"], [])
        if checks:
            tile["bound"] = "; ".join(in_words(check) for check in checks)
            tile["shape"] = "ok" if all(is_met(check, overall[tile["name"]]) for check in checks) else "no"
    return tiles
