"""The register of findings: filtered, sorted, counted, and as rows of a file."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Case, Count, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When

from accounts.models import User
from registry.models import ModelVersion, RegisteredModel
from registry.sight import seen_by
from riskreview.findings.rules import JUDGES
from riskreview.models import (
    OPEN_FINDINGS,
    BreakGlassConsent,
    Finding,
    FindingExtension,
    FindingOrigin,
    FindingState,
    Response,
    Severity,
)

VIEWS = {
    "open": "Open",
    "mine": "Waits for me",
    "overdue": "Overdue",
    "overridden": "Overridden",
    "ended": "Verified and closed",
    "all": "All",
}
ENDED = (FindingState.VERIFIED, FindingState.CLOSED)
SEVERITY = Case(
    *(When(severity=value, then=Value(place)) for place, value in enumerate(Severity.values)),
    output_field=IntegerField(),
)
SORTS: Mapping[str, tuple[str, ...]] = {
    "due": ("due_on", "worst", "pk"),
    "severity": ("worst", "due_on", "pk"),
    "finding": ("-pk",),
    "model": ("model__name", "due_on", "pk"),
    "owner": ("owner__last_name", "owner__first_name", "due_on", "pk"),
}
HEADER = (
    *("finding", "title", "severity", "origin", "state", "model", "version", "owner", "owner_name"),
    *("raised_by", "raised_at", "due_on", "overdue", "answer", "evidence", "remediated_by", "verified_by"),
    *("override_reason", "overridden_by", "ended_at", "run", "check", "description"),
)
MOST_SHOWN = 8


@dataclass(frozen=True)
class Filters:
    """What the address of the list asks for. `sort` begins with - when it runs the other way."""

    view: str = "open"
    q: str = ""
    severity: str = ""
    origin: str = ""
    state: str = ""
    owner: str = ""
    model: str = ""
    sort: str = "due"

    @property
    def narrowed(self) -> bool:
        """Whether anything is filtered out beside the view."""
        return any((self.q, self.severity, self.origin, self.state, self.owner, self.model))


def filters_from(given: Mapping[str, str]) -> Filters:
    """The filters that an address names; what makes no sense is left out."""
    told = {
        name: given.get(name, "").replace("\0", "").strip()[:100] for name in Filters.__dataclass_fields__
    }
    told["view"] = told["view"] if told["view"] in VIEWS else "open"
    told["sort"] = told["sort"] if told["sort"].removeprefix("-") in SORTS else "due"
    for name, choices in (("severity", Severity), ("origin", FindingOrigin), ("state", FindingState)):
        told[name] = told[name] if told[name] in choices.values else ""
    return Filters(**told)


def findings(filters: Filters, reader: User, *, today: date) -> QuerySet[Finding]:
    """What matches, sorted, with all that a row shows."""
    rows = _narrowed(filters, reader).filter(_in_view(filters.view, reader, today))
    related = (
        "model",
        "version__model",
        "owner",
        "raised_by",
        "remediated_by",
        "verified_by",
        "overridden_by",
    )
    waits = FindingExtension.objects.filter(finding=OuterRef("pk"), granted=None)
    found = rows.select_related(*related).annotate(worst=SEVERITY, extension_waits=Exists(waits))
    order = found.order_by(*SORTS[filters.sort.removeprefix("-")])
    return order.reverse() if filters.sort.startswith("-") else order


def counts(filters: Filters, reader: User, *, today: date) -> dict[str, int]:
    """How many findings each view holds under the filters."""
    views = {view: Count("pk", filter=_in_view(view, reader, today)) for view in VIEWS}
    return dict(_narrowed(filters, reader).aggregate(**views))


def _narrowed(filters: Filters, reader: User) -> QuerySet[Finding]:
    rows = Finding.objects.filter(seen_by(reader, "model"))
    for name in ("severity", "origin", "state"):
        if value := getattr(filters, name):
            rows = rows.filter(**{name: value})
    if filters.owner:
        rows = rows.filter(owner__username=filters.owner)
    if filters.model:
        rows = rows.filter(model__slug=filters.model)
    for word in filters.q.split():
        number = word.upper().removeprefix("F-")
        by_number = Q(pk=int(number)) if number.isdecimal() and len(number) < 10 else Q()
        rows = rows.filter(
            by_number
            | Q(title__icontains=word)
            | Q(description__icontains=word)
            | Q(model__name__icontains=word)
            | Q(owner__last_name__icontains=word)
        )
    return rows


def _in_view(view: str, reader: User, today: date) -> Q:
    is_open = Q(state__in=OPEN_FINDINGS)
    return {
        "open": is_open,
        "mine": waits_for(reader),
        "overdue": is_open & Q(due_on__lt=today),
        "overridden": Q(state=FindingState.OVERRIDDEN),
        "ended": Q(state__in=ENDED),
        "all": Q(pk__isnull=False),
    }[view]


def waits_for(user: User) -> Q:
    """Findings whose next step this person can do: their own, and for judges what others answered or mended."""
    rebutted = Q(state=FindingState.RESPONDED, response=Response.REBUTTAL)
    answers = Q(owner=user) & (
        Q(state=FindingState.OPEN) | Q(state=FindingState.RESPONDED, response=Response.PLAN)
    )
    if not user.holds(*JUDGES):
        return answers
    teams = RegisteredModel.objects.filter(Q(owner=user) | Q(developers=user)).values("pk")
    asked = FindingExtension.objects.filter(granted=None).exclude(asked_by=user).values("finding")
    judges = (
        rebutted
        | Q(state=FindingState.REMEDIATED) & ~Q(remediated_by=user)
        | Q(state=FindingState.VERIFIED)
        | Q(pk__in=asked, state__in=OPEN_FINDINGS)
    )
    made = ModelVersion.objects.filter(Q(registered_by=user) | Q(trained_on__owner=user))
    mine = Q(version__in=made.values("pk")) | Q(version=None, model__in=made.values("model"))
    broken = BreakGlassConsent.objects.filter(person=user, break_glass__finding__isnull=False)
    mine |= Q(pk__in=broken.values("break_glass__finding"))
    return answers | judges & ~Q(owner=user) & ~Q(model__in=teams) & ~mine


def findings_for(user: User, limit: int = 50) -> list[Finding]:
    """What waits for this person, first what is due first."""
    rows = Finding.objects.filter(waits_for(user), seen_by(user, "model")).select_related(
        "model__owner", "version__model", "owner"
    )
    return list(rows.order_by("due_on", "pk")[:limit])


def standing_against(model: RegisteredModel, version: ModelVersion | None = None) -> list[Finding]:
    """What is open or overridden, of the model or of one version, for a panel on its page."""
    rows = Finding.objects.filter(model=model, state__in=(*OPEN_FINDINGS, FindingState.OVERRIDDEN))
    if version is not None:
        rows = rows.filter(Q(version=version) | Q(version=None))
    found = rows.select_related("owner", "version").annotate(worst=SEVERITY).order_by("due_on", "worst", "pk")
    return list(found[: MOST_SHOWN + 1])


def cells(rows: Iterable[Finding], *, today: date) -> Iterator[list[str]]:
    """Each finding as the cells of a file, under HEADER."""
    for row in rows:
        people = (row.remediated_by, row.verified_by)
        yield [
            *(row.name, row.title, row.severity, row.origin, row.state, row.model.slug),
            *(row.version.version if row.version else "", row.owner.username, row.owner.name),
            *(row.raised_by.name, row.raised_at.isoformat(), row.due_on.isoformat()),
            *("yes" if row.is_overdue(today) else "no", row.answer, row.evidence),
            *(person.name if person else "" for person in people),
            *(row.override_reason, row.overridden_by.name if row.overridden_by else ""),
            *(row.ended_at.isoformat() if row.ended_at else "", str(row.run_id or ""), row.check_failed),
            row.description,
        ]
