"""The whole API against its own OpenAPI document: no input makes it break, and answers are as they are promised."""

import os
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.test import Client
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.models import Scope
from audit.checkpoints import make_checkpoint
from audit.sequencer import sequence_pending
from tests import builders
from tests.conftest import AT

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    response_schema_conformance,
    response_headers_conformance,
    content_type_conformance,
]
METHODS = {"get", "post", "put", "patch", "delete"}
TIMES = int(os.environ.get("COUNTERSIGN_FUZZ", "1"))
"""How many times as many inputs as in CI; `make fuzz` sets it."""
CLASSES: dict[str, tuple[str, tuple[str, ...]]] = {
    **{f"only {scope}": ("dev", (scope,)) for scope in Scope.values},
    **{f"everything as {name}": (name, ()) for name in ("olga", "viktor", "ada", "aud", "adam")},
}
"""Whose key, with which scopes (none named: all): every class of permission that the API knows."""
IN_CI = ("only gate", "everything as aud")
"""Tried in every run, beside the key that may do all; `make fuzz` tries each of them. Which scope opens which call is
tried for all of them by tests/test_doors.py."""


def with_every_input(examples: int) -> Callable[..., Any]:
    """Hypothesis, the same in every run and without a word about slow data."""
    return settings(
        max_examples=examples * TIMES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture
def key(cast: SimpleNamespace, api: Callable[..., Client]) -> dict[str, str]:
    """A small installation, and the header of a key that may do everything in it."""
    builders.active_policy(cast)
    builders.ready_to_sign(cast)
    sequence_pending()
    make_checkpoint(AT)
    return {"Authorization": api().defaults["HTTP_AUTHORIZATION"]}


@pytest.fixture
def operations(key: dict[str, str]) -> list[Any]:
    """Every call that the document lists."""
    document = schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", get_wsgi_application())
    found = [result.ok() for result in document.get_all_operations() if isinstance(result, Ok)]
    assert len(found) > 15
    return found


def broken_words(operations: list[Any], headers: dict[str, str], examples: int) -> list[str]:
    """What the document does not promise, call by call; one that breaks does not hide the others."""
    broken = []
    for operation in operations:

        @with_every_input(examples)
        @given(operation.as_strategy())
        def call(case: Any) -> None:
            case.call_and_validate(headers=headers, checks=CHECKS)

        try:
            call()
        except (Failure, FailureGroup) as failure:
            reasons = getattr(failure, "exceptions", [failure])
            broken += [f"{operation.label}: {reason}" for reason in reasons]
    return broken


def test_the_api_keeps_its_word_whatever_it_is_sent(operations: list[Any], key: dict[str, str]) -> None:
    assert (broken := broken_words(operations, key, 20)) == [], "\n\n".join(broken)


@pytest.mark.parametrize("name", CLASSES if TIMES > 1 else IN_CI)
def test_it_keeps_its_word_to_every_class_of_key(
    operations: list[Any],
    cast: SimpleNamespace,
    api: Callable[..., Client],
    name: str,
) -> None:
    owner, scopes = CLASSES[name]
    caller = api(*scopes, owner=getattr(cast, owner))
    headers = {"Authorization": caller.defaults["HTTP_AUTHORIZATION"]}
    assert (broken := broken_words(operations, headers, 1)) == [], "\n\n".join(broken)


def test_nothing_of_it_opens_without_a_key(operations: list[Any]) -> None:
    answers = {}
    for operation in operations:

        @with_every_input(1)
        @given(operation.as_strategy())
        def call(case: Any) -> None:
            if "slug" in case.path_parameters:  # another text may lead to no address at all
                case.path_parameters["slug"] = "credit-default"
            if "server" in case.path_parameters:
                case.path_parameters["server"] = "research"
            answers[case.operation.label] = case.call().status_code

        call()
    shapes = ("evaluation-result", "policy-pack")  # what a result and a pack look like is no secret
    public = {f"GET /api/v1/schemas/{name}": 200 for name in shapes}
    assert {label: status for label, status in answers.items() if status != 401} == public


def test_the_document_is_sound_and_leaves_nothing_out(operations: list[Any], tmp_path: Any) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml"))
    documented = {operation.label for operation in operations}
    assert "POST /api/v1/gate/decisions" in documented
    assert {label.split()[0].lower() for label in documented} <= METHODS
