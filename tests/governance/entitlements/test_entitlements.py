"""Who can do what, and reviews in which each entry is kept or taken away by somebody else."""

import json
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actions import create_key, set_active
from accounts.models import ApiKey, Role, RoleGrant, Scope, User
from audit.models import Event
from governance.entitlements.actions import digest_of
from governance.entitlements.gather import entitlements
from governance.entitlements.models import AccessReview, ReviewEntry
from governance.pipelines.models import TrustRule
from tests import builders
from tests.conftest import actor_of_user
from tests.downloads import streamed
from tests.forms import send

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
WHY = "Access review of the quarter."


@pytest.fixture
def world(cast: SimpleNamespace) -> SimpleNamespace:
    """Dev owns nothing but develops; Bea left with a finding; one key never ends, one pipeline never asked."""
    now, adam = timezone.now(), actor_of_user(cast.adam)
    RoleGrant.objects.update(granted_at=now - timedelta(days=100))
    RoleGrant.objects.create(user=cast.carl, role=Role.ADMINISTRATOR, granted_at=now)  # from before
    cast.model = builders.a_model(cast)
    create_key(name="ci-old", scopes=[Scope.GATE], owner=cast.adam, expires_at=None, actor=adam, at=now)
    builders.a_trust_rule(cast)
    set_active(user=cast.bea, active=False, actor=adam, at=now)
    User.objects.filter(pk=cast.olga.pk).update(last_login=now)
    return cast


def test_every_right_is_listed_with_what_deserves_a_look(world: SimpleNamespace, client_of: ClientOf) -> None:
    found = {item.name: item for item in entitlements(timezone.now())}
    flags = {name: {str(flag) for flag in item.flags} for name, item in found.items()}
    assert flags["role:dev/developer"] == {"unused"}
    assert flags["role:olga/owner"] == set()
    assert flags["role:bea/business_approver"] == {"disabled", "unused"}
    assert flags["key:ci-old"] == {"no_expiry"}
    assert flags["role:carl/compliance_officer"] == {"both", "unused"}
    assert found["model:credit-default/owner:olga"].what == "Owns Credit default"
    assert "model:credit-default/developer:dev" in found
    assert found["key:ci-old"].given_by == "Adam Weiss"
    assert any(name.startswith("pipeline:") for name in found)
    reader = client_of(world.aud)
    page = reader.get("/access/", {"flag": "disabled"}).content.decode()
    assert "Bea Castellano" in page
    assert "Dev Menon" not in page
    assert "Viktor Sahl" in reader.get("/access/", {"q": "viktor", "kind": "role"}).content.decode()
    text = streamed(reader.get("/access/", {"format": "csv", "flag": "no_expiry"}))
    assert [line.split(",")[1] for line in text.splitlines()] == ["name", "key:ci-old"]
    assert reader.get("/access/", {"format": "xlsx"}).status_code == 200
    assert Event.objects.filter(verb="access.exported", actor="user:aud").count() == 2
    assert client_of(world.ada).get("/access/").status_code == 403


def test_it_takes_a_fixed_number_of_queries(world: SimpleNamespace) -> None:
    with CaptureQueriesContext(
        connection,
    ) as few:
        entitlements(timezone.now())
    for number in range(5):
        user = User.objects.create_user(username=f"more-{number}")
        RoleGrant.objects.create(user=user, role=Role.OWNER, granted_at=timezone.now())
        builders.a_model(world, slug=f"more-{number}")
    with CaptureQueriesContext(connection) as many:
        entitlements(timezone.now())
    assert len(many) == len(few)


def test_a_review_keeps_or_takes_each_entry_and_ends_with_a_digest(
    world: SimpleNamespace, client_of: ClientOf
) -> None:
    carl, adam = client_of(world.carl), client_of(world.adam)
    assert client_of(world.aud).post("/access/reviews/", {"why": WHY}).status_code == 403
    assert carl.post("/access/reviews/", {"why": WHY}).status_code == 302
    review = AccessReview.objects.get()
    address = f"/access/reviews/{review.pk}/"
    assert carl.post("/access/reviews/", {"why": WHY}).status_code == 302
    assert AccessReview.objects.count() == 1
    pk = dict(review.entries.values_list("name", "pk"))
    own = carl.post(f"{address}decide/", _choice("keep", pk["role:carl/compliance_officer"]))
    assert (own.status_code, "Nobody decides on what they can do" in own.content.decode()) == (400, True)
    assert (
        carl.post(f"{address}decide/", _choice("keep", pk["key:ci-old"]) | {"reason": ""}).status_code == 400
    )
    handed = carl.post(f"{address}decide/", _choice("take", pk["model:credit-default/owner:olga"]))
    assert (handed.status_code, "handed over" in handed.content.decode()) == (409, True)
    rule = TrustRule.objects.get()
    gone = [pk["key:ci-old"], pk["role:bea/business_approver"], pk[rule.ref]]
    assert carl.post(f"{address}decide/", _choice("take", *gone)).status_code == 302
    assert ApiKey.objects.get(name="ci-old").revoked_at is not None
    assert not world.bea.grants.exists()
    rule.refresh_from_db()
    assert rule.off_at is not None
    assert carl.post(f"{address}finish/").status_code == 302
    review.refresh_from_db()
    assert review.finished_at is None
    left = review.entries.filter(outcome="open")
    theirs = [entry.pk for entry in left.exclude(holder=world.carl)]
    assert carl.post(f"{address}decide/", _choice("keep", *theirs)).status_code == 302
    RoleGrant.objects.get(user=world.carl, role=Role.ADMINISTRATOR).delete()  # gone meanwhile
    carls = [entry.pk for entry in left.exclude(name="role:carl/administrator")]
    assert adam.post(f"{address}decide/", _choice("keep", *carls)).status_code == 302
    assert send(adam, address, to="finish").status_code == 302
    review.refresh_from_db()
    assert review.digest == digest_of(review)
    told = Event.objects.get(verb="access.review_finished")
    assert told.detail["digest"] == review.digest
    assert told.detail["outcomes"] == {"open": 0, "kept": len(theirs) + len(carls), "taken": 3, "gone": 1}
    assert Event.objects.filter(verb="access.taken_away").count() == 3
    assert carl.post(f"{address}decide/", _choice("keep", *carls)).status_code == 409
    assert review.digest in adam.get(address).content.decode()
    assert not ReviewEntry.objects.filter(decided_by__isnull=True).exclude(outcome="gone").exists()


def test_a_person_takes_what_is_kept_about_them(world: SimpleNamespace, client_of: ClientOf) -> None:
    dev = client_of(world.dev)
    assert dev.get("/people/olga/data/").status_code == 403
    told = json.loads(streamed(dev.get("/people/dev/data/")))
    assert told["account"]["username"] == "dev"
    assert {item["what"] for item in told["can_do"]} == {"Developer", "Develops Credit default"}
    assert len(told["sessions"]) == 1
    assert told["events"][-1]["verb"] == "user.data_exported"
    assert world.dev.password not in json.dumps(told)
    assert Event.objects.get(verb="user.data_exported").subject == "user:dev"


def _choice(deed: str, *pks: int) -> dict[str, object]:
    return {"entries": list(pks), "do": deed, "reason": "The quarterly look at everything."}
