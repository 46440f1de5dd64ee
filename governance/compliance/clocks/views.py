"""What is due by law: for all models, and for one."""

from collections import Counter
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import UserRequest
from governance.compliance.clocks.due import STATES, DuePlace, due_places, rows_at, timed_frameworks
from registry.access import model_for_reader, models_for_reader
from registry.models import Lifecycle, RegisteredModel

PAGE_SIZE = 50


@require_GET
def due_list(request: UserRequest) -> HttpResponse:
    """Every clock of every model in use, what needs somebody first."""
    models = models_for_reader(request.user).exclude(lifecycle=Lifecycle.RETIRED).order_by("name", "pk")
    query = request.GET.get("q", "").replace("\0", "").strip()[:100]
    for word in query.split():
        models = models.filter(name__icontains=word)
    context = _context(request, due_places(models, today=timezone.now().date()), query)
    return render(request, "compliance/due.html", {**context, "q": query, "kept": _kept(request)})


@require_GET
def due_of_model(request: UserRequest, slug: str) -> HttpResponse:
    """The clocks of one model."""
    model = model_for_reader(request.user, slug)
    context = _context(
        request, due_places(RegisteredModel.objects.filter(pk=model.pk), today=timezone.now().date())
    )
    return render(request, "compliance/due.html", {**context, "model": model, "kept": _kept(request)})


def _context(request: UserRequest, rows: list[DuePlace], query: str = "") -> dict[str, Any]:
    names = {name: framework.name for name, framework in timed_frameworks().items()}
    framework = request.GET.get("framework", "")
    state = request.GET.get("state", "")
    rows = [row for row in rows if framework not in names or row.clock.framework == framework]
    counted = Counter(row.state for row in rows)
    counts = {name: counted[place] for place, name in enumerate(STATES)}
    wanted = list(STATES).index(state) if state in STATES else None
    shown = [row for row in rows if wanted is None or row.state == wanted]
    pages: Paginator[Any] = Paginator(shown, PAGE_SIZE)
    page = pages.get_page(request.GET.get("page"))
    page.object_list = rows_at(list(page.object_list))
    current = state if state in STATES else ""
    kept = {"framework": framework if framework in names else "", "q": query}
    keep = "".join(f"&{urlencode({name: value})}" for name, value in kept.items() if value)
    tabs = [("", "All", len(rows)), *((name, word, counts[name]) for name, (_, word) in STATES.items())]
    return {
        "page": page,
        "narrowed": len(shown) != len(rows) or framework in names,
        "tabs": [
            {
                "label": word,
                "href": f"?state={name}{keep}",
                "count": count,
                "current": name == current,
            }
            for name, word, count in tabs
            if count or not name
        ],
        "selects": [
            {"name": "framework", "label": "Framework", "options": list(names.items()), "value": framework}
        ],
        "today": timezone.now().date(),
    }


def _kept(request: UserRequest) -> dict[str, str]:
    state = request.GET.get("state", "")
    return {"state": state} if state in STATES else {}
