"""A pseudonym in place of a leaver's name, in the tables. The record keeps the name: it would not verify without it.

Two people do it, because nothing brings the name back. The event stands under the old name and attests the rows as they
are from then on, so that record and tables agree, and whoever reads the record can still tell who it was.
"""

import secrets
from datetime import datetime

from django.db import transaction

from accounts.models import Notice, Parting, Role, User
from accounts.proving.again import prove_again
from accounts.reasons import reason_given
from accounts.refusals import Conflict, Invalid, NotAllowed
from accounts.scim.models import ScimPerson
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from governance.handover.naming import models_naming
from governance.handover.queries import holds_nothing
from registry.actions.locking import locked_model
from registry.models import RegisteredModel

DECIDERS = (Role.ADMINISTRATOR, Role.COMPLIANCE_OFFICER)
SHORTEST_REASON, LONGEST_REASON = 10, 500
FORMER = "Former employee"


@transaction.atomic
def ask_parting(*, person: User, why: str, asker: User, actor: Actor, at: datetime) -> Parting:
    """Ask that the name of somebody who left goes."""
    _refuse_unless_decider(asker)
    why = reason_given(why, SHORTEST_REASON, LONGEST_REASON, field="why")
    person = User.objects.select_for_update().get(pk=person.pk)
    _refuse_unready(person, at)
    if Parting.objects.filter(person=person).exists():
        raise Conflict("It was asked for already.", "A second person confirms it.")
    parting = Parting.objects.create(person=person, why=why, asked_by=asker, asked_at=at)
    record(Verb.PARTING_ASKED, subject=person.ref, actor=actor, at=at, detail={"why": why})
    return parting


@transaction.atomic
def withdraw_parting(*, parting: Parting, user: User, actor: Actor, at: datetime) -> None:
    """Let the name stand: whoever asked takes it back, or a second person refuses."""
    _refuse_unless_decider(user)
    held = _open(parting)
    ref = held.person.ref
    held.delete()
    record(Verb.PARTING_WITHDRAWN, subject=ref, actor=actor, at=at)


def confirm_parting(*, parting: Parting, password: str, confirmer: User, actor: Actor, at: datetime) -> User:
    """Take the name out of the tables, for good, as the second person."""
    _refuse_unless_decider(confirmer)
    proved = prove_again(confirmer, password, actor=actor, at=at)
    if not proved:
        raise Invalid("This is not your password or code.", "Nothing was changed.", field="password")
    with transaction.atomic():
        held = _open(parting)
        if confirmer.pk in (held.asked_by_id, held.person_id):
            raise NotAllowed("You asked for it, so somebody else confirms.")
        _refuse_unready(held.person, at)
        person, was, name = held.person, held.person.ref, held.person.name
        models = models_naming(person)
        _rename(person)
        _forget_ways_in(person, at)
        _rename_in_models(models, was.removeprefix("user:"), person.username)
        _rename_in_notices(name, person)
        held.confirmed_by, held.done_at = confirmer, at
        held.save(update_fields=["confirmed_by", "done_at"])
        detail = {"pseudonym": person.username, "asked_by": held.asked_by.ref, "proved_by": proved}
        record(Verb.USER_PSEUDONYMISED, subject=was, actor=actor, at=at, detail=detail | {"why": held.why})
        return person


def _refuse_unless_decider(user: User) -> None:
    if not user.holds(*DECIDERS):
        raise NotAllowed("Only an administrator or a compliance officer has a name taken out.")


def _refuse_unready(person: User, at: datetime) -> None:
    if person.is_active:
        raise Conflict(f"{person.name} can still log in.", "Disable the account first.")
    if not holds_nothing(person, at):
        raise Conflict(f"{person.name} still holds something.", "Hand it over first.")


def _open(parting: Parting) -> Parting:
    held = (
        Parting.objects.select_for_update(of=("self", "person"))
        .select_related("person", "asked_by")
        .filter(pk=parting.pk, done_at=None)
        .first()
    )
    if held is None:
        raise Conflict("This was decided already.")
    return held


def _rename(person: User) -> None:
    """A random number, which tells nothing of the name."""
    number = secrets.token_hex(4)
    while User.objects.filter(username=f"former-{number}").exists():
        number = secrets.token_hex(4)
    person.username, person.first_name, person.last_name = f"former-{number}", FORMER, number
    person.email, person.last_login = "", None
    person.set_unusable_password()
    person.save()


def _forget_ways_in(person: User, at: datetime) -> None:
    """Second factors, accounts elsewhere and the inbox; the provider knows the account no more."""
    for rows in (person.factors, person.recovery_codes, person.identities, person.notices):
        for row in rows.all():
            row.delete()
    for kept in ScimPerson.objects.filter(person=person):
        kept.user_name, kept.external_id, kept.left_at = person.username, "", kept.left_at or at
        kept.save(update_fields=["user_name", "external_id", "left_at"])


def _rename_in_models(models: list[RegisteredModel], was: str, now: str) -> None:
    """What is remembered of these models holds the name, so it is gathered anew."""
    for model in models:
        held = locked_model(model)
        if was in held.former_team:
            held.former_team = {
                (now if name == was else name): until for name, until in held.former_team.items()
            }
            held.save(update_fields=["former_team"])


def _rename_in_notices(name: str, person: User) -> None:
    for notice in Notice.objects.filter(text__contains=name):
        notice.text = notice.text.replace(name, person.name)[:300]
        notice.save(update_fields=["text"])
