"""An evaluation of your own: how far apart the groups of one column are in what the model answers."""

from typing import Any


def measure(given: Any) -> dict[str, Any]:
    """`given` holds rows, features, model, label, positive, sensitive, seed, settings and progress.

    Answers every declared metric as a number, None, or (value, low, high); notes and tables are optional.
    """
    column = given.settings.get("column") or given.sensitive[0]
    predicted = [str(answer) for answer in given.model.predict(given.features)]
    given.progress(0.5, "Counting groups")
    selected = given.rows.assign(selected=[answer == given.positive for answer in predicted])
    rates = selected.groupby(column)["selected"].mean()
    return {
        "metrics": {"gap": float(rates.max() - rates.min()), "groups": len(rates)},
        "notes": [f"Groups of {column}."],
        "tables": [
            {
                "title": "Selection rates",
                "note": "The share of each group that is selected.",
                "columns": ["Group", "Rate"],
                "rows": [[name, f"{rate:.3f}"] for name, rate in rates.items()],
            }
        ],
    }
