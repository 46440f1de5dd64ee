"""What is different between two versions of a data set, in a few sentences."""

from collections.abc import Collection, Iterable

from registry.models import Dataset

SHOWN_COLUMNS = 8
SHIFT_WORTH_TELLING = 0.001


def changes_since(now: Dataset, before: Dataset, hidden: Collection[str]) -> list[str]:
    """Rows, columns and class balance, the earlier one first. `hidden` columns have no values told."""
    told = [_rows(before.rows, now.rows)]
    old = {column["name"]: column["type"] for column in before.columns}
    new = {column["name"]: column["type"] for column in now.columns}
    if added := [name for name in new if name not in old]:
        told.append(f"Columns added: {_listed(added)}.")
    if removed := [name for name in old if name not in new]:
        told.append(f"Columns removed: {_listed(removed)}.")
    retyped = [
        f"{name} from {old[name]} to {new[name]}" for name in new if name in old and old[name] != new[name]
    ]
    if retyped:
        told.append(f"Types changed: {_listed(retyped)}.")
    if len(told) == 1 and not retyped:
        told.append("The same columns with the same types.")
    if now.label and now.label == before.label and now.label not in hidden:
        told += _balance(now, before)
    return told


def _rows(before: int, now: int) -> str:
    if before == now:
        return f"{now:,} rows, as many as before."
    return f"{now:,} rows, {now - before:+,} ({(now - before) / before:+.1%})."


def _balance(now: Dataset, before: Dataset) -> list[str]:
    old, new = _shares(before), _shares(now)
    if not old or not new:
        return []
    shifts = {value: new.get(value, 0.0) - old.get(value, 0.0) for value in {*old, *new}}
    greatest = max(sorted(shifts), key=lambda value: round(abs(shifts[value]), 9))
    value = now.positive if now.positive in shifts else greatest
    if abs(shifts[greatest]) < SHIFT_WORTH_TELLING:
        return [f"The same balance of {now.label}."]
    return [
        f"{now.label} says {value} in {new.get(value, 0.0):.1%} of the rows, "
        f"{old.get(value, 0.0):.1%} before ({_points(shifts[value])} points)."
    ]


def _points(shift: float) -> str:
    return f"{shift * 100:+.1f}".replace("-", "−")


def _shares(dataset: Dataset) -> dict[str, float]:
    groups = dataset.profile.get("balance", [])
    total = sum(group["count"] for group in groups)
    return {group["value"]: group["count"] / total for group in groups}


def _listed(names: Iterable[str]) -> str:
    given = list(names)
    more = f" and {len(given) - SHOWN_COLUMNS} more" if len(given) > SHOWN_COLUMNS else ""
    return ", ".join(given[:SHOWN_COLUMNS]) + more
