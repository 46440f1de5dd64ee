"""Who sees what: a model by itself, and a team for all of its models."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.refusals import Conflict, Invalid
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from registry.models import RegisteredModel, Team

SHORTEST_REASON = 10
WORDS = {None: "as its team", True: "its own people", False: "everybody"}


@transaction.atomic
def set_visibility(
    *, model: RegisteredModel, closed: bool | None, reason: str, actor: Actor, at: datetime
) -> RegisteredModel:
    """Say who sees the model: its own people, everybody, or (None) whoever its team's setting lets."""
    reason = _reason(reason)
    model = RegisteredModel.objects.select_for_update(of=("self",)).get(
        pk=model.pk
    )  # no evidence: no new stamp
    if model.closed is closed:
        raise Conflict(f"Who sees {model.name} is set so already.", "Nothing was changed.")
    was, model.closed = model.closed, closed
    model.save(update_fields=["closed"])
    detail = {"visible_to": {"was": WORDS[was], "is": WORDS[closed]}, "reason": reason}
    record(Verb.MODEL_VISIBILITY, subject=model.ref, actor=actor, at=at, detail=detail)
    return model


@transaction.atomic
def change_team(
    *, name: str, closed: bool, members: Collection[User], reason: str, actor: Actor, at: datetime
) -> Team:
    """Say whether only its own people see a team's models, and who is of it beside owners and developers."""
    reason = _reason(reason)
    gone = next((person for person in members if not person.is_active), None)
    team = Team.objects.select_for_update().filter(name=name).first() or Team(name=name)
    before = set(team.members.values_list("username", flat=True)) if team.pk else set()
    if gone is not None and gone.username not in before:
        raise Invalid(f"{gone.name} can no longer log in.", "Choose somebody else.", field="members")
    now = {person.username for person in members}
    if team.pk and team.closed == closed and before == now:
        raise Conflict(f"The team {name} is set so already.", "Nothing was changed.")
    was, team.closed = team.closed, closed
    team.save()
    team.members.set(members)
    detail = {
        "visible_to": {"was": WORDS[was], "is": WORDS[closed]},
        "joined": sorted(now - before),
        "left": sorted(before - now),
        "reason": reason,
    }
    record(Verb.TEAM_CHANGED, subject=team.ref, actor=actor, at=at, detail=detail)
    return team


def _reason(text: str) -> str:
    if len(text.strip()) < SHORTEST_REASON:
        raise Invalid(
            "Say why; it stands in the record.",
            f"Write at least {SHORTEST_REASON} characters.",
            field="reason",
        )
    return text.strip()[:2000]
