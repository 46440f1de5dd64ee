"""Keys of pipelines: shown once, kept as a digest, with an end."""

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.actions import create_key
from accounts.authentication import KeyThrottle
from accounts.keys import key_for, make_key
from accounts.models import ApiKey, User
from audit.models import Event
from tests.conftest import actor_of_user

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
TEXT = re.compile(r"cs_[0-9a-f]{8}_[\w-]{43}")


def make(client: Client, **changes: Any) -> Any:
    tomorrow = (timezone.localdate() + timedelta(days=30)).isoformat()
    return client.post("/keys/", {"name": "ci-retail", "scopes": ["gate"], "expires_on": tomorrow} | changes)


def test_a_fresh_key_is_shown_once_and_kept_as_a_digest(cast: SimpleNamespace, client_of: ClientOf) -> None:
    client = client_of(cast.adam)
    page = make(client).content.decode()
    shown = TEXT.search(page)
    assert shown is not None
    key = ApiKey.objects.get()
    assert key.sha256 == hashlib.sha256(shown[0].encode()).hexdigest()
    assert key_for(shown[0]) == key
    assert TEXT.search(client.get("/keys/").content.decode()) is None
    event = Event.objects.get(verb="key.created")
    assert event.subject == "key:ci-retail"
    assert shown[0] not in event.payload


def test_a_secret_has_256_random_bits(cast: SimpleNamespace) -> None:
    secrets = {make_key().text.split("_", 2)[2] for _ in range(100)}
    assert len(secrets) == 100
    assert min(len(secret) for secret in secrets) == 43


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"scopes": []}, "This field is required"),
        ({"scopes": ["root"]}, "root"),
        ({"name": "two words"}, "letters, numbers, underscores or hyphens"),
        ({"expires_on": "2020-01-01"}, "between tomorrow and two years"),
        ({"expires_on": "2999-01-01"}, "between tomorrow and two years"),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(
    changes: dict[str, Any], words: str, cast: SimpleNamespace, client_of: ClientOf
) -> None:
    assert words in make(client_of(cast.adam), **changes).content.decode()
    assert not ApiKey.objects.exists()


def test_two_keys_cannot_have_one_name(cast: SimpleNamespace, client_of: ClientOf) -> None:
    client = client_of(cast.adam)
    make(client)
    assert "exists already" in make(client).content.decode()
    assert ApiKey.objects.count() == 1


def a_key(cast: SimpleNamespace, expires: timedelta | None = None) -> tuple[ApiKey, Client]:
    expires_at = timezone.now() + expires if expires else None
    key, fresh = create_key(
        name="ci",
        scopes=["registry:read"],
        owner=cast.dev,
        expires_at=expires_at,
        actor=actor_of_user(cast.adam),
        at=timezone.now() - timedelta(days=2),
    )
    return key, Client(headers={"Authorization": f"Bearer {fresh.text}"})


def test_a_key_opens_until_it_ends(cast: SimpleNamespace) -> None:
    key, client = a_key(cast, expires=timedelta(hours=1))
    assert client.get("/api/v1/models").status_code == 200
    ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now())
    answer = client.get("/api/v1/models")
    assert answer.status_code == 401
    assert "expired" in answer.json()["detail"]


def test_a_revoked_key_opens_nothing(cast: SimpleNamespace, client_of: ClientOf) -> None:
    key, client = a_key(cast)
    administrator = client_of(cast.adam)
    assert administrator.post(f"/keys/{key.pk}/revoke/").status_code == 302
    assert client.get("/api/v1/models").status_code == 401
    administrator.post(f"/keys/{key.pk}/revoke/")
    assert Event.objects.filter(verb="key.revoked").count() == 1


def test_the_last_use_is_kept_to_the_minute(cast: SimpleNamespace) -> None:
    key, client = a_key(cast)
    client.get("/api/v1/models")
    key.refresh_from_db()
    first = key.last_used_at
    assert first is not None
    client.get("/api/v1/models")
    key.refresh_from_db()
    assert key.last_used_at == first


def test_a_changed_secret_does_not_open(cast: SimpleNamespace) -> None:
    _, client = a_key(cast)
    text = str(client.defaults["HTTP_AUTHORIZATION"])
    changed = text[:-1] + ("a" if text[-1] != "a" else "b")
    assert Client(headers={"Authorization": changed}).get("/api/v1/models").status_code == 401


def test_too_many_calls_are_told_when_to_come_back(
    cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    monkeypatch.setattr(KeyThrottle, "THROTTLE_RATES", {"key": "2/min"})
    _, client = a_key(cast)
    answers = [client.get("/api/v1/models") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 0 < int(answers[2]["Retry-After"]) <= 61
    assert answers[2]["Content-Type"] == "application/problem+json"


def test_what_the_api_does_not_know_is_a_problem_document(cast: SimpleNamespace, api: Any) -> None:
    answer = api().get("/api/v1/nothing")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["instance"] == f"urn:request:{answer['X-Request-ID']}"
    answer = api().delete("/api/v1/models")
    assert answer.status_code in (403, 405)
    assert answer["Content-Type"] == "application/problem+json"


def test_the_owner_s_end_is_the_key_s_end(cast: SimpleNamespace) -> None:
    _, client = a_key(cast)
    User.objects.filter(pk=cast.dev.pk).update(is_active=False)
    assert client.get("/api/v1/models").status_code == 401
