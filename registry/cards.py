"""A model card as its pages show it: sections in order, what each lacks, what changed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from policy.cards import Section, complete, load_card_schema
from registry.differences import Piece, word_diff
from registry.measures import Measures, references
from registry.models import CardComment


@dataclass(frozen=True)
class ShownSection:
    """One section of a card."""

    section: Section
    text: str
    changes: tuple[Piece, ...] = ()
    is_draft: bool = False
    unmeasured: int = 0  # references in the text that stand for nothing today
    comments: tuple[CardComment, ...] = ()

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

    @property
    def open_comments(self) -> int:
        """How many remarks nobody has resolved."""
        return sum(comment.resolved_at is None for comment in self.comments)

    @property
    def before(self) -> tuple[Piece, ...]:
        """The older text of a comparison."""
        return tuple(piece for piece in self.changes if piece.kind != "added")

    @property
    def after(self) -> tuple[Piece, ...]:
        """The newer text of a comparison."""
        return tuple(piece for piece in self.changes if piece.kind != "removed")


def shown_sections(
    texts: Mapping[str, str],
    *,
    before: Mapping[str, str] | None = None,
    drafted: Iterable[str] = (),
    measures: Measures | None = None,
    comments: Iterable[CardComment] = (),
) -> list[ShownSection]:
    """Every section of the schema with its text.

    `before` adds what changed since those texts, `drafted` names the sections that nobody has written yet.
    """
    said: dict[str, list[CardComment]] = defaultdict(list)
    for comment in comments:
        said[comment.section].append(comment)
    shown = []
    for section in load_card_schema().sections:
        text = texts.get(section.id, "")
        changes: tuple[Piece, ...] = ()
        if before is not None and before.get(section.id, "") != text:
            changes = tuple(word_diff(before.get(section.id, ""), text))
        shown.append(
            ShownSection(
                section=section,
                text=text,
                changes=changes,
                is_draft=section.id in drafted and bool(text),
                unmeasured=unmeasured(text, measures) if measures is not None else 0,
                comments=tuple(said[section.id]),
            )
        )
    return shown


def unmeasured(text: str, measures: Measures) -> int:
    """How many references of a text stand for nothing."""
    return sum(not measures.resolve(token).text for token in references(text))


def completed(shown: list[ShownSection]) -> int:
    """How many sections say enough."""
    return sum(item.state == "ok" for item in shown)
