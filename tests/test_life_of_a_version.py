"""The life of a version, step by step as docs/life-of-a-version.md tells it, by HTTP alone and on a real worker."""

import hashlib
import io
import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pypdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Scope, User
from audit.agreement import compare_rows
from policy.cards import load_card_schema
from policy.tiering import load_questionnaire
from riskreview.models import Risk
from tests import builders
from tests.conftest import PASSWORD
from tests.e2e.stack import Stack
from tests.forms import send

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
API = "/api/v1"
MODEL = "consumer-credit"
PAGE = f"/models/{MODEL}/versions/1/"
SUBJECT = f"model:{MODEL}/version:1"
FLAG = "credit_employment_housing_insurance_health_decision"
RATIONALE = "Discrimination, group rates and explanations support the stated use."


class Life:
    """The people, the pipeline and the running system of one story."""

    def __init__(self, cast: SimpleNamespace, client_of: Callable[[User], Client], stack: Stack) -> None:
        self.cast, self.client_of, self.stack = cast, client_of, stack
        self.pipeline = Client()
        self.placed: list[int] = []

    def a(self, name: str) -> Client:
        """The browser of one of the cast."""
        return self.client_of(getattr(self.cast, name))

    def told(self, verb: str, by: str, **detail: Any) -> dict[str, Any]:
        """The newest event of this verb. Fails unless it is about our model and by this actor."""
        events = self.pipeline.get(f"{API}/audit/events", {"verb": verb}).json()["results"]
        assert events, f"nothing is recorded as {verb}"
        newest: dict[str, Any] = events[0]
        assert newest["actor_name"].startswith(by), newest
        for name, value in detail.items():
            assert newest["detail"][name] == value, newest
        return newest

    def gate(self, environment: str = "production") -> dict[str, Any]:
        """What the pipeline is answered."""
        question = {"model": MODEL, "version": "1", "environment": environment}
        answer = self.pipeline.post(f"{API}/gate/decisions", question, content_type="application/json")
        assert answer.status_code == 200, answer.content
        body: dict[str, Any] = answer.json()
        return body


@pytest.fixture
def life(cast: SimpleNamespace, client_of: Callable[[User], Client], stack: Stack) -> Life:
    """The cast, the default policy and a pipeline's key that the administrator made."""
    builders.active_policy(cast)
    life = Life(cast, client_of, stack)
    made = send(life.a("adam"), reverse("accounts:keys"), name="ci-retail", scopes=list(Scope.values))
    key = re.search(r"cs_[0-9a-f]{8}_[\w-]{40,}", made.content.decode())
    assert key is not None
    life.pipeline = Client(headers={"Authorization": f"Bearer {key[0]}"})
    life.told("key.created", by="Adam Weiss")
    return life


def test_a_version_is_blocked_then_allowed_then_blocked_again(life: Life, small_model: Path) -> None:
    register(life, small_model)
    tier(life)
    document(life)
    assess_risks(life)
    evaluate(life, small_model)
    submit(life)
    sign(life)
    deploy(life, decide(life))
    prove(life)
    report(life)
    change_the_card(life)


