"""What waits for whom, lists of reviews, and what changed since somebody signed."""

from riskreview.queries.items import QueueItem
from riskreview.queries.queue import next_signature, queue_for
from riskreview.queries.reviews import (
    ReviewFilters,
    ReviewRow,
    in_view,
    judged_reviews,
    matches,
    open_reviews,
    review_rows,
)

__all__ = [
    "QueueItem",
    "ReviewFilters",
    "ReviewRow",
    "in_view",
    "judged_reviews",
    "matches",
    "next_signature",
    "open_reviews",
    "queue_for",
    "review_rows",
]
