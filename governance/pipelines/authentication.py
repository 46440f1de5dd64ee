"""`Authorization: Bearer TOKEN` with an identity token of a CI system, on the gate."""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.access import request_id
from accounts.refusals import NotAllowed
from audit.actor import Actor
from governance.pipelines.actions import turn_away
from governance.pipelines.kinds import claims_of_interest
from governance.pipelines.matching import same_repository, why_no_pipeline, why_not
from governance.pipelines.models import TrustRule
from governance.pipelines.tokens import NotProven, Token, looks_like_token, proven

if TYPE_CHECKING:
    from collections.abc import Sequence

log = logging.getLogger(__name__)
REMEDY = "An administrator says under Pipelines which repositories may ask, and when."


@dataclass(frozen=True)
class Pipeline:
    """A pipeline that proved itself, and the rules that take it. Which of them covers the question is asked later."""

    token: Token
    rules: "Sequence[TrustRule]"
    claims: dict[str, str]
    actor: Actor
    is_authenticated: bool = True

    @property
    def throttle_name(self) -> str:
        """What its calls are counted under."""
        return f"pipeline-{self.rules[0].issuer}-{self.rules[0].repository_id}"


class PipelineAuthentication(BaseAuthentication):
    """Takes what looks like an identity token; API keys go on to the next in line."""

    def authenticate(self, request: Request) -> tuple[Pipeline, None] | None:
        words = get_authorization_header(request).split()
        if len(words) != 2 or words[0].lower() != b"bearer":
            return None
        text = words[1].decode("latin-1")
        if not looks_like_token(text):
            return None
        try:
            token = proven(text, at=timezone.now())
        except NotProven as problem:
            log.info("An identity token was refused: %s", problem)
            raise AuthenticationFailed(str(problem)) from problem
        return _pipeline(token, request_id(request._request)), None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _pipeline(token: Token, request: str) -> Pipeline:
    """The pipeline, if a rule takes it. Raises NotAllowed.

    Anybody on a hosted CI system can have a token made for us, so only repositories that a rule names get into the
    record; others would fill it.
    """
    claims = claims_of_interest(token.system, token.claims)
    known = [
        rule
        for rule in TrustRule.objects.filter(
            kind=token.kind, issuer=token.issuer, repository_id=claims.get(token.system.repository_id, "")
        ).order_by("off_at", "pk")
        if same_repository(rule, token.claims)
    ]
    if not known:
        raise NotAllowed("No rule lets this repository ask.", REMEDY)
    actor = actor_of(token, claims, request)
    live = [rule for rule in known if rule.off_at is None]
    reasons = {rule.pk: why_not(rule, token.claims) for rule in live}
    fitting = [rule for rule in live if not reasons[rule.pk]]
    reason = why_no_pipeline(token.system, token.claims)
    if not reason and not fitting:
        reason = " ".join(reasons.values()) or f"The rule {known[0].name} was switched off."
    if reason:
        turn_away(rule=(live or known)[0], reason=reason, claims=claims, actor=actor, at=timezone.now())
        raise NotAllowed(reason, REMEDY)
    return Pipeline(token, fitting, claims, actor)


def actor_of(token: Token, claims: dict[str, str], request: str) -> Actor:
    """The pipeline as the record names it: by number, with the name that it has today."""
    system = token.system
    number, name = claims[system.repository_id], claims.get(system.repository, "")
    return Actor(
        f"pipeline:{token.kind}/{number}",
        (name or f"repository {number}")[:120],
        f"identity token, {system.name}",
        request,
    )


class PipelineScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tells the OpenAPI document about identity tokens."""

    target_class = "governance.pipelines.authentication.PipelineAuthentication"
    name = "pipeline"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
