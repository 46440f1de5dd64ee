"""A model card as its pages show it: sections in order, what each lacks, what changed."""

from collections.abc import Mapping
from dataclasses import dataclass

from policy.cards import Section, complete, load_card_schema
from registry.differences import Piece, word_diff


@dataclass(frozen=True)
class ShownSection:
    """One section of a card."""

    section: Section
    text: str
    changes: tuple[Piece, ...] = ()
    is_draft: bool = False

    @property
    def state(self) -> str:
        """The shape beside it: complete, begun or missing."""
        if complete(self.text):
            return "ok"
        return "half" if self.text.strip() else "todo"

    @property
    def word(self) -> str:
        """The same in words."""
        return {"ok": "complete", "half": "too short", "todo": "missing"}[self.state]


def shown_sections(
    texts: Mapping[str, str], *, before: Mapping[str, str] | None = None, drafted: bool = False
) -> list[ShownSection]:
    """Every section of the schema with its text, and with its changes since `before` when that is given."""
    shown = []
    for section in load_card_schema().sections:
        text = texts.get(section.id, "")
        changes: tuple[Piece, ...] = ()
        if before is not None and before.get(section.id, "") != text:
            changes = tuple(word_diff(before.get(section.id, ""), text))
        shown.append(ShownSection(section, text, changes, drafted and bool(text)))
    return shown


def completed(shown: list[ShownSection]) -> int:
    """How many sections say enough."""
    return sum(item.state == "ok" for item in shown)
