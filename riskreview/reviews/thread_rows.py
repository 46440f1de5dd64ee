"""What is said in a review, by thread: what each is about, its replies, and whether the question is open."""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import User
from riskreview.models import Comment, Review
from riskreview.reviews.anchors import words_of
from riskreview.reviews.threads import may_resolve


@dataclass(frozen=True)
class Thread:
    """A remark or a question with its replies, the oldest first."""

    first: Comment
    about: str
    replies: Sequence[Comment]
    may_resolve: bool


@dataclass(frozen=True)
class Threads:
    """All threads of a review."""

    rows: Sequence[Thread]

    @property
    def open_questions(self) -> list[Thread]:
        """Questions that nobody resolved."""
        return [row for row in self.rows if row.first.is_open]

    @property
    def by_anchor(self) -> dict[str, int]:
        """Anchor → how many open questions are about it."""
        found: dict[str, int] = {}
        for row in self.open_questions:
            found[row.first.anchor] = found.get(row.first.anchor, 0) + 1
        return found

    @property
    def total(self) -> int:
        """Everything that was said."""
        return len(self.rows) + sum(len(row.replies) for row in self.rows)


def threads_of(review: Review, reader: User, anchors: dict[str, str]) -> Threads:
    """Open questions first, then by time, in one query."""
    said = list(review.comments.select_related("author", "resolved_by"))
    replies: dict[int, list[Comment]] = {}
    for row in said:
        if row.parent_id is not None:
            replies.setdefault(row.parent_id, []).append(row)
    rows = [
        Thread(
            row,
            words_of(row.anchor, anchors) if row.anchor else "",
            replies.get(row.pk, []),
            row.is_open and may_resolve(reader, row),
        )
        for row in said
        if row.parent_id is None
    ]
    return Threads(sorted(rows, key=lambda row: not row.first.is_open))
