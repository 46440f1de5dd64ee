"""Signed checkpoints of the log, and the check that the log still is what they say."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings

from audit.actions import columns_of
from audit.keys import SigningKeyMissing, log_keys, log_verifiers
from audit.merkle import append, frontier_root, leaf_hash
from audit.models import Checkpoint, Event, LogEntry, TreeState
from audit.notes import CheckpointText, NoteRefused, open_note, parse_checkpoint, sign_note
from audit.sequencer import lag_seconds, pending_count
from audit.tiles import Tiles

_RECENT = 100  # how many of the last entries the cheap check hashes again
_TOLD_EVERY = 1000
_PATIENCE_SECONDS = 30.0  # for how long an event may wait before the log is called behind


class LogBroken(RuntimeError):
    """The log is not what it was, or not what a checkpoint says. Nothing more may be signed on top of it."""


@dataclass(frozen=True)
class LogState:
    """What `verify_log` found, with a sentence for the page."""

    state: Literal["ok", "behind", "broken"]
    entries: int
    text: str
    pending: int = 0


def newest_checkpoint() -> Checkpoint | None:
    """The checkpoint that covers most of the log; None before the first."""
    return Checkpoint.objects.order_by("-size").first()


def make_checkpoint(at: datetime) -> Checkpoint | None:
    """Sign the log as it stands, unless its newest checkpoint does so already; None while the log is empty.

    Raises LogBroken when the log does not continue the newest checkpoint, and SigningKeyMissing.
    """
    newest = newest_checkpoint()
    state = TreeState.objects.filter(id=1).first()
    if state is None or state.size == 0:
        return None
    root = _continued(newest, state)
    if newest and newest.size == state.size:
        return newest
    text = CheckpointText(settings.COUNTERSIGN_ORIGIN, state.size, root)
    note = sign_note(str(text), settings.COUNTERSIGN_ORIGIN, *log_keys(at))
    checkpoint, _ = Checkpoint.objects.get_or_create(
        size=state.size, defaults={"root": root.hex(), "note": note, "signed_at": at}
    )
    return checkpoint


def verify_log(
    at: datetime | None = None, *, full: bool = False, told: Callable[[int, int], None] | None = None
) -> LogState:
    """Whether the log is what its newest checkpoint says.

    The cheap check reads the stored tree, the checkpoint's signature and the last hundred entries, whatever
    the log's size; `full` hashes every event again and checks every checkpoint. With `at`, events that wait
    for less than half a minute are no reason to call the log behind. `told` hears how many entries were hashed
    again, and of how many.
    """
    newest = newest_checkpoint()  # before the state, so that it never covers more than the state
    state = TreeState.objects.filter(id=1).first() or TreeState(size=0, frontier=[])
    try:
        _continued(newest, state)
        _rehash(0 if full else max(0, state.size - _RECENT), state, told)
        if full:
            _refuse_lost_events()
    except (LogBroken, SigningKeyMissing) as error:
        return LogState("broken", state.size, str(error))
    pending = pending_count()
    if pending and (at is None or lag_seconds(at) > _PATIENCE_SECONDS):
        waiting = "1 event is" if pending == 1 else f"{pending:,} events are"
        return LogState("behind", state.size, f"{waiting} recorded but not in the log yet.", pending)
    checked = "Every entry was hashed again" if full else "Its tree and its last entries were hashed again"
    covered = f"the checkpoint of {newest.size:,} entries" if newest else "no checkpoint yet"
    return LogState("ok", state.size, f"{checked}; they agree with {covered}.", pending)


def _continued(newest: Checkpoint | None, state: TreeState) -> bytes:
    """The root of the log as it stands, once it agrees with the frontier and with the newest checkpoint."""
    tiles = Tiles()
    root = tiles.root(0, state.size)
    if root != frontier_root([bytes.fromhex(text) for text in state.frontier]):
        raise LogBroken(f"The {state.size:,} entries of the log do not hash to the root kept of them.")
    if newest:
        _agree(newest, tiles.root(0, newest.size) if newest.size <= state.size else None, log_verifiers())
    return root


def _agree(checkpoint: Checkpoint, root: bytes | None, keys: Iterable[Ed25519PublicKey]) -> None:
    """Raise LogBroken unless the checkpoint is truly signed by one of the log's keys and states this root."""
    named = f"The checkpoint of {checkpoint.size:,} entries"
    try:
        said = parse_checkpoint(open_note(checkpoint.note, *keys))
    except NoteRefused as error:
        raise LogBroken(f"{named} does not verify. {error}") from error
    if said.size != checkpoint.size or said.root.hex() != checkpoint.root:
        raise LogBroken(f"{named} says something else than its record.")
    if root is None:
        raise LogBroken(f"{named} covers more than the log holds: entries were removed.")
    if said.root != root:
        raise LogBroken(f"{named} states another root than the log has: entries were changed.")


def _rehash(first: int, state: TreeState, told: Callable[[int, int], None] | None) -> None:
    """Hash the events of the entries from `first` again; from 0, also compare every checkpoint on the way."""
    entries = LogEntry.objects.filter(seq__gte=first, seq__lt=state.size).order_by("seq")
    checkpoints = {c.size: c for c in Checkpoint.objects.filter(size__lte=state.size)} if first == 0 else {}
    frontier, expected, keys = list[bytes](), first, log_verifiers() if checkpoints else []
    for entry in entries.select_related("event").iterator(chunk_size=2000):
        if entry.seq != expected:
            raise LogBroken(f"Entry {expected:,} is missing from the log.")
        leaf = leaf_hash(entry.event.payload.encode())
        if leaf.hex() != entry.leaf_hash:
            raise LogBroken(f"Entry {entry.seq:,} hashes to {leaf.hex()}, the log says {entry.leaf_hash}.")
        if json.loads(entry.event.payload) != columns_of(entry.event):
            raise LogBroken(f"The columns of entry {entry.seq:,} differ from what was hashed.")
        expected += 1
        if told and not expected % _TOLD_EVERY:
            told(expected, state.size)
        if first == 0:
            append(frontier, entry.seq, leaf)
            if expected in checkpoints:
                _agree(checkpoints[expected], frontier_root(frontier), keys)
    if expected != state.size:
        raise LogBroken(f"The log should hold {state.size:,} entries but ends at {expected:,}.")


def _refuse_lost_events() -> None:
    lost = Event.objects.filter(entry__isnull=True, pending__isnull=True).count()
    if lost:
        raise LogBroken(f"{lost:,} recorded events are neither in the log nor waiting for it.")
