"""Whose turn it is."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from registry.models import ModelVersion, RegisteredModel
from riskreview.models import Decision, Review, Risk
from riskreview.queue import queue_for
from riskreview.queue_items import OTHER, OVERDUE
from riskreview.reviews.queries.reviews import review_rows
from tests.builders import (
    a_card,
    a_dataset,
    a_model,
    a_risk,
    a_signature,
    a_tier,
    a_version,
    active_policy,
    ready_to_sign,
)
from tests.conftest import AT


@pytest.fixture
def model(cast: SimpleNamespace) -> RegisteredModel:
    return a_model(cast)


def waits(user: User) -> list[tuple[str, str]]:
    return [(item.kind, item.title) for item in queue_for(user, AT)]


FOR_PRODUCTION = "Credit default v1 for production"


def test_a_signature_is_asked_of_those_who_can_give_it(cast: SimpleNamespace, review: Review) -> None:
    assert waits(cast.viktor) == [("signature", FOR_PRODUCTION)]
    assert waits(cast.ada) == [("signature", FOR_PRODUCTION)]
    for name in ("olga", "dev", "carl", "etta", "bea", "aud", "adam"):
        assert waits(getattr(cast, name)) == []


def test_what_is_signed_waits_no_more_until_the_evidence_changes(
    cast: SimpleNamespace, review: Review
) -> None:
    a_signature(review, cast.viktor, "validator")
    assert waits(cast.viktor) == []

    a_card(cast, review.version, caveats="Not for applicants with less than 6 months of history.")

    (item,) = queue_for(cast.viktor, AT)
    assert (item.kind, item.shape, item.due_on) == ("stale", "stale", review.due_on)
    assert "the card changed" in item.why


def test_a_request_for_changes_is_the_makers_turn_and_then_the_signers(
    cast: SimpleNamespace, review: Review
) -> None:
    a_signature(review, cast.viktor, "validator", Decision.REQUEST_CHANGES)
    assert waits(cast.viktor) == []
    assert waits(cast.olga) == waits(cast.dev) == [("changes", FOR_PRODUCTION)]

    a_card(cast, review.version, caveats="What was asked for stands here now, in full.")
    assert waits(cast.viktor) == [("signature", FOR_PRODUCTION)]
    assert waits(cast.dev) == []


def test_a_vetoed_review_waits_for_no_signature(cast: SimpleNamespace, review: Review) -> None:
    a_signature(review, cast.carl, "compliance_officer", Decision.REJECT)

    assert waits(cast.viktor) == waits(cast.ada) == []
    assert waits(cast.dev) == [("veto", FOR_PRODUCTION)]


def test_open_conditions_wait_for_the_makers(cast: SimpleNamespace, review: Review) -> None:
    conditions = [("Weekly approval ratio", AT.date() + timedelta(days=3))]
    a_signature(review, cast.viktor, "validator", Decision.APPROVE_WITH_CONDITIONS, conditions=conditions)

    (item,) = queue_for(cast.dev, AT)
    assert (item.kind, item.due_on) == ("condition", conditions[0][1])
    (late,) = queue_for(cast.dev, AT + timedelta(days=10))
    assert late.primary and not item.primary


def test_a_tier_waits_for_a_risk_officer(cast: SimpleNamespace) -> None:
    a_tier(cast, a_model(cast), confirmed=False)

    assert waits(cast.ada) == [("tier", "Confirm the tier of Credit default")]
    assert waits(cast.viktor) == []


def test_overdue_comes_first_then_production_then_the_date(cast: SimpleNamespace) -> None:
    active_policy(cast)
    for slug, days, environment in (
        ("later", 9, "production"),
        ("soon", 2, "production"),
        ("overdue", -2, "production"),
    ):
        version = ready_to_sign(cast, slug=slug)
        Review.objects.filter(version=version).update(
            due_on=AT.date() + timedelta(days=days), environment=environment
        )
    a_tier(cast, a_model(cast, "unconfirmed"), confirmed=False)

    titles = [title.split()[0] for _, title in waits(cast.ada)]
    assert titles == ["Overdue", "Soon", "Later", "Confirm"]


def queries_of(user: User) -> int:
    with CaptureQueriesContext(connection) as captured:
        queue_for(User.objects.get(pk=user.pk), AT)
    return len(captured)


@pytest.mark.parametrize("name", ["ada", "olga"])
def test_the_queue_takes_the_same_queries_for_one_review_and_for_many(
    cast: SimpleNamespace, review: Review, name: str
) -> None:
    user = getattr(cast, name)
    a_tier(cast, a_model(cast, "unconfirmed"), confirmed=False)
    one = queries_of(user)
    for slug in ("second", "third"):
        version = ready_to_sign(cast, slug=slug)
        a_signature(
            Review.objects.get(version=version),
            cast.viktor,
            "validator",
            Decision.APPROVE_WITH_CONDITIONS,
            conditions=[("Report", AT.date())],
        )
    a_tier(cast, a_model(cast, "unconfirmed-too"), confirmed=False)

    assert queries_of(user) <= one + 1  # the conditions of signatures are fetched once there are any
    assert queries_of(user) == queries_of(user)


def test_the_list_of_reviews_takes_the_same_queries_for_two_and_for_four(
    cast: SimpleNamespace, review: Review
) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            review_rows(user=cast.ada, at=AT)
        return len(captured)

    a_signature(Review.objects.get(version=ready_to_sign(cast, slug="second")), cast.viktor, "validator")
    two = count()
    for slug in ("third", "fourth"):
        a_signature(Review.objects.get(version=ready_to_sign(cast, slug=slug)), cast.viktor, "validator")

    assert count() == two and len(review_rows(user=cast.ada, at=AT)) == 4


def test_a_failed_evaluation_waits_for_the_makers(cast: SimpleNamespace, version: ModelVersion) -> None:
    run = version.evaluations.get(kind="fairness")
    type(run).objects.filter(pk=run.pk).update(status="failed", failure="Out of memory")

    assert ("evaluation", "Fairness of Credit default v1") in waits(cast.dev)
    assert all(kind != "evaluation" for kind, _ in waits(cast.ada))


def test_retired_models_wait_for_nobody(cast: SimpleNamespace, review: Review) -> None:
    model = a_model(cast, "old")
    a_version(cast, model)
    a_dataset(cast, "unused")
    type(model).objects.filter(pk=review.version.model_id).update(
        lifecycle="retired", lifecycle_reason="Replaced"
    )

    assert waits(cast.viktor) == waits(cast.ada) == []


def test_risks_wait_for_their_owner_and_for_whoever_may_accept_them(
    cast: SimpleNamespace, model: RegisteredModel
) -> None:
    a_risk(cast, model, "FAI-01")  # rated, treated, to be looked at in 90 days
    assert waits(cast.olga) == []
    a_risk(cast, model, "FAI-02", before=None)
    assert waits(cast.olga) == [("risk", str(Risk.objects.get(catalogue_id="FAI-02")))]
    a_risk(cast, model, "FAI-03", before=None)
    assert waits(cast.olga) == [("risk", "2 risks of Credit default")]
    borne = a_risk(cast, model, "ACC-01", (5, 4), (4, 4))
    assert waits(cast.carl) == []  # its owner means to mitigate it
    Risk.objects.filter(pk=borne.pk).update(treatment="accept")
    (item,) = queue_for(cast.carl, AT)
    assert (item.title, item.action) == (str(borne), "Decide") and "high after controls" in item.why
    assert waits(cast.ada) == [] and ("risk", str(borne)) not in waits(cast.olga)
    model.developers.add(cast.carl)
    assert waits(cast.carl) == []


@pytest.mark.parametrize(("days", "urgency"), [(75, None), (77, OTHER), (91, OVERDUE)])
def test_a_review_of_a_risk_waits_from_two_weeks_before(
    cast: SimpleNamespace, model: RegisteredModel, days: int, urgency: int | None
) -> None:
    a_risk(cast, model)
    found = queue_for(cast.olga, AT + timedelta(days=days))
    assert [(item.kind, item.urgency) for item in found] == ([] if urgency is None else [("risk", urgency)])
