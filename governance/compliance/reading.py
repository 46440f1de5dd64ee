"""Read a framework in our own YAML, strictly: each refusal names the line and what to write instead."""

import re
from collections.abc import Collection, Iterable
from datetime import date
from typing import Any, cast

from governance.compliance.evidence_kinds import evidence_kinds
from governance.compliance.framework import (
    KINDS,
    LEVELS,
    ROLES,
    STATES,
    Applies,
    Control,
    Framework,
    Group,
    Kind,
    Level,
)
from policy.lines import Item, parse

SLUG = re.compile(r"[a-z0-9][a-z0-9.-]{1,62}[a-z0-9]")
CONTROL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._()-]{0,79}")
LONGEST_TITLE = 500
MOST_CONTROLS = 2_000
REQUIRED = ("id", "name", "issuer", "version", "status", "source", "licence", "groups", "controls")
OPTIONAL = ("kind", "date", "dates", "checked", "control_count")
FURTHER = ("ref_note", "definitions", "screening", "inventory_fields", "lifecycle")
"""What some frameworks say beside their controls: kept and shown as it is."""
OF_STATUS = (
    "effective",
    "nature",
    "amended",
    "amended_by",
    "enforced_from",
    "superseded_by",
    "since",
)


def read_framework(text: str, *, source: str) -> Framework:
    """The framework that a YAML text says. Raises PackError, which names the line and the remedy."""
    root = parse(text, source=source, what="the framework")
    given = root.fields(REQUIRED, (*OPTIONAL, *FURTHER))
    groups = _groups(given["groups"])
    kind = cast(Kind, given["kind"].choice(KINDS)) if "kind" in given else "framework"
    levels: tuple[Level, ...] = ("team",) if kind == "maturity" else LEVELS
    controls = _controls(given["controls"], {group.id for group in groups}, levels)
    _refuse_miscount(given, len(controls))
    status = given["status"].fields(("state", "confidence"), ("note", *OF_STATUS))
    return Framework(
        id=_matching(given["id"], SLUG, "3 to 64 lower-case letters, digits, dots and hyphens"),
        name=_short(given["name"], 200),
        issuer=_short(given["issuer"], 300),
        version=_short(given["version"], 200),
        date=_text(given, "date"),
        state=status["state"].choice(STATES),
        confidence=status["confidence"].text(),
        note=_text(status, "note"),
        facts={name: status[name].text() for name in OF_STATUS if name in status},
        dates=tuple(_dated(item) for item in given["dates"].items()) if "dates" in given else (),
        source=tuple(item.text() for item in given["source"].items()),
        licence=given["licence"].text(),
        checked=_day(given["checked"]) if "checked" in given else "",
        groups=groups,
        controls=controls,
        more={name: given[name].exact() for name in FURTHER if name in given},
        kind=kind,
    )


def _groups(item: Item) -> tuple[Group, ...]:
    found: dict[str, Group] = {}
    for row in item.items():
        told = row.fields(("id", "title"))
        name = _short(told["id"], 40)
        if name in found:
            raise told["id"].refuse(f'The group "{name}" stands twice.', "Give each group an id of its own.")
        found[name] = Group(name, _short(told["title"], LONGEST_TITLE))
    return tuple(found.values())


def _controls(item: Item, groups: Collection[str], levels: Collection[str]) -> tuple[Control, ...]:
    rows = item.items()
    if len(rows) > MOST_CONTROLS:
        raise item.refuse(f"There are {len(rows):,} controls.", f"Keep it to {MOST_CONTROLS:,}.")
    found: dict[str, Control] = {}
    for row in rows:
        told = row.fields(("id", "ref", "group", "level", "title", "evidence"), ("role",))
        name = _matching(told["id"], CONTROL_ID, "1 to 80 letters, digits, spaces and . _ ( ) -")
        if name in found:
            raise told["id"].refuse(
                f'The control "{name}" stands twice.', "Give each control an id of its own."
            )
        found[name] = Control(
            id=name,
            ref=_short(told["ref"], 80),
            group=told["group"].choice(groups),
            level=cast(Level, told["level"].choice(levels)),
            title=_short(told["title"], LONGEST_TITLE),
            evidence=told["evidence"].choices(evidence_kinds()),
            role=told["role"].choice(ROLES) if "role" in told else "",
        )
    return tuple(found.values())


def _refuse_miscount(given: dict[str, Item], found: int) -> None:
    if "control_count" in given and given["control_count"].whole(1, MOST_CONTROLS) != found:
        raise given["control_count"].refuse(
            f"{found} controls are listed and another number is announced.",
            f'Write "control_count: {found}", or add what is missing.',
        )


def _dated(item: Item) -> Applies:
    told = item.fields(("what", "applies"), ("sure", "was"))
    return Applies(
        told["what"].text(),
        _day(told["applies"]),
        _text(told, "sure"),
        _day(told["was"]) if "was" in told else "",
    )


def _day(item: Item) -> str:
    text = item.text()
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise item.refuse(f'"{text[:40]}" is not a date.', "Write it as '2027-12-02', in quotes.") from None


def _text(given: dict[str, Item], name: str) -> str:
    return given[name].text() if name in given else ""


def _short(item: Item, most: int) -> str:
    text = item.text()
    if len(text) > most:
        raise item.refuse(f"This text has {len(text):,} characters.", f"Keep it to {most}.")
    return text


def _matching(item: Item, pattern: re.Pattern[str], words: str) -> str:
    text = item.text()
    if not pattern.fullmatch(text):
        raise item.refuse(f'"{text[:80]}" cannot be an id.', f"Write {words}.")
    return text


def lines_of(value: Any) -> Iterable[str]:
    """What a framework says beside its controls, a line for each thing said."""
    if isinstance(value, dict):
        for name, inner in value.items():
            told = list(lines_of(inner))
            if len(told) == 1:
                yield f"{name.replace('_', ' ')}: {told[0]}"
            else:
                yield f"{name.replace('_', ' ')}: {'; '.join(told)}"
    elif isinstance(value, list):
        for inner in value:
            if isinstance(inner, dict) and set(inner) == {"ref", "title"}:
                yield f"{inner['ref']} {inner['title']}"
            else:
                yield from lines_of(inner)
    else:
        yield str(value)
