"""Evidence that is kept elsewhere: naming it here, and taking it away again."""

import re
from datetime import date, datetime

from django.db import transaction

from accounts.access import require_role
from accounts.models import Role, User
from accounts.refusals import Conflict, Invalid
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from governance.compliance.holdings import attachable
from governance.compliance.models import OutsideEvidence
from registry.access import may_edit
from registry.models import RegisteredModel
from riskreview.findings.steps import said

SHA256 = re.compile(r"[0-9a-f]{64}")


def may_attach(user: User, model: RegisteredModel | None) -> bool:
    """Compliance officers; for a model its team, too: they bring evidence, and others conclude from it."""
    return user.holds(Role.COMPLIANCE_OFFICER) or (model is not None and may_edit(user, model))


@transaction.atomic
def attach(
    *,
    model: RegisteredModel | None,
    kind: str,
    title: str,
    place: str,
    sha256: str = "",
    holds_until: date | None = None,
    user: User,
    actor: Actor,
    at: datetime,
) -> OutsideEvidence:
    """Name evidence that is kept elsewhere. What it says is not read: whoever concludes looks at it there."""
    _refuse_others(user, model)
    if kind not in (kinds := attachable(organisation=model is None)):
        raise Invalid("This kind is not attached.", f"Choose one of {', '.join(kinds)}.", field="kind")
    title, place, sha256 = title.strip(), place.strip(), sha256.strip().lower()
    if not title or not place:
        raise Invalid("It has a title and a place.", "Say what it is and where it is kept.", field="title")
    if sha256 and not SHA256.fullmatch(sha256):
        raise Invalid("This is not a SHA-256.", "Write 64 hexadecimal digits, or nothing.", field="sha256")
    if holds_until is not None and holds_until < at.date():
        raise Invalid("It holds no longer.", "Attach what holds now.", field="holds_until")
    made = OutsideEvidence.objects.create(
        model=model,
        kind=kind,
        title=title[:200],
        place=place[:300],
        sha256=sha256,
        holds_until=holds_until,
        attached_by=user,
        attached_at=at,
    )
    _tell(Verb.EVIDENCE_ATTACHED, made, actor=actor, at=at)
    return made


@transaction.atomic
def detach(
    *, evidence: OutsideEvidence, reason: str, user: User, actor: Actor, at: datetime
) -> OutsideEvidence:
    """Take it away: it no longer counts. It stays in the history."""
    _refuse_others(user, evidence.model)
    held = OutsideEvidence.objects.select_for_update(of=("self",)).get(pk=evidence.pk)
    if held.detached_at is not None:
        raise Conflict("It is taken away already.", "Nothing was changed.")
    held.detached_reason, held.detached_by, held.detached_at = said(reason, "reason"), user, at
    held.save(update_fields=["detached_reason", "detached_by", "detached_at"])
    _tell(Verb.EVIDENCE_DETACHED, held, actor=actor, at=at)
    return held


def _refuse_others(user: User, model: RegisteredModel | None) -> None:
    if not may_attach(user, model):
        require_role(user, Role.COMPLIANCE_OFFICER, to="name evidence that is kept elsewhere")


def _tell(verb: Verb, row: OutsideEvidence, *, actor: Actor, at: datetime) -> None:
    detail = {
        "title": row.title,
        "kind": row.kind,
        "place": row.place,
        "sha256": row.sha256 or None,
        "holds_until": row.holds_until.isoformat() if row.holds_until else None,
        "reason": row.detached_reason or None,
    }
    subject = f"{row.model.ref}/outside:{row.pk}" if row.model else f"organisation/outside:{row.pk}"
    record(verb, subject=subject, actor=actor, at=at, detail=detail)
