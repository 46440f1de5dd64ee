"""Which level each team has reached: by what people concluded, never by evidence alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from governance.compliance.coverage import SETTLED, Standing, Summary, stand, summed
from governance.compliance.facts import Record
from governance.compliance.framework import Framework
from governance.compliance.maturity.teams import holdings_of_team, records_by_team, team_slug
from governance.compliance.models import Conclusion, Verdict


@dataclass(frozen=True)
class LevelStanding:
    """One level of a maturity model: its practices, as they stand for a team."""

    id: str
    title: str
    standings: tuple[Standing, ...]

    @property
    def settled(self) -> bool:
        """Whether somebody concluded that each practice is met, or does not apply."""
        return all(_settled(row) for row in self.standings)

    @property
    def supported(self) -> bool:
        """Whether nobody needs more than to conclude: the evidence is there for every model."""
        return all(_settled(row) or row.state == "ready" for row in self.standings)

    @property
    def shape(self) -> str:
        """Reached, waiting for a conclusion, or lacking."""
        return "ok" if self.settled else "half" if self.supported else "todo"

    @property
    def summary(self) -> Summary:
        """Counts by state."""
        return summed(self.standings)


@dataclass(frozen=True)
class TeamMaturity:
    """A team with its levels. `slug` is its name in addresses."""

    team: str
    slug: str
    records: tuple[Record, ...]
    levels: tuple[LevelStanding, ...]

    @property
    def reached(self) -> LevelStanding:
        """The highest level of which everything, and everything below, is concluded."""
        return _highest([level.settled for level in self.levels], self.levels)

    @property
    def supported(self) -> LevelStanding:
        """The highest level that the evidence would support, if somebody concluded so."""
        return _highest([level.supported for level in self.levels], self.levels)


def maturity_of(names: Sequence[str], model: Framework, *, today: date) -> list[TeamMaturity]:
    """How these teams stand under a maturity model, in a fixed number of queries."""
    records = records_by_team(names, today=today)
    concluded: dict[str, dict[str, Conclusion]] = {}
    rows = Conclusion.objects.filter(team__in=names, framework=model.id).select_related("by")
    for row in rows.order_by("pk"):
        concluded.setdefault(row.team, {})[row.control] = row
    return [
        TeamMaturity(
            team=name,
            slug=team_slug(name),
            records=tuple(records[name]),
            levels=_levels(model, records[name], concluded.get(name, {}), today),
        )
        for name in names
    ]


def _levels(
    model: Framework, records: Sequence[Record], concluded: dict[str, Conclusion], today: date
) -> tuple[LevelStanding, ...]:
    held = holdings_of_team(records)
    said = {name: row for name, row in concluded.items() if row.verdict != Verdict.TAKEN_BACK}
    rows = stand(model, model.controls, held, said, {}, today=today)
    return tuple(
        LevelStanding(group.id, group.title, tuple(row for row in rows if row.control.group == group.id))
        for group in model.groups
    )


def _settled(row: Standing) -> bool:
    return row.state in SETTLED


def _highest(fits: Sequence[bool], levels: Sequence[LevelStanding]) -> LevelStanding:
    """The last level before the first that does not fit; the lowest one asks for nothing."""
    place = next((place for place, one in enumerate(fits) if not one), len(levels))
    return levels[max(place - 1, 0)]
