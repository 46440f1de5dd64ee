"""The ring of signing keys: take up the first key of each kind, and put a new one in the place of the newest."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import IntegrityError, InternalError, transaction

from audit.actions import record
from audit.actor import Actor
from audit.keyfiles import KINDS, LOG, Kind, PrivateKey, given, held, make_next, public_pem
from audit.keys import SigningKeyMissing, Usable, configured, signers
from audit.models import Checkpoint, SigningKey
from audit.notes import NoteRefused, open_note
from audit.verbs import Verb

OVERLAP = timedelta(days=30)
LONGEST_OVERLAP = timedelta(days=366)


class CannotRotate(ValueError):
    """A key was not put in the place of another; the message says why and what to do."""


@dataclass(frozen=True)
class KeyState:
    """A key of the ring as an operator sees it: `where` its private half lies, empty where it is not here."""

    row: SigningKey
    state: str
    where: str
    retired_at: datetime | None


def introduce(*, actor: Actor, at: datetime) -> list[SigningKey]:
    """Take up the key of each kind that has none yet. Raises SigningKeyMissing, after the kinds that could be."""
    missing, taken = list[str](), list[SigningKey]()
    known = set(SigningKey.objects.values_list("kind", flat=True))
    for kind in KINDS.values():
        if kind.name in known:
            continue
        try:
            taken.append(_introduce(kind, actor, at))
        except SigningKeyMissing as reason:
            missing.append(str(reason))
    if missing:
        raise SigningKeyMissing(" ".join(missing))
    return taken


@transaction.atomic
def rotate(kind: Kind, *, reason: str, overlap: timedelta, actor: Actor, at: datetime) -> SigningKey:
    """Let another key sign from now on; the one before it keeps verifying, and signs beside it while they overlap.

    The next key is the one that the environment gives, if it is not the newest already; else one is made in
    VAR_DIR/keys. Raises CannotRotate, SigningKeyMissing.
    """
    if not reason.strip():
        raise CannotRotate("Say why, for the record: --reason TEXT.")
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise CannotRotate(f"An overlap is between 0 and {LONGEST_OVERLAP.days} days.")
    newest = _newest(kind) or _first(kind, actor, at)
    fresh = _next(kind, newest)
    row = _add(kind, fresh, actor, at, previous=newest, reason=reason.strip()[:500], until=at + overlap)
    detail = {
        **_told(row),
        "previous": newest.keyid if newest else None,
        "reason": row.reason,
        "overlap_until": row.overlap_until,
    }
    record(Verb.SIGNING_KEY_ROTATED, subject=row.ref, actor=actor, at=at, detail=detail)
    return row


def key_states(at: datetime) -> list[KeyState]:
    """Every key of the ring, the newest first within its kind, and whether its private half is here."""
    found = list[KeyState]()
    for kind in KINDS.values():
        places = {one.keyid: one.where for one in reversed(list(held(kind))) if one.key}
        later: SigningKey | None = None
        for row in SigningKey.objects.filter(kind=kind.name).order_by("-pk"):
            where = places.get(row.keyid, "")
            found.append(
                KeyState(row, _state(row, later, where, at), where, later.introduced_at if later else None)
            )
            later = row
    return found


def problems() -> list[str]:
    """Why one kind or the other cannot sign on this machine, in sentences; empty when both can."""
    found = []
    for kind in KINDS.values():
        try:
            signers(kind)
        except SigningKeyMissing as reason:
            found.append(str(reason))
    return found


def _state(row: SigningKey, later: SigningKey | None, where: str, at: datetime) -> str:
    if later is None:
        return "signs" if where else "cannot sign: its private half is not here"
    if later.overlap_until and at < later.overlap_until:
        return (
            "signs beside the newest" if where else "verifies; could sign beside the newest, but is not here"
        )
    return "verifies"


def _newest(kind: Kind) -> SigningKey | None:
    return SigningKey.objects.select_for_update().filter(kind=kind.name).order_by("-pk").first()


def _first(kind: Kind, actor: Actor, at: datetime) -> SigningKey | None:
    """The key that signed so far, taken up now; None where it is lost and never stood in the ring."""
    try:
        return _introduce(kind, actor, at)
    except SigningKeyMissing:
        return None


@transaction.atomic
def _introduce(kind: Kind, actor: Actor, at: datetime) -> SigningKey:
    found = configured(kind)
    if kind is LOG:
        _refuse_stranger(found.key)
    row = _add(kind, found, at=at, actor=actor)
    record(Verb.SIGNING_KEY_INTRODUCED, subject=row.ref, actor=actor, at=at, detail=_told(row))
    return row


def _refuse_stranger(key: PrivateKey) -> None:
    """The first key of the ring is the one that signed the log so far, where it was signed before there was a ring."""
    newest = Checkpoint.objects.order_by("-size").first()
    public = key.public_key()
    if newest is None or not isinstance(public, Ed25519PublicKey):
        return
    try:
        open_note(newest.note, public)
    except NoteRefused as refused:
        raise SigningKeyMissing(
            f"The key in {LOG.variable} or {LOG.made} did not sign this log: put the one back that did."
        ) from refused


def _next(kind: Kind, newest: SigningKey | None) -> Usable:
    """The key that the environment gives, else a new one."""
    offered = given(kind)
    if offered is None:
        offered = make_next(kind)
    elif newest is not None and offered.keyid == newest.keyid:
        raise CannotRotate(
            f"{offered.where} gives the key that signs now. Put the next one there and this one into "
            f"{kind.variable}_PREVIOUS (or …_PREVIOUS_FILE), start everything again, then run this once more."
        )
    if offered.key is None:
        raise SigningKeyMissing(offered.problem)
    if SigningKey.objects.filter(keyid=offered.keyid).exists():
        raise CannotRotate(
            f"{offered.where} gives a key that signed here before. Each signs once; make a new one."
        )
    return Usable(offered.key, offered.keyid, offered.where)


def _add(
    kind: Kind,
    found: Usable,
    actor: Actor,
    at: datetime,
    *,
    previous: SigningKey | None = None,
    reason: str = "",
    until: datetime | None = None,
) -> SigningKey:
    try:
        with transaction.atomic():
            return SigningKey.objects.create(
                kind=kind.name,
                keyid=found.keyid,
                pem=public_pem(found.key.public_key()),
                introduced_at=at,
                introduced_by=actor.id[:200],
                reason=reason,
                overlap_until=until if previous else None,
                previous=previous,
            )
    except (IntegrityError, InternalError) as error:
        raise CannotRotate("Somebody else put a key in its place at this moment.") from error


def _told(row: SigningKey) -> dict[str, object]:
    return {"kind": row.kind, "keyid": row.keyid, "pem": row.pem}
