"""The inventory: what its address asks for, and the rows that answer."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.db.models import (
    BigIntegerField,
    Case,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Concat, Trim

from accounts.models import User
from governance.portfolio.models import InventoryRow, SavedView
from governance.portfolio.search import matching
from governance.portfolio.upkeep import catch_up, outdated
from registry.models import Environment, ModelTag
from registry.sight import seen_by

ATTENTION = ("lapsed", "in_review", "evaluating")
SORTS: dict[str, tuple[str, ...]] = {
    "tier": ("-tier_rank", "name_key"),
    "model": ("name_key",),
    "status": ("status", "name_key"),
    "stage": ("stage", "name_key"),
    "owner": ("owner_key", "name_key"),
    "registered": ("-registered_at", "name_key"),
}
VIEWS = {
    "all": "All models",
    "attention": "Needs attention",
    "production": "Allowed in production",
    "mine": "Mine",
}
COLUMNS = {
    "tier": "Tier",
    "status": "Status",
    "stage": "Stage",
    "gate": "Gate by environment",
    "live": "Runs in",
    "kind": "Kind",
    "origin": "Origin",
    "line": "Business line",
    "team": "Team",
    "tags": "Tags",
    "owner": "Owner",
    "registered": "Registered",
}
SHOWN_AT_FIRST = ("tier", "status", "gate", "owner", "registered")
CAUGHT_UP_AT_ONCE = 60


@dataclass(frozen=True)
class Filters:
    """What the inventory's address asks for. `sort` begins with - when it runs the other way."""

    q: str = ""
    tier: str = ""
    status: str = ""
    stage: str = ""
    owner: str = ""
    gate: str = ""
    kind: str = ""
    origin: str = ""
    line: str = ""
    tag: str = ""
    live: str = ""
    view: str = "all"
    sort: str = "tier"
    cols: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether anything is filtered out."""
        return any(getattr(self, name) for name in NARROWING)

    @property
    def address(self) -> str:
        """The query string that asks for the same, as a saved view keeps it."""
        usual = Filters()
        told = {name: value for name, value in asdict(self).items() if value != getattr(usual, name)}
        if self.columns == SHOWN_AT_FIRST:
            told.pop("cols", None)
        return urlencode(told)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns to show, in their own order."""
        asked = self.cols.split(",")
        return tuple(name for name in COLUMNS if name in asked) or SHOWN_AT_FIRST


PART = ("part_kind", "part_key", "part_label", "part_number", "part_other")
PLACES = {name: name for name in ("tier", "status", "stage", "kind", "origin", "line")}
PLACES |= {"owner": "owner__username", "tag": "model__tags__name"}
READ = (
    *(item.name for item in InventoryRow._meta.fields if item.name not in ("text", "owner")),
    *(f"model__{name}" for name in ("slug", "name", "kind", "origin", "supplier", "business_line", "team")),
    *(f"model__owner__{name}" for name in ("username", "first_name", "last_name")),
    "version__version",
)
NARROWING = ("q", "tier", "status", "stage", "owner", "gate", "kind", "origin", "line", "tag", "live")


def filters_from(given: Mapping[str, str], columns: Sequence[str] = ()) -> Filters:
    """The filters of an address; what makes no sense there counts as not given."""
    told = {item.name: given.get(item.name, "").strip()[:200] for item in fields(Filters)}
    told["cols"] = ",".join(columns) or told["cols"]
    told["sort"] = told["sort"] if told["sort"].removeprefix("-") in SORTS else "tier"
    told["view"] = told["view"] if told["view"] in VIEWS else "all"
    return Filters(**told)


def rows(filters: Filters, reader: User) -> QuerySet[InventoryRow]:
    """The rows that match, sorted, with model, owner and version."""
    found = _in_view(filters.view, reader)
    found = matching(found, filters.q)
    found = found.filter(
        **{place: getattr(filters, name) for name, place in PLACES.items() if getattr(filters, name)}
    )
    if filters.gate:
        found = found.filter(answer="allow") if filters.gate == "allow" else found.exclude(answer="allow")
    if filters.live in Environment.values:
        found = found.annotate(places=Cast("live_in", TextField())).filter(places__contains=filters.live)
    order = found.order_by(*SORTS[filters.sort.removeprefix("-")], "pk")
    if filters.sort.startswith("-"):
        order = order.reverse()
    return order.select_related("model__owner", "version").only(*READ)


def suggested(asked: str, reader: User, *, limit: int) -> list[InventoryRow]:
    """The first models that match: those whose names begin so, then those with such words anywhere.

    Beginnings are a stretch of the index on names; the words are looked up only when those do not fill the list.
    """
    start = asked.casefold()
    beginnings = rows(Filters(sort="model"), reader).filter(name_key__startswith=start)
    if connection.vendor == "sqlite":  # which sorts by code points, and whose LIKE reads the whole table
        beginnings = beginnings.filter(name_key__gte=start, name_key__lt=start + chr(sys.maxunicode))
    found = list(beginnings[:limit])
    if len(found) < limit:
        others = rows(Filters(q=asked, sort="model"), reader).exclude(pk__in=[row.pk for row in found])
        found += others[: limit - len(found)]
    return found


