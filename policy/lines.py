"""Read YAML by its nodes, so that each refusal can name the line it is about."""

import math
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import Any

import yaml

LONGEST = 200_000
"""Characters in a pack. Ours has 4,000; more than this is a mistake or an attack."""

MOST_NODES = LONGEST // 2
"""Keys and values once every alias is written out: as many as the longest text can hold without any."""

DURATION = re.compile(r"([1-9]\d{0,5})([dhm])")
UNITS = {"d": "days", "h": "hours", "m": "minutes"}
TAG = "tag:yaml.org,2002:"


class PackError(ValueError):
    """A pack that cannot be used: where, why, and what to write instead."""

    def __init__(self, file: str, line: int, problem: str, remedy: str) -> None:
        super().__init__(f"{file}:{line}: {problem} {remedy}")
        self.file = file
        self.line = line
        self.problem = problem
        self.remedy = remedy


def parse(text: str, *, source: str, what: str = "the pack", longest: int = LONGEST) -> "Item":
    """Return the root of a YAML text; `what` is its name in refusals."""
    if len(text) > longest:
        raise PackError(source, 1, "The file is too long.", f"Keep it under {longest:,} characters.")
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = f"This is not YAML: {error.problem or error.context}."
        raise PackError(
            source, line, problem, "Check indentation, colons and quotes near this line."
        ) from error
    except yaml.YAMLError as error:
        raise PackError(source, 1, "This is not YAML text.", "Save the file as UTF-8 text.") from error
    except RecursionError as error:
        raise PackError(source, 1, "The file nests too deeply.", "Five levels are enough.") from error
    if node is None:
        raise PackError(source, 1, "The file is empty.", f"Write what {what} asks for.")
    _refuse_bomb(node, source)
    return Item(node, source, what)


def _refuse_bomb(root: yaml.Node, source: str) -> None:
    """A few aliases of aliases stand for billions of values, or for themselves."""
    sizes: dict[int, int] = {}

    def size(node: yaml.Node, above: frozenset[int]) -> int:
        if id(node) in above:
            line = int(node.start_mark.line) + 1
            raise PackError(source, line, "This value contains itself.", "Write it out without the alias.")
        if id(node) not in sizes:
            within = above | {id(node)}
            parts = node.value if isinstance(node.value, list) else []
            inner = [part for pair in parts for part in (pair if isinstance(pair, tuple) else (pair,))]
            sizes[id(node)] = 1 + sum(size(part, within) for part in inner)
        if sizes[id(node)] > MOST_NODES:
            line = int(node.start_mark.line) + 1
            problem = "The aliases of this value stand for too many values."
            raise PackError(source, line, problem, "Write out what you mean, without aliases of aliases.")
        return sizes[id(node)]

    size(root, frozenset())


def instead(name: str, known: Iterable[str]) -> str:
    """Return what to write instead of an unknown name."""
    names = list(known)
    begun = [known for known in names if name and known.startswith(name)]
    close = begun or get_close_matches(name, names, n=1)
    return f'Write "{close[0]}".' if close else f"Write one of: {', '.join(names)}."


