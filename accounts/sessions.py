"""The session engine: Django's, with the person, the browser and the times in columns of their own."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from accounts.models import Session, User

HOW, ADDRESS, BROWSER, BEGAN, SEEN = "how", "address", "browser", "began", "seen"


class SessionStore(DatabaseStore):
    """Sessions in the database, where they can be found by person. The times in them are seconds since 1970."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """The table."""
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """The row of this session; one in which somebody is logged in also says who, since when and from where."""
        logged_in = SESSION_KEY in data
        if logged_in and BEGAN not in data:
            data[BEGAN] = data[SEEN] = timezone.now().timestamp()
        row: Session = super().create_model_instance(data)  # type: ignore[assignment]
        if logged_in:
            row.person_id = int(data[SESSION_KEY])
            row.how = str(data.get(HOW, ""))[:60]
            row.address = str(data.get(ADDRESS, ""))[:45]
            row.browser = str(data.get(BROWSER, ""))[:200]
            row.began_at = datetime.fromtimestamp(data[BEGAN], UTC)
            row.seen_at = datetime.fromtimestamp(data[SEEN], UTC)
        return row


def live_sessions(person: User, at: datetime) -> list[Session]:
    """The sessions of a person that open something at this moment, the latest used first."""
    longest = at - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    idle = at - timedelta(seconds=settings.SESSION_IDLE_SECONDS)
    return list(person.sessions.filter(began_at__gt=longest, seen_at__gt=idle).order_by("-seen_at"))
