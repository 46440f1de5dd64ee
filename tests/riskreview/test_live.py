"""Open pages follow what others do, and are answered with nothing while nobody does anything."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from registry.models import ModelVersion
from riskreview.live import stamp_of_everything, stamp_of_version
from riskreview.models import Decision, Review
from riskreview.reviews.threads import comment
from tests import builders
from tests.conftest import AT, actor_of_user

pytestmark = pytest.mark.django_db


def test_an_open_page_is_answered_with_nothing_until_something_happens(
    cast: SimpleNamespace, version: ModelVersion, review: Review, client_of: Callable[[User], Client]
) -> None:
    client = client_of(cast.ada)
    pages = [
        "/",
        reverse("portfolio:version", args=[version.model.slug, version.version]),
        reverse("riskreview:review", args=[review.pk]),
    ]
    stamps = {page: client.get(page).context["live"] for page in pages}
    assert {
        page: client.get(page, headers={"X-Live-Stamp": stamp}).content for page, stamp in stamps.items()
    } == dict.fromkeys(pages, b"")
    comment(review=review, text="Why?", author=cast.viktor, actor=actor_of_user(cast.viktor), at=AT)
    for page, stamp in stamps.items():
        answer = client.get(page, headers={"X-Live-Stamp": stamp})
        assert answer.status_code == 200
        assert answer.context["live"] != stamp
        assert 'id="toasts"' not in answer.content.decode()  # what waits to be said is left to the next page


def test_a_stamp_moves_with_what_the_page_rests_on_and_with_nothing_else(
    cast: SimpleNamespace,
    version: ModelVersion,
    review: Review,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    def stamp(reader: User = cast.ada, at: object = AT) -> str:
        return stamp_of_version(version, reader, at=at)  # type: ignore[arg-type]

    seen = [stamp()]
    everything = stamp_of_everything(cast.ada, at=AT)
    other = builders.ready_to_sign(cast, slug="tenant-screening")
    builders.a_signature(other.reviews.get(), cast.viktor, "validator", Decision.REJECT)
    assert stamp() == seen[0]
    assert stamp_of_everything(cast.ada, at=AT) != everything
    builders.a_signature(review, cast.viktor, "validator", Decision.APPROVE)
    seen.append(stamp())
    builders.a_finding(cast, version)
    seen.append(stamp())
    seen += [stamp(cast.viktor), stamp(at=AT + timedelta(minutes=5))]
    assert len(set(seen)) == len(seen)
    with django_assert_num_queries(1):
        stamp()
