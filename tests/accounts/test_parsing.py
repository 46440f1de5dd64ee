"""A body that nests without end is refused by every call, before anybody walks through it."""

import json
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.parsing import DEEPEST

pytestmark = pytest.mark.django_db
CALLS = [("post", "models"), ("put", "models"), ("post", "gate/decisions"), ("post", "findings")]


def nested(levels: int) -> bytes:
    return b'{"context":' * levels + b"{}" + b"}" * levels


@pytest.mark.parametrize("body", [b"[" * 200_000, nested(100_000), nested(900), nested(DEEPEST)])
def test_a_body_that_is_too_deep_is_refused_in_words(body: bytes, api: Callable[..., Client]) -> None:
    client = api()
    for method, path in CALLS:
        answer = getattr(client, method)(f"/api/v1/{path}", body, content_type="application/json")
        assert answer.status_code == 400, path
        assert "deep" in answer.json()["detail"] or "JSON parse error" in answer.json()["detail"]


def test_what_is_as_deep_as_may_be_is_read(api: Callable[..., Client]) -> None:
    body = json.loads(nested(DEEPEST - 1)) | {"model": "nothing", "version": "1", "environment": "production"}
    answer = api().post("/api/v1/gate/decisions", json.dumps(body), content_type="application/json")
    assert answer.status_code == 404
    assert "There is no model nothing" in answer.json()["detail"]
