"""The story of the product, in a real browser and with the pipeline's real client: blocked, allowed, blocked again."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pypdf
import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from accounts.actions import create_key
from registry.models import DatasetRole, RegisteredModel
from tests import builders
from tests.conftest import AT, PASSWORD, actor_of_user
from tests.e2e.browser import Visitor
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser, pytest.mark.slow]
MODEL = "consumer-credit"
VERSION = f"/models/{MODEL}/versions/1/"
EVALUATION_MS = 90_000
Visit = Callable[..., Visitor]


class Pipeline:
    """A job of a CI system: the client as it is shipped, with a key in its environment."""

    def __init__(self, url: str, token: str) -> None:
        self._environment = {"PATH": os.environ["PATH"], "COUNTERSIGN_URL": url, "COUNTERSIGN_TOKEN": token}

    def deploy(self) -> tuple[int, str]:
        """Ask for production; the exit code and what was printed."""
        command = [sys.executable, str(settings.BASE_DIR / "clients" / "countersign.py"), "gate"]
        command += ["--model", MODEL, "--version", "1", "--environment", "production"]
        done = subprocess.run(
            command, env=self._environment, capture_output=True, text=True, timeout=60, check=False
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def pipeline(cast: SimpleNamespace, stack: Stack) -> Pipeline:
    """A pipeline with a key of its own."""
    _, key = create_key(
        name="ci-retail",
        scopes=["gate"],
        owner=cast.dev,
        expires_at=None,
        actor=actor_of_user(cast.adam),
        at=AT,
    )
    return Pipeline(stack.url, key.text)


@pytest.fixture
def loans(cast: SimpleNamespace, small_model: Path) -> None:
    """The policy is in force and Viktor has registered the held-out loans."""
    builders.active_policy(cast)
    with (small_model / "loans-test.csv").open("rb") as file:
        builders.a_dataset(
            cast,
            "loans-test",
            file=builders.a_file(file.read(), "loans.csv"),
            positive="1",
            role=DatasetRole.TEST,
        )


def test_a_deployment_is_blocked_then_allowed_then_blocked_again(
    cast: SimpleNamespace, visit: Visit, stack: Stack, pipeline: Pipeline, loans: None, small_model: Path
) -> None:
    dev = visit(cast.dev)
    register(dev.page, stack, small_model)
    answer_the_questionnaire(dev.page, stack)
    confirm_the_tier(visit(cast.ada).page, stack)
    write_the_card(dev.page, stack)
    for risk in builders.RISKS:
        builders.a_risk(cast, RegisteredModel.objects.get(), risk)
    evaluate(dev.page, stack)
    submit(dev.page, stack)

    code, said = pipeline.deploy()
    assert code == 1, said
    assert "Who can: Viktor Sahl (validator)" in said
    assert "Who can: Ada Okafor (risk officer)" in said
    assert f"{stack.url}/reviews/" in said

    refused(dev.page)
    sign(visit(cast.viktor).page, stack)
    assert pipeline.deploy()[0] == 1
    sign(visit(cast.ada).page, stack)
    code, said = pipeline.deploy()
    assert code == 0, said

    text = report(visit(cast.carl).page, stack)
    assert "Production: allow" in text
    assert "Ada Okafor" in text

    change_the_card(dev.page, stack)
    code, said = pipeline.deploy()
    assert code == 1, said
    assert "the model card changed" in said or "card" in said


def register(page: Page, stack: Stack, small_model: Path) -> None:
    """Dev enters the model and uploads the folder that MLflow made."""
    page.goto(f"{stack.url}/models/new/")
    page.get_by_label("Name", exact=True).fill("Consumer credit")
    page.get_by_label("Short name").fill(MODEL)
    page.get_by_label("Purpose").fill("Proposes to grant or refuse loans of households; a clerk decides.")
    page.get_by_label("Owner").select_option(label="Olga Lindqvist")
    page.get_by_role("button", name="Add to the inventory").click()
    page.wait_for_url(f"**/models/{MODEL}/")
    page.goto(f"{stack.url}/models/{MODEL}/versions/new/")
    page.get_by_text("Upload files").click()
    page.get_by_label("Or a whole folder").set_input_files(small_model / "model")
    page.get_by_role("button", name="Register the version").click()
    page.wait_for_url(f"**{VERSION}")
    expect(page.locator("#gate")).to_contain_text("Tier confirmed")


def answer_the_questionnaire(page: Page, stack: Stack) -> None:
    """Dev answers; the score follows each answer."""
    page.goto(f"{stack.url}/models/{MODEL}/tier/")
    for question in page.locator(".rr-q").all():
        question.get_by_role("radio").nth(2).check()
    page.get_by_role("checkbox", name="Decides on credit").check()
    expect(page.locator("#score")).to_contain_text("At least high")
    page.get_by_role("button", name="Keep these answers").click()
    expect(page.get_by_text("A risk officer confirms it").first).to_be_visible()


def confirm_the_tier(page: Page, stack: Stack) -> None:
    """Ada stands behind it."""
    page.goto(f"{stack.url}/models/{MODEL}/tier/")
    page.get_by_role("button", name="Confirm the tier").click()
    expect(page.get_by_role("heading", name="Change the tier")).to_be_visible()


def write_the_card(page: Page, stack: Stack) -> None:
    """Dev completes every section."""
    page.goto(f"{stack.url}{VERSION}card/edit/")
    for area in page.locator("textarea").all():
        area.fill(area.input_value() + "\n\nWhat a reader needs to know, in whole sentences.")
    page.get_by_role("button", name="Save as revision 1").first.click()
    page.wait_for_url(f"**{VERSION}card/")


def evaluate(page: Page, stack: Stack) -> None:
    """Dev starts all three; the page shows by itself when the worker is done."""
    page.goto(f"{stack.url}{VERSION}evaluations/")
    for kind in ("Performance", "Fairness", "Explainability"):
        page.get_by_role("checkbox", name=kind).check()
    page.get_by_label("On data set").select_option(index=0)
    page.get_by_role("button", name="Start").click()
    runs = page.locator("main")
    expect(runs.get_by_text("Succeeded")).to_have_count(3, timeout=EVALUATION_MS)


def submit(page: Page, stack: Stack) -> None:
    """Dev asks for a review."""
    page.goto(f"{stack.url}{VERSION}")
    page.get_by_role("link", name="Submit for review").click()
    page.get_by_role("radio", name="Production").check()
    page.get_by_role("button", name="Submit for review").click()
    page.wait_for_url("**/reviews/*/")


def refused(page: Page) -> None:
    """Dev, who stands on the review's page, finds no form to sign but the reasons and who can."""
    cannot = page.get_by_role("region", name="You cannot sign this review")
    expect(cannot).to_contain_text("You develop this model")
    expect(cannot).to_contain_text("Viktor Sahl (validator)")
    assert page.get_by_role("button", name="Sign", exact=True).count() == 0


