"""The periods as values, read from clocks.yaml."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import yaml

from governance.compliance.framework import Framework

FILE = Path(__file__).with_name("clocks.yaml")
KINDS = {"deadline": "To be done by", "renewal": "To be done again by", "retention": "Kept at least until"}


@dataclass(frozen=True)
class Period:
    """A length of time as law says it."""

    years: int = 0
    months: int = 0
    days: int = 0
    business_days: int = 0

    def after(self, start: date) -> date:
        """The last day. A month that has no such day ends on its last one; business days are Monday to Friday."""
        months = start.month - 1 + self.months + 12 * self.years
        year, month = start.year + months // 12, months % 12 + 1
        found = date(year, month, min(start.day, calendar.monthrange(year, month)[1]))
        found += timedelta(days=self.days)
        left = self.business_days
        while left:
            found += timedelta(days=1)
            left -= found.weekday() < 5
        return found

    def __str__(self) -> str:
        told = (
            (self.years, "year"),
            (self.months, "month"),
            (self.days, "day"),
            (self.business_days, "business day"),
        )
        return ", ".join(f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in told if count)


@dataclass(frozen=True)
class Clock:
    """One period: the control that sets it, what starts it, from when it holds, and how sure that is."""

    id: str
    framework: str
    control: str
    title: str
    kind: str
    period: Period
    starts: str
    said: str
    confidence: str
    holds: str = ""
    of: tuple[str, ...] = ()  # of a clock that incidents start: the kinds of incident that it counts for

    @property
    def kind_label(self) -> str:
        """What its last day means."""
        return KINDS[self.kind]

    def holds_from(self, framework: Framework) -> date | None:
        """The day from which the duty holds, as the framework says it; None where it holds already."""
        if not self.holds:
            return None
        told = next((row.applies for row in framework.dates if row.what == self.holds), "")
        told = told or framework.facts.get(self.holds, "")
        return date.fromisoformat(told) if told else None


@cache
def shortest_of_incidents(framework: str) -> Clock | None:
    """Of the clocks that incidents start, the one that runs out first; it counts while the kind is not known."""
    found = [row for row in clocks().values() if row.framework == framework and row.starts == "incident"]
    return min(found, key=lambda row: row.period.after(date(2000, 1, 1)), default=None)


@cache
def clocks() -> dict[str, Clock]:
    """Id → clock, in the order of the file."""
    rows = yaml.safe_load(FILE.read_text(encoding="utf-8"))["clocks"]
    return {
        row["id"]: Clock(**{**row, "period": Period(**row["period"]), "of": tuple(row.get("of", ()))})
        for row in rows
    }
