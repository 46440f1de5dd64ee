"""Going to anything by the keyboard alone, in a real browser."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests import builders
from tests.e2e.browser import Visitor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
Visit = Callable[..., Visitor]


def test_the_palette_opens_finds_and_goes_by_the_keyboard(cast: SimpleNamespace, visit: Visit) -> None:
    model = builders.a_model(cast)
    visitor = visit(cast.dev)
    page = visitor.page
    page.goto(visitor.url)
    page.keyboard.press("Control+k")
    page.locator("#palette .cs-found a").first.wait_for()
    page.keyboard.press("Escape")
    assert not page.locator("#palette").is_visible()

    page.keyboard.press("Control+k")
    page.keyboard.type("audit tr")
    expect(page.locator("#palette .cs-found a")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{reverse('trail:events')}")

    page.keyboard.press("Control+k")
    page.keyboard.type(model.name)
    link = page.locator("#palette .cs-found a", has_text=model.name)
    link.first.wait_for()
    page.keyboard.press("ArrowDown")
    assert link.first.evaluate("link => link === document.activeElement")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/models/{model.slug}/**")
