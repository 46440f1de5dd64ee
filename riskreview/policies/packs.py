"""The policy in force: packs are imported as they are written, kept for ever, and one of them is active."""

import logging
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from django.db import transaction

from accounts.ground import move_ground
from accounts.refusals import Conflict, Invalid
from accounts.statement import Statement
from audit.actions import record
from audit.actor import Actor
from audit.rows import wrote_values
from audit.verbs import Verb
from policy.pack import Pack, PackError, load_pack
from riskreview.models import PolicyPack

log = logging.getLogger(__name__)
ACTIVE = Statement(lambda: PolicyPack.objects.filter(active=True))


def active_pack() -> tuple[PolicyPack, Pack] | None:
    """The pack that judges now, as stored and as read; None when none is active or the one that is cannot be read.

    None denies everything, so a pack that was tampered with stops the gate and not the pages that say so.
    """
    row = next(ACTIVE.rows(), None)
    if row is None:
        return None
    try:
        return row, pack_of(row)
    except PackError as error:
        log.error("%s is active and cannot be read: %s", row, error)
        return None


def allowed_formats() -> tuple[str, ...] | None:
    """The formats of artifacts that the policy in force lets be loaded; None without one."""
    active = active_pack()
    return None if active is None else active[1].formats


def pack_of(row: PolicyPack) -> Pack:
    """The pack that a row holds, read."""
    return _read(row.digest, row.source)


@lru_cache(maxsize=16)
def _read(digest: str, source: str) -> Pack:
    """Reading a pack takes milliseconds, so each text is read once in a process. Another text is another key:
    a source that was changed behind our back is noticed by its digest, and denies."""
    pack = load_pack(source, source=digest)
    if pack.digest != digest:
        raise PackError(digest, 1, "the stored text has another digest", "restore the database from a backup")
    return pack


@transaction.atomic
def import_pack(text: str, *, source: str, actor: Actor, at: datetime) -> PolicyPack:
    """Keep a pack. The same content twice is the same row; the same version with other content is refused."""
    pack = load_pack(text, source=source)
    known = PolicyPack.objects.filter(digest=pack.digest).first()
    if known is not None:
        return known
    if PolicyPack.objects.filter(name=pack.name, version=pack.version).exists():
        raise Conflict(
            f"{pack.name} version {pack.version} exists already with other content.",
            "A pack never changes: raise its version.",
        )
    row = PolicyPack.objects.create(
        name=pack.name,
        version=pack.version,
        digest=pack.digest,
        source=text,
        imported_by=actor.id,
        imported_at=at,
    )
    record(Verb.POLICY_IMPORTED, subject=row.ref, actor=actor, at=at, detail={"digest": row.digest})
    return row


@transaction.atomic
def activate_pack(
    pack: PolicyPack,
    *,
    actor: Actor,
    at: datetime,
    detail: Mapping[str, object] | None = None,
    verb: Verb = Verb.POLICY_ACTIVATED,
) -> PolicyPack:
    """Let a pack judge from now on: the switch. Who may turn it is judged in riskreview/policies/activation.py."""
    move_ground()
    rows = {row.pk: row for row in PolicyPack.objects.select_for_update()}
    chosen = rows.get(pack.pk)
    if chosen is None:
        raise Invalid(f"{pack} is not imported.", "Import it first.")
    if chosen.active:
        return chosen
    before = [str(row) for row in rows.values() if row.active]
    PolicyPack.objects.filter(active=True).update(active=False)
    wrote_values(PolicyPack, [row.pk for row in rows.values() if row.active], {"active": False})
    chosen.active, chosen.activated_at, chosen.activated_by = True, at, actor.id
    chosen.save(update_fields=["active", "activated_at", "activated_by"])
    grounds = {"digest": chosen.digest, "replaces": before, **(detail or {})}
    record(verb, subject=chosen.ref, actor=actor, at=at, detail=grounds)
    return chosen
