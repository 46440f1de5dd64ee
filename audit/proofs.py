"""Proofs that anyone can check with the public key alone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import Max
from django.db.models.functions import TruncDate

from audit.keys import log_verifiers
from audit.merkle import Range, consistency_ranges, inclusion_ranges, leaf_hash, verify_inclusion
from audit.models import Checkpoint, Event, LogEntry, TimeStamp, TreeState
from audit.notes import NoteRefused, open_note, parse_checkpoint
from audit.tiles import Tiles

AT_ONCE = 500


class NotProvable(LookupError):
    """There is no such entry, or no checkpoint covers it yet; the message says which."""


@dataclass(frozen=True)
class Step:
    """A hash on the way to the root: that of the subtree over leaves low..high-1."""

    low: int
    high: int
    hash: str


@dataclass(frozen=True)
class InclusionProof:
    """That an event is entry `seq` of the log that a checkpoint signs. Hashes are hexadecimal."""

    seq: int
    event: Event
    leaf_hash: str
    size: int
    root: str
    path: tuple[Step, ...]
    checkpoint: str
    verified: bool

    def as_json(self) -> dict[str, object]:
        """What a verifier needs, and nothing that it must take on trust."""
        return {
            "seq": self.seq,
            "payload": self.event.payload,
            "leaf_hash": self.leaf_hash,
            "size": self.size,
            "root": self.root,
            "proof": [step.hash for step in self.path],
            "checkpoint": self.checkpoint,
        }


def log_size() -> int:
    """How many entries the log has."""
    return TreeState.objects.filter(id=1).values_list("size", flat=True).first() or 0


def inclusion_proof_of(seq: int) -> InclusionProof:
    """The proof of entry `seq` against the newest checkpoint, verified here and now. Raises NotProvable."""
    entry = LogEntry.objects.select_related("event").filter(seq=seq).first()
    if entry is None:
        raise NotProvable(f"The log has no entry {seq:,}.")
    checkpoint = Checkpoint.objects.filter(size__gt=seq).order_by("-size").first()
    if checkpoint is None:
        raise NotProvable(f"Entry {seq:,} is in the log, but no checkpoint covers it yet.")
    path = _steps(inclusion_ranges(seq, checkpoint.size))
    return InclusionProof(
        seq=seq,
        event=entry.event,
        leaf_hash=entry.leaf_hash,
        size=checkpoint.size,
        root=checkpoint.root,
        path=path,
        checkpoint=checkpoint.note,
        verified=_holds(entry, checkpoint, path),
    )


def checkpoint_time(proof: InclusionProof) -> datetime | None:
    """When the checkpoint of the proof was signed."""
    return Checkpoint.objects.filter(size=proof.size).values_list("signed_at", flat=True).first()


def consistency_proof_of(old: int, size: int) -> tuple[Step, ...]:
    """The proof that the log of `size` entries begins with the log of `old` entries."""
    return _steps(consistency_ranges(old, size))


def proven(seqs: Iterable[int], checkpoint: Checkpoint) -> Iterator[dict[str, Any]]:
    """Each of these entries with its payload and its proof under the checkpoint, in the order of the log."""
    tiles, wanted = Tiles(), sorted(seqs)
    for start in range(0, len(wanted), AT_ONCE):
        part = wanted[start : start + AT_ONCE]
        payloads = dict(LogEntry.objects.filter(seq__in=part).values_list("seq", "event__payload"))
        for seq in part:
            proof = [step.hash for step in _steps(inclusion_ranges(seq, checkpoint.size), tiles)]
            yield {"seq": seq, "payload": payloads[seq], "proof": proof}


def witnesses(newest: Checkpoint) -> Iterator[dict[str, Any]]:
    """The last checkpoint of each earlier day (UTC), oldest first, with the proof that the newest continues it."""
    today = newest.signed_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = Checkpoint.objects.filter(size__lt=newest.size, size__gt=0, signed_at__lt=today)
    day = TruncDate("signed_at", tzinfo=UTC)
    days = rows.annotate(day=day).values("day").annotate(last=Max("size")).order_by("last")
    sizes: dict[int, date] = {row["last"]: row["day"] for row in days}
    tiles = Tiles()
    for checkpoint in rows.filter(size__in=sizes).order_by("size"):
        steps = _steps(consistency_ranges(checkpoint.size, newest.size), tiles)
        yield {
            "day": sizes[checkpoint.size].isoformat(),
            "note": checkpoint.note,
            "proof": [step.hash for step in steps],
        }


def stamps(newest: Checkpoint) -> Iterator[tuple[TimeStamp, list[str]]]:
    """Time-stamps that bear on what this checkpoint covers, each with the proof that one log continues the other.

    The last of each earlier day, oldest first; then the first that covers all of it: by then, all of it existed.
    """
    rows = TimeStamp.objects.select_related("checkpoint").order_by("stamped_at")
    by_day = {
        row.stamped_at.astimezone(UTC).date(): row for row in rows.filter(checkpoint__size__lt=newest.size)
    }
    covering = rows.filter(checkpoint__size__gte=newest.size).first()
    tiles = Tiles()
    for row in (*by_day.values(), *([covering] if covering else [])):
        old, size = sorted((row.checkpoint.size, newest.size))
        steps = _steps(consistency_ranges(old, size), tiles) if old != size else ()
        yield row, [step.hash for step in steps]


def _steps(ranges: list[Range], tiles: Tiles | None = None) -> tuple[Step, ...]:
    tiles = tiles or Tiles()
    tiles.read(ranges)
    return tuple(Step(low, high, tiles.root(low, high).hex()) for low, high in ranges)


def _holds(entry: LogEntry, checkpoint: Checkpoint, path: tuple[Step, ...]) -> bool:
    """Whether the event, hashed anew, is proven under the root that the checkpoint's signature covers."""
    try:
        signed = parse_checkpoint(open_note(checkpoint.note, *log_verifiers()))
    except NoteRefused:
        return False
    leaf = leaf_hash(entry.event.payload.encode())
    hashes = [bytes.fromhex(step.hash) for step in path]
    return verify_inclusion(leaf, entry.seq, signed.size, hashes, signed.root)
