"""Naming rows of a table. Row 1 is the first one after the header; blank lines do not count."""

from collections.abc import Sequence

SHOWN_ROWS = 5


def rows_in_words(rows: Sequence[int], total: int) -> str:
    """'Row 17', 'Rows 17 and 19', 'Rows 17, 19, 23 and 4 more'."""
    shown = [f"{row:,}" for row in rows[:SHOWN_ROWS]]
    if total > len(shown):
        return f"Rows {', '.join(shown)} and {total - len(shown):,} more"
    if len(shown) == 1:
        return f"Row {shown[0]}"
    return f"Rows {', '.join(shown[:-1])} and {shown[-1]}"
