"""The tiers of the whole portfolio."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import UserRequest
from policy.questionnaire import Tier
from riskreview.models import TIERS
from riskreview.queries.tiers import CHOICES, TierRow, tier_rows, with_live

PAGE_SIZE = 50
VIEWS = {"needs": "Needs somebody", "all": "All"}
CSV_HEAD = (
    *("model", "name", "owner", "tier", "confirmed", "state", "why", "answered_by", "answered_at"),
    *("confirmed_by", "confirmed_at", "due", "questionnaire_version", "use_changed", "would_be", "runs_in"),
)


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to."""

    view: str = "all"
    q: str = ""
    tier: str = ""
    state: str = ""

    def fits(self, row: TierRow) -> bool:
        """Whether a row is wanted."""
        words = f"{row.model.name} {row.model.slug} {row.model.owner.name} {row.model.owner.username}"
        return (
            (self.view != "needs" or row.needs_someone)
            and (not self.tier or row.tier == self.tier)
            and (not self.state or row.state == self.state)
            and self.q.casefold() in words.casefold()
        )


@require_GET
def tier_list(request: UserRequest) -> HttpResponse:
    """Models by tier: last answered, confirmed by, due, and what needs somebody. Also as CSV."""
    now = timezone.now()
    filters = _filters(request)
    rows = tier_rows(now)
    found = [row for row in rows if filters.fits(row)]
    if request.GET.get("format") == "csv":
        return _csv(with_live(found))
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    page.object_list = with_live(list(page.object_list))
    counts = Counter(row.tier for row in rows)
    context = {
        "page": page,
        "filters": filters,
        "kept": {"view": filters.view},
        "tabs": _tabs(rows, filters),
        "tiles": [{"tier": tier.value, "count": counts[tier.value]} for tier in reversed(Tier)],
        "untiered": counts[""],
        "selects": _selects(filters),
        "narrowed": bool(filters.q or filters.tier or filters.state),
        "today": now.date(),
        "any": bool(rows),
    }
    return render(request, "riskreview/tiers.html", context)


def _filters(request: HttpRequest) -> Filters:
    given = {name: request.GET.get(name, "").strip()[:100] for name in asdict(Filters())}
    given["view"] = given["view"] if given["view"] in VIEWS else "all"
    return Filters(**given)


def _tabs(rows: Sequence[TierRow], filters: Filters) -> list[dict[str, Any]]:
    counts = {"all": len(rows), "needs": sum(row.needs_someone for row in rows)}
    return [
        {"label": label, "href": f"?view={name}", "count": counts[name], "current": filters.view == name}
        for name, label in VIEWS.items()
    ]


def _selects(filters: Filters) -> list[dict[str, Any]]:
    return [
        {"name": "tier", "label": "Tier", "options": TIERS, "value": filters.tier},
        {"name": "state", "label": "State", "options": CHOICES, "value": filters.state},
    ]


def _csv(rows: Sequence[TierRow]) -> HttpResponse:
    """The rows that match, all pages of them."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="tiers.csv"'
    writer = csv.writer(response)
    writer.writerow(CSV_HEAD)
    for row in rows:
        writer.writerow([_inert("" if cell is None else str(cell)) for cell in _cells(row)])
    return response


def _cells(row: TierRow) -> list[object]:
    given, changed = row.assessment, " ".join(change.field for change in row.changes)
    model = [row.model.slug, row.model.name, row.model.owner.username, row.tier]
    if given is None:
        return [*model, "no", row.state, row.why, *([""] * 9)]
    return [
        *(*model, "yes" if given.is_confirmed else "no", row.state, row.why),
        *(given.assessed_by.username, given.assessed_at.isoformat()),
        given.confirmed_by.username if given.confirmed_by else "",
        given.confirmed_at.isoformat() if given.confirmed_at else "",
        *(row.due.isoformat() if row.due else "", given.questionnaire_version, changed, given.retier_to),
        ", ".join(row.live),
    ]


def _inert(cell: str) -> str:
    """A cell that a spreadsheet will not take for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
