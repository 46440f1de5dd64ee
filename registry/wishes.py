"""What a round with a tracking server shall do: kept as JSON in its row, read back here."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

SYNC, WRITE = "sync", "write"


@dataclass(frozen=True)
class Wish:
    """A registered model of MLflow that somebody wants here."""

    name: str
    owner: str  # user name
    kind: str = ""  # "" is guessed
    slug: str = ""  # "" is made of the name
    link: bool = False  # into the model that has this short name already


@dataclass(frozen=True)
class Wanted:
    """What to look at, what to bring in, and on whose word."""

    deed: str = SYNC  # SYNC reads and writes, WRITE only writes
    names: tuple[str, ...] = ()  # only these registered models; none named means all
    bring: tuple[Wish, ...] = ()
    everything: Wish | None = None  # all others too, in this way
    latest: int = 0  # only so many newest versions of what is brought in; 0 is all
    again: bool = False  # also what was left out before
    scheduled: bool = False
    actor_id: str = "system:mlflow_sync"
    actor_name: str = "MLflow sync"

    def to_json(self) -> dict[str, Any]:
        """For the row."""
        return asdict(self)

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> "Wanted":
        """From the row."""
        values = dict(given)
        values["names"] = tuple(values.get("names", ()))
        values["bring"] = tuple(Wish(**wish) for wish in values.get("bring", ()))
        values["everything"] = Wish(**values["everything"]) if values.get("everything") else None
        return cls(**values)

    def wishes(self, found: Iterable[str]) -> dict[str, Wish]:
        """Name in MLflow → what is wanted of it, for those that were found and those that were named."""
        named = {wish.name: wish for wish in self.bring}
        if self.everything is None:
            return named
        return {name: replace(self.everything, name=name) for name in (*self.names, *found)} | named

    def and_also(self, other: "Wanted") -> "Wanted":
        """Both in one round: a person's word stands before the schedule's."""
        first, second = (other, self) if self.scheduled and not other.scheduled else (self, other)
        both_named = self.names and other.names
        if WRITE in (self.deed, other.deed) and self.deed != other.deed:
            both_named = (self if self.deed == SYNC else other).names
        known = {wish.name for wish in first.bring}
        return replace(
            first,
            deed=SYNC if SYNC in (self.deed, other.deed) else WRITE,
            names=_once([*self.names, *other.names]) if both_named else (),
            bring=(*first.bring, *(wish for wish in second.bring if wish.name not in known)),
            everything=first.everything or second.everything,
            again=self.again or other.again,
        )


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
