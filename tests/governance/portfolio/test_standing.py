"""The one word for a version's life, and the mark of each environment."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from evaluations.actions import request_evaluation
from governance.portfolio.standing import standing_of, standings
from registry.actions import retire_model
from registry.models import ModelVersion
from riskreview.models import Decision
from tests import builders
from tests.conftest import AT, actor_of_user

pytestmark = pytest.mark.django_db


def draft(cast: SimpleNamespace) -> ModelVersion:
    return builders.a_version(cast, builders.a_model(cast))


def evaluating(cast: SimpleNamespace) -> ModelVersion:
    version = draft(cast)
    dev = actor_of_user(cast.dev)
    request_evaluation(
        version=version,
        dataset=builders.a_dataset(cast),
        kind="performance",
        config={},
        requester=cast.dev,
        actor=dev,
        at=AT,
    )
    return version


def in_review(cast: SimpleNamespace) -> ModelVersion:
    return builders.ready_to_sign(cast)


def approved(cast: SimpleNamespace) -> ModelVersion:
    version = builders.ready_to_sign(cast)
    builders.a_signature(version.reviews.get(), cast.viktor, "validator")
    builders.a_signature(version.reviews.get(), cast.ada, "risk_officer")
    return version


def lapsed(cast: SimpleNamespace) -> ModelVersion:
    version = approved(cast)
    builders.a_card(cast, version, caveats="Not for applicants below the age of twenty.")
    return version


def rejected(cast: SimpleNamespace) -> ModelVersion:
    version = builders.ready_to_sign(cast)
    builders.a_signature(version.reviews.get(), cast.ada, "risk_officer", Decision.REJECT)
    return version


def prohibited(cast: SimpleNamespace) -> ModelVersion:
    version = draft(cast)
    builders.a_tier(cast, version.model, "prohibited")
    return version


def retired(cast: SimpleNamespace) -> ModelVersion:
    version = approved(cast)
    retire_model(
        model=version.model, reason="A better one took its place.", actor=actor_of_user(cast.olga), at=AT
    )
    return ModelVersion.objects.select_related("model").get(pk=version.pk)


LIVES: list[tuple[Callable[[SimpleNamespace], ModelVersion], str, str]] = [
    (draft, "draft", "no"),
    (evaluating, "evaluating", "no"),
    (in_review, "in_review", "no"),
    (approved, "approved", "ok"),
    (lapsed, "lapsed", "stale"),
    (rejected, "rejected", "no"),
    (prohibited, "rejected", "no"),
    (retired, "retired", "no"),
]


@pytest.mark.parametrize(("life", "status", "mark"), LIVES, ids=[row[0].__name__ for row in LIVES])
def test_the_word_says_where_a_version_stands(
    life: Callable[[SimpleNamespace], ModelVersion], status: str, mark: str, cast: SimpleNamespace
) -> None:
    builders.active_policy(cast)
    standing = standing_of(life(cast), at=AT)
    assert standing.status == status
    assert standing.marks["production"] == mark
    assert standing.answers["production"] == ("allow" if mark == "ok" else "deny")


def test_without_a_policy_nothing_is_approved(cast: SimpleNamespace) -> None:
    standing = standing_of(in_review(cast), at=AT)
    assert set(standing.answers.values()) == {"deny"}
    assert set(standing.marks.values()) == {"error"}


def test_many_versions_cost_no_more_queries_than_one(cast: SimpleNamespace) -> None:
    builders.active_policy(cast)
    versions = [builders.ready_to_sign(cast, slug=f"model-{number}") for number in range(4)]
    rows = list(
        ModelVersion.objects.filter(pk__in=[version.pk for version in versions]).select_related(
            "model__owner", "registered_by", "trained_on__owner"
        )
    )
    with CaptureQueriesContext(
        connection,
    ) as one:
        standings(rows[:1], at=AT)
    with CaptureQueriesContext(connection) as many:
        standings(rows, at=AT)
    assert len(many) == len(one) <= 16
