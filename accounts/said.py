"""Sentences that the record keeps in English, and that a page tells in the language of its reader."""

from typing import Any, Self

from django.utils.translation import gettext


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
        values = {name: value.told() if isinstance(value, Said) else value for name, value in self.values.items()}
        return words.format(**values)


class Inside(Said):
    """A label inside of a sentence: English writes it small there, other languages as it is."""

    def __new__(cls, label: str, /) -> Self:
        made = str.__new__(cls, label.lower())
        made.template, made.values = label, {}
        return made


def told(text: Any) -> str:
    """Words of ours in the language of the reader: what was Said, or a label. Never ask it of what people wrote."""
    if isinstance(text, Said):
        return text.told()
    return gettext(text) if isinstance(text, str) and text else str(text)
