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


def test_a_review_by_the_keyboard_loses_nothing_that_was_typed(
    cast: SimpleNamespace, review: Review, visit: Visit
) -> None:
    visitor = visit(cast.ada, reduced_motion="reduce", permissions=["clipboard-read", "clipboard-write"])
    page, address = visitor.page, f"{visitor.url}{reverse('riskreview:review', args=[review.pk])}"
    page.goto(visitor.url)
    page.keyboard.press("j")
    page.keyboard.press("o")
    page.wait_for_url(address)
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.id") == "chk"
    page.keyboard.press("s")
    assert page.evaluate("document.activeElement.name") == "decision"
    page.keyboard.press("Escape")
    page.locator("#chk").focus()
    page.keyboard.press("c")
    page.keyboard.type(HALF_A_THOUGHT)
    note = page.locator("#say-it [data-draft-note]")
    expect(note).to_contain_text("Draft kept")

    page.reload()
    assert page.locator("#say-it textarea").input_value() == HALF_A_THOUGHT
    expect(note).to_contain_text("restored")
    note.get_by_role("button", name="Discard").click()
    assert page.locator("#say-it textarea").input_value() == ""
    page.locator("#say-it textarea").press_sequentially(HALF_A_THOUGHT)
    expect(note).to_contain_text("Draft kept")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator("#live-threads .rr-comment")).to_have_count(1)
    assert kept(page) == []

    asked = page.locator(".cs-check").first
    asked.hover()
    asked.get_by_role("button", name="Copy the link").click()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == f"{address}#{asked.get_attribute('id')}"
    asked.locator(".cs-term").focus()
    page.keyboard.press("Enter")
    expect(asked.locator(".cs-explained")).to_be_visible()
    assert visitor.violations() == []
    page.keyboard.press("Escape")
    expect(asked.locator(".cs-explained")).to_be_hidden()

    page.get_by_role("button", name="Take it as risk officer").click()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("The assignment has ended.").wait_for()
    assert not review.assignments.filter(ended_at=None).exists()
    page.locator("#say-it textarea").press_sequentially(HALF_A_THOUGHT)
    expect(note).to_contain_text("Draft kept")
    page.locator(".cs-side form[data-log-out] button").click()
    page.wait_for_url("**/login/**")
    assert kept(page) == []


def kept(page: Page) -> list[str]:
    """The names of the drafts in this browser."""
    names: list[str] = page.evaluate("Object.keys(localStorage).filter(name => name.startsWith('draft:'))")
    return names
