from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import UserRequest
from governance.palette.found import found
from governance.portfolio.inventory import CAUGHT_UP_AT_ONCE
from governance.portfolio.upkeep import catch_up

LONGEST = 200


@require_safe
def search(request: UserRequest) -> HttpResponse:
    """Everything that fits what was typed; for the palette (htmx) the list alone."""
    asked = request.GET.get("q", "").strip()[:LONGEST]
    if asked:
        catch_up(at=timezone.now(), limit=CAUGHT_UP_AT_ONCE)
    groups = found(asked, request.user, administrator=request.user.is_administrator)
    page = "palette/found.html" if request.headers.get("HX-Request") else "palette/search.html"
    return render(request, page, {"q": asked, "groups": groups})
