"""Waivers and break-glass for pages and exports."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from accounts.models import User
from registry.sight import seen_by
from riskreview.models import BreakGlass, BreakGlassState, Waiver, WaiverState

SOON = timedelta(days=30)


@dataclass(frozen=True)
class ExceptionFilters:
    """What the address of either list asks for."""

    q: str = ""
    environment: str = ""
    view: str = ""


def waiver_views(at: datetime) -> Mapping[str, Q]:
    """The saved views of the list of waivers."""
    today = at.date()
    live = Q(state=WaiverState.GRANTED, last_day__gte=today)
    return {
        "live": live,
        "waiting": Q(state=WaiverState.REQUESTED),
        "soon": live & Q(last_day__lte=today + SOON),
        "ended": Q(state__in=(WaiverState.REVOKED, WaiverState.REFUSED, WaiverState.WITHDRAWN))
        | Q(state=WaiverState.GRANTED, last_day__lt=today),
        "all": Q(),
    }


def waivers_seen(reader: User | None) -> QuerySet[Waiver]:
    """Every waiver that the reader may see."""
    return Waiver.objects.filter(seen_by(reader, "model"))


def break_glass_seen(reader: User | None) -> QuerySet[BreakGlass]:
    """Every break-glass that the reader may see."""
    return BreakGlass.objects.filter(seen_by(reader, "version__model"))


def waivers(filters: ExceptionFilters, reader: User | None, *, at: datetime) -> QuerySet[Waiver]:
    """Waivers that match and that the reader may see; those that end first stand first, except among what is over."""
    rows = waivers_seen(reader).filter(waiver_views(at).get(filters.view, Q()), _place(filters))
    for word in filters.q.split():
        rows = rows.filter(
            Q(model__name__icontains=word)
            | Q(model__slug__icontains=word)
            | Q(title__icontains=word)
            | Q(requirement__icontains=word)
            | Q(requested_by__last_name__icontains=word)
        )
    rows = rows.select_related("model__owner", "version__model", "requested_by", "ended_by")
    order = ("-pk",) if filters.view in ("ended", "all") else ("last_day", "pk")
    return rows.prefetch_related("approvals__person").order_by(*order)


def break_glass_views(at: datetime) -> Mapping[str, Q]:
    """The saved views of the list of break-glass."""
    live = Q(state=BreakGlassState.ACTIVE, ends_at__gt=at)
    waiting = Q(state=BreakGlassState.REQUESTED)
    return {"live": live, "waiting": waiting, "past": ~live & ~waiting, "all": Q()}


def break_glass(filters: ExceptionFilters, reader: User | None, *, at: datetime) -> QuerySet[BreakGlass]:
    """Break-glass that matches and that the reader may see, newest first."""
    rows = break_glass_seen(reader).filter(break_glass_views(at).get(filters.view, Q()), _place(filters))
    for word in filters.q.split():
        rows = rows.filter(
            Q(version__model__name__icontains=word)
            | Q(version__model__slug__icontains=word)
            | Q(reason__icontains=word)
            | Q(requested_by__last_name__icontains=word)
        )
    related = ("version__model__owner", "requested_by", "ended_by", "finding")
    return rows.select_related(*related).prefetch_related("people__person").order_by("-pk")


def waiver_shape(row: Waiver, at: datetime) -> tuple[str, str]:
    """The shape and the word of where a waiver stands."""
    if row.state == WaiverState.GRANTED:
        return ("waived", "In force") if row.is_live(at) else ("stale", "Ended by the clock")
    shapes = {WaiverState.REQUESTED: "half", WaiverState.REFUSED: "no", WaiverState.REVOKED: "no"}
    return shapes.get(WaiverState(row.state), "na"), row.get_state_display()


def break_glass_shape(row: BreakGlass, at: datetime) -> tuple[str, str]:
    """The shape and the word of where a break-glass stands."""
    if row.state == BreakGlassState.ACTIVE:
        return ("glass", "Live") if row.is_live(at) else ("stale", "Ended by the clock")
    shapes = {BreakGlassState.REQUESTED: "half", BreakGlassState.REFUSED: "no"}
    return shapes.get(BreakGlassState(row.state), "na"), row.get_state_display()


def _place(filters: ExceptionFilters) -> Q:
    return Q(environment=filters.environment) if filters.environment else Q()
