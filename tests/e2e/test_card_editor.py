"""Writing a card in a real browser: the preview follows, a value goes to the caret, nothing typed is lost unasked."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.urls import reverse

from registry.models import ModelVersion
from tests import builders
from tests.e2e.browser import Visitor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser, pytest.mark.slow]
Visit = Callable[..., Visitor]


@pytest.fixture
def version(cast: SimpleNamespace) -> ModelVersion:
    """Measured, with a card."""
    version = builders.a_version(cast, builders.a_model(cast))
    builders.a_measurement(cast, version, builders.a_dataset(cast), "performance", builders.GOOD)
    builders.a_card(cast, version)
    return version


def test_a_value_is_inserted_previewed_and_saved_by_the_keyboard(
    cast: SimpleNamespace, version: ModelVersion, visit: Visit
) -> None:
    visitor = visit(cast.dev)
    page, names = visitor.page, [version.model.slug, version.version]
    page.goto(f"{visitor.url}{reverse('registry:card_edit', args=names)}")
    text = page.locator("textarea[name=metrics]")
    text.fill("The <script>AUC</script> is ")
    page.locator("[data-insert=id_metrics]").click()
    page.locator("[data-token='{{ performance.roc_auc }}']").click()

    page.locator("#p-metrics .cs-measured").wait_for()
    assert text.input_value() == "The <script>AUC</script> is {{ performance.roc_auc }}"
    assert "0.810 [0.780, 0.840]" in page.locator("#p-metrics").inner_text()
    assert "<script>AUC</script>" in page.locator("#p-metrics").inner_text()
    assert page.locator("[data-rail] .is-changed").all_inner_texts() == ["Metrics"]
    with page.expect_event("dialog") as asked:
        page.once("dialog", lambda dialog: dialog.dismiss())
        page.evaluate("setTimeout(() => location.assign('/'))")
    assert asked.value.type == "beforeunload"
    text.focus()
    page.keyboard.press("Control+s")
    page.wait_for_url(f"**{reverse('registry:card', args=names)}")

    assert version.cards.count() == 2
