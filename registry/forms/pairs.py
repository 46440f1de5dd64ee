"""A field of names and values, one pair a line."""

import json
from typing import Any

from django import forms

MOST_LINES = 500


class Pairs(forms.CharField):
    """`name = value` or `name: value` on each line; numbers, true, false and null are taken as such."""

    widget = forms.Textarea

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget.attrs |= {"rows": 4, "spellcheck": "false", "class": "cs-mono"}

    def clean(self, value: Any) -> dict[str, Any]:
        """Raises ValidationError naming the line that is no pair."""
        found: dict[str, Any] = {}
        lines = super().clean(value).splitlines()
        if len(lines) > MOST_LINES:
            raise forms.ValidationError(f"There are more than {MOST_LINES} lines.")
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            name, mark, said = _split(line)
            if not name or not mark:
                raise forms.ValidationError(f"Line {number} is no pair. Write it like max_depth = 6.")
            if name in found:
                raise forms.ValidationError(f"Line {number} says {name[:80]} a second time.")
            found[name] = _value(said)
        return found


def _split(line: str) -> tuple[str, str, str]:
    mark = min("=:", key=lambda sign: line.find(sign) if sign in line else len(line))
    name, found, said = line.partition(mark)
    return name.strip(), found, said.strip()


def _value(said: str) -> Any:
    try:
        return json.loads(said)
    except (ValueError, RecursionError):
        return said
