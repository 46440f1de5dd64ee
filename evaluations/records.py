"""One record that somebody wants explained: what may be asked, before a worker finds out."""

from collections.abc import Mapping
from typing import Any

from accounts.refusals import Invalid
from registry.masking import not_row_by_row
from registry.models import Dataset

MOST_ENTRIES, LONGEST_TEXT = 500, 300


def refuse_unless_a_record(dataset: Dataset, config: Mapping[str, Any]) -> None:
    """A row of the data set, or values given by hand; none of them confidential, because every reader sees the
    settings of a run."""
    row, values = config.get("row"), config.get("values") or {}
    if row is None and not values:
        raise Invalid(
            "Say which record is to be explained.",
            "Give the number of a row of the data set (row), or the values of its features (values).",
            field="config",
        )
    if isinstance(row, int) and row >= dataset.rows:
        raise Invalid(
            f"{dataset} has no row {row:,}.",
            f"Its {dataset.rows:,} rows are numbered from 0 to {dataset.rows - 1:,}.",
            field="config",
        )
    _refuse_values(dataset, values)
    _refuse_entries("wording", config.get("wording") or {}, (str,), "a text")


def _refuse_values(dataset: Dataset, values: Any) -> None:
    _refuse_entries(
        "values", values, (str, int, float, bool, type(None)), "a text, a number, true, false or null"
    )
    held_back = sorted(not_row_by_row(dataset) & set(values)) if isinstance(values, dict) else []
    if held_back:
        raise Invalid(
            f"{', '.join(held_back)} of {dataset} may not be given by hand: the values are confidential, and "
            "everybody reads the settings of a run.",
            "Explain a row of the data set instead.",
            field="config",
        )


def _refuse_entries(setting: str, given: Any, kinds: tuple[type, ...], meant: str) -> None:
    if not isinstance(given, dict):
        return  # its rule refuses it
    if len(given) > MOST_ENTRIES:
        raise Invalid(f"The setting {setting} has more than {MOST_ENTRIES} entries.", field="config")
    for name, value in given.items():
        if not isinstance(value, kinds) or len(str(value)) > LONGEST_TEXT:
            raise Invalid(
                f"In {setting}, {str(name)[:80]} must be {meant}, of at most {LONGEST_TEXT} characters.",
                field="config",
            )
