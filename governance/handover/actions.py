"""Handing over: all of what was ticked, or nothing. Each thing moves by its own action, with its own event."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.reasons import reason_given
from accounts.refusals import Invalid, NotAllowed
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from governance.handover.queries import held_by
from governance.handover.sorts import Giving

SHORTEST_NOTE, LONGEST_NOTE = 20, 300


@transaction.atomic
def hand_over(
    *,
    person: User,
    names: Collection[str],
    to: User | None,
    note: str,
    user: User,
    actor: Actor,
    at: datetime,
) -> int:
    """Give these things of the person to another one; what cannot be given ends. How many."""
    note = reason_given(note, SHORTEST_NOTE, LONGEST_NOTE, field="note")
    things = [thing for thing in held_by(person, user, at) if thing.name in names]
    if not things:
        raise Invalid("Tick at least one thing that they still hold.", field="things")
    given = [thing for thing in things if not thing.sort.ends]
    if given and (to is None or not to.is_active or to.pk == person.pk):
        raise Invalid("Choose who takes it over.", "Somebody else, who can log in.", field="to")
    if others := [thing for thing in things if not thing.mine_to_give]:
        raise NotAllowed(f"You cannot hand over {others[0].title}.", "Nothing was changed.")
    giving = Giving(to, note, user, actor, at)
    for thing in things:
        thing.sort.give(thing.row, giving)
    detail = {
        "to": to.ref if to and given else None,
        "given": [thing.name for thing in given],
        "ended": [thing.name for thing in things if thing.sort.ends],
        "note": note,
    }
    record(Verb.HANDED_OVER, subject=person.ref, actor=actor, at=at, detail=detail)
    return len(things)
