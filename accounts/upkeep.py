"""Clearing away what counts no more: tries of long ago, tickets nobody used, sessions that ended."""

from datetime import datetime

from accounts.models import ProofTicket, Session, Throttle
from accounts.proving.throttle import WINDOW


def forget_ended(at: datetime) -> int:
    """Remove them; the number of rows. Nothing is decided by them, so no event tells of it."""
    counters, _ = Throttle.objects.filter(since__lt=at - 4 * WINDOW).delete()
    tickets, _ = ProofTicket.objects.filter(until__lt=at).delete()
    sessions, _ = Session.objects.filter(expire_date__lt=at).delete()
    return counters + tickets + sessions
