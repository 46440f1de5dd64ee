"""Anchors of the log outside: a time-stamping authority (RFC 3161), and a witness that receives every checkpoint.

Both are optional. One that fails is tried again, ever more rarely up to once an hour, and never holds the log up.
"""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.x509 import Certificate, load_pem_x509_certificates
from django.conf import settings
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from audit.checkpoints import newest_checkpoint
from audit.models import AnchorState, Checkpoint, TimeStamp
from audit.posting import NotAnswered, posted, shown

AT_ONCE = 500
LONGEST_PAUSE = timedelta(hours=1)


class AnchorFailed(NotAnswered):
    """An anchor did not do its part; the message says what happened."""


def anchor(at: datetime) -> None:
    """Give each anchor that is set what it lacks. A failure is kept for the page and tried again later."""
    if settings.TSA_URL:
        _tried("tsa", shown(settings.TSA_URL), _stamp, at)
    if settings.WITNESS:
        _tried("witness", shown(settings.WITNESS), _witness, at)


def anything_to_do(at: datetime) -> bool:
    """Whether an anchor is set that lacks a checkpoint and may be tried."""
    wanted = [kind for kind, place in (("tsa", settings.TSA_URL), ("witness", settings.WITNESS)) if place]
    newest = newest_checkpoint() if wanted else None
    if newest is None:
        return False
    states = AnchorState.objects.in_bulk(wanted)
    return any(
        kind not in states or (states[kind].size < newest.size and _may_try(states[kind], at))
        for kind in wanted
    )


def _tried(kind: str, place: str, do: Callable[[AnchorState, datetime], None], at: datetime) -> None:
    state, _ = AnchorState.objects.get_or_create(kind=kind, defaults={"place": place})
    if state.place != place:
        state.place, state.size, state.failures, state.failure = place, 0, 0, ""
    if not _may_try(state, at):
        return
    state.tried_at, before = at, state.size
    try:
        do(state, at)
    except NotAnswered as reason:
        state.failures, state.failure = state.failures + 1, str(reason)[:500]
    else:
        state.failures, state.failure = 0, ""
    if state.size > before:
        state.succeeded_at = at
    state.save()


def _may_try(state: AnchorState, at: datetime) -> bool:
    """After a failure one waits for a minute, then two, four, up to an hour; a stamp is asked for once an interval."""
    if state.failures and state.tried_at:
        return at >= state.tried_at + min(timedelta(minutes=2 ** min(state.failures - 1, 10)), LONGEST_PAUSE)
    if state.kind == "tsa" and state.succeeded_at:
        return at >= state.succeeded_at + timedelta(minutes=settings.TSA_MINUTES)
    return True


def _stamp(state: AnchorState, at: datetime) -> None:
    """Have the newest checkpoint stamped: it covers everything before it."""
    newest = newest_checkpoint()
    if newest is None or newest.size <= state.size:
        return
    answer = _answered(newest.note.encode())
    stamped_at = answer.tst_info.gen_time
    TimeStamp.objects.get_or_create(
        checkpoint=newest,
        authority=state.place,
        defaults={
            "token": base64.b64encode(answer.as_bytes()).decode(),
            "stamped_at": stamped_at if stamped_at.tzinfo else stamped_at.replace(tzinfo=UTC),
        },
    )
    state.size = newest.size


def _answered(note: bytes) -> TimeStampResponse:
    """What the authority says of the note, checked as far as its certificates are known here."""
    request = TimestampRequestBuilder().data(note).hash_algorithm(HashAlgorithm.SHA256).build()
    kinds = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    raw = posted(settings.TSA_URL, request.as_bytes(), kinds)
    try:
        answer = decode_timestamp_response(raw)
        if answer.status not in (0, 1):
            raise AnchorFailed(f"The authority refused: {' '.join(answer.status_string) or answer.status}.")
        told = answer.tst_info
        if told.message_imprint.message != sha256(note).digest() or told.nonce != request.nonce:
            raise AnchorFailed("The authority stamped something else than it was asked to.")
        if roots := _roots():
            builder = VerifierBuilder.from_request(request)
            for root in roots:
                builder = builder.add_root_certificate(root)
            builder.build().verify_message(answer, note)
    except (ValueError, VerificationError) as error:
        raise AnchorFailed(f"The authority's answer cannot be relied on: {error}") from error
    return answer


def _roots() -> list[Certificate]:
    """The certificates that the authority's must chain to; none where it is taken as it is."""
    if not settings.TSA_ROOTS:
        return []
    try:
        return load_pem_x509_certificates(Path(settings.TSA_ROOTS).read_bytes())
    except (OSError, ValueError) as error:
        raise AnchorFailed(f"COUNTERSIGN_TSA_ROOTS cannot be read: {error}") from error


def _witness(state: AnchorState, at: datetime) -> None:
    """Hand over every checkpoint that the witness lacks, in order; what it took stays taken when one fails."""
    for checkpoint in Checkpoint.objects.filter(size__gt=state.size).order_by("size")[:AT_ONCE]:
        told = json.dumps(
            {
                "origin": settings.COUNTERSIGN_ORIGIN,
                "size": checkpoint.size,
                "root": checkpoint.root,
                "note": checkpoint.note,
            }
        )
        if urlsplit(settings.WITNESS).scheme in ("http", "https"):
            posted(settings.WITNESS, told.encode(), {"Content-Type": "application/json"})
        else:
            _appended(Path(settings.WITNESS), told)
        state.size = checkpoint.size


def _appended(path: Path, line: str) -> None:
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
    except OSError as error:
        raise AnchorFailed(f"The witness's file cannot be written: {error.strerror}.") from error
