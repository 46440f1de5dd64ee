from dataclasses import replace
from types import SimpleNamespace

import pytest

from accounts.refusals import Conflict, Invalid
from audit.models import Event
from registry.actions import change_model, create_model, resume_model, retire_model, suspend_model
from registry.entries import ModelEntry, entry_of
from registry.models import Lifecycle, ModelKind, RegisteredModel
from tests.builders import a_model, a_version
from tests.conftest import AT, actor_of_user
from tests.registry.conftest import Verbs


def test_a_model_is_created_with_its_team_and_one_event(cast: SimpleNamespace, verbs: Verbs) -> None:
    model = a_model(cast)

    assert (model.owner, list(model.developers.all())) == (cast.olga, [cast.dev])
    assert verbs() == ["model.created"]


@pytest.mark.parametrize(
    "slug", ["", "Credit", "credit_default", "a--b", "-a", "new", "x" * 65, "../up", "a b"]
)
def test_a_short_name_that_cannot_stand_in_an_address_is_refused(cast: SimpleNamespace, slug: str) -> None:
    with pytest.raises(Invalid) as refused:
        a_model(cast, slug)

    assert refused.value.field == "slug"
    assert not RegisteredModel.objects.exists()


def test_two_models_cannot_share_a_short_name(cast: SimpleNamespace, model: RegisteredModel) -> None:
    with pytest.raises(Conflict, match="credit-default exists already"):
        a_model(cast)


@pytest.mark.parametrize(
    ("field", "value"), [("name", " "), ("purpose", "too short"), ("kind", "guessing"), ("kind", "")]
)
def test_an_entry_that_says_too_little_is_refused(cast: SimpleNamespace, field: str, value: str) -> None:
    with pytest.raises(Invalid) as refused:
        a_model(cast, **{field: value})

    assert refused.value.field == field


def test_nobody_who_cannot_log_in_answers_for_a_model(cast: SimpleNamespace) -> None:
    cast.olga.is_active = False
    cast.olga.save()

    with pytest.raises(Invalid, match="Olga Lindqvist can no longer log in"):
        a_model(cast)


def test_a_change_keeps_what_each_field_said_before(cast: SimpleNamespace, model: RegisteredModel) -> None:
    entry = replace(entry_of(model), name="Credit default (PD)", developers=[])
    change_model(model=model, entry=entry, actor=actor_of_user(cast.olga), at=AT)

    detail = Event.objects.get(verb="model.changed").detail
    assert detail == {
        "name": {"was": "Credit default", "is": "Credit default (PD)"},
        "developers": {"was": ["dev"], "is": []},
    }


def test_a_change_of_nothing_records_nothing(
    cast: SimpleNamespace, model: RegisteredModel, verbs: Verbs
) -> None:
    change_model(model=model, entry=entry_of(model), actor=actor_of_user(cast.olga), at=AT)

    assert verbs() == ["model.created"]


def test_the_kind_is_fixed_once_there_is_a_version(cast: SimpleNamespace, model: RegisteredModel) -> None:
    a_version(cast, model)

    with pytest.raises(Conflict, match="its kind stays binary classification"):
        change_model(
            model=model,
            entry=replace(entry_of(model), kind=ModelKind.REGRESSION),
            actor=actor_of_user(cast.olga),
            at=AT,
        )


def test_suspending_and_resuming_need_a_reason_and_are_recorded(
    cast: SimpleNamespace, model: RegisteredModel, verbs: Verbs
) -> None:
    actor = actor_of_user(cast.ada)
    with pytest.raises(Invalid, match="reason"):
        suspend_model(model=model, reason="  ", actor=actor, at=AT)

    stopped = suspend_model(model=model, reason="Complaints from the branch", actor=actor, at=AT)
    assert (stopped.lifecycle, stopped.lifecycle_reason) == (
        Lifecycle.SUSPENDED,
        "Complaints from the branch",
    )

    resumed = resume_model(model=model, reason="The cause was a wrong feed", actor=actor, at=AT)
    assert (resumed.lifecycle, resumed.lifecycle_reason) == (Lifecycle.ACTIVE, "")
    assert verbs() == ["model.created", "model.suspended", "model.resumed"]


def test_a_retired_model_stays_retired_and_unchanged(cast: SimpleNamespace, model: RegisteredModel) -> None:
    actor = actor_of_user(cast.olga)
    retire_model(model=model, reason="Replaced", actor=actor, at=AT)

    for deed in (suspend_model, resume_model, retire_model):
        with pytest.raises(Conflict, match="retired for good"):
            deed(model=model, reason="Again", actor=actor, at=AT)
    with pytest.raises(Conflict, match="retired"):
        a_version(cast, model)


def test_no_event_without_the_model(cast: SimpleNamespace, verbs: Verbs) -> None:
    with pytest.raises(Invalid):
        create_model(
            slug="ok",
            entry=ModelEntry(name="Ok", purpose="short", kind=ModelKind.BINARY, owner=cast.olga),
            actor=actor_of_user(cast.olga),
            at=AT,
        )

    assert verbs() == []
