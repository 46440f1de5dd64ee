"""The risks of models as plain values for the policy, and the scales that it reads their levels from."""

import logging
from collections import defaultdict
from collections.abc import Collection
from typing import Any

from policy.evidence import Person, RiskFact, canonical_digest
from policy.risk_scales import Rating, RiskScales, ScalesError
from riskreview.models import Risk, RiskState
from riskreview.risks.scales import current_scales

log = logging.getLogger(__name__)
OWNER = ("owner__username", "owner__first_name", "owner__last_name")
DIGESTED = (
    *("pk", "category", "title", "description", "treatment", "controls", "state", "accepted_level"),
    *("inherent_likelihood", "inherent_impact", "residual_likelihood", "residual_impact"),
)
ACCEPTOR = ("accepted_by__username", "accepted_by__first_name", "accepted_by__last_name")
FIELDS = (*DIGESTED, "model_id", "review_on", "accepted_until", "accepted_role", *OWNER, *ACCEPTOR)


def risks_of(models: Collection[int]) -> dict[int, list[RiskFact]]:
    """Model → every risk of it in the order in which they were raised, closed ones included; one query."""
    found = defaultdict(list)
    rows = Risk.objects.filter(model__in=models).order_by("pk").values_list(*FIELDS)
    for row in rows:
        told = dict(zip(FIELDS, row, strict=True))
        found[told["model_id"]].append(risk_fact(told))
    return found


def scales_for(risks: Collection[Any]) -> RiskScales | None:
    """The scales as they stand; asked for only where there are risks. What cannot be read denies."""
    if not risks:
        return None
    try:
        return current_scales()
    except ScalesError as error:
        log.error("The scales of risks cannot be read: %s: %s", error.place, error)
        return None


def risk_fact(told: dict[str, Any]) -> RiskFact:
    """The values of FIELDS as the policy judges them.

    The digest covers what was judged and decided, not who looks after it or when it is looked at again.
    """
    accepted = told["state"] == RiskState.ACCEPTED
    until = told["accepted_until"] if accepted else None
    digested = {name: told[name] for name in DIGESTED} | {"accepted_until": until and until.isoformat()}
    return RiskFact(
        id=told["pk"],
        title=told["title"],
        digest=canonical_digest(digested),
        owner=_person(*(told[name] for name in OWNER)),
        review_on=told["review_on"],
        inherent=_rating(told["inherent_likelihood"], told["inherent_impact"]),
        residual=_rating(told["residual_likelihood"], told["residual_impact"]),
        closed=told["state"] == RiskState.CLOSED,
        accepted_level=told["accepted_level"] if accepted else "",
        accepted_until=until,
        accepted_by=_person(*(told[name] for name in ACCEPTOR)) if accepted else None,
        accepted_role=told["accepted_role"] if accepted else "",
    )


def _person(username: str, first: str, last: str) -> Person:
    return Person(username, f"{first} {last}".strip() or username)


def _rating(likelihood: int | None, impact: int | None) -> Rating | None:
    return None if likelihood is None or impact is None else (likelihood, impact)
