"""Taking back what one just did: the message that tells it carries the form that undoes it."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

MARK = "undo:"


@dataclass(frozen=True)
class Undo:
    """A form that takes something back: where it is sent, and its fields."""

    action: str
    fields: tuple[tuple[str, str], ...]


def undone_by(action: str, **fields: str) -> str:
    """The tag of a message whose deed is taken back by this POST. It is refused or allowed like any other."""
    return f"{MARK}{action}?{urlencode(fields)}"


def undo_of(tags: str) -> Undo | None:
    """The form that a message's tags speak of."""
    found = next((tag for tag in tags.split() if tag.startswith(MARK)), "")
    if not found:
        return None
    parts = urlsplit(found.removeprefix(MARK))
    return Undo(parts.path, tuple(parse_qsl(parts.query, keep_blank_values=True)))
