"""Finding models by the beginnings of words: PostgreSQL's text search, SQLite's FTS5, the same answers from both."""

import re
import unicodedata
from collections.abc import Iterable

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from governance.portfolio.models import InventoryRow

WORD = re.compile(r"[^\W_]+")
MOST_WORDS = 8
LONGEST_WORD = 80
POSTGRESQL = (
    "SELECT model_id FROM portfolio_inventoryrow"
    " WHERE array_to_tsvector(string_to_array(text, ' ')) @@ %s::tsquery"
)
SQLITE = "SELECT rowid FROM portfolio_words WHERE portfolio_words MATCH %s"


def words(texts: Iterable[str]) -> str:
    """The words of these texts, each once, in small letters and without accents, with one space between."""
    found = (word for text in texts for word in WORD.findall(_plain(text)))
    return " ".join(dict.fromkeys(word[:LONGEST_WORD] for word in found))


def matching(rows: QuerySet[InventoryRow], asked: str) -> QuerySet[InventoryRow]:
    """The rows in which every word that was asked for begins some word. Nothing but signs finds nothing."""
    begun = words([asked]).split()[:MOST_WORDS]
    if not begun:
        return rows.none() if asked.strip() else rows
    if connection.vendor == "postgresql":
        found = RawSQL(POSTGRESQL, [" & ".join(f"'{word}':*" for word in begun)])
    else:
        found = RawSQL(SQLITE, [" ".join(f'"{word}"*' for word in begun)])
    return rows.filter(pk__in=found)


def _plain(text: str) -> str:
    small = unicodedata.normalize(
        "NFKD", text
    ).casefold()  # twice, because some signs come apart into capitals
    taken_apart = unicodedata.normalize("NFKD", small)
    return "".join(letter for letter in taken_apart if not unicodedata.combining(letter))
