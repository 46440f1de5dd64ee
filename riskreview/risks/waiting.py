"""Risks that wait for a person: to be rated, looked at again, or accepted."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import User
from policy.risk_scales import RiskScales
from policy.words import a_role
from registry.models import Lifecycle, ModelVersion
from registry.sight import seen_by
from riskreview.models import Risk, RiskState, Treatment
from riskreview.queue_items import OTHER, OVERDUE, QueueItem
from riskreview.risks.queries import CONCERNING, SOON
from riskreview.risks.scales import current_scales

MOST_LISTED = 50
UNRATED = Q(inherent_likelihood=None) | Q(residual_likelihood=None)


def risks_waiting(user: User, at: datetime) -> list[QueueItem]:
    """What the person has to do about risks; those of one model that nobody rated are one item."""
    mine = list(_standing().filter(owner=user).filter(UNRATED | Q(review_on__lte=at.date() + SOON)))
    unrated = [risk for risk in mine if not (risk.inherent and risk.residual)]
    rated = [risk for risk in mine if risk not in unrated]
    return [*_unrated(unrated, at), *_reviews(rated, at), *_acceptances(user, at)]


def _standing() -> QuerySet[Risk]:
    rows = Risk.objects.exclude(state=RiskState.CLOSED).exclude(model__lifecycle=Lifecycle.RETIRED)
    return rows.select_related("model__owner", "owner").order_by("review_on", "pk")


def _unrated(rows: Iterable[Risk], at: datetime) -> list[QueueItem]:
    by_model = defaultdict(list)
    for risk in rows:
        by_model[risk.model_id].append(risk)
    return [
        _item(
            found[0],
            at,
            shape="todo",
            title=str(found[0]) if len(found) == 1 else f"{len(found)} risks of {found[0].model.name}",
            href=None if len(found) == 1 else reverse("riskreview:model_risks", args=[found[0].model.slug]),
            why=format_html(
                "{} not rated before and after controls. <b>You own {}.</b>",
                f"{found[0].model.name}:" if len(found) == 1 else "They are",
                "it" if len(found) == 1 else "them",
            ),
            action="Rate",
        )
        for found in by_model.values()
    ]


def _reviews(rows: Iterable[Risk], at: datetime) -> list[QueueItem]:
    return [
        _item(
            risk,
            at,
            shape="stale" if risk.review_on < at.date() else "half",
            why=format_html("{}: to be looked at again. <b>You own it.</b>", risk.model.name),
            action="Look at it again",
        )
        for risk in rows
        if risk.review_on <= at.date() + SOON
    ]


def _acceptances(user: User, at: datetime) -> list[QueueItem]:
    """Risks that remain high, whose owners mean to bear them, where the person's word is the one that counts."""
    scales = current_scales() if user.roles else None
    if scales is None:
        return []
    mine = {level for level in CONCERNING if user.holds(scales.acceptance[level].role)}
    high = [
        Q(residual_likelihood=row, residual_impact=column)
        for level in mine
        for row, column in scales.cells(level)
    ]
    if not high:
        return []
    unheld = Q(state=RiskState.OPEN, treatment=Treatment.ACCEPT)
    unheld |= Q(state=RiskState.ACCEPTED, accepted_until__lte=at)
    rows = (
        _standing()
        .filter(seen_by(user, "model"), unheld, reduce(or_, high))
        .exclude(owner=user)
        .exclude(model__owner=user)
    )
    made = ModelVersion.objects.filter(Q(registered_by=user) | Q(trained_on__owner=user)).values("model")
    return [
        _acceptance(risk, scales.level(risk.residual), scales, at)
        for risk in rows.exclude(model__developers=user).exclude(model__in=made)[:MOST_LISTED]
        if user.username not in risk.model.former_team
    ]


def _acceptance(risk: Risk, level: str, scales: RiskScales, at: datetime) -> QueueItem:
    state = "its acceptance ended" if risk.state == RiskState.ACCEPTED else "nobody has accepted it"
    why = format_html(
        "{}: {} after controls, and {}. <b>You may, as {}.</b>",
        risk.model.name,
        level,
        state,
        a_role(scales.acceptance[level].role),
    )
    return _item(risk, at, shape="half", why=why, action="Decide")


def _item(
    risk: Risk,
    at: datetime,
    *,
    shape: str,
    why: SafeString,
    action: str,
    title: str | None = None,
    href: str | None = None,
) -> QueueItem:
    return QueueItem(
        kind="risk",
        shape=shape,
        title=title or str(risk),
        href=href or reverse("riskreview:risk", args=[risk.pk]),
        why=why,
        action=action,
        due=risk.review_on,
        urgency=OVERDUE if risk.review_on < at.date() else OTHER,
    )
