"""Break-glass: asked for by one authorised person, opened by another, ended by the clock or by hand.

Opening it raises a finding in the same transaction, so that no emergency ends without somebody who answers for it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from accounts.granting.rules import refuse_administrator
from accounts.models import User
from accounts.proving.again import prove_again
from accounts.reasons import reason_given
from accounts.refusals import Conflict, Invalid, NotAllowed, Refusal
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from policy.break_glass import LONGEST_HOURS, BreakGlassTerms, counting_people
from policy.words import clause
from registry.actions.locking import locked_model
from registry.models import ModelVersion
from riskreview.evidence import VERSION_RELATIONS
from riskreview.exceptions.emergency import authority, may_end, reason_against_opening, roles_of, terms_of
from riskreview.exceptions.facts import break_glass_fact
from riskreview.exceptions.opening import open_glass, record_about, tell, watchers
from riskreview.judgement import Judged, judge_version
from riskreview.models import BreakGlass, BreakGlassConsent, BreakGlassState
from riskreview.reviews.given import WrongPassword

SHORTEST_REASON = 20
LONGEST_REASON = 2_000
TIME_TO_CONSENT = timedelta(hours=24)


@dataclass(frozen=True)
class Consent:
    """Who takes responsibility, in which role, and by what they proved again who they are; empty: they did not."""

    person: User
    role: str
    proved: str


def ask_to_break_glass(
    *,
    version: ModelVersion,
    environment: str,
    reason: str,
    hours: int,
    role: str,
    password: str,
    requester: User,
    actor: Actor,
    at: datetime,
) -> BreakGlass:
    """Ask that a version may run for some hours although the policy denies it. Nothing opens until others agree."""
    consent = Consent(requester, role, prove_again(requester, password, actor=actor, at=at))
    try:
        with transaction.atomic():
            return _ask(version, environment, reason.strip(), hours, consent, actor, at)
    except Refusal as refusal:
        with transaction.atomic():
            subject = f"{version.ref}/env:{environment}"[:300]
            detail = {"environment": environment, "role": role[:40], "reason": str(refusal)}
            record(Verb.BREAK_GLASS_DENIED, subject=subject, actor=actor, at=at, detail=detail)
        raise


def _ask(
    version: ModelVersion,
    environment: str,
    reason: str,
    hours: int,
    consent: Consent,
    actor: Actor,
    at: datetime,
) -> BreakGlass:
    version, judged = _held(version, environment, at)
    terms = _terms_for(judged, consent)
    _refuse_bad_entry(reason, hours, terms)
    if not consent.proved:
        raise WrongPassword
    waiting = BreakGlass.objects.filter(
        version=version, environment=environment, state=BreakGlassState.REQUESTED
    )
    if known := waiting.filter(requested_at__gt=at - TIME_TO_CONSENT).first():
        raise Conflict(
            f"BG-{known.pk} asks for this already.", "A second authorised person agrees to that one."
        )
    for old in waiting:
        _end(
            old,
            BreakGlassState.WITHDRAWN,
            f"Nobody agreed within a day; asked for anew. {reason}",
            consent.person,
            actor,
            at,
        )
    found = BreakGlass.objects.create(
        version=version,
        environment=environment,
        reason=reason,
        hours=hours,
        unmet=[item.id for item in judged.verdict.requirements if item.result in ("unsatisfied", "error")],
        requested_by=consent.person,
        requested_at=at,
    )
    _consent(found, consent, actor, at)
    record_about(
        Verb.BREAK_GLASS_REQUESTED,
        found,
        actor,
        at,
        role=consent.role,
        reason=reason,
        hours=hours,
        unmet=found.unmet,
    )
    people = User.objects.filter(grants__role__in=terms.roles, is_active=True)
    people = people.exclude(
        username__in=[*judged.evidence.involved, *judged.evidence.recused, consent.person.username]
    ).distinct()
    text = (
        f"{consent.person.name} asks to break the glass for {version} in {environment}: {clause(reason, 120)}"
    )
    tell(people, found, text, "asked", at)
    return found


def consent_to_break_glass(
    *,
    found: BreakGlass,
    role: str,
    agrees: bool,
    reason: str,
    password: str,
    person: User,
    actor: Actor,
    at: datetime,
) -> BreakGlass:
    """Agree, or refuse with a reason. With the last consent that the policy asks for the gate opens."""
    consent = Consent(person, role, prove_again(person, password, actor=actor, at=at))
    try:
        with transaction.atomic():
            return _answer(found, consent, agrees, reason.strip(), actor, at)
    except Refusal as refusal:
        with transaction.atomic():
            detail = {"role": role[:40], "agrees": agrees, "reason": str(refusal)}
            record_about(Verb.BREAK_GLASS_DENIED, found, actor, at, **detail)
        raise


def _answer(
    found: BreakGlass, consent: Consent, agrees: bool, reason: str, actor: Actor, at: datetime
) -> BreakGlass:
    version, judged = _held(found.version, found.environment, at)
    found = _row(found, version)
    if found.state != BreakGlassState.REQUESTED:
        raise Conflict(f"It is {found.get_state_display().lower()} already.", "There is nothing to decide.")
    if at - found.requested_at >= TIME_TO_CONSENT:
        raise Conflict(
            "It was asked for more than a day ago.", "If it is still needed, it is asked for again."
        )
    if found.people.filter(person=consent.person).exists():
        raise NotAllowed(
            "You took responsibility already. Somebody else is the next.", _who(judged, consent.person)
        )
    if not agrees:
        _refuse_unless_authorised(judged, consent)
        reason = reason_given(reason, SHORTEST_REASON, LONGEST_REASON)
        if not consent.proved:
            raise WrongPassword
        return _end(found, BreakGlassState.REFUSED, reason, consent.person, actor, at)
    terms = _terms_for(judged, consent)
    if not consent.proved:
        raise WrongPassword
    _consent(found, consent, actor, at)
    given = len(counting_people(break_glass_fact(found), terms, judged.evidence))
    if given < terms.needs:
        record_about(
            Verb.BREAK_GLASS_CONSENTED, found, actor, at, role=consent.role, given=given, needs=terms.needs
        )
        return found
    return open_glass(found, terms, person=consent.person, actor=actor, at=at)


@transaction.atomic
def end_break_glass(*, found: BreakGlass, reason: str, user: User, actor: Actor, at: datetime) -> BreakGlass:
    """Close it before its time, or take back what was asked for. The gate follows the policy from then on."""
    version, judged = _held(found.version, found.environment, at)
    found = _row(found, version)
    if found.state not in (BreakGlassState.REQUESTED, BreakGlassState.ACTIVE):
        raise Conflict(f"It is {found.get_state_display().lower()} already.")
    if found.state == BreakGlassState.ACTIVE and not found.is_live(at):
        raise Conflict("It ended by the clock already.")
    if not may_end(user, found, judged):
        raise NotAllowed(
            "Only who asked, the model's team and the roles that the policy authorises can end it.",
            _who(judged, user),
        )
    reason = reason_given(reason, SHORTEST_REASON, LONGEST_REASON)
    asked = found.state == BreakGlassState.REQUESTED
    state = BreakGlassState.WITHDRAWN if asked else BreakGlassState.ENDED
    return _end(found, state, reason, user, actor, at)


ENDINGS = {
    BreakGlassState.REFUSED: Verb.BREAK_GLASS_REFUSED,
    BreakGlassState.WITHDRAWN: Verb.BREAK_GLASS_WITHDRAWN,
    BreakGlassState.ENDED: Verb.BREAK_GLASS_ENDED,
}


def _end(
    found: BreakGlass, state: BreakGlassState, reason: str, user: User, actor: Actor, at: datetime
) -> BreakGlass:
    found.state, found.ended_at, found.ended_by = state, at, user
    found.ended_reason = reason
    found.save(update_fields=["state", "ended_at", "ended_by", "ended_reason"])
    record_about(ENDINGS[state], found, actor, at, reason=found.ended_reason)
    text = f"Break-glass for {found.version} in {found.environment}: {state.label.lower()} by {user.name}."
    if state == BreakGlassState.ENDED:
        tell(watchers(found), found, text, state, at)
    else:
        tell([found.requested_by], found, text, state, at)
    return found


def _held(version: ModelVersion, environment: str, at: datetime) -> tuple[ModelVersion, Judged]:
    """The version with its model, held until the transaction ends (the finding is the model's), and how it stands."""
    locked_model(version.model)
    whole = ModelVersion.objects.select_related("model", *VERSION_RELATIONS).get(pk=version.pk)
    return whole, judge_version(whole, environment, at=at)


def _row(found: BreakGlass, version: ModelVersion) -> BreakGlass:
    row = BreakGlass.objects.select_for_update(of=("self",)).select_related("requested_by").get(pk=found.pk)
    row.version = version
    return row


def _terms_for(judged: Judged, consent: Consent) -> BreakGlassTerms:
    """The terms under which this person may open the gate here, or the refusal."""
    terms = terms_of(judged)
    if problem := reason_against_opening(judged):
        raise Conflict(problem, "What the gate asks for is on the page of the version.")
    if terms is None:  # reason_against_opening says so first
        raise Conflict("The policy changed meanwhile.", "Open the version again.")
    _refuse_unless_authorised(judged, consent)
    return terms


def _refuse_unless_authorised(judged: Judged, consent: Consent) -> None:
    if consent.role in roles_of(judged, consent.person):
        refuse_administrator(consent.person)
        return
    said = authority(judged, consent.person)
    why = said.reasons or ("Choose a role that you hold and that the policy names.",)
    raise NotAllowed(
        f"You are not authorised to break the glass here. {' '.join(why)}", _who(judged, consent.person)
    )


def _who(judged: Judged, person: User) -> str:
    names = [name for name in authority(judged, person).who if not name.startswith(f"{person.name} (")]
    return f"Who can: {', '.join(names)}." if names else "Nobody else can now; an administrator grants roles."


def _refuse_bad_entry(reason: str, hours: int, terms: BreakGlassTerms) -> None:
    reason_given(reason, SHORTEST_REASON, LONGEST_REASON)
    if not 1 <= hours <= min(terms.hours, LONGEST_HOURS):
        raise Invalid(
            f"The policy lets it last from 1 to {min(terms.hours, LONGEST_HOURS)} hours.",
            "Choose as few as the emergency takes.",
            field="hours",
        )


def _consent(found: BreakGlass, consent: Consent, actor: Actor, at: datetime) -> None:
    BreakGlassConsent.objects.create(
        break_glass=found,
        role=consent.role,
        person=consent.person,
        authenticated_by=f"{actor.authenticated_by}, {consent.proved} again"[:80],
        at=at,
    )
