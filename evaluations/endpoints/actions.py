"""Setting, removing and trying an endpoint."""

from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.refusals import Conflict
from audit.actions import record
from audit.actor import Actor
from audit.canonical import plain
from audit.verbs import Verb
from evaluations.endpoints.rules import FIELDS, EndpointEntry, entry_of, refuse_bad_entry, standing_of
from evaluations.models import LIVE, PredictionSource, ScoringEndpoint
from registry.models import ModelVersion


@transaction.atomic
def set_endpoint(
    *, version: ModelVersion, entry: EndpointEntry, user: User, actor: Actor, at: datetime
) -> tuple[ScoringEndpoint, bool]:
    """Say where the version's predictions are asked for; and whether that was new. The same again changes nothing."""
    refuse_bad_entry(entry, version)
    known = ScoringEndpoint.objects.select_for_update().filter(version=version).first()
    if known is not None and entry_of(known) == entry:
        return known, False
    endpoint = known or ScoringEndpoint(version=version)
    before = asdict(entry_of(known)) if known is not None else {}
    for name in FIELDS:
        setattr(endpoint, name, getattr(entry, name))
    endpoint.columns = list(entry.columns)
    endpoint.defined_by, endpoint.defined_at = user, at
    endpoint.save()
    now = asdict(entry_of(endpoint))
    changed = {name: value for name, value in now.items() if before.get(name) != value}
    detail = {name: plain(value) for name, value in (standing_of(entry) | changed).items()}
    record(Verb.ENDPOINT_SET, subject=endpoint.ref, actor=actor, at=at, detail=detail)
    return endpoint, known is None


@transaction.atomic
def remove_endpoint(*, version: ModelVersion, actor: Actor, at: datetime) -> None:
    """Ask there no more. Runs that it scored keep its settings' digest and address."""
    endpoint = ScoringEndpoint.objects.select_for_update().filter(version=version).first()
    if endpoint is None:
        raise Conflict(f"{version} has no scoring endpoint.")
    live = version.evaluations.filter(source=PredictionSource.ENDPOINT, status__in=LIVE).first()
    if live is not None:
        raise Conflict(f"Run {live.pk} is to be scored there.", "Wait for it, or cancel it.")
    endpoint.delete()
    record(Verb.ENDPOINT_REMOVED, subject=endpoint.ref, actor=actor, at=at, detail={"url": endpoint.url})


@transaction.atomic
def note_trial(
    *, endpoint: ScoringEndpoint, rows: int, dataset: str, failure: str, actor: Actor, at: datetime
) -> None:
    """Rows left the house, if only five: that is on the record, whatever came back."""
    detail = {"dataset": dataset, "rows": rows, "failure": failure}
    record(Verb.ENDPOINT_TRIED, subject=endpoint.ref, actor=actor, at=at, detail=detail)