def _in_view(name: str, reader: User) -> QuerySet[InventoryRow]:
    everything = InventoryRow.objects.filter(seen_by(reader))
    if name == "attention":
        return everything.filter(status__in=ATTENTION)
    if name == "production":
        return everything.filter(answer="allow")
    if name == "mine":
        mine = Q(owner=reader) | Q(model__in=reader.developed_models.values("pk"))
        return everything.filter(mine)
    return everything


@dataclass
class Surroundings:
    """What stands around the rows: counts of the views, what the filters offer, what is not yet judged again."""

    views: dict[str, int] = field(default_factory=lambda: dict.fromkeys(VIEWS, 0))
    owners: list[tuple[str, str]] = field(default_factory=list)
    lines: list[tuple[str, str]] = field(default_factory=list)
    tags: list[tuple[str, str]] = field(default_factory=list)
    saved: list[tuple[int, str, str, bool]] = field(default_factory=list)  # key, name, query, one's own
    outdated: int = 0


def surroundings(reader: User, *, at: datetime) -> Surroundings:
    """All of it in one query. Rows that are out of date are written anew first, as many as a page can wait for."""
    found = _surroundings(reader, at)
    if found.outdated:
        catch_up(at=at, limit=CAUGHT_UP_AT_ONCE)
        found = _surroundings(reader, at)
    return found


def shown(found: QuerySet[InventoryRow], place: slice, backlog: int, *, at: datetime) -> list[InventoryRow]:
    """The rows of a page, each as of now even while others wait to be judged again.

    Keys are sorted and cut first: sorting thousands of whole rows to show fifty takes several times as long.
    """
    keys = found.values("pk")[place]
    if backlog:
        chosen = [key["pk"] for key in keys]
        catch_up(at=at, limit=len(chosen), among=chosen)
        again = InventoryRow.objects.select_related("model__owner", "version").only(*READ).in_bulk(chosen)
        return [again[key] for key in chosen if key in again]
    return list(found.filter(pk__in=keys))


def _surroundings(reader: User, at: datetime) -> Surroundings:
    name = Trim(Concat("first_name", Value(" "), "last_name"))
    seen = seen_by(reader)
    lines = InventoryRow.objects.filter(seen, line__gt="").order_by()
    views = SavedView.objects.filter(Q(owner=reader) | Q(shared=True)).order_by()
    owned = InventoryRow.objects.filter(seen, owner=OuterRef("pk")).order_by()
    own = Case(When(owner=reader, then=Value(1)), default=Value(0))
    parts = [
        *(_counted(name, _in_view(name, reader), reader) for name in VIEWS),
        *(_counted("outdated", part, reader) for part in outdated(at)),
        _told("owner", User.objects.filter(Exists(owned)).order_by(), "username", name),
        _told("line", lines.distinct(), "line"),
        _told("tag", ModelTag.objects.filter(seen_by(reader, "model")).order_by().distinct(), "name"),
        _told("saved", views, "name", F("query"), number=F("pk"), other=own),
    ]
    found = Surroundings()
    for kind, key, label, number, other in parts[0].union(*parts[1:], all=True):
        _place(found, kind, key, label, number, bool(other))
    for told in (found.owners, found.lines, found.tags):
        told.sort(key=lambda item: item[1].casefold())
    found.saved.sort(key=lambda item: (not item[3], item[1].casefold()))
    return found


def _counted(kind: str, part: QuerySet[Any], reader: User) -> QuerySet[Any, Any]:
    """One row: the kind, and how many there are. A plain count, which the indexes answer."""
    count = part.order_by().annotate(counted=Func(F("pk"), function="COUNT")).values("counted")
    return _told(kind, User.objects.filter(pk=reader.pk).order_by(), Value(""), number=Subquery(count))


def _told(
    kind: str, part: QuerySet[Any], key: Any, label: Any = "", number: Any = 0, other: Any = 0
) -> QuerySet[Any, Any]:
    """A row for each thing that a filter or a tab offers."""
    offered: QuerySet[Any, Any] = part.annotate(
        part_kind=_text(kind),
        part_key=Cast(key, TextField()),
        part_label=Cast(label or Value(""), TextField()),
        part_number=Cast(number or Value(0), BigIntegerField()),
        part_other=other or Value(0),
    )
    return offered.values_list(*PART)


def _text(value: str) -> Cast:
    return Cast(Value(value), TextField())


def _place(found: Surroundings, kind: str, key: str, label: str, number: int, own: bool) -> None:
    if kind in VIEWS:
        found.views[kind] = number
    elif kind == "outdated":
        found.outdated += number
    elif kind == "owner":
        found.owners.append((key, label or key))
    elif kind == "line":
        found.lines.append((key, key))
    elif kind == "tag":
        found.tags.append((key, key))
    else:
        found.saved.append((number, key, label, own))
