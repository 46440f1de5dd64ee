"""What is to be said of one column by itself."""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from evaluations.metrics.data_quality.strength import is_number
from evaluations.metrics.groups import text_of
from evaluations.metrics.values import Ints

MANY_LEVELS = 50
ID_SHARE = 0.95
FEWEST_FOR_ID = 20
FAR_OUT = 3.0
MOJIBAKE = re.compile("\ufffd|[\u00c2\u00c3\u00e2][\u0080-\u00bf\u20ac\u2122\u0153\u201a-\u203a]")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[ T].*)?")
WORDS_FOR_MISSING = frozenset(
    ["?", "na", "n/a", "nan", "null", "none", "-", "--", "unknown", "missing", "#n/a"]
)


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """Counts of rows (n in all) of one column, and its troubles in words."""

    name: str
    kind: str
    n: int
    missing: int
    distinct: int
    far_out: int | None = None
    future: int = 0
    encoding: int = 0
    stray_blanks: int = 0
    words_for_missing: int = 0
    numbers_in_text: int = 0
    spellings: int = 0
    troubles: tuple[str, ...] = field(default=())


def column_facts(name: str, column: "pd.Series[Any]", today: date) -> ColumnFacts:
    """Looks at each distinct value once."""
    n, missing = len(column), int(column.isna().sum())
    places, distinct = pd.factorize(column)
    counts: Ints = np.bincount(np.asarray(places)[np.asarray(places) >= 0], minlength=len(distinct))
    if is_number(column):
        facts = ColumnFacts(name, "number", n, missing, len(distinct), far_out=_far_out(column))
    elif pd.api.types.is_datetime64_any_dtype(column.dtype):
        late = pd.to_datetime(column, utc=True) > pd.Timestamp(today, tz="UTC") + pd.Timedelta(days=1)
        facts = ColumnFacts(name, "date", n, missing, len(distinct), future=int(late.sum()))
    else:
        facts = _text_facts(name, n, missing, [text_of(value) for value in distinct], counts, today)
    return _with_troubles(facts)


def _text_facts(
    name: str,
    n: int,
    missing: int,
    values: list[str],
    counts: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    today: date,
) -> ColumnFacts:
    def rows(holds: list[bool]) -> int:
        return int(counts[np.array(holds, dtype=np.bool_)].sum()) if values else 0

    numeric = [NUMBER.fullmatch(value.strip()) is not None for value in values]
    dates = [_date_of(value) for value in values]
    spoken: dict[str, int] = {}
    for value in values:
        key = value.strip().casefold()
        spoken[key] = spoken.get(key, 0) + 1
    share = rows(numeric) / max(n - missing, 1)
    are_dates = rows([found is not None for found in dates]) > 0.9 * max(n - missing, 1)
    return ColumnFacts(
        name,
        "date" if are_dates else "text",
        n,
        missing,
        len(values),
        future=rows([found is not None and found > today for found in dates]) if are_dates else 0,
        encoding=rows([bool(MOJIBAKE.search(value) or CONTROL.search(value)) for value in values]),
        stray_blanks=rows([value != value.strip() for value in values]),
        words_for_missing=rows([value.strip().casefold() in WORDS_FOR_MISSING for value in values]),
        numbers_in_text=rows(numeric) if 0 < share < 1 else 0,
        spellings=sum(count - 1 for count in spoken.values()),
    )


def _date_of(value: str) -> date | None:
    read = DATE.fullmatch(value.strip())
    if read is None:
        return None
    try:
        return date(int(read[1]), int(read[2]), int(read[3]))
    except ValueError:
        return None


def _far_out(column: "pd.Series[Any]") -> int | None:
    """Rows beyond three interquartile ranges from the quartiles: "far out", Tukey (1977), section 2E."""
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    there = values[np.isfinite(values)]
    if len(np.unique(there)) < 11:
        return None
    low, high = np.quantile(there, [0.25, 0.75])
    reach = FAR_OUT * (high - low)
    return int(((there < low - reach) | (there > high + reach)).sum()) if reach > 0 else None


def _with_troubles(facts: ColumnFacts) -> ColumnFacts:
    held = facts.n - facts.missing
    said = []
    if held == 0:
        said.append("empty")
    elif facts.distinct == 1:
        said.append("constant")
    elif facts.distinct >= max(ID_SHARE * held, FEWEST_FOR_ID) and facts.kind == "text":
        said.append("looks like an identifier")
    elif facts.kind == "text" and facts.distinct > MANY_LEVELS:
        said.append(f"{facts.distinct:,} different values")
    if facts.future:
        said.append("dates in the future")
    if facts.encoding:
        said.append("broken characters")
    if facts.stray_blanks:
        said.append("stray blanks")
    if facts.words_for_missing:
        said.append("words for missing")
    if facts.numbers_in_text:
        said.append("numbers among words")
    if facts.spellings:
        said.append("several spellings")
    known = {name: getattr(facts, name) for name in facts.__slots__}
    return ColumnFacts(**{**known, "troubles": tuple(said)})
