"""Sentences that the record keeps in English, and that a page tells in the language of its reader."""

from collections.abc import Iterable
from functools import reduce
from typing import Any, Self, cast

from django.db.models import Choices
from django.utils.translation import gettext, gettext_lazy


class Said(str):
    """An English sentence that knows how it was made: `Said("{name} is retired.", name=model.name)`.

    It is its English text wherever it goes: into the record, into an answer of the API, into a comparison. `told` says
    it in the active language. Values are quoted as they are, unless they were Said themselves.
    """

    template: str
    values: dict[str, object]

    def __new__(cls, template: str, /, **values: object) -> Self:
        made = super().__new__(cls, template.format(**values) if values else template)
        made.template, made.values = template, values
        return made

    def told(self) -> str:
        """In the language of the reader."""
        words = gettext(self.template) if self.template else ""
        if not self.values:
            return words
        values = {
            name: value.told() if isinstance(value, Said) else value for name, value in self.values.items()
        }
        return words.format(**values)


class Inside(Said):
    """A label inside of a sentence: English writes it small there, other languages as it is."""

    def __new__(cls, label: object, /) -> Self:
        made = str.__new__(cls, str(label).lower())
        made.template, made.values = str(label), {}
        return made


def either(words: Iterable[Said]) -> Said:
    """`owner or developer`."""
    return reduce(lambda one, other: Said("{one} or {other}", one=one, other=other), words)


def told(text: Any) -> Any:
    """What was Said, in the language of the reader; anything else as it is, for people wrote it."""
    return text.told() if isinstance(text, Said) else text


def label(text: object) -> str:
    """A word of ours, such as the label of a choice, in the language of the reader."""
    words = str(text)
    return gettext(words) if words else ""


def counted(one: str, many: str) -> tuple[str, str]:
    """Mark both forms of a message for translation; ngettext says it later."""
    return one, many


def in_context(context: str, words: str) -> str:
    """Mark words for translation that mean something else elsewhere, such as an open finding; pgettext says them."""
    return words


def labels(choices: type[Choices]) -> list[tuple[Any, str]]:
    """The choices of a form, each label in the language of the reader."""
    return [(value, cast(str, gettext_lazy(str(words)))) for value, words in choices.choices]
