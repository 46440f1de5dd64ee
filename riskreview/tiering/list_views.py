"""The tiers of the whole portfolio."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import UserRequest, actor_of
from audit.verbs import Verb
from policy.questionnaire import Tier
from registry.spreadsheets import FORMATS, Export
from riskreview.models import TIERS
from riskreview.tiering.queries import CHOICES, TierPlace, TierRow, tier_places, tier_rows, with_live

PAGE_SIZE = 50
VIEWS = {"needs": "Needs somebody", "all": "All"}
HEADER = (
    *("model", "name", "owner", "tier", "confirmed", "state", "why", "answered_by", "answered_at"),
    *("confirmed_by", "confirmed_at", "due", "questionnaire_version", "use_changed", "would_be", "runs_in"),
)
EXPORT = Export(Verb.TIERS_EXPORTED, name="tiers", sheet="Tiers", header=HEADER)


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to."""

    view: str = "all"
    q: str = ""
    tier: str = ""
    state: str = ""

    def fits(self, row: TierPlace) -> bool:
        """Whether a row is wanted."""
        return (
            (self.view != "needs" or row.state != "ok")
            and (not self.tier or row.tier == self.tier)
            and (not self.state or row.state == self.state)
            and self.q.casefold() in row.words.casefold()
        )


@require_GET
def tier_list(request: UserRequest) -> HttpResponseBase:
    """Models by tier: last answered, confirmed by, due, and what needs somebody. Also as a file."""
    now = timezone.now()
    filters = _filters(request)
    rows = tier_places(now)
    found = [row.model for row in rows if filters.fits(row)]
    if (kind := request.GET.get("format", "")) in FORMATS:
        cells = (_cells(row) for row in with_live(tier_rows(now, found)))
        asked = asdict(filters)
        return EXPORT.taken(kind, cells, count=len(found), filters=asked, actor=actor_of(request), at=now)
    pages: Paginator[Any] = Paginator(found, PAGE_SIZE)
    page = pages.get_page(request.GET.get("page"))
    page.object_list = with_live(tier_rows(now, list(page.object_list)))
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


def _tabs(rows: Sequence[TierPlace], filters: Filters) -> list[dict[str, Any]]:
    counts = {"all": len(rows), "needs": sum(row.state != "ok" for row in rows)}
    return [
        {"label": label, "href": f"?view={name}", "count": counts[name], "current": filters.view == name}
        for name, label in VIEWS.items()
    ]


def _selects(filters: Filters) -> list[dict[str, Any]]:
    return [
        {"name": "tier", "label": "Tier", "options": TIERS, "value": filters.tier},
        {"name": "state", "label": "State", "options": CHOICES, "value": filters.state},
    ]


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