@dataclass(frozen=True)
class Item:
    """A YAML node that knows what it is called and where it stands."""

    node: yaml.Node
    file: str
    what: str

    @property
    def line(self) -> int:
        """The line of its first character, counted from 1."""
        return int(self.node.start_mark.line) + 1

    def refuse(self, problem: str, remedy: str) -> PackError:
        """Return the error to raise about this place."""
        return PackError(self.file, self.line, problem, remedy)

    def entries(self) -> dict[str, "Item"]:
        """Return the values by key; a key that stands twice is refused."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.refuse(f"{_upper(self.what)} is not a mapping.", 'Write "key: value" lines.')
        found: dict[str, Item] = {}
        for key_node, value_node in self.node.value:
            key = Item(key_node, self.file, "a key").text()
            if key in found:
                place = Item(key_node, self.file, key)
                raise place.refuse(
                    f'The key "{key}" stands twice in {self.what}.',
                    f"Keep one of them; the first is on line {found[key].line}.",
                )
            found[key] = Item(value_node, self.file, key)
        return found

    def fields(self, required: Collection[str], optional: Collection[str] = ()) -> dict[str, "Item"]:
        """Return the values by key; unknown and missing keys are refused."""
        found = self.entries()
        known = [*required, *optional]
        for key in found:
            if key not in known:
                raise self.key(key).refuse(f'There is no key "{key}" in {self.what}.', instead(key, known))
        for key in required:
            if key not in found:
                raise self.refuse(f'The key "{key}" is missing in {self.what}.', f'Write "{key}: …" here.')
        return found

    def numbered(self, least: int, most: int) -> dict[int, "Item"]:
        """Return the values of a mapping whose keys are whole numbers within limits."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.refuse(f"{_upper(self.what)} is not a mapping.", f'Write "{least}: …" lines.')
        found: dict[int, Item] = {}
        for key_node, value_node in self.node.value:
            place = Item(key_node, self.file, "the number before the colon")
            key = place.whole(least, most)
            if key in found:
                raise place.refuse(f"{key} stands twice in {self.what}.", "Keep one of them.")
            found[key] = Item(value_node, self.file, f"{key} in {self.what}")
        return found

    def key(self, name: str) -> "Item":
        """Return the key itself, for a refusal about it."""
        keys = [key for key, _ in self.node.value if key.value == name]
        return Item(keys[0], self.file, name)

    def items(self) -> list["Item"]:
        """Return the entries of a list, which must not be empty."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.refuse(f"{_upper(self.what)} is not a list.", 'Write "[one, two]" or "- one" lines.')
        if not self.node.value:
            raise self.refuse(
                f"{_upper(self.what)} is empty, and emptiness never passes.", "Write at least one entry."
            )
        return [Item(node, self.file, f"an entry of {self.what}") for node in self.node.value]

    def text(self) -> str:
        """Return a text that is not blank."""
        if self._is("str") and self.node.value.strip():
            return str(self.node.value).strip()
        raise self.refuse(
            f"{_upper(self.what)} is not a text.", "Write a word, in quotes where it looks like a number."
        )

    def choice(self, known: Collection[str]) -> str:
        """Return a text that is one of those known."""
        value = self.text()
        if value not in known:
            raise self.refuse(f'"{value}" is not known as {self.what}.', instead(value, known))
        return value

    def choices(self, known: Collection[str]) -> tuple[str, ...]:
        """Return a list of known texts, none of them twice."""
        found: list[str] = []
        for item in self.items():
            value = item.choice(known)
            if value in found:
                raise item.refuse(f'"{value}" stands twice in {self.what}.', "Remove one of them.")
            found.append(value)
        return tuple(found)

    def whole(self, least: int, most: int) -> int:
        """Return a whole number within limits."""
        if self._is("int") and re.fullmatch(r"\d{1,9}", self.node.value):
            value = int(self.node.value)
            if least <= value <= most:
                return value
        raise self.refuse(
            f"{_upper(self.what)} is not a whole number from {least} to {most}.",
            f"Write a number such as {least}.",
        )

    def number(self) -> float:
        """Return a finite number."""
        if self._is("int") or self._is("float"):
            try:
                value = float(self.node.value)
            except ValueError:
                value = math.nan
            if math.isfinite(value):
                return value
        raise self.refuse(f"{_upper(self.what)} is not a number.", "Write a number such as 0.80.")

    def flag(self) -> bool:
        """Return true or false."""
        if self._is("bool") and self.node.value.lower() in ("true", "false"):
            return bool(self.node.value.lower() == "true")
        raise self.refuse(f"{_upper(self.what)} is neither true nor false.", "Write true or false.")

    def duration(self) -> timedelta:
        """Return a length of time, written "365d", "24h" or "15m"."""
        match = DURATION.fullmatch(str(self.node.value)) if self._is("str") else None
        if match is None:
            raise self.refuse(
                f"{_upper(self.what)} is not a length of time.", 'Write "365d", "24h" or "15m".'
            )
        return timedelta(**{UNITS[match[2]]: int(match[1])})

    def plain(self) -> Any:
        """Return the content as JSON values; call it only on what was read and found sound."""
        if isinstance(self.node, yaml.MappingNode):
            return {name: item.plain() for name, item in self.entries().items()}
        if isinstance(self.node, yaml.SequenceNode):
            return [item.plain() for item in self.items()]
        if self._is("bool"):
            return self.flag()
        return self.number() if self._is("int") or self._is("float") else self.text()

    def exact(self) -> Any:
        """Return a setting: true or false, a number as it is written, a text, or a list or mapping of them."""
        if isinstance(self.node, yaml.MappingNode):
            return {name: item.exact() for name, item in self.entries().items()}
        if isinstance(self.node, yaml.SequenceNode):
            return [item.exact() for item in self.items()]
        if self._is("bool"):
            return self.flag()
        if self._is("int") and re.fullmatch(r"-?\d{1,15}", self.node.value):
            return int(self.node.value)
        return self.number() if self._is("int") or self._is("float") else self.text()

    def _is(self, kind: str) -> bool:
        return isinstance(self.node, yaml.ScalarNode) and self.node.tag == TAG + kind


def _upper(what: str) -> str:
    return what[0].upper() + what[1:]
