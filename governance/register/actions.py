"""Publishing what the register says of a model, and taking it back."""

import re
from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.refusals import Conflict, Invalid
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from governance.register.access import refuse_unless_publisher
from governance.register.models import Publication
from governance.register.words import Material
from registry.models import RegisteredModel
from riskreview.findings.steps import said

CONTACT = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|https://\S+")
REPLACED = "Published anew."


@transaction.atomic
def publish(
    *,
    material: Material,
    sections: Collection[str],
    figures: Collection[str],
    contact: str,
    seen: str,
    note: str,
    user: User,
    actor: Actor,
    at: datetime,
) -> Publication:
    """Show the chosen words of a model to everybody. What is shown until now ends.

    `seen` is the digest of the words as they were previewed: other ones are refused with Conflict. Raises Invalid.
    """
    refuse_unless_publisher(user)
    if not CONTACT.fullmatch(contact.strip()):
        raise Invalid(
            "Somebody outside must be able to ask.",
            "Give an e-mail address of a team or an address that begins with https://.",
            field="contact",
        )
    why = said(note, "note")
    words = material.words(sections=sections, figures=figures, contact=contact)
    if words.digest != seen:
        raise Conflict(
            "What would be published changed since the preview.", "Look at it again, then publish."
        )
    before = _live(material.model)
    if before is not None and before.digest == words.digest:
        raise Conflict("The register says this already.", "Nothing was changed.")
    if before is not None:
        _end(before, REPLACED, user, at)
    made = Publication.objects.create(
        model=material.model,
        words=words.document(),
        digest=words.digest,
        note=why,
        published_by=user,
        published_at=at,
    )
    detail = {
        "note": why,
        "words": words.digest,
        "sections": [row.id for row in words.parts],
        "figures": [row.id for row in words.figures],
        "contact": words.contact,
        "replaced": before is not None,
    }
    record(Verb.MODEL_PUBLISHED, subject=material.model.ref, actor=actor, at=at, detail=detail)
    return made


@transaction.atomic
def withdraw(*, model: RegisteredModel, reason: str, user: User, actor: Actor, at: datetime) -> Publication:
    """Take a model out of the register. What was published stays on the record."""
    refuse_unless_publisher(user)
    why = said(reason, "reason")
    held = _live(model)
    if held is None:
        raise Conflict(f"{model.name} is not in the register.", "Nothing was changed.")
    _end(held, why, user, at)
    detail = {"reason": why, "words": held.digest}
    record(Verb.MODEL_WITHDRAWN, subject=model.ref, actor=actor, at=at, detail=detail)
    return held


def _live(model: RegisteredModel) -> Publication | None:
    return Publication.objects.select_for_update(of=("self",)).filter(model=model, ended_at=None).first()


def _end(publication: Publication, reason: str, user: User, at: datetime) -> None:
    publication.ended_by, publication.ended_at, publication.ended_reason = user, at, reason
    publication.save(update_fields=["ended_by", "ended_at", "ended_reason"])
