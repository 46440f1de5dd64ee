"""Tracking servers: connected, changed, removed."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.refusals import Conflict, Invalid
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from registry.models import DEFAULT_SERVER, TrackingServer
from registry.names import SLUG
from registry.tracking_stores import refuse_bad_server, shown

RARELY, OFTEN = 7 * 24 * 60, 5


@transaction.atomic
def connect_server(
    *,
    name: str,
    uri: str,
    every_minutes: int,
    writes_back: bool,
    owner: User,
    actor: Actor,
    at: datetime,
) -> TrackingServer:
    """Name a tracking server that versions come from. One that was removed comes back under its old address."""
    uri = uri.strip().rstrip("/")
    _refuse_bad_name(name)
    refuse_bad_server(uri)
    _refuse_bad_rhythm(every_minutes)
    known = TrackingServer.objects.select_for_update().filter(name=name).first()
    if known is not None and (known.removed_at is None or known.uri != uri):
        raise Conflict(
            f"{name} is the name of {shown(known.address)}.",
            "Choose another name; models that came from there keep this one in their history.",
        )
    server = known or TrackingServer(name=name, uri=uri, created_at=at)
    server.owner, server.every_minutes, server.writes_back = owner, every_minutes, writes_back
    server.removed_at = None
    server.save()
    record(Verb.MLFLOW_CONNECTED, subject=server.ref, actor=actor, at=at, detail=_entry(server))
    return server


@transaction.atomic
def change_server(
    *,
    server: TrackingServer,
    uri: str,
    every_minutes: int,
    writes_back: bool,
    actor: Actor,
    at: datetime,
) -> TrackingServer:
    """Change where a server is, how often it is read and whether it is written to."""
    server = TrackingServer.objects.select_for_update().get(pk=server.pk)
    _refuse_bad_rhythm(every_minutes)
    before = _entry(server)
    if not server.is_default:
        uri = uri.strip().rstrip("/")
        refuse_bad_server(uri)
        server.uri = uri
    server.every_minutes, server.writes_back = every_minutes, writes_back
    server.save()
    now = _entry(server)
    changes = {key: {"was": before[key], "is": now[key]} for key in now if now[key] != before[key]}
    if changes:
        record(Verb.MLFLOW_CHANGED, subject=server.ref, actor=actor, at=at, detail=changes)
    return server


@transaction.atomic
def remove_server(*, server: TrackingServer, actor: Actor, at: datetime) -> TrackingServer:
    """Stop reading a server and writing to it. What came from there stays."""
    server = TrackingServer.objects.select_for_update().get(pk=server.pk)
    if server.is_default:
        raise Conflict(
            "The default store is named by MLFLOW_TRACKING_URI and cannot be removed here.",
            "Set how often it is read to 0.",
        )
    if server.removed_at is not None:
        raise Conflict(f"{server.name} is removed already.")
    server.removed_at, server.every_minutes, server.writes_back = at, 0, False
    server.save()
    detail = _entry(server) | {"models": server.tracked.count()}
    record(Verb.MLFLOW_REMOVED, subject=server.ref, actor=actor, at=at, detail=detail)
    return server


def default_server(*, at: datetime) -> TrackingServer:
    """The row for the store that the environment names; made when it is missing, which changes nothing else."""
    return TrackingServer.objects.filter(name=DEFAULT_SERVER).first() or _default_made(at)


@transaction.atomic
def _default_made(at: datetime) -> TrackingServer:
    server, new = TrackingServer.objects.get_or_create(name=DEFAULT_SERVER, defaults={"created_at": at})
    if new:
        actor = Actor.system("configuration")
        record(Verb.MLFLOW_CONNECTED, subject=server.ref, actor=actor, at=at, detail=_entry(server))
    return server


def _refuse_bad_name(name: str) -> None:
    if not SLUG.fullmatch(name) or len(name) > 40 or name in (DEFAULT_SERVER, "new"):
        raise Invalid(
            f"{name[:40] or 'Nothing'} cannot be a server's name.",
            "Use up to 40 lower-case letters, digits and single hyphens, such as research.",
            field="name",
        )


def _refuse_bad_rhythm(every_minutes: int) -> None:
    if every_minutes and not OFTEN <= every_minutes <= RARELY:
        raise Invalid(
            f"Every {every_minutes} minutes is not possible.",
            f"Choose {OFTEN} to {RARELY:,} minutes, or 0 for only when asked.",
            field="every_minutes",
        )


def _entry(server: TrackingServer) -> dict[str, object]:
    return {
        "uri": shown(server.address),
        "every_minutes": server.every_minutes,
        "writes_back": server.writes_back,
    }
