"""What every page shows around its content: the queue's length, unread notices, the policy in force, the log."""

from typing import Any

from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone

from accounts.inbox import unread
from accounts.models import User
from audit.checkpoints import verify_log
from audit.models import Event
from governance.compliance.clocks.waiting import clocks_waiting
from governance.compliance.expiring import conclusions_waiting
from governance.compliance.gaps import gaps_waiting
from riskreview.policies.packs import active_pack
from riskreview.queue import queue_for

SEAL_SECONDS = 30
QUEUE_SECONDS = 600


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor. Nothing is asked of the database for pages before the log-in."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {"nav": {}}
    active = active_pack()
    return {
        "nav": {
            "queue": _queue_length(user),
            "unread": unread(user),
            "policy": str(active[0]) if active else None,
            "seal": cache.get_or_set("seal", _seal, SEAL_SECONDS),
        }
    }


def _queue_length(user: User) -> int:
    """Kept until anything at all happens: every change of state leaves an event."""
    newest = Event.objects.order_by("-pk").values_list("pk", flat=True).first()
    key = f"queue-{user.pk}-{newest}"
    length = cache.get(key)
    if not isinstance(length, int):
        now = timezone.now()
        of_rules = [*gaps_waiting(user, now), *clocks_waiting(user, now), *conclusions_waiting(user, now)]
        length = len(queue_for(user, at=now)) + len(of_rules)
        cache.set(key, length, QUEUE_SECONDS)
    return length


def _seal() -> dict[str, Any]:
    log = verify_log(timezone.now())
    text = "" if log.state == "ok" else log.text
    return {"state": log.state, "entries": log.entries, "text": text}
