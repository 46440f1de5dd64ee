"""`python bin/leftovers.py PATH…`: words of a template that no reader of another language would understand.

Text, attributes that are read aloud, and words handed to tags and filters. Not counted is what stands in <code>, <kbd>
or an element with translate="no", and names that are the same everywhere.
"""

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from django.template.base import Lexer, TokenType

READ_ALOUD = {"title", "aria-label", "placeholder", "alt", "data-live-says", "data-live-waits"}
QUIET = {"code", "kbd", "script", "style", "svg"}
VOID = {"input", "br", "img", "link", "meta", "hr", "use", "path", "rect", "circle"}
NAMES = {"Countersign", "CSV", "Excel", "OSCAL", "JSON", "PDF", "v", "SHA-1", "Ctrl", "K", "MLflow"}
GIVEN = re.compile(r"""\b(title|text|action|label|help|heading|more_label|link|note)=("[^"]*"|'[^']*')""")
FALLBACK = re.compile(r"""\|(?:default|default_if_none|yesno|pluralize)(?::("[^"]*"|'[^']*'))?""")
FIRST = re.compile(r"""^(?:tag)\s+("[^"]*"|'[^']*')""")
SECOND = re.compile(r"""^(?:term|digest)\s+\S+\s+("[^"]*"|'[^']*')""")
IDENTIFIER = re.compile(r"[a-z_]+")
LETTERS = re.compile(r"[^\W\d_]{2,}")


def leftovers(path: Path) -> list[str]:
    """Every such piece of the template."""
    tokens = Lexer(path.read_text(encoding="utf-8")).tokenize()
    found: list[str] = []
    skeleton: list[str] = []
    silent = within_width = False
    for token in tokens:
        if token.token_type == TokenType.TEXT:
            skeleton.append("" if silent else token.contents)
        elif token.token_type == TokenType.BLOCK:
            word = token.contents.split()[0]
            if word == "block" and token.contents.endswith(" width"):
                skeleton.append("<style>")  # names of classes stand inside
                within_width = True
            if word == "endblock" and within_width:
                skeleton.append("</style>")
                within_width = False
            silent = word in {"blocktranslate", "comment"} or (
                silent and word not in {"endblocktranslate", "endcomment"}
            )
            if not word.startswith(("translate", "blocktranslate", "trans ")):
                found += _handed_over(token.contents)
        elif token.token_type == TokenType.VAR:
            found += _handed_over(token.contents)
    reader = _Reader()
    reader.feed("".join(skeleton))
    reader.close()
    return [*reader.found, *found]


def _handed_over(contents: str) -> Iterator[str]:
    literals = [match[2] for match in GIVEN.finditer(contents)]
    literals += [match[1] for match in FALLBACK.finditer(contents) if match[1]]
    literals += [match[1] for pattern in (FIRST, SECOND) if (match := pattern.match(contents))]
    if re.search(r"\|pluralize\b", contents):
        yield f"{{{{ {contents} }}}}: use blocktranslate with count"
    for literal in literals:
        if _speaks(literal[1:-1]) and not IDENTIFIER.fullmatch(literal[1:-1]):
            yield literal


def _speaks(text: str) -> bool:
    return any(word not in NAMES for word in LETTERS.findall(text))


class _Reader(HTMLParser):
    """Collects what is seen or read aloud."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._quiet: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("translate") != "no":
            for name in READ_ALOUD & given.keys():
                if _speaks(given[name] or ""):
                    self.found.append(f'{name}="{given[name]}"')
        if tag not in VOID and (self._quiet or tag in QUIET or given.get("translate") == "no"):
            self._quiet.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._quiet and tag == self._quiet[-1]:
            self._quiet.pop()

    def handle_data(self, data: str) -> None:
        if not self._quiet and _speaks(data):
            self.found.append(" ".join(data.split()))


def main() -> int:
    """Print them, file by file."""
    count = 0
    for name in sys.argv[1:]:
        for piece in leftovers(Path(name)):
            print(f"{name}: {piece}")
            count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
