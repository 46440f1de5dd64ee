"""Changes of a model as a whole: its inventory entry, and whether it is in use at all."""

from datetime import datetime

from django.db import transaction

from accounts.refusals import Conflict, Invalid
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from registry.actions.locking import locked_model
from registry.entries import STORED, ModelEntry, checked_entry, entry_of
from registry.models import Lifecycle, RegisteredModel, Team
from registry.names import refuse_bad_slug


@transaction.atomic
def create_model(*, slug: str, entry: ModelEntry, actor: Actor, at: datetime) -> RegisteredModel:
    """Enter a use of machine learning into the inventory."""
    refuse_bad_slug(slug)
    entry = checked_entry(entry)
    if RegisteredModel.objects.filter(slug=slug).exists():
        raise Conflict(
            f"A model {slug} exists already.", "Choose another short name, or add a version to it."
        )
    values = {name: getattr(entry, name) for name in STORED}
    model = RegisteredModel.objects.create(slug=slug, created_at=at, **values)
    model.developers.set(entry.developers)
    said = {name: value for name, value in entry.told().items() if value}
    record(Verb.MODEL_CREATED, subject=model.ref, actor=actor, at=at, detail=said)
    return model


@transaction.atomic
def change_model(
    *, model: RegisteredModel, entry: ModelEntry, note: str = "", actor: Actor, at: datetime
) -> RegisteredModel:
    """Correct the entry of a model. The record keeps what each changed field said before, and the note."""
    model = locked_model(model)
    refuse_retired(model)
    before = entry_of(model)
    entry = checked_entry(entry, before.custom)
    if entry.kind != model.kind and model.versions.exists():
        raise Conflict(
            f"{model.name} has versions, so its kind stays {model.get_kind_display().lower()}.",
            "Create another model for another kind of answer.",
        )
    was, now = before.told(), entry.told()
    changes: dict[str, object] = {
        name: {"was": was.get(name), "is": now.get(name)}
        for name in [*was, *(name for name in now if name not in was)]
        if was.get(name) != now.get(name)
    }
    if not changes:
        return model
    team, stays_closed = team_of(model), model.closed is None and leaves_closed_team(model, entry.team)
    for name in STORED:
        setattr(model, name, getattr(entry, name))
    model.closed = True if stays_closed else model.closed
    model.save(update_fields=[*STORED, "closed"])
    model.developers.set(entry.developers)
    remember_team(model, team, at)
    said: dict[str, object] = {"note": note.strip()[:2000]} if note.strip() else {}
    said |= {"closed": {"was": None, "is": True}} if stays_closed else {}
    record(Verb.MODEL_CHANGED, subject=model.ref, actor=actor, at=at, detail=changes | said)
    return model


def team_of(model: RegisteredModel) -> set[str]:
    """User names of owner and developers."""
    return {model.owner.username, *model.developers.values_list("username", flat=True)}


def leaves_closed_team(model: RegisteredModel, team: str) -> bool:
    """Whether another team would open the model to everybody, which is not for whoever corrects its entry to say."""
    closed = set(Team.objects.filter(name__in=(model.team, team), closed=True).values_list("name", flat=True))
    return model.team in closed and team not in closed


def remember_team(model: RegisteredModel, before: set[str], at: datetime) -> None:
    """Whoever left the team is remembered: leaving makes nobody independent of what was made before."""
    left = before - team_of(model)
    if left:
        model.former_team = model.former_team | dict.fromkeys(sorted(left), at.isoformat())
        model.save(update_fields=["former_team"])


@transaction.atomic
def suspend_model(*, model: RegisteredModel, reason: str, actor: Actor, at: datetime) -> RegisteredModel:
    """Take a model out of use: from now on the gate denies each of its versions everywhere."""
    return _stop(model, Lifecycle.SUSPENDED, Verb.MODEL_SUSPENDED, reason, actor, at)


@transaction.atomic
def retire_model(*, model: RegisteredModel, reason: str, actor: Actor, at: datetime) -> RegisteredModel:
    """End a model for good. Its history stays."""
    return _stop(model, Lifecycle.RETIRED, Verb.MODEL_RETIRED, reason, actor, at)


@transaction.atomic
def resume_model(*, model: RegisteredModel, reason: str, actor: Actor, at: datetime) -> RegisteredModel:
    """Put a suspended model back into use; the gate judges its versions as it did before."""
    model = locked_model(model)
    refuse_retired(model)
    if model.lifecycle == Lifecycle.ACTIVE:
        raise Conflict(f"{model.name} is in use; there is nothing to resume.")
    reason = _reason(reason)
    was = model.lifecycle_reason
    model.lifecycle, model.lifecycle_reason = Lifecycle.ACTIVE, ""
    model.save(update_fields=["lifecycle", "lifecycle_reason"])
    detail = {"reason": reason, "was_suspended_because": was}
    record(Verb.MODEL_RESUMED, subject=model.ref, actor=actor, at=at, detail=detail)
    return model


def _stop(
    model: RegisteredModel, state: Lifecycle, verb: Verb, reason: str, actor: Actor, at: datetime
) -> RegisteredModel:
    model = locked_model(model)
    refuse_retired(model)
    if model.lifecycle == state:
        raise Conflict(f"{model.name} is {state.label.lower()} already: {model.lifecycle_reason}")
    model.lifecycle, model.lifecycle_reason = state, _reason(reason)
    model.save(update_fields=["lifecycle", "lifecycle_reason"])
    record(verb, subject=model.ref, actor=actor, at=at, detail={"reason": model.lifecycle_reason})
    return model


def _reason(text: str) -> str:
    if not text.strip():
        raise Invalid(
            "A reason is needed; it stands in the record.", "Say why in a sentence.", field="reason"
        )
    return text.strip()[:2000]


def refuse_retired(model: RegisteredModel) -> None:
    """Raises Conflict for a model that has ended."""
    if model.lifecycle == Lifecycle.RETIRED:
        raise Conflict(f"{model.name} is retired for good.", "Register a new model for a new use.")
