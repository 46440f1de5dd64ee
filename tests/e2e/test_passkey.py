"""A passkey in a real browser, whose security key is the browser's own virtual one."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import expect
from pytest_django.fixtures import Settings

from accounts.models import Factor
from tests.conftest import PASSWORD
from tests.e2e.browser import Visitor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
Visit = Callable[..., Visitor]
KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def test_a_passkey_is_made_logs_in_and_proves_again(
    cast: SimpleNamespace, visit: Visit, settings: Settings
) -> None:
    visitor = visit()
    settings.COUNTERSIGN_URL = visitor.url
    visitor.log_in(cast.ada)
    page: Any = visitor.page
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})

    page.goto(f"{visitor.url}/settings/second-factor/")
    assert visitor.violations() == []
    page.get_by_label("Your password, again").fill(PASSWORD)
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", name="Keep these recovery codes now")).to_be_visible()
    expect(page.locator(".cs-codes li")).to_have_count(10)
    assert visitor.violations() == []
    assert Factor.objects.get().name == "Security key"

    page.goto(f"{visitor.url}/settings/second-factor/")
    page.get_by_label("Make new recovery codes").check()
    page.get_by_role("button", name="Prove it with your passkey").first.click()
    expect(page.get_by_text("Proved. Now sign")).to_be_visible()
    page.get_by_role("button", name="Do this").click()
    expect(page.locator(".cs-codes li")).to_have_count(10)

    page.locator(".cs-side").get_by_role("button", name="Log out").click()
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    assert visitor.violations() == []
    page.get_by_role("button", name="Use your passkey").click()
    page.wait_for_url(f"{visitor.url}/")
