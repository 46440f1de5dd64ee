"""Conditions as obligations: saying that one is met, verifying that, or sending it back."""

from datetime import datetime

from django.db import transaction
from django.urls import reverse

from accounts.models import User
from accounts.notices import notify
from accounts.refusals import Conflict, Invalid, NotAllowed
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from policy.words import a_role
from registry.access import STOPPERS, may_edit
from registry.actions.locking import locked_version
from riskreview.evidence import VERSION_RELATIONS
from riskreview.judgement import judge_review
from riskreview.models import Condition
from riskreview.reviews.eligibility import roles_of

LONGEST_NOTE = 300


@transaction.atomic
def meet_condition(
    *, condition: Condition, note: str, evidence: str = "", user: User, actor: Actor, at: datetime
) -> Condition:
    """Say that a condition is met, how, and where that can be seen.

    Whoever owes it answers for that, or the model's owner and developers. It counts at once; the signer's role
    verifies it, or sends it back.
    """
    condition = _held(condition)
    review = condition.signoff.review
    if not may_meet(user, condition):
        raise NotAllowed(
            "Only who owes the condition, and the owner and the developers of the model, can say that it is met.",
            f"Ask {condition.answers_for_it.name}.",
        )
    if condition.met_at is not None:
        raise Conflict("This condition is met already.")
    if condition.signoff.withdrawn_at is not None:
        raise Conflict("The sign-off that asked for it is withdrawn.", "Nobody owes it any more.")
    note, evidence = _note(note, "Say in 1 to 300 characters how it was met."), evidence.strip()
    if len(evidence) > LONGEST_NOTE:
        raise Invalid(f"Keep the reference under {LONGEST_NOTE} characters.", field="evidence")
    condition.met_at, condition.met_by, condition.met_note = at, user, note
    condition.met_evidence, condition.sent_back = evidence, ""
    condition.save(update_fields=["met_at", "met_by", "met_note", "met_evidence", "sent_back"])
    detail = _detail(condition) | {"note": note, **({"evidence": evidence} if evidence else {})}
    record(Verb.CONDITION_MET, subject=review.ref, actor=actor, at=at, detail=detail)
    notify(
        [condition.signoff.signer],
        kind="condition.met",
        text=f"{user.name} says that your condition on {review.version} is met: {condition.text}",
        url=_address(condition),
        key=f"condition.met:{condition.pk}:{at.isoformat()}",
        at=at,
    )
    return condition


def may_meet(user: User, condition: Condition) -> bool:
    """Whether the person may say that it is met."""
    return condition.answers_for_it.pk == user.pk or may_edit(user, condition.signoff.review.version.model)


def may_hand_over_condition(user: User, condition: Condition) -> bool:
    """Whether the person lets somebody else owe it: who owns the model, risk and compliance officers."""
    return condition.signoff.review.version.model.owner_id == user.pk or user.holds(*STOPPERS)


@transaction.atomic
def hand_over_condition(
    *, condition: Condition, to: User, note: str, user: User, actor: Actor, at: datetime
) -> Condition:
    """Let somebody else owe it. Its date stays."""
    condition = _held(condition)
    if not may_hand_over_condition(user, condition):
        raise NotAllowed("Only the model's owner, risk and compliance officers hand a condition over.")
    if not to.is_active:
        raise Invalid(f"{to.name} cannot log in.", "Choose somebody else.", field="to")
    if condition.verified_at is not None:
        raise Conflict("This condition is verified already.")
    was, condition.owner = condition.answers_for_it, to
    condition.save(update_fields=["owner"])
    detail = _detail(condition) | {"owner": {"was": was.ref, "is": to.ref}, "note": _note(note, "Say why.")}
    record(
        Verb.CONDITION_HANDED_OVER,
        subject=condition.signoff.review.ref,
        actor=actor,
        at=at,
        detail=detail,
    )
    notify(
        [to],
        kind="condition.handed_over",
        text=f"You owe a condition on {condition.signoff.review.version} now: {condition.text}",
        url=_address(condition),
        key=f"condition.handed_over:{condition.pk}:{at.isoformat()}",
        at=at,
    )
    return condition


@transaction.atomic
def verify_condition(
    *, condition: Condition, accepted: bool, note: str, user: User, actor: Actor, at: datetime
) -> Condition:
    """Confirm that a condition is met, or send it back with the reason: then it is owed again, by its old date."""
    condition = _held(condition)
    review = condition.signoff.review
    if why_not := reason_against_verifying(user, condition, at=at):
        raise NotAllowed(why_not, f"{condition.signoff.signer.name} asked for it.")
    if condition.met_at is None:
        raise Conflict("Nobody said yet that this condition is met.", f"Ask {condition.answers_for_it.name}.")
    if condition.verified_at is not None:
        raise Conflict("This condition is verified already.")
    note = _note(note, "Say in 1 to 300 characters what you looked at, or what is missing.")
    if accepted:
        condition.verified_at, condition.verified_by, condition.verified_note = at, user, note
    else:
        condition.met_at, condition.met_by, condition.sent_back = None, None, note
    condition.save(
        update_fields=["met_at", "met_by", "sent_back", "verified_at", "verified_by", "verified_note"]
    )
    verb = Verb.CONDITION_VERIFIED if accepted else Verb.CONDITION_SENT_BACK
    record(verb, subject=review.ref, actor=actor, at=at, detail=_detail(condition) | {"note": note})
    word = "verified" if accepted else "sent back"
    notify(
        [condition.answers_for_it],
        kind="condition.verified" if accepted else "condition.sent_back",
        text=f"{user.name} {word} the condition on {review.version}: {condition.text}",
        url=_address(condition),
        key=f"condition.judged:{condition.pk}:{at.isoformat()}",
        at=at,
    )
    return condition


def reason_against_verifying(user: User, condition: Condition, *, at: datetime) -> str:
    """Why this person may not verify it; empty when they may."""
    signoff = condition.signoff
    evidence = judge_review(signoff.review, at=at).evidence
    if signoff.role not in roles_of(evidence, user.username) and user.pk != signoff.signer_id:
        return f"Only {a_role(signoff.role)} verifies this condition."
    if user.username in evidence.involved:
        return "You are part of the model's development or review, so you cannot verify a condition on it."
    if user.username in evidence.recused:
        return "You are recused from this review."
    if user.pk in (condition.met_by_id, condition.answers_for_it.pk):
        return "You met this condition or owe it; somebody else verifies it."
    return ""


def _held(condition: Condition) -> Condition:
    """The condition with all that is read of it, its version held."""
    related = [f"signoff__review__version__{name}" for name in VERSION_RELATIONS]
    locked_version(condition.signoff.review.version)
    rows = Condition.objects.select_for_update(of=("self",))
    return rows.select_related("owner", "signoff__signer", *related).get(pk=condition.pk)


def _note(note: str, complaint: str) -> str:
    note = note.strip()
    if not note or len(note) > LONGEST_NOTE:
        raise Invalid(complaint, field="note")
    return note


def _detail(condition: Condition) -> dict[str, object]:
    return {
        "signoff": condition.signoff_id,
        "condition": condition.text,
        "due_on": condition.due_on.isoformat(),
    }


def _address(condition: Condition) -> str:
    version = condition.signoff.review.version
    page = reverse("riskreview:signoffs", args=[version.model.slug, version.version])
    return f"{page}#condition-{condition.pk}"
