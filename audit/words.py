"""The index of the words of what was recorded: PostgreSQL's, where it has pg_trgm (migration 0003)."""

from datetime import datetime

from django.db import connection


def words_are_indexed() -> bool:
    """Whether any text is found without looking through the events."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('audit_event_words') IS NOT NULL")
        return bool(cursor.fetchone()[0])


def merge_words(at: datetime) -> None:
    """Take the words of new events into the index, 0.3 ms an event that no transaction of a change then pays."""
    if words_are_indexed():
        with connection.cursor() as cursor:
            cursor.execute("SELECT gin_clean_pending_list('audit_event_words')")
