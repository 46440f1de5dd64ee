"""Pages that follow what others do while they are open: what a page is asked by, so that the answer is nearly free.

A page carries a stamp of all that it rests on. Its script sends the stamp back every few seconds; while nothing moved
the answer is empty, and costs one query. Stamps read what every change leaves anyway: the evidence stamp of a version
(ADR 5), the entry stamp of a model (ADR 6) and events.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Subquery
from django.http import HttpRequest, HttpResponse

from accounts.models import User
from audit.models import Event
from registry.models import Environment, ModelVersion
from riskreview.models import PolicyPack

ASKED_BY = "X-Live-Stamp"
TIME_ALONE = timedelta(minutes=5)
"""How soon a page follows what no change tells: a date that passes, a role that somebody was given."""


def stamp_of_version(version: ModelVersion, reader: User, *, at: datetime) -> str:
    """Moves with the evidence, the model's entry, the policy, and whatever is said or done in its reviews."""
    refs = [version.model.ref, version.ref, *(f"{version.ref}/review:{name}" for name in Environment.values)]
    newest = {
        f"newest_{number}": Subquery(
            Event.objects.filter(subject=ref).order_by("-at", "-pk").values("pk")[:1]
        )
        for number, ref in enumerate(refs)
    }
    policy = Subquery(PolicyPack.objects.filter(active=True).values("pk")[:1])
    rows = ModelVersion.objects.filter(pk=version.pk).annotate(policy=policy, **newest)
    names = ("evidence_stamp", "model__entry_stamp", "policy", *newest)
    return _stamp(reader, at, *rows.values_list(*names).get())


def stamp_of_everything(reader: User, *, at: datetime) -> str:
    """Moves when anything at all happens: every change of state leaves an event."""
    return _stamp(reader, at, Event.objects.order_by("-pk").values_list("pk", flat=True).first())


def _stamp(reader: User, at: datetime, *parts: Any) -> str:
    period = int(at.timestamp() // TIME_ALONE.total_seconds())
    return hashlib.sha256(repr((reader.pk, period, *map(str, parts))).encode()).hexdigest()[:24]


def nothing_new(request: HttpRequest, stamp: str) -> HttpResponse | None:
    """The empty answer to a page whose stamp still holds; None when the page must be made."""
    return HttpResponse(status=204) if request.headers.get(ASKED_BY) == stamp else None
