"""What the pages of a model and of a version read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import User
from audit.models import Event
from audit.queries import trail_of
from audit.verbs import Verb
from governance.deployments.queries import Row, serving
from governance.portfolio.standing import Standing, standings
from governance.trail.sight import events_seen
from governance.trail.telling import sentence
from registry.models import RegisteredModel
from riskreview.evidence import UNREAD, VERSION_RELATIONS


def versions_of(model: RegisteredModel, *, at: datetime) -> list[Standing]:
    """Every version of a model, newest first."""
    rows = model.versions.select_related("model", *VERSION_RELATIONS).defer(*UNREAD).order_by("-pk")
    return standings(list(rows), at=at)


def serving_of(versions: Sequence[Standing], *, at: datetime) -> list[Row]:
    """What runs of these versions now, as the gate judges it."""
    judged = {
        (row.version.pk, environment): found for row in versions for environment, found in row.judged.items()
    }
    return serving([row.version for row in versions], at=at, judged=judged)


@dataclass(frozen=True)
class Moment:
    """One line of "what happened"."""

    shape: str
    text: SafeString
    when: datetime
    href: str | None = None


def what_happened(ref: str, reader: User, limit: int = 9) -> list[Moment]:
    """The newest events about a subject that the reader may see, told as sentences."""
    return [told(event) for event in trail_of(ref, limit=limit, seen=events_seen(reader))]


def told(event: Event) -> Moment:
    """An event as a line of the timeline."""
    words = format_html("{}, {}", sentence(event), event.actor_name)
    entry = getattr(event, "entry", None)
    href = reverse("trail:entry", args=[entry.seq]) if entry is not None else None
    return Moment(Verb(event.verb).outcome, words, event.at, href)
