"""The audit trail: who did what, when, and the proof that it was not changed since."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET, require_POST

from accounts.access import UserRequest
from audit.checkpoints import LogState, newest_checkpoint, verify_log
from audit.models import Event
from audit.proofs import NotProvable, inclusion_proof_of
from audit.queries import CursorRefused, EventFilter, EventPage, count_events, event_by_seq, events
from audit.verbs import Verb
from governance.trail.telling import sentence, subject_url, subject_words


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


def filter_of(request: HttpRequest) -> EventFilter:
    """What the address asks for."""
    given = {name: request.GET.get(name, "").strip()[:300] for name in ("who", "verb", "subject", "text")}
    return EventFilter(
        **given,
        since=_midnight(request.GET.get("since", "")),
        until=_midnight(request.GET.get("until", ""), days=1),
    )


def _midnight(text: str, days: int = 0) -> datetime | None:
    try:
        day: date | None = parse_date(text)
        return timezone.make_aware(datetime.combine(day + timedelta(days=days), time.min)) if day else None
    except (ValueError, OverflowError):  # no such day, or the last one that there is
        return None


@require_GET
def trail(request: UserRequest) -> HttpResponse:
    """Every event, newest first."""
    wanted = filter_of(request)
    try:
        page = events(wanted, cursor=request.GET.get("cursor", ""))
    except CursorRefused:
        page = events(wanted)
    now = timezone.now()
    context = {
        "days": _days(page),
        "next": page.next,
        "count": count_events(wanted),
        "log": verify_log(now),
        "checkpoint": newest_checkpoint(),
        "wanted": wanted,
        "narrowed": wanted != EventFilter(),
        **_filters(request, wanted),
    }
    return render(request, "trail/events.html", context)


def _days(page: EventPage) -> list[tuple[date, list[Entry]]]:
    rows = [entry_of(event) for event in page.events]
    return [(day, list(group)) for day, group in groupby(rows, lambda row: row.event.at.date())]


def _filters(request: HttpRequest, wanted: EventFilter) -> dict[str, Any]:
    areas = sorted({verb.value.split(".")[0] for verb in Verb})
    kinds = [(area, f"{area.capitalize()}: all") for area in areas]
    kinds += [(verb.value, verb.label) for verb in Verb]
    shown = {"who": "Who", "subject": "Subject"}
    chips = []
    for name, label in shown.items():
        if value := getattr(wanted, name):
            kept = request.GET.copy()
            kept.pop(name, None)
            kept.pop("cursor", None)
            words = subject_words(value) if name == "subject" else value
            chips.append({"label": label, "value": words, "remove": f"?{kept.urlencode()}"})
    return {
        "selects": [{"name": "verb", "label": "What", "options": kinds, "value": wanted.verb}],
        "dates": [
            {"name": "since", "label": "From", "value": request.GET.get("since", "")},
            {"name": "until", "label": "To", "value": request.GET.get("until", "")},
        ],
        "chips": chips,
        "hidden": {name: getattr(wanted, name) for name in shown if getattr(wanted, name)},
    }


@require_GET
def entry(request: UserRequest, seq: int) -> HttpResponse:
    """One entry: what was recorded, and the proof that it is in the log."""
    event = event_by_seq(seq)
    if event is None:
        raise Http404(f"The log has no entry {seq}.")
    try:
        proof, unproven = inclusion_proof_of(seq), ""
    except NotProvable as reason:
        proof, unproven = None, str(reason)
    context = {"row": entry_of(event), "proof": proof, "unproven": unproven}
    template = "trail/proof.html" if request.headers.get("HX-Request") else "trail/entry.html"
    return render(request, template, context)


@require_POST
def verify(request: UserRequest) -> HttpResponse:
    """Hash every event again and compare with every checkpoint."""
    state: LogState = verify_log(timezone.now(), full=True)
    context = {"log": state, "checkpoint": newest_checkpoint(), "full": True}
    return render(request, "trail/verified.html", context)
