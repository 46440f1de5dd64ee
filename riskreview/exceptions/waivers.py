"""Waivers: asking for one, approving or refusing it in a role, and ending it. Refusals stand on the record."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.urls import reverse

from accounts.granting.rules import refuse_administrator
from accounts.models import Role, User
from accounts.notices import notify
from accounts.proving.again import prove_again
from accounts.refusals import Conflict, Invalid, NotAllowed, Refusal
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from policy.waivers import last_day_allowed
from policy.words import a_role, listed
from registry.actions.locking import locked_model, locked_version
from registry.models import Lifecycle, ModelVersion
from registry.sight import who_see
from riskreview.evidence import VERSION_RELATIONS
from riskreview.exceptions.waiving import (
    Table,
    may_ask,
    may_end,
    reason_not_to_waive,
    result_named,
    table_for,
    terms_of,
)
from riskreview.judgement import Judged, judge_version
from riskreview.models import Waiver, WaiverApproval, WaiverState
from riskreview.reviews.given import WrongPassword

SHORTEST = 20
LONGEST_TEXT = 2_000
LONGEST_NOTE = 500


@dataclass(frozen=True)
class WaiverEntry:
    """What somebody asks for. `last_day` is the last one on which it counts."""

    requirement: str
    why: str
    controls: str
    last_day: date
    whole_model: bool = False


@transaction.atomic
def ask_for_waiver(
    *,
    version: ModelVersion,
    environment: str,
    entry: WaiverEntry,
    requester: User,
    actor: Actor,
    at: datetime,
) -> Waiver:
    """Ask that a requirement need not be met for a time. It counts for nothing until every role approves."""
    if not may_ask(requester, version.model):
        raise NotAllowed(
            "Only the owner, the developers and validators can ask for a waiver.",
            f"Ask {version.model.owner.name}.",
        )
    version = _whole(locked_version(version))
    if version.model.lifecycle == Lifecycle.RETIRED:
        raise Conflict(f"{version.model.name} is retired for good.", "Nothing of it can be waived.")
    judged = judge_version(version, environment, at=at)
    result = result_named(judged, entry.requirement)
    if problem := reason_not_to_waive(judged, entry.requirement):
        raise Conflict(problem, "Meet the requirement instead.")
    terms = terms_of(judged)
    if result is None or terms is None:  # reason_not_to_waive says so first
        raise Conflict("The policy changed meanwhile.", "Open the version again.")
    _refuse_short(entry)
    _refuse_date(entry.last_day, last_day_allowed(terms, at), at)
    pending = Waiver.objects.filter(
        model=version.model,
        environment=environment,
        requirement=entry.requirement,
        state=WaiverState.REQUESTED,
    )
    if known := pending.filter(version=version).first() or pending.filter(whole_model=True).first():
        raise Conflict(f"W-{known.pk} asks for this already.", "Wait for its answer, or withdraw it first.")
    waiver = Waiver.objects.create(
        model=version.model,
        version=version,
        whole_model=entry.whole_model,
        environment=environment,
        requirement=result.id,
        title=result.title,
        shortfall=str(result.detail.get("without") or result.reason),
        tier=judged.verdict.tier or "",
        why=entry.why.strip(),
        controls=entry.controls.strip(),
        last_day=entry.last_day,
        requested_by=requester,
        requested_at=at,
    )
    _record(
        Verb.WAIVER_REQUESTED, waiver, actor, at, why=waiver.why, controls=waiver.controls, scope=waiver.scope
    )
    _tell_approvers(waiver, judged, at)
    return waiver


def decide_on_waiver(
    *,
    waiver: Waiver,
    role: str,
    approves: bool,
    note: str,
    password: str,
    approver: User,
    actor: Actor,
    at: datetime,
) -> Waiver:
    """Approve the waiver in a role, or refuse it for everybody. With the last role's approval it is granted.

    Whoever may not is refused, and that is recorded in a transaction of its own.
    """
    proved = prove_again(approver, password, actor=actor, at=at)  # slow by design, so before any row is held
    try:
        with transaction.atomic():
            return _decide(waiver, role, approves, note.strip(), proved, approver, actor, at)
    except Refusal as refusal:
        with transaction.atomic():
            _record(
                Verb.WAIVER_DENIED, waiver, actor, at, role=role[:40], approves=approves, reason=str(refusal)
            )
        raise


def _decide(
    waiver: Waiver,
    role: str,
    approves: bool,
    note: str,
    proved: str,
    approver: User,
    actor: Actor,
    at: datetime,
) -> Waiver:
    waiver, judged = _held(waiver, at)
    table = table_for(waiver, judged, approver)
    if waiver.state != WaiverState.REQUESTED:
        raise Conflict(
            f"The waiver is {waiver.get_state_display().lower()} already.", "There is nothing to decide."
        )
    _refuse_unless_mine(table, role)
    refuse_administrator(approver)
    if approves:
        _refuse_what_cannot_be_granted(waiver, judged, at)
    elif len(note) < SHORTEST:
        raise Invalid(
            "Say why not; it stands in the record.", f"At least {SHORTEST} characters.", field="note"
        )
    if len(note) > LONGEST_NOTE:
        raise Invalid("The note is too long.", f"Keep it under {LONGEST_NOTE} characters.", field="note")
    if not proved:
        raise WrongPassword
    if not approves:
        return _end(waiver, WaiverState.REFUSED, Verb.WAIVER_REFUSED, note, approver, actor, at, role=role)
    WaiverApproval.objects.create(
        waiver=waiver,
        role=role,
        person=approver,
        note=note,
        authenticated_by=f"{actor.authenticated_by}, {proved} again"[:80],
        at=at,
    )
    if len(table.missing) > 1:
        _record(Verb.WAIVER_APPROVED, waiver, actor, at, role=role, note=note)
        return waiver
    waiver.state, waiver.granted_at = WaiverState.GRANTED, at
    waiver.save(update_fields=["state", "granted_at"])
    _record(
        Verb.WAIVER_GRANTED, waiver, actor, at, role=role, note=note, last_day=waiver.last_day.isoformat()
    )
    _tell_team(waiver, f"{waiver.title} is waived for {waiver.scope} until {waiver.last_day}.", at)
    return waiver


def _refuse_unless_mine(table: Table, role: str) -> None:
    if role in table.mine:
        return
    can = (
        f"Who can: {', '.join(table.who)}." if table.who else "Nobody can now; an administrator grants roles."
    )
    why = table.reasons or (f"It does not wait for {a_role(role)}.",)
    raise NotAllowed(f"You cannot decide on this waiver. {' '.join(why)}", can)


def _refuse_what_cannot_be_granted(waiver: Waiver, judged: Judged, at: datetime) -> None:
    if problem := reason_not_to_waive(judged, waiver.requirement):
        raise Conflict(problem, "Refuse it, or let its requester withdraw it.")
    terms = terms_of(judged)
    if terms is not None:
        _refuse_date(waiver.last_day, last_day_allowed(terms, at), at)


@transaction.atomic
def end_waiver(*, waiver: Waiver, reason: str, user: User, actor: Actor, at: datetime) -> Waiver:
    """Take back what was asked for, or revoke what was granted. The gate denies from then on."""
    waiver, judged = _held(waiver, at)
    if waiver.state not in (WaiverState.REQUESTED, WaiverState.GRANTED):
        raise Conflict(f"The waiver is {waiver.get_state_display().lower()} already.")
    if not may_end(user, waiver, judged):
        raise NotAllowed(
            "Only who asked, the model's team and the roles that approve waivers can end this one.",
            f"Ask {waiver.requested_by.name}.",
        )
    reason = reason.strip()
    if len(reason) < SHORTEST:
        raise Invalid(
            "A reason is needed; it stands in the record.",
            f"Say why in at least {SHORTEST} characters.",
            field="reason",
        )
    if waiver.state == WaiverState.REQUESTED:
        return _end(waiver, WaiverState.WITHDRAWN, Verb.WAIVER_WITHDRAWN, reason, user, actor, at)
    return _end(waiver, WaiverState.REVOKED, Verb.WAIVER_REVOKED, reason, user, actor, at)


def _end(
    waiver: Waiver,
    state: WaiverState,
    verb: Verb,
    reason: str,
    user: User,
    actor: Actor,
    at: datetime,
    **detail: object,
) -> Waiver:
    waiver.state, waiver.ended_at, waiver.ended_by = state, at, user
    waiver.ended_reason = reason[:LONGEST_TEXT]
    waiver.save(update_fields=["state", "ended_at", "ended_by", "ended_reason"])
    _record(verb, waiver, actor, at, reason=waiver.ended_reason, **detail)
    if state != WaiverState.WITHDRAWN:
        _tell_team(waiver, f"The waiver of {waiver.title} for {waiver.scope} was {state.label.lower()}.", at)
    return waiver


def _held(waiver: Waiver, at: datetime) -> tuple[Waiver, Judged]:
    """The waiver with everything that changes by it, held until the transaction ends, and how things stand."""
    version = waiver.version
    if waiver.whole_model:
        locked_model(version.model)
    version = _whole(locked_version(version))
    rows = Waiver.objects.select_for_update(of=("self",)).select_related("model__owner", "requested_by")
    held = rows.get(pk=waiver.pk)
    held.version = version
    return held, judge_version(version, held.environment, at=at)


def _whole(version: ModelVersion) -> ModelVersion:
    return ModelVersion.objects.select_related("model", *VERSION_RELATIONS).get(pk=version.pk)


def _refuse_short(entry: WaiverEntry) -> None:
    for field, text, what in (
        ("why", entry.why, "why the requirement cannot be met"),
        ("controls", entry.controls, "what is done instead"),
    ):
        if len(text.strip()) < SHORTEST:
            raise Invalid(f"Say {what}.", f"At least {SHORTEST} characters.", field=field)
        if len(text.strip()) > LONGEST_TEXT:
            raise Invalid("The text is too long.", f"Keep it under {LONGEST_TEXT:,} characters.", field=field)


def _refuse_date(last_day: date, latest: date, at: datetime) -> None:
    if last_day < at.date():
        raise Invalid("The last day lies in the past.", "Choose a later one.", field="last_day")
    if last_day > latest:
        raise Invalid(
            f"The policy lets a waiver count until {latest.day} {latest:%B %Y} at the latest.",
            "Choose an earlier day; a waiver can be asked for again.",
            field="last_day",
        )


def _record(verb: Verb, waiver: Waiver, actor: Actor, at: datetime, **detail: object) -> None:
    known = {"waiver": waiver.pk, "environment": waiver.environment, "requirement": waiver.requirement}
    record(verb, subject=waiver.ref, actor=actor, at=at, detail={**known, **detail})


def _tell_approvers(waiver: Waiver, judged: Judged, at: datetime) -> None:
    roles = table_for(waiver, judged, waiver.requested_by).missing
    evidence = judged.evidence
    barred = {*evidence.involved, *evidence.recused, waiver.requested_by.username}
    holders = User.objects.filter(grants__role__in=roles, is_active=True).exclude(username__in=barred)
    asked = listed(Role(role).label.lower() for role in roles)
    notify(
        who_see(holders.distinct(), waiver.model),
        kind="waiver",
        text=f"{waiver.requested_by.name} asks to waive {waiver.title} for {waiver.scope} ({asked}).",
        url=reverse("riskreview:waiver", args=[waiver.pk]),
        key=f"waiver-{waiver.pk}-asked",
        at=at,
    )


def _tell_team(waiver: Waiver, text: str, at: datetime) -> None:
    notify(
        [waiver.requested_by, waiver.model.owner],
        kind="waiver",
        text=text,
        url=reverse("riskreview:waiver", args=[waiver.pk]),
        key=f"waiver-{waiver.pk}-{waiver.state}",
        at=at,
    )
