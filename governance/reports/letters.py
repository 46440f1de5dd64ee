"""Characters that no font of this machine can print: found while the report is laid out, and spelled out instead.

A box where a letter should be says nothing, two different names look the same, and PDF/A forbids it (ISO 19005-3,
6.2.11.8). So each run of such characters stands as its code points, and the report says so on its first page.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

SPELLED = 4
"""Longer runs are counted."""
FIRST_WORDS = re.compile(r"</h1>(\s*<p class=\"lead\">.*?</p>)?", re.DOTALL)
"""The title, with the line under it."""
BODY = re.compile("<body[^>]*>")
COMMON = re.compile("[\u0000-\u024f\u2000-\u206f]+")
"""Latin letters and punctuation, which fonts are likely to have."""


class LettersMissing(ValueError):
    """The fonts lack these letters."""

    def __init__(self, letters: frozenset[str]) -> None:
        super().__init__(f"{len(letters)} letters are in no font")
        self.letters = letters


class _Listener(logging.Handler):
    """WeasyPrint says in its log which letters it drew as a box."""

    def __init__(self) -> None:
        super().__init__()
        self.letters: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        if str(record.msg).startswith(".notdef glyph") and isinstance(record.args, tuple):
            self.letters.add(str(record.args[0]))


@contextmanager
def watched() -> Iterator[None]:
    """Raises LettersMissing at the end where something inside drew a box for a letter."""
    log, listener = logging.getLogger("weasyprint"), _Listener()
    log.addHandler(listener)
    try:
        yield
    finally:
        log.removeHandler(listener)
    if listener.letters:
        raise LettersMissing(frozenset(listener.letters))


def spelled_out(html: str, missing: frozenset[str]) -> str:
    """The document with these letters named by their code points, and a notice that says so. Its head stays."""
    if not missing:
        return html
    begin = html.index("<body")
    head, body = html[:begin], html[begin:]
    run = re.compile(f"[{''.join(re.escape(letter) for letter in sorted(missing))}]+")
    body = run.sub(lambda found: _spelled(found[0]), body)
    place = FIRST_WORDS if "</h1>" in body else BODY
    return head + place.sub(lambda found: found[0] + _notice(missing), body, count=1)


def beyond_latin(html: str) -> str:
    """Each letter once that a font may well lack."""
    return " ".join(sorted(set(COMMON.sub("", html))))


def _spelled(letters: str) -> str:
    points = [f"U+{ord(letter):04X}" for letter in letters[:SPELLED]]
    rest = len(letters) - len(points)
    return f"[{' '.join(points)}{f' and {rest} more' if rest else ''}]"


def _notice(missing: frozenset[str]) -> str:
    one = len(missing) == 1
    return (
        '<p class="rp-letters"><strong>'
        + escape(f"{len(missing)} {'character' if one else 'different characters'} could not be printed.")
        + "</strong> No font of the machine that made this file has "
        + ("it" if one else "them")
        + ", so the text names "
        + ("its code point" if one else "their code points")
        + " in square brackets, such as [U+4FE1]. The attached evidence.json has the words as they were written.</p>"
    )
