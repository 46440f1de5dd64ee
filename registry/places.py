"""Jurisdictions: codes and names, as registry/places.yaml lists them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from accounts.refusals import Invalid

FILE = Path(__file__).with_name("places.yaml")


@dataclass(frozen=True)
class Place:
    """One jurisdiction. The law of `within` holds there as well; "" when there is none above it."""

    code: str
    name: str
    group: str
    within: str


@cache
def places() -> dict[str, Place]:
    """Code → place, in the order of the file."""
    found = {}
    for group in yaml.safe_load(FILE.read_text(encoding="utf-8")):
        for code, name in group["places"].items():
            found[code] = Place(code, name, group["group"], group.get("within", ""))
    return found


def grouped_places() -> list[tuple[str, list[tuple[str, str]]]]:
    """Groups of (code, name), as a form's choices."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for place in places().values():
        groups.setdefault(place.group, []).append((place.code, place.name))
    return list(groups.items())


def place_names(codes: Iterable[str]) -> list[str]:
    """What people call these codes; a code that is not listed any more stands for itself."""
    known = places()
    return [known[code].name if code in known else code for code in codes]


def checked_places(codes: Collection[str]) -> list[str]:
    """The codes, once each, in the order of the file. Raises Invalid for a code that is not listed."""
    known = places()
    for code in codes:
        if code not in known:
            raise Invalid(
                f"{code[:20] or 'Nothing'} is not a jurisdiction.",
                "Use EU, or ISO 3166 codes such as GB, US or US-NY.",
                field="jurisdictions",
            )
    return [code for code in known if code in codes]


def overlap(some: Iterable[str], others: Collection[str]) -> bool:
    """Whether a place of the one is, contains or lies within a place of the other."""
    known = places()

    def within(code: str) -> str:
        return known[code].within if code in known else ""

    return any(
        code == other or within(code) == other or within(other) == code for code in some for other in others
    )
