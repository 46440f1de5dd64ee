"""What a pack would change: counted right, worked out by a worker, stopped when asked."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError

from accounts.refusals import Conflict, NotAllowed
from audit.models import Event
from evaluations.jobs import claim
from evaluations.models import JobStatus
from policy.pack import load_pack
from registry.actions import record_deployment
from registry.models import Lifecycle, ModelVersion
from riskreview.models import Simulation
from riskreview.policies.packs import active_pack, pack_of
from riskreview.policies.simulation import Impact, in_short, simulate
from riskreview.policies.simulations import bury_simulation, cancel_simulation, request_simulation
from riskreview.tasks import run_simulation
from tests import builders
from tests.conftest import AT, actor_of_user

pytestmark = pytest.mark.django_db
STRICTER = (
    "at_least: 0.65, applies_to",
    "at_least: 0.79, applies_to",
)  # the version's AUC has a low end of 0.78


@pytest.fixture
def signed(cast: SimpleNamespace, version: ModelVersion) -> ModelVersion:
    """The version, allowed everywhere and deployed to production."""
    review = version.reviews.get()
    builders.a_signature(review, cast.viktor, "validator")
    builders.a_signature(review, cast.ada, "risk_officer")
    decision = builders.a_decision(cast, version)
    dev = actor_of_user(cast.dev)
    record_deployment(
        version=version, environment="production", decision_id=str(decision.pk), actor=dev, at=AT
    )
    return version


def impact_of(cast: SimpleNamespace, before: str = "", after: str = "") -> Impact:
    active = active_pack()
    candidate = pack_of(builders.another_pack(cast, before, after))
    return simulate(candidate, active[1] if active else None, at=AT, told=lambda done, of: True)


def test_the_same_pack_changes_nothing(cast: SimpleNamespace, signed: ModelVersion) -> None:
    impact = impact_of(cast)
    assert (impact.versions, impact.changes) == (1, [])
    assert [counts.stay_allow for counts in impact.environments.values()] == [1, 1, 1]
    assert in_short(impact.as_json(), active=True) == "Activating this changes no answer."


def test_a_stricter_pack_denies_what_runs_and_says_why(cast: SimpleNamespace, signed: ModelVersion) -> None:
    builders.made_ready(cast, builders.a_version(cast, builders.a_model(cast, "unsigned")))

    impact = impact_of(cast, *STRICTER)

    assert (impact.versions, impact.denied, impact.denied_deployed, impact.allowed) == (2, 2, 1, 0)
    first = impact.changes[0]
    assert (first.model, first.environment, first.to, first.deployed) == (
        "credit-default",
        "production",
        "deny",
        True,
    )
    assert first.why[0].startswith("Performs well enough: AUC lower bound 0.780, asked at least 0.790.")
    assert [(item.model, item.environment) for item in impact.changes[1:]] == [
        ("unsigned", "staging"),
        ("credit-default", "staging"),
    ]
    production = impact.environments["production"]
    assert (production.to_deny, production.deployed_to_deny, production.stay_deny) == (1, 1, 1)
    said = in_short(impact.as_json(), active=True)
    assert said == "Activating this denies 2 versions that are allowed today, 1 of them deployed."


def test_a_looser_pack_allows_and_says_what_no_longer_stands_in_the_way(
    cast: SimpleNamespace, version: ModelVersion
) -> None:
    text = "    - signoff.validator\n    - signoff.risk_officer\n    critical"
    impact = impact_of(cast, text, "    critical")
    [change] = impact.changes
    assert (change.to, change.environment, change.deployed) == ("allow", "production", False)
    assert change.why[0].startswith("Validator signs: No validator has signed.")


def test_without_a_policy_everything_is_denied_today(cast: SimpleNamespace) -> None:
    builders.a_version(cast, builders.a_model(cast))
    impact = impact_of(cast)
    assert {item.to for item in impact.changes} <= {"allow"}
    assert sum(counts.stay_deny + counts.to_allow for counts in impact.environments.values()) == 3


def test_versions_of_retired_models_are_left_out(cast: SimpleNamespace, signed: ModelVersion) -> None:
    type(signed.model).objects.filter(pk=signed.model_id).update(
        lifecycle=Lifecycle.RETIRED, lifecycle_reason="No longer needed."
    )
    assert impact_of(cast, *STRICTER).versions == 0


def test_the_number_of_queries_does_not_grow_within_a_part(
    cast: SimpleNamespace, signed: ModelVersion, django_assert_max_num_queries: Any
) -> None:
    candidate, text = pack_of(builders.another_pack(cast)), builders.DEFAULT_PACK.read_text()
    against = load_pack(text, source="x")
    for slug in ("one", "two", "three"):
        builders.made_ready(cast, builders.a_version(cast, builders.a_model(cast, slug)))
    with django_assert_max_num_queries(20):
        assert simulate(candidate, against, at=AT, told=lambda done, of: True).versions == 4


def test_a_worker_keeps_the_result_with_digests_and_moment(
    cast: SimpleNamespace, signed: ModelVersion
) -> None:
    pack = builders.another_pack(cast, *STRICTER)
    preview = builders.a_preview(cast, pack)

    assert (preview.status, preview.pack_digest) == (JobStatus.SUCCEEDED, pack.digest)
    assert preview.against is not None and preview.against_digest == preview.against.digest
    assert preview.as_of is not None and preview.result is not None and preview.result["denied_deployed"] == 1
    assert preview.result_digest.startswith("sha256:")
    told = [event.verb for event in Event.objects.filter(subject=preview.ref).order_by("id")]
    assert told == ["policy.simulation_requested", "policy.simulated"]


def test_one_preview_of_a_pack_is_enough_for_everybody(cast: SimpleNamespace, version: ModelVersion) -> None:
    pack = builders.another_pack(cast)
    one = request_simulation(pack=pack, requester=cast.carl, actor=actor_of_user(cast.carl), at=AT)
    assert request_simulation(pack=pack, requester=cast.ada, actor=actor_of_user(cast.ada), at=AT) == one
    with pytest.raises(NotAllowed):
        request_simulation(pack=pack, requester=cast.dev, actor=actor_of_user(cast.dev), at=AT)
    with pytest.raises(IntegrityError):
        Simulation.objects.create(pack=pack, pack_digest="x", requested_by=cast.carl, requested_at=AT)


def test_a_preview_that_was_stopped_writes_nothing(cast: SimpleNamespace, version: ModelVersion) -> None:
    pack, carl = builders.another_pack(cast), actor_of_user(cast.carl)
    asked = request_simulation(pack=pack, requester=cast.carl, actor=carl, at=AT)
    cancel_simulation(simulation=asked, user=cast.adam, actor=actor_of_user(cast.adam), at=AT)
    run_simulation(asked.pk)
    asked.refresh_from_db()
    assert (asked.status, asked.result, asked.failure) == ("cancelled", None, "Stopped by Adam Weiss.")
    with pytest.raises(Conflict, match="ended already"):
        cancel_simulation(simulation=asked, user=cast.adam, actor=actor_of_user(cast.adam), at=AT)


def test_a_preview_that_lost_its_worker_too_often_says_so(
    cast: SimpleNamespace, version: ModelVersion
) -> None:
    pack = builders.another_pack(cast)
    asked = request_simulation(pack=pack, requester=cast.carl, actor=actor_of_user(cast.carl), at=AT)
    assert claim(Simulation, asked.pk, at=AT)
    bury_simulation(asked.pk, "The worker stopped answering.", AT)
    asked.refresh_from_db()
    assert (asked.status, asked.failure) == ("failed", "The worker stopped answering.")
