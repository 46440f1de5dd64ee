"""How far a model has come, derived from what is known of it."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.test import Client

from accounts.models import User
from governance.portfolio.stages import STAGES, stage_of
from registry.actions import record_deployment, retire_model, suspend_model
from registry.models import ModelVersion
from tests import builders
from tests.conftest import AT, actor_of_user

TABLE: list[tuple[str, list[str], list[str], bool, str]] = [
    ("active", [], [], False, "proposed"),
    ("active", ["draft"], ["development"], False, "in_development"),
    ("active", ["rejected"], [], False, "in_development"),
    ("active", ["evaluating"], [], False, "in_development"),
    ("active", ["evaluating"], [], True, "in_validation"),
    ("active", ["in_review"], ["staging"], False, "in_validation"),
    ("active", ["lapsed"], [], False, "in_validation"),
    ("active", ["draft", "approved"], ["staging"], False, "approved"),
    ("active", ["approved"], ["production"], False, "in_use"),
    ("active", ["rejected"], ["production"], False, "in_use"),
    ("suspended", ["approved"], ["production"], True, "suspended"),
    ("retired", ["retired"], ["production"], False, "retired"),
]


@pytest.mark.parametrize(("lifecycle", "statuses", "deployed_in", "review_open", "stage"), TABLE)
def test_the_stage_follows_from_what_is_known(
    lifecycle: str, statuses: list[str], deployed_in: list[str], review_open: bool, stage: str
) -> None:
    assert stage_of(lifecycle, statuses, deployed_in, review_open=review_open) == stage
    assert stage in STAGES


@pytest.mark.django_db
def test_page_and_api_tell_the_same_stage_through_a_life(
    cast: SimpleNamespace, client_of: Callable[[User], Client], api: Callable[..., Client]
) -> None:
    builders.active_policy(cast)
    page, calls = client_of(cast.aud), api("registry:read")

    def stage() -> str:
        told = str(calls.get("/api/v1/models/credit-default").json()["stage"])
        assert page.get("/models/credit-default/").context["stage"] == told
        return told

    version = builders.ready_to_sign(cast)
    assert stage() == "in_validation"
    builders.a_signature(version.reviews.get(), cast.viktor, "validator")
    builders.a_signature(version.reviews.get(), cast.ada, "risk_officer")
    assert stage() == "approved"
    _deploy(cast, version)
    assert stage() == "in_use"
    ada = actor_of_user(cast.ada)
    suspend_model(model=version.model, reason="Complaints", actor=ada, at=AT)
    assert stage() == "suspended"
    retire_model(model=version.model, reason="Replaced", actor=ada, at=AT)
    assert stage() == "retired"


def _deploy(cast: SimpleNamespace, version: ModelVersion) -> None:
    record_deployment(
        version=version, environment="production", decision_id="d-1", actor=actor_of_user(cast.dev), at=AT
    )
