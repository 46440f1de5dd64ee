"""Who else sees a closed model: whoever was asked to judge it, to act on it, or stands in for somebody who was."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Exists, F, Q, QuerySet
from django.db.models.functions import Now, TruncDate

from accounts.models import User
from registry.models import RegisteredModel
from registry.sight import WHOLE, Ground, along
from riskreview.models import Delegation

REVIEWS = "versions__reviews"
ASSIGNED = f"{REVIEWS}__assignments"
LENT = f"{ASSIGNED}__person__delegations_given"


def _today() -> Mapping[str, Any]:
    return {"revoked_at": None, "starts_on__lte": TruncDate(Now()), "ends_on__gte": TruncDate(Now())}


def _in_a_review() -> Mapping[str, Any]:
    lent = {f"{LENT}__{name}": value for name, value in _today().items()}
    return {**lent, f"{LENT}__role": F(f"{ASSIGNED}__role"), f"{ASSIGNED}__ended_at": None}


def _officers_deputies() -> QuerySet[Delegation]:
    return Delegation.objects.filter(role__in=WHOLE, **_today()).order_by()


def _stands_in_for_an_officer(user: User) -> Q:
    return Q(Exists(_officers_deputies().filter(deputy=user.pk)))


def _deputies_of_officers(model: RegisteredModel) -> QuerySet[User]:
    return User.objects.filter(pk__in=_officers_deputies().values("deputy"))


SIGHT = (
    along("is asked to review it", f"{ASSIGNED}__person", lambda: {f"{ASSIGNED}__ended_at": None}),
    along("stands in for a reviewer of it", f"{LENT}__deputy", _in_a_review),
    Ground("stands in for an officer", _stands_in_for_an_officer, _deputies_of_officers),
    along("signed for it", f"{REVIEWS}__signoffs__signer"),
    along("owes a condition on it", f"{REVIEWS}__signoffs__conditions__owner"),
    along("owns a finding on it", "findings__owner"),
    along("owns a risk of it", "risks__owner"),
    along("asked for a waiver of it", "waivers__requested_by"),
    along("decided about a waiver of it", "waivers__approvals__person"),
    along("asked for a break-glass of it", "versions__break_glass__requested_by"),
    along("is in a break-glass of it", "versions__break_glass__people__person"),
)
