"""Read frameworks as others write them: an OSCAL catalog in JSON, and a library of CISO Assistant in YAML.

Both say less than our own files: what they leave out is "not stated", and a control without kinds of evidence that we
know asks for none. Only their shape is read here.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, cast

from django.utils.text import slugify

from governance.compliance.evidence_kinds import evidence_kinds
from governance.compliance.framework import LEVELS, Control, Framework, Group, Level
from governance.compliance.reading import CONTROL_ID, LONGEST_TITLE, MOST_CONTROLS
from policy.lines import Item, PackError, parse

NOT_STATED = "Not stated"
DEEPEST = 8
UNFIT = re.compile(r"[^A-Za-z0-9 ._()-]+")
ALL = Group("all", "Controls")


def read_oscal(text: str, *, source: str) -> Framework:
    """The framework that an OSCAL catalog says. Raises PackError."""
    try:
        told = json.loads(text)
    except json.JSONDecodeError as error:
        raise PackError(
            source, error.lineno, f"This is not JSON: {error.msg}.", "Correct this place."
        ) from error
    except RecursionError as error:
        raise PackError(source, 1, "The file nests too deeply.", "Flatten its groups.") from error
    except ValueError as error:  # a number of thousands of digits
        raise PackError(
            source, 1, "This JSON holds a number that is too long.", "Write it as text."
        ) from error
    catalog = told.get("catalog") if isinstance(told, dict) else None
    if not isinstance(catalog, dict):
        name = next(iter(told), "nothing") if isinstance(told, dict) else "no mapping"
        raise PackError(
            source,
            1,
            f'This is no OSCAL catalog: it begins with "{str(name)[:40]}".',
            'Take a file whose first key is "catalog"; resolve a profile to a catalog first.',
        )
    reader = _Oscal(text, source)
    controls = reader.controls(catalog)
    meta = reader.mapping(catalog.get("metadata"), "metadata")
    name = _line(meta.get("title")) or reader.fail("title", "The metadata have no title.", 'Write "title".')
    party = next((_line(row.get("name")) for row in _rows(meta.get("parties"))), "")
    link = [href for row in _rows(meta.get("links")) if (href := _line(row.get("href")))]
    return _framework(
        name=name,
        issuer=party,
        version=_line(meta.get("version")),
        published=_line(meta.get("published")) or _line(meta.get("last-modified")),
        source=tuple(link),
        licence=_line(meta.get("remarks")),
        groups=reader.groups,
        controls=controls,
        place=lambda problem, remedy: PackError(source, 1, problem, remedy),
        note="Read from an OSCAL catalog.",
    )


class _Oscal:
    """One catalog on its way in. It knows its text, to name lines."""

    def __init__(self, text: str, source: str) -> None:
        self.text, self.source = text, source
        self.groups: dict[str, Group] = {}

    def controls(self, catalog: Mapping[str, Any]) -> dict[str, Control]:
        found: dict[str, Control] = {}
        for group, row in self._walk(catalog, ALL, 0):
            control = self._control(group, row)
            if control.id in found:
                self.fail(control.id, f'The control "{control.id}" stands twice.', "Keep one of them.")
            found[control.id] = control
            self.groups.setdefault(group.id, group)
            if len(found) > MOST_CONTROLS:
                self.fail(
                    control.id, f"There are more than {MOST_CONTROLS:,} controls.", "Split the catalog."
                )
        return found

    def _walk(
        self, holder: Mapping[str, Any], group: Group, depth: int
    ) -> Iterator[tuple[Group, Mapping[str, Any]]]:
        if depth > DEEPEST:
            self.fail(group.id, "Groups and controls nest too deeply.", f"{DEEPEST} levels are enough.")
        for row in _rows(holder.get("controls")):
            yield group, row
            yield from self._walk(row, group, depth + 1)
        for row in _rows(holder.get("groups")):
            name = _line(row.get("id")) or slugify(_line(row.get("title"))) or f"group-{len(self.groups) + 1}"
            inner = Group(name[:40], (_line(row.get("title")) or name)[:LONGEST_TITLE])
            yield from self._walk(row, inner, depth + 1)

    def _control(self, group: Group, row: Mapping[str, Any]) -> Control:
        name = _line(row.get("id"))
        if not CONTROL_ID.fullmatch(name):
            self.fail(name, f'"{name[:80]}" cannot be the id of a control.', "Write a token without spaces.")
        props = [(_line(prop.get("name")), _line(prop.get("value"))) for prop in _rows(row.get("props"))]
        title = _line(row.get("title")) or next(self._prose(row), "")
        if not title:
            self.fail(name, f'The control "{name}" has neither title nor statement.', 'Write its "title".')
        label = next((value for prop, value in props if prop == "label"), name)
        level = next((value for prop, value in props if prop == "level" and value in LEVELS), "model")
        kinds = [value for prop, value in props if prop == "evidence-kind" and value in evidence_kinds()]
        return Control(
            name, label[:80], group.id, cast(Level, level), title[:LONGEST_TITLE], tuple(dict.fromkeys(kinds))
        )

    def _prose(self, row: Mapping[str, Any]) -> Iterator[str]:
        for part in _rows(row.get("parts")):
            if text := _line(part.get("prose")):
                yield text

    def mapping(self, value: Any, name: str) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            self.fail(name, f'"{name}" is missing or no mapping.', f'Write "{name}": {{…}}.')
        found: Mapping[str, Any] = value
        return found

    def fail(self, near: str, problem: str, remedy: str) -> Any:
        """Refuse, with the line on which `near` first stands."""
        at = self.text.find(json.dumps(near)) if near else -1
        line = self.text.count("\n", 0, at) + 1 if at >= 0 else 1
        raise PackError(self.source, line, problem, remedy)


def read_ciso_assistant(text: str, *, source: str, longest: int) -> Framework:
    """The framework that a library of CISO Assistant says. Raises PackError."""
    root = parse(text, source=source, what="the library", longest=longest)
    library = root.entries()
    for key in ("urn", "ref_id", "locale", "version", "objects"):
        if key not in library:
            raise root.refuse(f'The key "{key}" is missing in the library.', f'Write "{key}: …" here.')
    objects = library["objects"].entries()
    if "framework" not in objects:
        raise library["objects"].refuse("The library holds no framework.", "Take a library that holds one.")
    framework = objects["framework"].entries()
    if "requirement_nodes" not in framework:
        raise objects["framework"].refuse("The framework has no requirement_nodes.", "Write them as a list.")
    groups, controls = _nodes(framework["requirement_nodes"])
    return _framework(
        name=_of(framework, "name") or _of(library, "name"),
        short=_of(library, "ref_id"),
        issuer=_of(library, "provider"),
        version=_of(library, "version"),
        published=_of(library, "publication_date"),
        source=(_of(library, "urn"),),
        licence=_of(library, "copyright"),
        groups=groups,
        controls=controls,
        place=objects["framework"].refuse,
        note=_of(library, "description"),
    )


def _nodes(item: Item) -> tuple[dict[str, Group], dict[str, Control]]:
    """Nodes that are assessed are controls; the heading above each, through however many levels, is its group."""
    headings: dict[str, Group] = {}
    used: dict[str, Group] = {}
    controls: dict[str, Control] = {}
    for row in item.items():
        node = row.entries()
        if "urn" not in node or "assessable" not in node:
            raise row.refuse(
                "A requirement node needs urn and assessable.", 'Write "urn: …" and "assessable: …".'
            )
        urn = node["urn"].text()
        above = headings.get(_of(node, "parent_urn"), ALL)
        title = _of(node, "name") or _of(node, "description") or _of(node, "ref_id")
        last = UNFIT.sub("-", urn.rpartition(":")[2]).strip(" -._()")[:80]
        if not node["assessable"].flag():
            headings[urn] = Group(last[:40], (title or last)[:LONGEST_TITLE])
            continue
        headings[urn] = above
        if not CONTROL_ID.fullmatch(last) or last in controls:
            raise node["urn"].refuse(
                f'"{last[:60]}" is no id of its own at the end of the urn.', "Give each node its own urn."
            )
        if not title:
            raise row.refuse("This node has neither name nor description.", 'Write "name: …".')
        told = re.split(r"[\s,;]+", _of(node, "typical_evidence"))
        kinds = tuple(dict.fromkeys(kind for kind in told if kind in evidence_kinds()))
        used.setdefault(above.id, above)
        ref = (_of(node, "ref_id") or last)[:80]
        controls[last] = Control(last, ref, above.id, "model", title[:LONGEST_TITLE], kinds)
    if len(controls) > MOST_CONTROLS:
        raise item.refuse(f"There are {len(controls):,} controls.", f"Keep it to {MOST_CONTROLS:,}.")
    return used, controls


def _framework(
    *,
    name: str,
    issuer: str,
    version: str,
    published: str,
    source: tuple[str, ...],
    licence: str,
    groups: Mapping[str, Group],
    controls: Mapping[str, Control],
    place: Any,
    note: str,
    short: str = "",
) -> Framework:
    if not controls:
        raise place("No control is in it, and emptiness never passes.", "Take a file that holds controls.")
    if not name:
        raise place("It has no name.", 'Write "name: …".')
    return Framework(
        id=(slugify((short or name).replace(".", "-")) or "framework")[:64].strip("-"),
        name=name[:200],
        issuer=(issuer or NOT_STATED)[:300],
        version=(version or NOT_STATED)[:200],
        date=_day(published),
        state="not_stated",
        confidence="not stated by the file",
        note=note[:2000],
        facts={},
        dates=(),
        source=tuple(text for text in source if text) or (NOT_STATED,),
        licence=(licence or NOT_STATED)[:500],
        checked="",
        groups=tuple(groups.values()),
        controls=tuple(controls.values()),
        more={},
    )


def _of(given: Mapping[str, Item], name: str) -> str:
    """The value as one line; numbers and dates as they are written."""
    if name not in given or not isinstance(given[name].node.value, str):
        return ""
    return " ".join(str(given[name].node.value).split())


def _line(value: Any) -> str:
    return " ".join(value.replace("\0", "").split()) if isinstance(value, str) else ""


def _rows(value: Any) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        return ""
