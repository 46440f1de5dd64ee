"""JSON bodies of the API, and how deep they may be: what nests without end would break whoever walks through it."""

from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

DEEPEST = 64
"""Levels. No call of ours needs more than ten."""
TOO_DEEP = f"The body is nested too deeply; {DEEPEST} levels are the limit."


class ShallowJSON(JSONParser):
    """Reads JSON of bounded depth."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            found = super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError(TOO_DEEP) from error
        level = [found]
        for _ in range(DEEPEST):
            level = [inner for value in level for inner in _within(value)]
            if not level:
                return found
        raise ParseError(TOO_DEEP)


def _within(value: object) -> list[Any]:
    """The lists and objects directly inside."""
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [inner for inner in values if isinstance(inner, dict | list)]
