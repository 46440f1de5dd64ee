"""Markdown in which our own sections can be found again: invisible marks stand before each, and around each value."""

import html
import re
from collections.abc import Mapping

from policy.cards import load_card_schema
from registry.card_formats.document import CardDocument, Imported
from registry.measures import replaced

OURS = re.compile(r"<!-- (/?)countersign(-*):")
SECTION = re.compile(r"^<!-- countersign:(?:section ([a-z_]{1,60})|end) -->$", re.MULTILINE)
VALUE = re.compile(
    r"<!-- countersign:value (\{\{[^{}\n]{0,1200}\}\}) -->[^\n]{0,1200}?<!-- /countersign:value -->"
)
TITLES = {section.id: section.title for section in load_card_schema().sections}


def marked(document: CardDocument, headings: Mapping[str, str] = TITLES, level: int = 2) -> str:
    """Every section under its heading, with values filled in; `place_marked` reads the very same texts back."""
    parts = [
        f"<!-- countersign:section {name} -->\n{'#' * level} {headings[name]}\n\n{_filled(document, text)}\n"
        for name, text in document.sections.items()
    ]
    return "\n".join([*parts, "<!-- countersign:end -->\n"])


def _filled(document: CardDocument, text: str) -> str:
    escaped = OURS.sub(r"<!-- \1countersign\2-:", text)

    def value(token: str) -> str:
        plain = document.resolve(token).plain
        return f"<!-- countersign:value {html.escape(token)} -->{plain}<!-- /countersign:value -->"

    return replaced(escaped, value)


def is_marked(text: str) -> bool:
    """Whether `marked` wrote it."""
    return SECTION.search(text) is not None


def place_marked(text: str, imported: Imported) -> None:
    """Each section's text, with the references where the values were; what somebody wrote around them is listed."""
    marks = list(SECTION.finditer(text))
    around = [re.sub(r"\A\s*# [^\n]*", "", text[: marks[0].start()])]
    for mark, end in zip(marks, [*(mark.start() for mark in marks[1:]), len(text)], strict=True):
        body = text[mark.end() + 1 : end]
        if not mark[1]:
            around.append(body)
            continue
        _, _, body = body.partition("\n")  # the first line is the heading
        if mark[1] in TITLES:
            imported.place(mark[1], restored(body))
        else:
            imported.leave(mark[1], restored(body))
    imported.leave("Text outside the sections", "\n\n".join(part.strip() for part in around))


def restored(text: str) -> str:
    """The text with the references where the values were."""
    referring = VALUE.sub(lambda match: html.unescape(match[1]), text)
    return OURS.sub(lambda match: f"<!-- {match[1]}countersign{match[2][:-1]}:", referring)