def register(life: Life, small_model: Path) -> None:
    """1. Dev enters the model and uploads what MLflow saved; the digest is that of the manifest."""
    entry = {"name": "Consumer credit", "slug": MODEL, "purpose": "Proposes which loans to grant."}
    owner, developers = str(life.cast.olga.pk), [str(life.cast.dev.pk)]
    made = send(life.a("dev"), reverse("registry:model_new"), **entry, owner=owner, developers=developers)
    assert made.status_code == 302, made.content
    life.told("model.created", by="Dev Menon")

    data = {"name": "loans", "version": "2026H1", "role": "training", "label": "credit", "positive": "1"}
    with (small_model / "loans-training.csv").open("rb") as file:
        answer = life.pipeline.post(f"{API}/datasets", {**data, "sensitive": ["sex"], "file": file})
    assert answer.status_code == 201, answer.content

    folder = small_model / "model"
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = [SimpleUploadedFile(path.name, path.read_bytes()) for path in paths]
    body = {"version": "1", "trained_on": "loans@2026H1", "code_commit": "4be91c2", "files": files}
    names = [str(path.relative_to(folder)) for path in paths]
    answer = life.pipeline.post(f"{API}/models/{MODEL}/versions", {**body, "paths": names})
    assert answer.status_code == 201, answer.content
    version = answer.json()
    sums = {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    assert {item["path"]: item["sha256"] for item in version["files"]} == sums
    life.told("version.registered", by="ci-retail")
    assert life.gate()["decision"] == "deny"


def tier(life: Life) -> None:
    """2. Olga answers the questionnaire; Ada confirms the tier, which Dev cannot."""
    answers = {f"q_{question.id}": "2" for question in load_questionnaire().questions}
    page = reverse("riskreview:tier", args=[MODEL])
    assert send(life.a("olga"), page, **answers, **{f"f_{FLAG}": "on"}).status_code == 302
    life.told("tier.assessed", by="Olga Lindqvist")
    confirm = reverse("riskreview:tier_confirm", args=[MODEL])
    assert life.a("dev").post(confirm, {"assessment": "1", "tier": "low"}).status_code in (403, 404)
    assert send(life.a("ada"), page, to=confirm, tier="high", rationale="Credit.").status_code == 302
    life.told("tier.confirmed", by="Ada Okafor")
    assert life.gate()["tier"] == "high"


def document(life: Life) -> None:
    """3. Dev completes the card that the registry has begun."""
    page = reverse("registry:card_edit", args=[MODEL, "1"])
    drafted = life.a("dev").get(page).content.decode()
    assert "Proposes which loans to grant." in drafted
    sections = {
        section.id: f"{section.title}: what a reader needs to know, in whole sentences."
        for section in load_card_schema().sections
        if section.id != "intended_use"
    }
    assert send(life.a("dev"), page, note="First version", **sections).status_code == 302
    life.told("card.revised", by="Dev Menon")


def assess_risks(life: Life) -> None:
    """4. Olga takes three risks from the catalogue, rates each before and after controls, and treats it."""
    register, olga = reverse("riskreview:model_risks", args=[MODEL]), life.a("olga")
    for risk in builders.RISKS:
        assert send(olga, register, to=f"{register}add/", risk=risk).status_code == 302
    rating = {
        "inherent_likelihood": "3",
        "inherent_impact": "4",
        "residual_likelihood": "2",
        "residual_impact": "3",
    }
    treatment = {
        "treatment": "mitigate",
        "controls": "Monthly report",
        "review_on": str(timezone.localdate() + timedelta(days=180)),
    }
    for pk in Risk.objects.values_list("pk", flat=True):
        page = reverse("riskreview:risk", args=[pk])
        assert send(olga, page, to=f"{page}rate/", **rating).status_code == 302
        assert send(olga, page, to=f"{page}treat/", **treatment).status_code == 302
    life.told("risk.treated", by="Olga Lindqvist")


def evaluate(life: Life, small_model: Path) -> None:
    """5. Viktor registers the held-out loans; the pipeline asks for three evaluations and a worker makes them."""
    data = {"name": "loans-test", "version": "1", "role": "test", "label": "credit", "positive": "1"}
    with (small_model / "loans-test.csv").open("rb") as file:
        made = send(
            life.a("viktor"), reverse("registry:dataset_new"), **data, sensitive="sex", files={"file": file}
        )
    assert made.status_code == 302, made.content
    life.told("dataset.registered", by="Viktor Sahl")
    kinds = ("performance", "fairness", "explainability")
    places = [_ask_for(life, kind) for kind in kinds]
    for kind, place in zip(kinds, places, strict=True):
        run = life.stack.until(f"{kind} to end", partial(_ended, life, place))
        assert run["status"] == "succeeded", run["failure"]
        assert run["result"]["overall"]
        assert run["provenance"]["isolation"] in ("bubblewrap", "process")
    life.told("evaluation.succeeded", by="Worker")
    unmet = {item["id"] for item in life.gate()["requirements"] if item["result"] == "unsatisfied"}
    assert unmet == {"signoff.validator", "signoff.risk_officer"}


def _ask_for(life: Life, kind: str) -> str:
    question = {"model": MODEL, "version": "1", "dataset": "loans-test@1", "kind": kind, "config": {}}
    answer = life.pipeline.post(f"{API}/evaluations", question, content_type="application/json")
    assert answer.status_code == 202, answer.content
    life.told("evaluation.requested", by="ci-retail", kind=kind)
    return answer["Location"]


def _ended(life: Life, place: str) -> dict[str, Any] | None:
    job: dict[str, Any] = life.pipeline.get(place).json()
    return job if job["status"] in ("succeeded", "failed", "cancelled") else None


def submit(life: Life) -> None:
    """6. Dev asks for a review; it appears in the queues of those who may sign."""
    answer = send(
        life.a("dev"), f"{PAGE}submit/", environment="production", note="Please look at the ratios."
    )
    assert answer.status_code == 302
    life.told("review.opened", by="Dev Menon")
    assert "Consumer credit" in life.a("viktor").get("/").content.decode()


def sign(life: Life) -> None:
    """7. Dev is refused with the reason; Viktor and Ada sign what they saw."""
    review = life.a("dev").get(f"{PAGE}submit/").context["places"][-1]["review"]
    page = reverse("riskreview:review", args=[review.pk])
    refused = life.a("dev").post(f"{page}sign/", {"role": "validator", "decision": "approve"})
    assert refused.status_code == 403
    assert "develop this model" in refused.content.decode()
    life.told("review.sign_refused", by="Dev Menon")
    for name in ("viktor", "ada"):
        assert life.gate()["decision"] == "deny"
        signed = send(
            life.a(name), page, decision="approve", rationale=RATIONALE, password=PASSWORD, to=f"{page}sign/"
        )
        assert signed.status_code == 302, signed.content
        life.told("review.signed", by=getattr(life.cast, name).name, decision="approve")


def decide(life: Life) -> str:
    """8. The gate allows production, with its grounds and an attestation, and keeps the answer."""
    answer = life.gate()
    assert answer["decision"] == "allow", answer["requirements"]
    assert answer["attestation"]["payloadType"] == "application/vnd.in-toto+json"
    event = life.told("gate.allowed", by="ci-retail", decision=answer["id"])
    assert event["subject"] == f"{SUBJECT}/env:production"
    assert life.pipeline.get(f"{API}/gate/decisions/{answer['id']}").json() == answer
    assert life.a("aud").get(reverse("gate:decision", args=[answer["id"]])).status_code == 200
    return str(answer["id"])


def deploy(life: Life, decision: str) -> None:
    """9. The pipeline reports what it did under the decision; from the data one can follow to what runs."""
    answer = life.pipeline.post(f"{API}/deployments", {"decision": decision}, content_type="application/json")
    assert (answer.status_code, answer.json()["problem"]) == (201, None)
    event = life.told("deployment.recorded", by="ci-retail", decision=decision)
    assert event["subject"] == SUBJECT
    page = life.a("aud").get("/datasets/loans/2026H1/").content.decode()
    assert f"/deployments/{answer.json()['id']}/" in page
    lineage = life.pipeline.get(f"{API}/lineage/dataset/loans/2026H1", {"direction": "downstream"}).json()
    assert f"deployment:{answer.json()['id']}" in {node["id"] for node in lineage["nodes"]}


def prove(life: Life) -> None:
    """10. Every event has its place in the log, which the newest signed checkpoint covers and which verifies."""

    def waiting() -> bool:
        events = life.pipeline.get(f"{API}/audit/events", {"page_size": "500"}).json()["results"]
        return all(event["seq"] is not None for event in events)

    life.stack.until("the sequencer", waiting)
    verified = life.a("aud").post(reverse("trail:verify"))
    assert verified.status_code == 200
    assert "cs-banner--no" not in verified.content.decode()
    strangers = {one.row.partition(":")[0] for one in compare_rows().told}
    assert strangers == {"accounts.user", "accounts.rolegrant"}  # the cast, which no action made


def report(life: Life) -> None:
    """11. Carl asks for the audit report; a worker makes the PDF, and the decision stands in it."""
    answer = send(life.a("carl"), reverse("reports:reports"), subject=f"{MODEL}/1", environment="production")
    assert answer.status_code == 302
    page = answer["Location"]

    def ended() -> Any:
        job = life.a("carl").get(page).context["report"]
        return job if job.status in ("succeeded", "failed") else None

    made = life.stack.until("the report", ended)
    assert made.status == "succeeded", made.failure
    file = life.a("carl").get(f"{page}file/")
    content = b"".join(file.streaming_content)  # type: ignore[attr-defined]
    assert hashlib.sha256(content).hexdigest() == file["X-Checksum-SHA256"] == made.sha256
    document = pypdf.PdfReader(io.BytesIO(content))
    text = " ".join(" ".join(page.extract_text() for page in document.pages).split())
    assert "Production: allow" in text
    assert "Viktor Sahl" in text
    assert "evidence.json" in document.attachments
    for verb, by in (("requested", "Carl Brandt"), ("succeeded", "Worker"), ("downloaded", "Carl Brandt")):
        life.told(f"report.{verb}", by=by)


def change_the_card(life: Life) -> None:
    """And round again: Olga changes one sentence of the card, the signatures go stale, the gate denies."""
    page = reverse("registry:card_edit", args=[MODEL, "1"])
    caveat = "Not for applicants with less than six months of history."
    assert send(life.a("olga"), page, caveats=caveat, note="Found in review").status_code == 302
    life.told("card.revised", by="Olga Lindqvist")
    answer = life.gate()
    assert answer["decision"] == "deny"
    stale = {item["id"] for item in answer["requirements"] if item["stale"]}
    assert stale == {"signoff.validator", "signoff.risk_officer"}
    assert "tale" in life.a("viktor").get(PAGE).content.decode()
    life.told("gate.denied", by="ci-retail")
