"""How often somebody may try to prove who they are. The counters stand in the database: nothing else must answer.

A try is counted before it is judged and given back when it was right, so that many at the same moment cannot slip
through between the look and the count. Names that no account has are counted like all others.
"""

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import Throttle
from accounts.refusals import Invalid
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb

WINDOW = timedelta(minutes=15)
"""Tries are counted for this long, and when there were too many, none is judged for this long."""


class TooManyTries(Invalid):
    """Nothing was judged: too many tries went wrong. `until` is when the next one will be."""

    def __init__(self, until: datetime, at: datetime) -> None:
        minutes = max(1, -(-int((until - at).total_seconds()) // 60))
        super().__init__(
            "Too many tries went wrong, so this one was not looked at.",
            "Try again in {minutes} minute." if minutes == 1 else "Try again in {minutes} minutes.",
            field="password",
            minutes=minutes,
        )
        self.until = until


@dataclass(frozen=True)
class Counter:
    """What is counted under a key, and how many tries may go wrong in a window."""

    key: str
    most: int


def counters_of_login(username: str, address: str) -> tuple[Counter, ...]:
    """One account from one address; one account from anywhere; one address whatever the account."""
    account = _digest(unicodedata.normalize("NFKC", username).casefold())
    place = _digest(address)
    return (
        Counter(f"pair:{_digest(account + place)}", 5),
        Counter(f"account:{account}", 30),
        Counter(f"address:{place}", 100),
    )


def counters_of_person(what: str, person: int) -> tuple[Counter, ...]:
    """Proofs of somebody who is known already: a second factor, or who they are once more."""
    return (Counter(f"{what}:{person}", 5),)


def take_try(counters: Sequence[Counter], *, subject: str, actor: Actor, at: datetime) -> None:
    """Count a try. Raises TooManyTries instead where one counter is full; the first such refusal is recorded."""
    full, fresh = _counted(counters, at)
    if full is None:
        return
    if fresh:
        with transaction.atomic():
            detail = {
                "counted_by": full.key.partition(":")[0],
                "until": full.until and full.until.isoformat(),
            }
            record(Verb.USER_HELD_BACK, subject=subject, actor=actor, at=at, detail=detail)
    raise TooManyTries(full.until or at, at)


@transaction.atomic
def _counted(counters: Sequence[Counter], at: datetime) -> tuple[Throttle | None, bool]:
    """The counter that is full, and whether nobody was told of it yet; else every counter goes up by one."""
    rows = [_held(counter.key, at) for counter in sorted(counters, key=lambda counter: counter.key)]
    for row in rows:
        if row.until is not None and at < row.until:
            fresh = not row.told
            row.told = True
            row.save(update_fields=["told"])
            return row, fresh
    most = {counter.key: counter.most for counter in counters}
    for row in rows:
        if row.until is not None or at - row.since >= WINDOW:
            row.failures, row.since, row.until, row.told = 0, at, None, False
        row.failures += 1
        if row.failures >= most[row.key]:
            row.until = at + WINDOW
        row.save()
    return None, False


@transaction.atomic
def give_back(counters: Sequence[Counter]) -> None:
    """The try was right. The first counter begins anew; the wider ones forget only this try."""
    first, *wider = counters
    Throttle.objects.filter(key=first.key).delete()
    for counter in sorted(wider, key=lambda counter: counter.key):
        row = Throttle.objects.select_for_update().filter(key=counter.key).first()
        if row is None:
            continue
        row.failures, row.until = max(0, row.failures - 1), None
        row.save(update_fields=["failures", "until"])


def _held(key: str, at: datetime) -> Throttle:
    row, _ = Throttle.objects.select_for_update().get_or_create(key=key, defaults={"since": at})
    return row


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:48]
