"""Changing many models at once: all of them or none, each with its own event and the note that says why."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from accounts.refusals import Invalid, NotAllowed
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from registry.access import STOPPERS, may_change_team, may_edit
from registry.actions.links import tag_model
from registry.actions.locking import locked_model
from registry.actions.models import remember_team, team_of
from registry.models import Lifecycle, ModelTag, RegisteredModel
from registry.names import refuse_bad_tag

MOST_AT_ONCE = 1_000


def may_change_any(user: User) -> bool:
    """Whether the person reassigns and tags models of others: risk and compliance officers do."""
    return user.holds(*STOPPERS)


@transaction.atomic
def hand_over(
    *,
    models: QuerySet[RegisteredModel],
    owner: User | None,
    changer: User,
    note: str,
    actor: Actor,
    at: datetime,
) -> int:
    """Give the models to another owner; answers how many changed hands."""
    if owner is None or not owner.is_active:
        raise Invalid("Choose who takes them over.", field="owner")
    note = _note(note)
    changed = 0
    for model in _changeable(models, changer):
        held = locked_model(model)
        if held.owner_id == owner.pk:
            continue
        if not may_change_team(changer, held):
            raise NotAllowed(
                f"Only {held.owner.name}, or an officer outside its team, hands {held.name} over.",
                "Nothing was changed.",
            )
        was, team = held.owner.username, team_of(held)
        held.owner = owner
        held.save(update_fields=["owner"])
        remember_team(held, team, at)
        detail = {"owner": {"was": was, "is": owner.username}, "note": note}
        record(Verb.MODEL_CHANGED, subject=held.ref, actor=actor, at=at, detail=detail)
        changed += 1
    return changed


@transaction.atomic
def tag_models(
    *,
    models: QuerySet[RegisteredModel],
    tag: str,
    add: bool,
    changer: User,
    note: str,
    actor: Actor,
    at: datetime,
) -> int:
    """Put a tag on the models, or take it off; answers how many changed."""
    refuse_bad_tag(tag)
    note = _note(note)
    there = set(ModelTag.objects.filter(name=tag, model__in=models).values_list("model_id", flat=True))
    chosen = [model for model in _changeable(models, changer) if (model.pk in there) != add]
    for model in chosen:
        change: dict[str, list[str]] = {"add" if add else "remove": [tag]}
        tag_model(model=model, note=note, actor=actor, at=at, **change)
    return len(chosen)


def _changeable(models: QuerySet[RegisteredModel], changer: User) -> Iterable[RegisteredModel]:
    """The models in the order of their keys, so that two people at once do not wait for each other for ever."""
    chosen = list(models.select_related("owner").order_by("pk")[: MOST_AT_ONCE + 1])
    if not chosen:
        raise Invalid("No model is selected.", "Tick the models first.")
    if len(chosen) > MOST_AT_ONCE:
        raise Invalid(f"More than {MOST_AT_ONCE:,} models are selected.", "Change them in parts.")
    retired = [model.name for model in chosen if model.lifecycle == Lifecycle.RETIRED]
    if retired:
        raise Invalid(f"{retired[0]} is retired for good.", "Take it out of the selection.")
    if not may_change_any(changer):
        others = [model.name for model in chosen if not may_edit(changer, model)]
        if others:
            raise NotAllowed(
                f"You can change only models that you own or develop; {others[0]} is another's.",
                "Nothing was changed. A risk or compliance officer can.",
            )
    return chosen


def _note(text: str) -> str:
    if not text.strip():
        raise Invalid("A reason is needed; it stands in the record.", "Say why in a sentence.", field="note")
    return text.strip()[:500]
