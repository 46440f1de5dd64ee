"""An event as a message: for programs in the shape that Standard Webhooks proposes, for people as a chat line."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import Any

from django.utils.html import strip_tags

from audit.canonical import instant
from audit.models import Event
from audit.verbs import Verb
from governance.trail.telling import sentence, subject_url, subject_words
from governance.webhooks.happenings import TEST
from governance.webhooks.models import Form

LONGEST_TEXT = 600


@dataclass(frozen=True)
class Message:
    """What is told: its kind, a title, a line of text, where to look, and all of it for programs."""

    kind: str
    at: datetime
    title: str
    text: str
    url: str
    data: Mapping[str, Any]


def message_of(event: Event, site: str) -> Message:
    """The message of an event."""
    place = f"{site}{subject_url(event.subject) or f'/audit/events/{event.pk}/'}"
    label = Verb(event.verb).label
    about = subject_words(event.subject)
    summary = unescape(strip_tags(sentence(event))).removeprefix(label).strip()
    text = f"{about}. {summary}".strip() if summary else about
    return Message(
        kind=event.verb,
        at=event.at,
        title=label,
        text=text[:LONGEST_TEXT],
        url=place,
        data={
            "event": str(event.pk),
            "seq": event.seq,
            "subject": event.subject,
            "actor": event.actor,
            "actor_name": event.actor_name,
            "summary": f"{label}: {text}"[:LONGEST_TEXT],
            "url": place,
            "detail": event.detail,
        },
    )


def trial(name: str, site: str, at: datetime) -> Message:
    """A message that tells of nothing."""
    text = f"The endpoint {name} of {site} is reached."
    return Message(TEST, at, "Test", text, site, {"endpoint": name, "summary": text, "url": site})


def body_of(message: Message, form: str) -> str:
    """What is sent."""
    return json.dumps(FORMS[Form(form)](message), ensure_ascii=False, separators=(",", ":"))


def _standard(message: Message) -> dict[str, Any]:
    return {"type": message.kind, "timestamp": instant(message.at), "data": dict(message.data)}


def _slack(message: Message) -> dict[str, Any]:
    return {
        "text": f"*{_mrkdwn(message.title)}*: {_mrkdwn(message.text)}\n<{message.url}|Open in Countersign>"
    }


def _mrkdwn(text: str) -> str:
    """Slack takes these three for its own marks."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _teams(message: Message) -> dict[str, Any]:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            {"type": "TextBlock", "text": message.title, "weight": "Bolder", "wrap": True},
            {"type": "TextBlock", "text": message.text, "wrap": True},
        ],
        "actions": [{"type": "Action.OpenUrl", "title": "Open in Countersign", "url": message.url}],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [attachment]}


FORMS: dict[Form, Callable[[Message], dict[str, Any]]] = {
    Form.STANDARD: _standard,
    Form.SLACK: _slack,
    Form.TEAMS: _teams,
}
