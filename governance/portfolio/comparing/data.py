"""The data that two versions were made on: other versions of a table, rows, columns."""

from collections.abc import Sequence

from governance.portfolio.comparing.values import Part, Row
from registry.models import Dataset

MOST_NAMES = 6


def data(
    trained: tuple[Dataset | None, Dataset | None], evaluated: tuple[Sequence[Dataset], Sequence[Dataset]]
) -> Part:
    """What each was trained on, and what its makers evaluated it on."""
    rows = [] if trained[0] == trained[1] else [_row("Trained on", *trained)]
    same = int(trained[0] is not None and trained[0] == trained[1])
    old, new = ({table.name: table for table in tables} for tables in evaluated)
    for name in dict.fromkeys([*old, *new]):
        if old.get(name) == new.get(name):
            same += 1
        else:
            rows.append(_row("Evaluated on", old.get(name), new.get(name)))
    return Part("data", "Data", rows, same)


def _row(name: str, then: Dataset | None, now: Dataset | None) -> Row:
    note = "; ".join(told(then, now)) if then and now else ""
    return Row(name, _named(then), _named(now), note)


def _named(table: Dataset | None) -> str:
    return f"{table}, {table.rows:,} rows" if table else ""


def told(then: Dataset, now: Dataset) -> list[str]:
    """What is different about two tables, in half sentences."""
    old = {column["name"]: column["type"] for column in then.columns}
    new = {column["name"]: column["type"] for column in now.columns}
    retyped = [
        f"{name} from {old[name]} to {new[name]}" for name in old if name in new and old[name] != new[name]
    ]
    found = [
        "" if then.digest == now.digest else "other bytes",
        _growth(then.rows, now.rows),
        _names("columns added", [name for name in new if name not in old]),
        _names("columns removed", [name for name in old if name not in new]),
        _names("types changed", retyped),
        "" if then.label == now.label else f"label {then.label or 'none'} to {now.label or 'none'}",
        ""
        if set(then.sensitive) == set(now.sensitive)
        else f"sensitive columns now {', '.join(now.sensitive) or 'none'}",
    ]
    return [text for text in found if text]


def _growth(then: int, now: int) -> str:
    if then == now:
        return ""
    share = f" ({(now - then) / then:+.0%})" if then else ""
    return f"{now - then:+,} rows{share}".replace("-", "\u2212")


def _names(what: str, names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return f"{what}: {', '.join(names[:MOST_NAMES])}{more}" if names else ""
