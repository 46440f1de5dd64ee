"""Changes of a model as a whole: its inventory entry, and whether it is in use at all."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.refusals import Conflict, Invalid
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from registry.actions.locking import locked_model
from registry.models import Lifecycle, ModelKind, RegisteredModel
from registry.names import refuse_bad_slug

SHORTEST_PURPOSE = 20


@transaction.atomic
def create_model(
    *,
    slug: str,
    name: str,
    purpose: str,
    decides: str = "",
    business_line: str = "",
    kind: str,
    owner: User,
    developers: Collection[User] = (),
    actor: Actor,
    at: datetime,
) -> RegisteredModel:
    """Enter a use of machine learning into the inventory."""
    refuse_bad_slug(slug)
    _refuse_bad_entry(name, purpose, kind, owner, developers)
    if RegisteredModel.objects.filter(slug=slug).exists():
        raise Conflict(
            f"A model {slug} exists already.", "Choose another short name, or add a version to it."
        )
    model = RegisteredModel.objects.create(
        slug=slug,
        name=name.strip(),
        purpose=purpose.strip(),
        decides=decides.strip(),
        business_line=business_line.strip(),
        kind=kind,
        owner=owner,
        created_at=at,
    )
    model.developers.set(developers)
    record(Verb.MODEL_CREATED, subject=model.ref, actor=actor, at=at, detail=_entry(model))
    return model


@transaction.atomic
def change_model(
    *,
    model: RegisteredModel,
    name: str,
    purpose: str,
    decides: str,
    business_line: str,
    kind: str,
    owner: User,
    developers: Collection[User],
    actor: Actor,
    at: datetime,
) -> RegisteredModel:
    """Correct the entry of a model. The record keeps what each changed field said before."""
    model = locked_model(model)
    _refuse_retired(model)
    _refuse_bad_entry(name, purpose, kind, owner, developers)
    if kind != model.kind and model.versions.exists():
        raise Conflict(
            f"{model.name} has versions, so it stays a {model.get_kind_display().lower()} model.",
            "Create another model for another kind of answer.",
        )
    before = _entry(model)
    model.name, model.purpose, model.decides = name.strip(), purpose.strip(), decides.strip()
    model.business_line, model.kind, model.owner = business_line.strip(), kind, owner
    model.save()
    model.developers.set(developers)
    now = _entry(model)
    changes = {key: {"was": before[key], "is": now[key]} for key in now if now[key] != before[key]}
    if changes:
        record(Verb.MODEL_CHANGED, subject=model.ref, actor=actor, at=at, detail=changes)
    return model


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
    _refuse_retired(model)
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
    _refuse_retired(model)
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


def _refuse_retired(model: RegisteredModel) -> None:
    if model.lifecycle == Lifecycle.RETIRED:
        raise Conflict(f"{model.name} is retired for good.", "Register a new model for a new use.")


def _refuse_bad_entry(name: str, purpose: str, kind: str, owner: User, developers: Collection[User]) -> None:
    if not name.strip() or len(name.strip()) > 120:
        raise Invalid("The name needs 1 to 120 characters.", field="name")
    if len(purpose.strip()) < SHORTEST_PURPOSE:
        raise Invalid(
            "The purpose is too short to judge the model by.",
            f"Say in at least {SHORTEST_PURPOSE} characters what it is used for.",
            field="purpose",
        )
    if kind not in ModelKind.values:
        raise Invalid(
            f"{kind or 'Nothing'} is not a kind; choose {', '.join(ModelKind.values)}.", field="kind"
        )
    for place, people in (("owner", [owner]), ("developers", list(developers))):
        gone = next((person for person in people if not person.is_active), None)
        if gone is not None:
            raise Invalid(f"{gone.name} can no longer log in.", "Choose somebody else.", field=place)


def _entry(model: RegisteredModel) -> dict[str, object]:
    return {
        "name": model.name,
        "purpose": model.purpose,
        "decides": model.decides,
        "business_line": model.business_line,
        "kind": str(model.kind),
        "owner": model.owner.username,
        "developers": sorted(model.developers.values_list("username", flat=True)),
    }
