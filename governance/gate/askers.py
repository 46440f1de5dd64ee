"""Who asks the gate: an API key, or a pipeline with an identity token."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.access import actor_of_key
from accounts.authentication import HasScope, KeyThrottle
from accounts.models import ApiKey
from accounts.problems import Problem
from accounts.refusals import NotAllowed
from audit.actor import Actor
from audit.canonical import canonical
from governance.pipelines.actions import Replayed, spend, touch_rule, turn_away
from governance.pipelines.authentication import REMEDY, Pipeline
from governance.pipelines.models import TrustRule


@dataclass(frozen=True)
class Asker:
    """Who asks, for the record, and by what right: a key or a rule."""

    actor: Actor
    key: ApiKey | None = None
    rule: TrustRule | None = None
    claims: Mapping[str, str] | None = None


class MayAsk(HasScope):
    """A key with the scope, or a pipeline that a rule takes; what it may ask about is judged with the question."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        caller: object = request.user
        return isinstance(caller, Pipeline) or super().has_permission(request, view)


class AskerThrottle(KeyThrottle):
    """So many calls a minute for each key, and for each repository."""

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        caller: object = request.user
        if isinstance(caller, Pipeline):
            return f"throttle-{caller.throttle_name}"
        return super().get_cache_key(request, view)


def asker_of(request: Request, question: Mapping[str, Any], *, call_key: str, at: datetime) -> Asker:
    """Who asks this question. A pipeline's token is used up by it. Raises NotAllowed, Problem."""
    caller: object = request.user
    if isinstance(caller, ApiKey):
        return Asker(actor_of_key(caller, request._request), key=caller)
    if not isinstance(caller, Pipeline):
        raise NotAllowed("Neither a key nor a pipeline asks here.")
    rule = next((rule for rule in caller.rules if _covers(rule, question)), None)
    if rule is None:
        reason = f"No rule lets this pipeline ask about {question['model']} in {question['environment']}."
        turn_away(rule=caller.rules[0], reason=reason, claims=caller.claims, actor=caller.actor, at=at)
        raise NotAllowed(reason, REMEDY)
    try:
        spend(token=caller.token, call=_call(call_key, question))
    except Replayed as again:
        turn_away(rule=rule, reason=str(again), claims=caller.claims, actor=caller.actor, at=at)
        raise Problem(HTTPStatus.UNAUTHORIZED, str(again)) from again
    touch_rule(rule=rule, at=at)
    return Asker(caller.actor, rule=rule, claims=caller.claims | {"rule": rule.name})


def _covers(rule: TrustRule, question: Mapping[str, Any]) -> bool:
    return rule.covers(model=question["model"], environment=question["environment"])


def _call(call_key: str, question: Mapping[str, Any]) -> str:
    """Names a call that may be sent again; "" for one without an Idempotency-Key, which may not."""
    return hashlib.sha256(canonical([call_key, question]).encode()).hexdigest() if call_key else ""
