"""Rules made and switched off, tokens spent, pipelines turned away: each on the record."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.refusals import Conflict, Invalid, Unavailable
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from governance.pipelines.models import IssuerKind, SpentToken, TrustRule
from governance.pipelines.terms import Terms, refuse_bad_terms
from governance.pipelines.tokens import Token
from registry.models import RegisteredModel
from registry.sight import visible_to

NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class Replayed(Exception):
    """The token was used before, for something else."""


@transaction.atomic
def trust_pipeline(
    *, name: str, terms: Terms, reason: str, maker: User, actor: Actor, at: datetime
) -> TrustRule:
    """Let the pipelines of one repository ask the gate about these models in these environments."""
    if not NAME.fullmatch(name) or len(name) > 60 or name == "new":
        raise Invalid(
            f"{name[:60] or 'Nothing'} cannot be the name of a rule.",
            "Use up to 60 lower-case letters, digits and single hyphens, such as retail-risk-deploy.",
            field="name",
        )
    if not reason.strip():
        raise Invalid("Say why this pipeline may ask.", field="reason")
    terms = refuse_bad_terms(terms)
    if TrustRule.objects.filter(name=name).exists():
        raise Conflict(
            f"A rule named {name} exists already.", "Choose another name: the record tells them apart."
        )
    named = _models(terms.models, maker)
    _refuse_two_kinds(terms)
    rule = TrustRule.objects.create(
        name=name,
        reason=reason.strip()[:300],
        created_by=maker,
        created_at=at,
        environments=sorted(terms.environments),
        **{field: getattr(terms, field) for field in Terms.COLUMNS},
    )
    rule.named_models.set(named)
    record(
        Verb.PIPELINE_TRUSTED,
        subject=rule.ref,
        actor=actor,
        at=at,
        detail=terms.detail() | {"reason": rule.reason},
    )
    return rule


@transaction.atomic
def switch_off(*, rule: TrustRule, reason: str, actor: Actor, at: datetime) -> TrustRule:
    """Let nobody ask by this rule from now on. A rule that is off stays off."""
    held = TrustRule.objects.select_for_update().get(pk=rule.pk)
    if held.off_at is not None:
        return held
    if not reason.strip():
        raise Invalid("Say why the rule is switched off.", field="reason")
    held.off_at = at
    held.save(update_fields=["off_at"])
    detail = {"reason": reason.strip()[:300], "repository": held.repository}
    record(Verb.PIPELINE_SWITCHED_OFF, subject=held.ref, actor=actor, at=at, detail=detail)
    return held


@transaction.atomic
def turn_away(*, rule: TrustRule, reason: str, claims: Mapping[str, str], actor: Actor, at: datetime) -> None:
    """Put on the record that a pipeline of a repository that we know was refused before it could ask."""
    detail = {"reason": reason, "pipeline": dict(claims)}
    record(Verb.PIPELINE_REFUSED, subject=rule.ref, actor=actor, at=at, detail=detail)


def spend(*, token: Token, call: str) -> None:
    """Use a token up. Only the same call may come with it again. Raises Replayed."""
    try:
        with transaction.atomic():
            SpentToken.objects.create(sha256=token.sha256, call=call, expires_at=token.expires_at)
    except IntegrityError:
        known = SpentToken.objects.filter(sha256=token.sha256).values_list("call", flat=True).first()
        if known is None:
            raise Unavailable("The token could not be remembered.", "Ask again in a moment.") from None
        if not call or known != call:
            raise Replayed("This token was used before. Fetch a new one for each call.") from None


def touch_rule(*, rule: TrustRule, at: datetime) -> None:
    """Remember that a rule was used, to the minute, as with keys."""
    if rule.last_used_at is None or (at - rule.last_used_at).total_seconds() >= 60:
        TrustRule.objects.filter(pk=rule.pk).update(last_used_at=at)


def forget_ended_tokens(at: datetime) -> int:
    """Forget tokens that would be refused anyway because they ran out; how many."""
    gone, _ = SpentToken.objects.filter(expires_at__lt=at).delete()
    return gone


def _models(slugs: Collection[str], maker: User) -> list[RegisteredModel]:
    found = {model.slug: model for model in visible_to(maker).filter(slug__in=slugs)}
    if missing := sorted(set(slugs) - set(found)):
        raise Invalid(
            f"There is no model {missing[0]}.", "Use the short names of the inventory.", field="models"
        )
    return list(found.values())


def _refuse_two_kinds(terms: Terms) -> None:
    """One issuer is one CI system: else a token could be read as another system's."""
    other = TrustRule.objects.filter(issuer=terms.issuer).exclude(kind=terms.kind).first()
    if other is not None:
        raise Conflict(
            f"The rule {other.name} knows this issuer as {IssuerKind(other.kind).label}.",
            "One issuer belongs to one CI system.",
        )
