"""Endpoints made, changed, switched off and on, given a new secret; messages tried out and sent again."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts.models import Role, User
from accounts.notices import notify
from accounts.refusals import Conflict, Invalid
from audit.actions import record
from audit.actor import Actor
from audit.proofs import log_size
from audit.verbs import Verb
from governance.webhooks.happenings import KNOWN, TEST
from governance.webhooks.messages import body_of, trial
from governance.webhooks.models import Delivery, DeliveryState, Endpoint, Form, hashed
from registry.addresses import BadAddress, place_of

NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
OVERLAP = timedelta(hours=24)
"""How long the secret before a change signs, too: long enough to bring the new one to every receiver."""
BY_ITSELF = Actor.system("webhooks")


@dataclass(frozen=True)
class Terms:
    """Where an endpoint is and what it is told."""

    url: str
    form: str
    happenings: Collection[str]


@transaction.atomic
def add_endpoint(*, name: str, terms: Terms, maker: User, actor: Actor, at: datetime) -> Endpoint:
    """Tell an address of what happens from now on."""
    if not NAME.fullmatch(name) or len(name) > 40 or name == "new":
        raise Invalid(
            f"{name[:40] or 'Nothing'} cannot be the name of an endpoint.",
            "Use up to 40 lower-case letters, digits and single hyphens, such as risk-channel.",
            field="name",
        )
    _refuse_bad_terms(terms)
    if Endpoint.objects.filter(name=name).exists():
        raise Conflict(f"An endpoint named {name} exists already.", "Choose another name.")
    made = Endpoint.objects.create(
        name=name,
        url=terms.url,
        form=terms.form,
        happenings=sorted(set(terms.happenings)),
        created_by=maker,
        created_at=at,
        next_seq=log_size(),
    )
    record(Verb.WEBHOOK_ADDED, subject=made.ref, actor=actor, at=at, detail=_detail(made))
    return made


@transaction.atomic
def change_endpoint(*, endpoint: Endpoint, terms: Terms, actor: Actor, at: datetime) -> Endpoint:
    """Another address, shape or choice of events. What waits already is sent as it is."""
    _refuse_bad_terms(terms)
    held = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    held.url, held.form, held.happenings = terms.url, terms.form, sorted(set(terms.happenings))
    held.save(update_fields=["url", "form", "happenings"])
    record(Verb.WEBHOOK_CHANGED, subject=held.ref, actor=actor, at=at, detail=_detail(held))
    return held


@transaction.atomic
def switch_off(*, endpoint: Endpoint, reason: str, actor: Actor, at: datetime) -> Endpoint:
    """Tell it nothing more, whether a person says so or it failed too long."""
    held = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    if held.off_at is not None:
        return held
    if not reason.strip():
        raise Invalid("Say why it is switched off.", field="reason")
    held.off_at, held.off_reason = at, reason.strip()[:300]
    held.save(update_fields=["off_at", "off_reason"])
    record(
        Verb.WEBHOOK_SWITCHED_OFF, subject=held.ref, actor=actor, at=at, detail={"reason": held.off_reason}
    )
    if actor == BY_ITSELF:
        notify(
            User.objects.filter(grants__role=Role.ADMINISTRATOR, is_active=True),
            kind="webhook.off",
            text=f"The webhook {held.name} was switched off: {held.off_reason}",
            url=f"/webhooks/{held.name}/",
            key=f"webhook-off:{held.pk}:{at.isoformat()}",
            at=at,
        )
    return held


@transaction.atomic
def switch_on(*, endpoint: Endpoint, actor: Actor, at: datetime) -> Endpoint:
    """Tell it again what happens from now on; what waited when it was switched off is sent, too."""
    held = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    if held.off_at is None:
        return held
    held.off_at, held.off_reason, held.failing_since, held.next_seq = None, "", None, log_size()
    held.save(update_fields=["off_at", "off_reason", "failing_since", "next_seq"])
    held.deliveries.filter(state=DeliveryState.WAITING).update(try_at=at)
    record(Verb.WEBHOOK_SWITCHED_ON, subject=held.ref, actor=actor, at=at)
    return held


@transaction.atomic
def change_secret(*, endpoint: Endpoint, actor: Actor, at: datetime) -> Endpoint:
    """A new secret; for a day the one before signs, too, so that no message is refused meanwhile."""
    held = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    held.generation, held.previous_until = held.generation + 1, at + OVERLAP
    held.save(update_fields=["generation", "previous_until"])
    detail = {"generation": held.generation, "previous_until": held.previous_until.isoformat()}
    record(Verb.WEBHOOK_SECRET_CHANGED, subject=held.ref, actor=actor, at=at, detail=detail)
    return held


@transaction.atomic
def send_trial(*, endpoint: Endpoint, actor: Actor, at: datetime) -> Delivery:
    """Put a message that tells of nothing in the queue."""
    if endpoint.off_at is not None:
        raise Conflict("It is switched off.", "Switch it on first.")
    body = body_of(trial(endpoint.name, settings.COUNTERSIGN_URL, at), endpoint.form)
    made = Delivery.objects.create(endpoint=endpoint, kind=TEST, body=body, try_at=at, created_at=at)
    record(Verb.WEBHOOK_TRIED, subject=endpoint.ref, actor=actor, at=at, detail={"message": made.message_id})
    return made


@transaction.atomic
def send_again(*, delivery: Delivery, actor: Actor, at: datetime) -> Delivery:
    """Send a message once more, with the identifier and the body that it had."""
    held = Delivery.objects.select_for_update(of=("self",)).select_related("endpoint").get(pk=delivery.pk)
    if held.endpoint.off_at is not None:
        raise Conflict("The endpoint is switched off.", "Switch it on first.")
    if held.state == DeliveryState.WAITING:
        raise Conflict("It waits to be sent already.", "Nothing was changed.")
    held.state, held.tries, held.try_at = DeliveryState.WAITING, 0, at
    held.save(update_fields=["state", "tries", "try_at"])
    detail = {"message": held.message_id, "kind": held.kind}
    record(Verb.WEBHOOK_SENT_AGAIN, subject=held.endpoint.ref, actor=actor, at=at, detail=detail)
    return held


def _refuse_bad_terms(terms: Terms) -> None:
    try:
        place_of(terms.url, settings.WEBHOOKS_ALLOW)
    except BadAddress as wrong:
        raise Invalid(str(wrong), "Give an address that begins with https://.", field="url") from wrong
    if terms.form not in Form.values:
        raise Invalid(f"There is no shape {terms.form[:20]}.", field="form")
    if not terms.happenings:
        raise Invalid("It would be told nothing.", "Choose at least one kind of event.", field="happenings")
    if unknown := sorted(set(terms.happenings) - KNOWN):
        raise Invalid(f"There is no event {unknown[0][:60]} to tell of.", field="happenings")


def _detail(endpoint: Endpoint) -> dict[str, object]:
    """For the record: where it is without the path, which may be a secret, and the digest of the whole address."""
    return {
        "origin": endpoint.origin,
        "address": hashed(endpoint.url),
        "form": endpoint.form,
        "happenings": endpoint.happenings,
    }
