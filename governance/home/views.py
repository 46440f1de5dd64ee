"""My work: what waits for me, most urgent first, and how the portfolio stands."""

from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import UserRequest
from governance.compliance.clocks.waiting import clocks_waiting
from governance.compliance.expiring import conclusions_waiting
from governance.compliance.gaps import gaps_waiting
from governance.deployments.queries import Row, undecided
from governance.gate.queries import recent_denials
from governance.handover.queries import LOOKING, left_behind
from governance.home.asked import asked_by
from governance.home.ending import ending_soon, owns_models, team_of
from governance.home.queries import grouped, portfolio
from riskreview.live import nothing_new, stamp_of_everything
from riskreview.queue import in_order, queue_for

DENIALS_SINCE = timedelta(days=14)
LIVE_SECONDS = 30


@require_GET
def home(request: UserRequest) -> HttpResponse:
    """The first page after the log-in."""
    now = timezone.now()
    stamp = stamp_of_everything(request.user, at=now)
    if (answer := nothing_new(request, stamp)) is not None:
        return answer
    of_mine = owns_models(request.user)
    queue = in_order(
        [
            *queue_for(request.user, at=now),
            *gaps_waiting(request.user, now),
            *clocks_waiting(request.user, now),
            *conclusions_waiting(request.user, now),
        ]
    )
    context = {
        "live": stamp,
        "live_every": LIVE_SECONDS,
        "queue": queue,
        "groups": grouped(queue, now.date()),
        "portfolio": portfolio(request.user, at=now),
        "undecided": [Row(row) for row in undecided(request.user)],
        "of_mine": of_mine,
        "denials": recent_denials(
            request.user, since=now - DENIALS_SINCE, models=team_of(request.user) if of_mine else None
        ),
        "ending": ending_soon(request.user, at=now),
        "asked": asked_by(request.user, at=now),
        "left_behind": left_behind(request.user, now) if request.user.holds(*LOOKING) else [],
        "today": now.date(),
    }
    return render(request, "home/home.html", context)
