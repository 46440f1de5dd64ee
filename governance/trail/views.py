"""The audit trail: who did what, when, and the proof that it was not changed since."""

import json
import uuid
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from django.core.cache import cache
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.access import UserRequest, actor_of
from audit.checking import check_inclusion
from audit.checkpoints import LogState, newest_checkpoint, verify_log
from audit.keys import SigningKeyMissing
from audit.models import Event
from audit.proofs import NotProvable, checkpoint_time, inclusion_proof_of
from audit.queries import (
    CursorRefused,
    EventFilter,
    EventPage,
    actor_names,
    count_events,
    event_by_id,
    event_by_seq,
    events,
)
from audit.verbs import Verb
from governance.trail import exports
from governance.trail.asking import NAMES, filter_of, read_filter
from governance.trail.sight import events_seen
from governance.trail.telling import sentence, subject_url, subject_words

COUNTED = 10_000  # how far matching entries are counted: beyond, the page says "more than"
MOST_NAMES, NAMES_SECONDS = 500, 60


@dataclass(frozen=True)
class Entry:
    """An event as a row."""

    event: Event
    seq: int | None
    shape: str
    sentence: str
    subject: str
    href: str | None


def entry_of(event: Event) -> Entry:
    """The row of an event."""
    placed = getattr(event, "entry", None)
    return Entry(
        event=event,
        seq=placed.seq if placed is not None else None,
        shape=Verb(event.verb).outcome,
        sentence=sentence(event),
        subject=subject_words(event.subject),
        href=subject_url(event.subject),
    )


@require_GET
def trail(request: UserRequest) -> HttpResponse:
    """Every event, newest first, as far as it is asked for."""
    wanted, problems = read_filter(request.GET.dict())
    seen = events_seen(request.user)
    try:
        page = events(wanted, seen=seen, cursor=request.GET.get("cursor", ""))
    except CursorRefused:
        page = events(wanted, seen=seen)
    counted = None if page.searched_to else count_events(wanted, COUNTED + 1, seen=seen)
    context = {
        "days": _days(page),
        "page": page,
        "count": min(counted or 0, COUNTED),
        "more_than_counted": counted is not None and counted > COUNTED,
        "counted": counted is not None,
        "log": verify_log(timezone.now()),
        "checkpoint": newest_checkpoint(),
        "wanted": wanted,
        "problems": problems,
        "narrowed": wanted != EventFilter(),
        "later": "cursor" in request.GET,
        "kinds": VERBS_BY_AREA,
        "names": _names(),
        "given": {name: request.GET.get(name, "") for name in NAMES},
    }
    return render(request, "trail/events.html", context)


def _names() -> list[str]:
    """Everybody who ever did something, to choose from."""
    names: list[str] = cache.get_or_set("trail-names", actor_names, NAMES_SECONDS) or []
    return names[:MOST_NAMES]


def _days(page: EventPage) -> list[tuple[date, list[Entry]]]:
    rows = [entry_of(event) for event in page.events]
    return [(day, list(group)) for day, group in groupby(rows, lambda row: row.event.at.date())]


def _areas() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every verb under its area, for the choice."""
    pairs = sorted((verb.value.split(".")[0], verb.value, verb.label) for verb in Verb)
    return [
        (area, [(value, label) for _, value, label in group])
        for area, group in groupby(pairs, lambda row: row[0])
    ]


VERBS_BY_AREA = _areas()


@require_GET
def entry(request: UserRequest, seq: int) -> HttpResponse:
    """One entry: what was recorded, and the proof that it is in the log, done again step by step."""
    event = event_by_seq(seq, events_seen(request.user))
    if event is None:
        raise Http404(f"The log has no entry {seq}.")
    context: dict[str, Any] = {"row": entry_of(event), "pretty": pretty(event.payload)}
    try:
        proof = inclusion_proof_of(seq)
        context |= {
            "proof": proof,
            "proof_text": json.dumps(proof.as_json()),
            "checked": check_inclusion(proof),
            "signed_at": checkpoint_time(proof),
        }
    except (NotProvable, SigningKeyMissing) as reason:
        context["unproven"] = str(reason)
    template = "trail/proof.html" if request.headers.get("HX-Request") else "trail/entry.html"
    return render(request, template, context)


@require_GET
def event(request: UserRequest, event_id: uuid.UUID) -> HttpResponse:
    """The entry of an event by its identifier, as collectors of logs know it."""
    found = event_by_id(event_id, events_seen(request.user))
    if found is None:
        raise Http404(f"There is no event {event_id}.")
    if found.seq is None:
        raise Http404("This event waits for its place in the log. Try again in a moment.")
    return redirect("trail:entry", found.seq)


@require_GET
def proof(request: UserRequest, seq: int) -> HttpResponse:
    """The proof as a file, to check it elsewhere."""
    if event_by_seq(seq, events_seen(request.user)) is None:
        raise Http404(f"The log has no entry {seq:,}.")
    try:
        found = inclusion_proof_of(seq)
    except NotProvable as reason:
        raise Http404(str(reason)) from reason
    answer = HttpResponse(json.dumps(found.as_json(), indent=2), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="proof-{seq}.json"'
    return answer


def pretty(payload: str) -> str:
    """The payload for people: the same JSON, a field a line."""
    return json.dumps(json.loads(payload), indent=2, ensure_ascii=False)


@require_GET
def export(request: UserRequest) -> StreamingHttpResponse:
    """The trail as it is filtered, as a file in the format `?as=`."""
    wanted = filter_of(request.GET.dict())
    name = request.GET.get("as", "jsonl")
    return exports.export(
        wanted=wanted, seen=events_seen(request.user), name=name, actor=actor_of(request), at=timezone.now()
    )


@require_POST
def verify(request: UserRequest) -> HttpResponse:
    """Hash every event again and compare with every checkpoint."""
    state: LogState = verify_log(timezone.now(), full=True)
    context = {"log": state, "checkpoint": newest_checkpoint(), "full": True}
    return render(request, "trail/verified.html", context)
