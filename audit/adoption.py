"""Rows that were last written before events attested rows are taken into the record as they stand."""

from datetime import datetime
from typing import Any

from django.db import transaction

from audit.actions import record
from audit.actor import Actor
from audit.agreement import Model, read_record, rows_with_words
from audit.last_words import LastWord, last_words
from audit.rows import covered, wrote_values
from audit.verbs import Verb

ROWS_IN_AN_EVENT = 100
ACTOR = Actor.system("operator")


@transaction.atomic
def adopt_rows(*, at: datetime) -> int:
    """Let events attest what no event attests yet, so that it cannot change unseen from here on. Returns how many
    rows that were."""
    adopted = 0
    with last_words() as words:
        read_record(words)
        for model, row, word in rows_with_words(words):
            missing = _missing(model, row, word)
            if not missing:
                continue
            wrote_values(model, [row["pk"]], missing)
            adopted += 1
            if not adopted % ROWS_IN_AN_EVENT:
                _say(at)
    if adopted % ROWS_IN_AN_EVENT or not adopted:
        _say(at)  # also where there is nothing: from here on, a row without an event is a disagreement
    return adopted


def _say(at: datetime) -> None:
    record(Verb.ROWS_ADOPTED, subject="rows", actor=ACTOR, at=at)


def _missing(model: Model, row: dict[str, Any], word: LastWord | None) -> dict[str, Any]:
    """The fields of which the record says nothing. What was removed by the record is no row to adopt."""
    if word is not None and word.fields is None:
        return {}
    known = {} if word is None else word.fields or {}
    return {name: row[name] for name in covered()[model] if name not in known}
