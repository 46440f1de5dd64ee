"""An open review in a real browser: it follows what others do, keeps what one types, and obeys the keyboard."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from riskreview.models import Decision, Review
from riskreview.reviews.threads import comment
from tests import builders
from tests.conftest import AT, actor_of_user
from tests.e2e.browser import Visitor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser, pytest.mark.slow]
Visit = Callable[..., Visitor]
HALF_A_THOUGHT = "The ratio by age band is"


@pytest.fixture
def review(cast: SimpleNamespace) -> Review:
    """One that waits for Viktor and Ada."""
    builders.active_policy(cast)
    return builders.ready_to_sign(cast).reviews.get()


def look(page: Page) -> None:
    """Let the page ask now rather than in some seconds, as it does when somebody comes back to it."""
    with page.expect_response(lambda answer: "x-live-stamp" in answer.request.headers):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_what_others_do_appears_and_nothing_moves_under_ones_hands(
    cast: SimpleNamespace, review: Review, visit: Visit
) -> None:
    visitor = visit(cast.ada, reduced_motion="reduce")
    page = visitor.page
    page.goto(f"{visitor.url}{reverse('riskreview:review', args=[review.pk])}")
    page.locator("#say-it textarea").fill(HALF_A_THOUGHT)
    page.locator("#say-it textarea").evaluate("text => text.scrollIntoView({block: 'center'})")
    place = page.locator("#say-it textarea").bounding_box()
    look(page)
    comment(
        review=review,
        text="Where is the test set from?",
        author=cast.dev,
        actor=actor_of_user(cast.dev),
        at=AT,
    )
    look(page)

    expect(page.locator("#live-threads .rr-comment")).to_have_count(1)
    expect(page.locator("#say")).to_contain_text("1 comment in this review")
    assert page.locator("#say-it textarea").input_value() == HALF_A_THOUGHT
    assert page.evaluate("document.activeElement.name") == "text"
    moved = page.locator("#say-it textarea").bounding_box()
    assert place and moved and abs(place["y"] - moved["y"]) < 2

    page.locator("[name=rationale]").fill("I am still writing.")
    builders.a_signature(review, cast.viktor, "validator", Decision.REJECT)
    look(page)
    expect(page.locator("#live-signatures")).to_contain_text("Viktor Sahl")
    assert page.locator("[name=rationale]").input_value() == "I am still writing."
    expect(page.locator("#say")).to_contain_text("Viktor Sahl")
