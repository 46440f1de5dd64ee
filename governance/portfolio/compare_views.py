"""What changed between two versions of a model, on one page."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import UserRequest
from governance.portfolio import comparing
from registry.access import model_for_reader, version_for_reader
from registry.queries import pair_to_compare


@require_GET
def compare(request: UserRequest, slug: str) -> HttpResponse:
    """Two pickers and every difference; without a choice, the newest version and what it was made from."""
    model = model_for_reader(request.user, slug)
    before, newest = pair_to_compare(model)
    names = request.GET.get("from", "")[:40] or before, request.GET.get("to", "")[:40] or newest
    context = {
        "model": model,
        "names": list(model.versions.values_list("version", flat=True)),
        "from_name": names[0],
        "to_name": names[1],
    }
    if all(names):
        then, now = (version_for_reader(request.user, slug, name) for name in names)
        context |= {"then": then, "now": now, "found": comparing.compare(then, now)}
    return render(request, "portfolio/compare.html", context)
