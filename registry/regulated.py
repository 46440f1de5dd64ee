"""Uses that law treats apart, as registry/regulated.yaml lists them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from accounts.refusals import Invalid
from registry.places import overlap

FILE = Path(__file__).with_name("regulated.yaml")


@dataclass(frozen=True)
class RegulatedUse:
    """A use, the frameworks whose duties it brings, and the flags of the tier questionnaire that it ticks."""

    id: str
    name: str
    help: str
    frameworks: tuple[str, ...]
    flags: tuple[str, ...]


@dataclass(frozen=True)
class Framework:
    """A body of law, what people call it, and the places where it holds."""

    name: str
    places: tuple[str, ...]


@cache
def frameworks() -> dict[str, Framework]:
    """Id → framework."""
    rows = yaml.safe_load(FILE.read_text(encoding="utf-8"))["frameworks"]
    return {name: Framework(row["name"], tuple(row["places"])) for name, row in rows.items()}


@cache
def regulated_uses() -> dict[str, RegulatedUse]:
    """Id → use, in the order of the file."""
    rows = yaml.safe_load(FILE.read_text(encoding="utf-8"))["uses"]
    return {
        row["id"]: RegulatedUse(
            row["id"], row["name"], row["help"], tuple(row["frameworks"]), tuple(row["flags"])
        )
        for row in rows
    }


def use_names(ids: Iterable[str]) -> list[str]:
    """What people call these uses; an id that is not listed any more stands for itself."""
    known = regulated_uses()
    return [known[name].name if name in known else name for name in ids]


def checked_uses(ids: Collection[str]) -> list[str]:
    """The ids, once each, in the order of the file. Raises Invalid for an id that is not listed."""
    known = regulated_uses()
    for name in ids:
        if name not in known:
            raise Invalid(
                f"{name[:40] or 'Nothing'} is not a regulated use.",
                f"The uses are {', '.join(known)}.",
                field="regulated_uses",
            )
    return [name for name in known if name in ids]


def flags_expected(ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Use → the flags of the tier questionnaire that it is expected to tick, for uses that are listed."""
    known = regulated_uses()
    return {name: known[name].flags for name in ids if name in known}


def law_in_view(uses: Iterable[str], jurisdictions: Collection[str]) -> list[str]:
    """Names of the frameworks that these uses bring where these places are; everywhere while no place is named."""
    known = regulated_uses()
    asked = {framework for use in uses if use in known for framework in known[use].frameworks}
    return [
        framework.name
        for name, framework in frameworks().items()
        if name in asked and (not jurisdictions or overlap(framework.places, jurisdictions))
    ]
