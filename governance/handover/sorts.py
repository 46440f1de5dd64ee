"""The sorts of things that a person holds. Each goes to somebody else, or ends, by the action of its own page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from accounts.actions import revoke_key
from accounts.models import ApiKey, User
from audit.actor import Actor
from governance.compliance.gaps import gap_href, open_gap
from governance.compliance.models import Gap
from governance.compliance.rules import ASSIGNERS
from registry.access import STOPPERS, may_change_team
from registry.actions.bulk import hand_over as hand_over_models
from registry.models import Lifecycle, RegisteredModel
from registry.sight import seen_by
from riskreview.findings.raising import reassign
from riskreview.findings.rules import Deed, why_not_you
from riskreview.models import OPEN_FINDINGS, Condition, Delegation, Finding, ReviewAssignment, Risk, RiskState
from riskreview.reviews.asking import address_of, may_steer
from riskreview.reviews.assigning import unassign
from riskreview.reviews.conditions import hand_over_condition, may_hand_over_condition
from riskreview.reviews.delegating import revoke_delegation
from riskreview.risks.access import may_hand_over
from riskreview.risks.handover import hand_over_risks


@dataclass(frozen=True)
class Giving:
    """One hand-over: to whom, why, by whom, when."""

    to: User | None
    note: str
    user: User
    actor: Actor
    at: datetime

    def to_somebody(self) -> User:
        """The new holder, whom the action has asked for."""
        if self.to is None:
            raise ValueError("nobody takes it over")
        return self.to


@dataclass(frozen=True)
class Sort:
    """One sort: its rows at a moment, the field that names the holder, what a row is called and where it stands.

    `ends` says that it cannot be given: it ends, and whoever needs one gets their own.
    """

    name: str
    label: str
    holder: str
    rows: Callable[[datetime], "QuerySet[Any]"]
    title: Callable[[Any], str]
    href: Callable[[Any], str]
    may: Callable[[User, Any], bool]
    give: Callable[[Any, Giving], object]
    ends: bool = False
    model: str = ""  # the path from a row to its model, if it has one

    def seen(self, reader: User, at: datetime) -> "QuerySet[Any]":
        """The rows that the reader may see."""
        rows = self.rows(at)
        return rows.filter(seen_by(reader, self.model)) if self.model else rows


def _models(at: datetime) -> "QuerySet[RegisteredModel]":
    return RegisteredModel.objects.exclude(lifecycle=Lifecycle.RETIRED).select_related("owner")


def _findings(at: datetime) -> "QuerySet[Finding]":
    return Finding.objects.filter(state__in=OPEN_FINDINGS).select_related("model__owner", "version", "owner")


def _risks(at: datetime) -> "QuerySet[Risk]":
    return Risk.objects.exclude(state=RiskState.CLOSED).select_related("model__owner", "owner")


def _conditions(at: datetime) -> "QuerySet[Condition]":
    return Condition.objects.filter(verified_at=None, signoff__withdrawn_at=None).select_related(
        "owner", "signoff__review__version__model__owner"
    )


def _gaps(at: datetime) -> "QuerySet[Gap]":
    return Gap.objects.filter(closed_at=None).select_related("model", "owner")


def _assignments(at: datetime) -> "QuerySet[ReviewAssignment]":
    rows = ReviewAssignment.objects.filter(ended_at=None, review__closed_at=None)
    return rows.select_related("review__version__model__owner", "person")


def _delegations(at: datetime) -> "QuerySet[Delegation]":
    return Delegation.objects.filter(revoked_at=None, ends_on__gte=at.date()).select_related(
        "holder", "deputy"
    )


def _keys(at: datetime) -> "QuerySet[ApiKey]":
    live = Q(expires_at=None) | Q(expires_at__gt=at)
    return ApiKey.objects.filter(live, revoked_at=None)


def _give_gap(row: Gap, giving: Giving) -> object:
    """By the action that assigns it; its date moves to today where it has passed, and stays overdue tomorrow."""
    return open_gap(
        framework=row.framework,
        control=row.control,
        model=row.model,
        owner=giving.to_somebody(),
        due_on=max(row.due_on, giving.at.date()),
        lacks=row.lacks,
        user=giving.user,
        actor=giving.actor,
        at=giving.at,
    )


def _of_administrator(user: User, row: object) -> bool:
    return user.is_administrator


def _of_delegation(user: User, row: Delegation) -> bool:
    return user.pk in (row.holder_id, row.deputy_id) or user.is_administrator


def _end_delegation(row: Delegation, giving: Giving) -> object:
    return revoke_delegation(delegation=row, user=giving.user, actor=giving.actor, at=giving.at)


def _delegation_title(row: Delegation) -> str:
    return f"{row.deputy.name} stands in for {row.holder.name} as {row.get_role_display().lower()}"


def _delegations_page(row: object) -> str:
    return reverse("riskreview:delegations")


SORTS = (
    Sort(
        "model",
        "Model owned",
        "owner",
        _models,
        title=lambda row: row.name,
        href=lambda row: reverse("portfolio:model", args=[row.slug]),
        may=lambda user, row: user.holds(*STOPPERS) and may_change_team(user, row) or row.owner_id == user.pk,
        give=lambda row, giving: hand_over_models(
            models=RegisteredModel.objects.filter(pk=row.pk),
            owner=giving.to,
            changer=giving.user,
            note=giving.note,
            actor=giving.actor,
            at=giving.at,
        ),
        model="pk",
    ),
    Sort(
        "finding",
        "Open finding",
        "owner",
        _findings,
        title=lambda row: f"{row}, {row.about}",
        href=lambda row: reverse("riskreview:finding", args=[row.pk]),
        may=lambda user, row: not why_not_you(Deed.REASSIGN, row, user),
        give=lambda row, giving: reassign(
            finding=row,
            to=giving.to_somebody(),
            reason=giving.note,
            user=giving.user,
            actor=giving.actor,
            at=giving.at,
        ),
        model="model",
    ),
    Sort(
        "risk",
        "Risk owned",
        "owner",
        _risks,
        title=lambda row: f"{row.title}, {row.model.name}",
        href=lambda row: reverse("riskreview:risk", args=[row.pk]),
        may=may_hand_over,
        give=lambda row, giving: hand_over_risks(
            risks=[row],
            owner=giving.to,
            note=giving.note,
            changer=giving.user,
            actor=giving.actor,
            at=giving.at,
        ),
        model="model",
    ),
    Sort(
        "obligation",
        "Condition owed",
        "owner",
        _conditions,
        title=lambda row: f"{row.text} ({row.signoff.review.version})",
        href=lambda row: reverse("riskreview:review", args=[row.signoff.review_id]),
        may=may_hand_over_condition,
        give=lambda row, giving: hand_over_condition(
            condition=row,
            to=giving.to_somebody(),
            note=giving.note,
            user=giving.user,
            actor=giving.actor,
            at=giving.at,
        ),
        model="signoff__review__version__model",
    ),
    Sort(
        "gap",
        "Gap to close",
        "owner",
        _gaps,
        title=lambda row: row.title,
        href=gap_href,
        may=lambda user, row: user.holds(*ASSIGNERS),
        give=_give_gap,
        model="model",
    ),
    Sort(
        "assignment",
        "Review assigned",
        "person",
        _assignments,
        title=lambda row: f"{row.review} as {row.get_role_display().lower()}",
        href=lambda row: address_of(row.review),
        may=lambda user, row: may_steer(user, row.review),
        give=lambda row, giving: unassign(
            assignment=row, reason=giving.note, user=giving.user, actor=giving.actor, at=giving.at
        ),
        ends=True,
        model="review__version__model",
    ),
    Sort(
        "stand-in-of",
        "Stand-in given",
        "holder",
        _delegations,
        title=_delegation_title,
        href=_delegations_page,
        may=_of_delegation,
        give=_end_delegation,
        ends=True,
    ),
    Sort(
        "stand-in-for",
        "Stand-in held",
        "deputy",
        _delegations,
        title=_delegation_title,
        href=_delegations_page,
        may=_of_delegation,
        give=_end_delegation,
        ends=True,
    ),
    Sort(
        "key",
        "API key",
        "owner",
        _keys,
        title=lambda row: f"{row.name}: {', '.join(row.scopes)}",
        href=lambda row: reverse("accounts:keys"),
        may=_of_administrator,
        give=lambda row, giving: revoke_key(key=row, actor=giving.actor, at=giving.at),
        ends=True,
    ),
)
