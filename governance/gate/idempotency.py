"""`Idempotency-Key` on the gate: for 24 hours the same key gives the same answer, whatever the network did."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http import HTTPStatus

from django.db import IntegrityError, transaction

from accounts.problems import Problem
from audit.canonical import canonical
from governance.gate.askers import Asker
from governance.gate.models import GateDecision, IdempotentCall

KEPT_FOR = timedelta(hours=24)
ABANDONED_AFTER = timedelta(seconds=30)
"""Who claimed a call this long ago is taken for dead. One that lives after all is told so when it wants to answer."""
LONGEST_TOKEN = 255


class StillAnswering(Problem):
    """Another call with the same key has the claim."""

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.CONFLICT,
            "A call with this Idempotency-Key is still being answered.",
            "Ask again in a moment with the same key.",
        )


class Remembered:
    """The place for the answer of a call; `decision` is set when the call was answered before."""

    def __init__(self, call: IdempotentCall | None) -> None:
        self._call = call
        self.decision = call.decision if call else None

    def keep(self, decision: GateDecision) -> None:
        """Remember the answer, in the transaction of the decision. Raises StillAnswering when the claim was lost."""
        if self._call is None:
            return
        mine = IdempotentCall.objects.filter(pk=self._call.pk, decision=None)
        if not mine.update(decision=decision):
            raise StillAnswering


@contextmanager
def once(*, asker: Asker, token: str, body: dict[str, object], at: datetime) -> Iterator[Remembered]:
    """Claim a token. Without an answer at the end (an error was raised) the claim is given back."""
    if not token:
        yield Remembered(None)
        return
    if len(token) > LONGEST_TOKEN:
        raise Problem(HTTPStatus.BAD_REQUEST, f"Idempotency-Key is longer than {LONGEST_TOKEN} characters.")
    call = _claim(asker, token, hashlib.sha256(canonical(body).encode()).hexdigest(), at)
    remembered = Remembered(call)
    try:
        yield remembered
    finally:
        IdempotentCall.objects.filter(pk=call.pk, decision=None).delete()


def _claim(asker: Asker, token: str, body_sha256: str, at: datetime) -> IdempotentCall:
    mine = IdempotentCall.objects.filter(key=asker.key, rule=asker.rule, token=token)
    mine.filter(started_at__lt=at - KEPT_FOR).delete()
    mine.filter(decision=None, started_at__lt=at - ABANDONED_AFTER).delete()
    try:
        with transaction.atomic():
            return IdempotentCall.objects.create(
                key=asker.key, rule=asker.rule, token=token, body_sha256=body_sha256, started_at=at
            )
    except IntegrityError:
        known = mine.select_related("decision").first()
    if known is not None and known.body_sha256 != body_sha256:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "This Idempotency-Key was used with another request.",
            "Use a new key for a new question.",
        )
    if known is None or known.decision is None:
        raise StillAnswering
    return known
