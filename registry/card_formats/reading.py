"""Reading JSON and YAML of unknown origin: each value is taken once, in its shape, and what nobody took is listed."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from accounts.refusals import Invalid
from registry.card_formats.document import Imported

DEEPEST = 40


class Reading:
    """An object of the document. Taking a value removes it; `leave` lists the rest."""

    def __init__(self, value: object, path: str = "") -> None:
        if not isinstance(value, Mapping):
            raise _wrong(path or "The document", "an object", value)
        self._left: dict[str, Any] = {str(key): inner for key, inner in value.items()}
        self._path = path

    def has(self, name: str) -> bool:
        """Whether it is there and not taken yet."""
        return name in self._left

    def take(self, name: str) -> Any:
        """The value as it is, None when it is not there."""
        return self._left.pop(name, None)

    def text(self, name: str) -> str:
        """A text; numbers count as text."""
        value = self.take(name)
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise _wrong(self._place(name), "a text", value)
        return str(value).strip()

    def texts(self, name: str, key: str = "description") -> list[str]:
        """A list of texts, or of objects that hold one under `key`; one alone counts as a list of one."""
        found = []
        value = self.take(name)
        rows = [] if value is None else value if isinstance(value, list) else [value]
        for position, row in enumerate(rows):
            if isinstance(row, Mapping):
                found.append(Reading(row, f"{self._place(name)}[{position}]").text(key))
            else:
                found.append(Reading({name: row}, self._path).text(name))
        return [text for text in found if text]

    def rows(self, name: str) -> Iterator["Reading"]:
        """A list of objects."""
        value = self.take(name)
        if value is None:
            return
        if not isinstance(value, list):
            raise _wrong(self._place(name), "a list", value)
        for position, row in enumerate(value):
            yield Reading(row, f"{self._place(name)}[{position}]")

    def inner(self, name: str) -> "Reading":
        """An object; an empty one when it is not there."""
        value = self.take(name)
        return Reading({} if value is None else value, self._place(name))

    def leave(self, imported: Imported) -> None:
        """List whatever was not taken."""
        for name, value in self._left.items():
            if value not in (None, "", [], {}):
                imported.leave(self._place(name), _block(value))

    def _place(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name


def _block(value: object) -> str:
    if isinstance(value, str):
        return value
    return "```json\n" + json.dumps(value, indent=2, ensure_ascii=False, default=str)[:20_000] + "\n```"


def _wrong(path: str, wanted: str, value: object) -> Invalid:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    got = names.get(type(value), "nothing" if value is None else "a number")
    return Invalid(
        f"{path} is {got}; expected {wanted}.", "Correct the file and send it again.", field="file"
    )


def read_json(text: str) -> Reading:
    """The object that the text holds. Raises Invalid with line and column."""
    try:
        return Reading(json.loads(text))
    except json.JSONDecodeError as wrong:
        raise Invalid(
            f"This is not JSON: line {wrong.lineno}, column {wrong.colno}: {wrong.msg}.",
            "Correct the file and send it again.",
            field="file",
        ) from None
    except RecursionError:
        raise Invalid("This JSON is nested too deeply.", field="file") from None
    except ValueError:  # a number of thousands of digits
        raise Invalid(
            "This JSON holds a number that is too long.", "Write it as text.", field="file"
        ) from None


def read_yaml(text: str, *, first_line: int) -> Reading:
    """The mapping that a YAML header holds. Anchors and deep nesting are refused: they are how such files blow up."""
    try:
        _refuse_bombs(text)
        return Reading(yaml.safe_load(text) or {}, "")
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark
        place = f"line {mark.line + first_line}, column {mark.column + 1}: " if mark else ""
        raise Invalid(
            f"The header is not YAML: {place}{wrong.problem or wrong}.", "Correct the header.", field="file"
        ) from None
    except (yaml.YAMLError, ValueError) as wrong:
        raise Invalid(f"The header is not YAML: {wrong}.", "Correct the header.", field="file") from None


def _refuse_bombs(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise Invalid(
                "The header uses YAML anchors (& and *).", "Write the values out instead.", field="file"
            )
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise Invalid("The header is nested too deeply.", field="file")


def as_list(texts: list[str]) -> str:
    """A Markdown list; one alone stands as it is."""
    return texts[0] if len(texts) == 1 else "\n".join(f"- {text}" for text in texts)


def sentence(label: str, texts: list[str]) -> str:
    """`Language: en, fr.`"""
    return f"{label}: {', '.join(texts)}." if texts else ""


def reported(rows: list[tuple[str, str, str]]) -> str:
    """A table of figures that somebody else measured: measure, value, where."""
    if not rows:
        return ""
    lines = [f"| {_cell(name)} | {_cell(value)} | {_cell(where)} |" for name, value, where in rows]
    head = "Reported elsewhere; not measured here.\n\n| Measure | Value | On |\n| --- | --- | --- |\n"
    return head + "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