def sign(page: Page, stack: Stack) -> None:
    """From the queue on the first page to the signature."""
    page.goto(stack.url)
    page.get_by_role("link", name="Consumer credit").first.click()
    page.wait_for_url("**/reviews/*/")
    page.get_by_role("radio", name="Approve", exact=False).first.check()
    page.get_by_label("Rationale").fill("The measured figures support the stated use of the model.")
    page.get_by_label("Your password, again").fill(PASSWORD)
    page.get_by_role("button", name="Sign: approve").click()
    expect(page.get_by_text("Signed.").first).to_be_visible()


def report(page: Page, stack: Stack) -> str:
    """Carl asks for the report, sees it being made, downloads it; the text of the PDF."""
    page.goto(f"{stack.url}{VERSION}")
    page.get_by_role("link", name="Audit report").click()
    page.get_by_role("button", name="Make the report").click()
    link = page.get_by_role("link", name="Download the PDF")
    expect(link).to_be_visible(timeout=EVALUATION_MS)
    with page.expect_download() as download:
        link.click()
    document = pypdf.PdfReader(io.BytesIO(Path(download.value.path()).read_bytes()))
    return " ".join(" ".join(page.extract_text() for page in document.pages).split())


def change_the_card(page: Page, stack: Stack) -> None:
    """Dev is warned, changes a sentence, and the version's page says that the signatures are stale."""
    page.goto(f"{stack.url}{VERSION}card/edit/")
    expect(page.get_by_text("stale").first).to_be_visible()
    caveats = page.get_by_role("textbox", name="Caveats")
    caveats.fill(caveats.input_value() + " Not for applicants with less than six months of history.")
    page.get_by_role("button", name="Save as revision 2").first.click()
    page.wait_for_url(f"**{VERSION}card/")
    page.goto(f"{stack.url}{VERSION}")
    expect(page.locator("#gate")).to_contain_text("stale")
