"""What ends or falls due soon, each with the place to do something about it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Role, User
from accounts.said import label
from registry.models import RegisteredModel
from registry.sight import seen_by
from riskreview.exceptions.queries import waiver_views
from riskreview.models import OPEN_FINDINGS, Condition, Finding, Review, ReviewKind, SignOff, Waiver

Within = Callable[[str], Q]
"""What rows must be like whose path leads to a model."""
SOON = timedelta(days=30)
MOST = 8
OVERSEE = frozenset(
    {
        Role.VALIDATOR.value,
        Role.RISK_OFFICER.value,
        Role.COMPLIANCE_OFFICER.value,
        Role.ETHICS_COMMITTEE.value,
        Role.BUSINESS_APPROVER.value,
        Role.AUDITOR.value,
        Role.ADMINISTRATOR.value,
    }
)
"""Roles that look after every model; the others are shown what concerns the models of their teams."""


@dataclass(frozen=True)
class Ending:
    """Something with a date within the next month, or one that has passed."""

    title: str
    text: str
    on: date
    shape: str
    href: str


def team_of(user: User) -> Q:
    """The models that the person owns or develops, as a condition on models."""
    return Q(owner=user) | Q(developers=user)


def owns_models(user: User) -> bool:
    """Whether any model is the person's to answer for."""
    return RegisteredModel.objects.filter(team_of(user)).exists()


def ending_soon(user: User, *, at: datetime) -> list[Ending]:
    """Conditions, signatures, waivers, findings and periodic reviews, the nearest date first."""
    within = _within(user)
    found = [*_conditions(within, at), *_signatures(within, at), *_waivers(within, at)]
    found += [*_findings(within, at), *_periodic(within, at)]
    return sorted(found, key=lambda item: item.on)[:MOST]


def _within(user: User) -> Within:
    """The condition on rows whose path leads to a model: one of theirs, or any that they see if they oversee."""
    if not user.roles.isdisjoint(OVERSEE):
        return lambda path: seen_by(user, path)
    theirs = RegisteredModel.objects.order_by().filter(team_of(user)).values("pk")
    return lambda path: seen_by(user, path) & Q(**{f"{path}__in": theirs})


def _conditions(within: Within, at: datetime) -> Iterator[Ending]:
    rows = Condition.objects.filter(
        within("signoff__review__version__model"), met_at=None, due_on__lte=(at + SOON).date()
    )
    for row in rows.select_related("signoff__review__version__model").order_by("due_on")[:MOST]:
        version = row.signoff.review.version
        href = f"{_certificates(row.signoff)}#signoff-{row.signoff_id}"
        yield Ending(_("Condition on {version}").format(version=version), row.text, row.due_on, "todo", href)


def _signatures(within: Within, at: datetime) -> Iterator[Ending]:
    rows = SignOff.objects.filter(
        within("review__version__model"),
        withdrawn_at=None,
        expires_at__gt=at,
        expires_at__lte=at + SOON,
    )
    for row in rows.select_related("review__version__model", "signer").order_by("expires_at")[:MOST]:
        if row.expires_at is not None:
            text, href = str(row.review.version), f"{_certificates(row)}#signoff-{row.pk}"
            yield Ending(
                _("Sign-off by {name}").format(name=row.signer.name),
                text,
                row.expires_at.date(),
                "stale",
                href,
            )


def _waivers(within: Within, at: datetime) -> Iterator[Ending]:
    rows = Waiver.objects.filter(waiver_views(at)["soon"], within("model"))
    for row in rows.select_related("model", "version__model").order_by("last_day")[:MOST]:
        href = reverse("riskreview:waiver", args=[row.pk])
        yield Ending(_("Waiver of {title}").format(title=row.title), row.scope, row.last_day, "waived", href)


def _findings(within: Within, at: datetime) -> Iterator[Ending]:
    soon = (at + SOON).date()
    rows = Finding.objects.filter(within("model"), state__in=OPEN_FINDINGS, due_on__lte=soon)
    for row in rows.select_related("model").order_by("due_on", "pk")[:MOST]:
        href = reverse("riskreview:finding", args=[row.pk])
        shape = "no" if row.due_on < at.date() else "half"
        yield Ending(str(row), row.model.name, row.due_on, shape, href)


def _periodic(within: Within, at: datetime) -> Iterator[Ending]:
    rows = Review.objects.filter(
        within("version__model"),
        kind=ReviewKind.PERIODIC,
        closed_at=None,
        approved_at=None,
        due_on__lte=(at + SOON).date(),
    )
    for row in rows.select_related("version__model").order_by("due_on")[:MOST]:
        href = reverse("riskreview:review", args=[row.pk])
        yield Ending(
            _("Revalidation of {version}").format(version=row.version),
            label(row.get_environment_display()),
            row.due_on,
            "half",
            href,
        )


def _certificates(signoff: SignOff) -> str:
    version = signoff.review.version
    return reverse("riskreview:signoffs", args=[version.model.slug, version.version])
