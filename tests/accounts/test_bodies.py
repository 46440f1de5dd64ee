"""JSON bodies of the API: as large as the call takes, and no larger."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.test import Client

from accounts.api import LARGEST_JSON, MIB, BoundedJSONParser
from accounts.problems import Problem

Api = Callable[..., Client]


def padded(size: int) -> bytes:
    """A JSON body of so many bytes."""
    return b'{"model":"' + b"x" * (size - 12) + b'"}'


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["gate/decisions", "deployments", "models"])
def test_a_body_that_is_too_large_is_answered_413(path: str, api: Api) -> None:
    client = api("gate", "registry:write")
    answer = client.post(f"/api/v1/{path}", padded(LARGEST_JSON + 1), content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (413, "application/problem+json")
    assert "larger than 5 MiB" in answer.json()["detail"]
    just = client.post(f"/api/v1/{path}", padded(LARGEST_JSON), content_type="application/json")
    assert just.status_code == 400


@pytest.mark.django_db
def test_many_models_at_once_may_take_more(api: Api) -> None:
    client = api("registry:write")
    answer = client.put("/api/v1/models", padded(LARGEST_JSON + 1), content_type="application/json")
    assert answer.status_code == 400
    answer = client.put("/api/v1/models", padded(32 * MIB + 1), content_type="application/json")
    assert answer.status_code == 413


def test_a_body_of_unknown_length_is_counted_and_read_no_further() -> None:
    class Endless:
        """Sends for as long as somebody reads."""

        read_so_far = 0

        def read(self, size: int) -> bytes:
            self.read_so_far += size
            return b" " * size

    stream: Any = Endless()
    with pytest.raises(Problem) as refused:
        BoundedJSONParser().parse(stream)
    assert refused.value.status == 413
    assert stream.read_so_far == LARGEST_JSON + 1
    assert BoundedJSONParser().parse(BytesIO(b'{"a": 1}')) == {"a": 1}
