"""Find what a pack asks of people who do not exist."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from policy.evidence import Person
from policy.pack import Pack
from policy.words import ROLES, a_role, counted, listed


@dataclass(frozen=True)
class Unreachable:
    """A role that is asked to sign by more people than hold it, and where."""

    role: str
    asked: int
    holders: tuple[Person, ...]
    places: tuple[str, ...]

    @property
    def text(self) -> str:
        """The sentence, with the people concerned."""
        where = listed(self.places)
        if not self.holders:
            return f"Nobody is {a_role(self.role)}, so nothing can be allowed in {where}."
        names = listed(person.name for person in self.holders)
        people = counted(self.asked, "person", "people")
        return (
            f"{people} must sign as {ROLES[self.role]} in {where}, and only {names} "
            f"{'holds' if len(self.holders) == 1 else 'hold'} the role."
        )


def unreachable(pack: Pack, holders: Mapping[str, Sequence[Person]]) -> tuple[Unreachable, ...]:
    """Return each role of which a list asks for more signatures than there are holders, in the order of the pack."""
    asked: dict[str, dict[str, int]] = {}
    for environment, by_tier in pack.environments.items():
        for tier, requirements in by_tier.items():
            for item in requirements:
                if item.role and item.count > len(holders.get(item.role, ())):
                    asked.setdefault(item.role, {})[f"{environment} ({tier})"] = item.count
    return tuple(
        Unreachable(role, max(places.values()), tuple(holders.get(role, ())), tuple(places))
        for role, places in asked.items()
    )
