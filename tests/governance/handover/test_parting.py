"""The name of a leaver goes out of the tables, by two people; what the record says still verifies."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import models, transaction
from django.test import Client
from django.utils import timezone

from accounts.actions import create_user, set_active
from accounts.models import Identity, Notice, User
from accounts.notices import notify
from accounts.refusals import Conflict
from accounts.scim.actions import take_in
from accounts.scim.wire import Wanted
from audit.actions import record
from audit.adoption import adopt_rows
from audit.agreement import compare_rows
from audit.checkpoints import make_checkpoint
from audit.models import Event
from audit.sequencer import sequence_pending
from audit.verbs import Verb
from registry.models import ModelVersion
from riskreview.judgement import judge_version
from tests import builders
from tests.conftest import AT, PASSWORD, actor_of_user

pytestmark = pytest.mark.django_db
WHY = "Request for erasure of 20 November."
KEPT_BY_THE_RECORD = {"audit.event"}
"""Tables that keep the name: the events, which would not verify without it."""


@pytest.fixture
def zoe(cast: SimpleNamespace) -> User:
    """Zoë came by SCIM, validated a model, and left."""
    token, now = builders.a_scim_token(cast), timezone.now()
    actor = actor_of_user(cast.adam)
    wanted = Wanted("zoe.quist@example.org", "oid-zoe", "Zoë", "Quist", "zoe.quist@example.org")
    zoe = take_in(wanted=wanted, token=token, actor=actor, at=now).person
    Identity.objects.create(person=zoe, issuer="https://idp.example", subject="oid-zoe", linked_at=now)
    notify([cast.ada], kind="role", text="Zoë Quist is validator.", url="/", key="zoe", at=now)
    notify([zoe], kind="role", text="You are validator.", url="/", key="zoe", at=now)
    return zoe


@pytest.fixture
def version(cast: SimpleNamespace, zoe: User) -> ModelVersion:
    """She signed for it, and had belonged to its team once."""
    builders.active_policy(cast)
    version = builders.ready_to_sign(cast)
    zoe.grants.create(role="validator", granted_at=AT)
    zoe.set_password(PASSWORD)
    zoe.save()
    zoe = User.objects.get(pk=zoe.pk)
    builders.a_signature(version.reviews.get(), zoe, "validator")
    with transaction.atomic():
        version.model.former_team = {zoe.username: "2020-01-01T00:00:00+00:00"}
        version.model.save(update_fields=["former_team"])
        record(Verb.MODEL_CHANGED, subject=version.model.ref, actor=actor_of_user(cast.olga), at=AT)
    set_active(user=zoe, active=False, actor=actor_of_user(cast.adam), at=timezone.now())
    return ModelVersion.objects.get(pk=version.pk)


def part(cast: SimpleNamespace, client_of: Callable[[User], Client], zoe: User) -> User:
    """Adam asks, Carl confirms."""
    asked = client_of(cast.adam).post(f"/handovers/{zoe.username}/parting/", {"why": WHY})
    assert asked.status_code == 302, asked.content
    body = {"password": PASSWORD}
    done = client_of(cast.carl).post(f"/handovers/{zoe.username}/parting/confirm/", body)
    assert done.status_code == 302, done.content
    return User.objects.get(pk=zoe.pk)


def tables_that_say(*words: str) -> set[str]:
    """Every table in which one of these words stands in a text or in JSON."""
    found = set()
    for model in apps.get_models():
        texts = [
            field.attname
            for field in model._meta.concrete_fields
            if isinstance(field, models.CharField | models.TextField | models.JSONField)
        ]
        rows = model._base_manager.values_list(*texts) if texts else ()
        if any(word in str(row) for row in rows for word in words):
            found.add(model._meta.label_lower)
    return found


def test_the_name_is_in_no_table_but_the_record_which_still_verifies(
    cast: SimpleNamespace, zoe: User, version: ModelVersion, client_of: Callable[[User], Client]
) -> None:
    before = judge_version(version, "production", at=AT)
    adopt_rows(at=timezone.now())  # the cast, which no event tells of
    assert "accounts.user" in tables_that_say("Quist", "zoequist", "oid-zoe")
    former = part(cast, client_of, zoe)
    assert tables_that_say("Quist", "zoe.quist", "zoequist", "oid-zoe") == KEPT_BY_THE_RECORD
    assert former.username.startswith("former-") and former.first_name == "Former employee"
    assert (former.email, former.has_usable_password(), former.is_active) == ("", False, False)
    assert not Notice.objects.filter(person=former).exists()
    assert f"{former.name} is validator." == Notice.objects.get(person=cast.ada, key="zoe").text
    sequence_pending()
    make_checkpoint(timezone.now())
    call_command("audit", "verify")  # raises where log and tables do not agree
    assert compare_rows().uncovered_rows == 0
    event = Event.objects.get(verb="user.pseudonymised")
    assert (event.subject, event.detail["pseudonym"]) == ("user:zoequist", former.username)
    row = (event.attests or {})[f"accounts.user:{former.pk}"]
    assert row["username"] == former.username
    version = ModelVersion.objects.get(pk=version.pk)
    after = judge_version(version, "production", at=AT)
    assert after.digest == before.digest
    assert [item.result for item in after.verdict.requirements] == [
        item.result for item in before.verdict.requirements
    ]
    assert list(version.model.former_team) == [former.username]


def test_pages_show_the_pseudonym_and_the_trail_what_the_record_says(
    cast: SimpleNamespace, zoe: User, version: ModelVersion, client_of: Callable[[User], Client]
) -> None:
    former, carl = part(cast, client_of, zoe), client_of(cast.carl)
    for path in ("/people/", "/access/", f"/handovers/{former.username}/"):
        page = carl.get(path).content.decode()
        assert former.name in page and "Quist" not in page, path
    assert "Zoë Quist" in carl.get("/audit/?q=zoequist").content.decode()


def test_two_people_are_needed(cast: SimpleNamespace, zoe: User, client_of: Callable[[User], Client]) -> None:
    set_active(user=zoe, active=False, actor=actor_of_user(cast.adam), at=AT)
    adam, place = client_of(cast.adam), f"/handovers/{zoe.username}/parting/"
    assert adam.post(place, {"why": WHY}).status_code == 302
    assert adam.post(f"{place}confirm/", {"password": PASSWORD}).status_code == 403
    assert client_of(cast.carl).post(f"{place}confirm/", {"password": "wrong"}).status_code == 400
    assert client_of(cast.ada).post(f"{place}confirm/", {"password": PASSWORD}).status_code == 403
    zoe.refresh_from_db()
    assert zoe.last_name == "Quist"
    client_of(cast.carl).post(f"{place}withdraw/")
    assert client_of(cast.carl).post(f"{place}confirm/", {"password": PASSWORD}).status_code == 404
    assert Event.objects.filter(verb="user.parting_withdrawn", subject=zoe.ref).exists()


def test_not_while_they_can_log_in_or_still_hold_something(
    cast: SimpleNamespace, client_of: Callable[[User], Client]
) -> None:
    builders.a_model(cast)
    adam = client_of(cast.adam)
    answer = adam.post("/handovers/olga/parting/", {"why": WHY})
    assert (answer.status_code, "can still log in" in answer.content.decode()) == (409, False)
    set_active(user=cast.olga, active=False, actor=actor_of_user(cast.adam), at=AT)
    assert adam.post("/handovers/olga/parting/", {"why": WHY}).status_code == 409
    assert not Event.objects.filter(verb="user.parting_asked").exists()


def test_nobody_comes_back_and_nobody_gets_the_name(
    cast: SimpleNamespace, zoe: User, version: ModelVersion, client_of: Callable[[User], Client]
) -> None:
    former = part(cast, client_of, zoe)
    adam = actor_of_user(cast.adam)
    with pytest.raises(Conflict, match="closed for good"):
        set_active(user=former, active=True, actor=adam, at=AT)
    client_of(cast.adam).post(f"/people/{former.username}/active/", {"active": "yes"})
    former.refresh_from_db()
    assert not former.is_active
    with pytest.raises(Conflict, match="is taken"):
        create_user(
            username="zoequist", first_name="Z", last_name="Q", email="", password=None, actor=adam, at=AT
        )
    token = former.provisioned.token
    again = take_in(
        wanted=Wanted("zoe.quist@example.org", "oid-zoe", "Zoë", "Quist"), token=token, actor=adam, at=AT
    )
    assert again.person_id != former.pk and again.person.username == "zoequist-2"
