"""The technical documentation of Annex IV: every point is there, gaps come first, and only people settle them."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from types import SimpleNamespace

from django.test import Client
from pypdf import PdfReader

from accounts.models import User
from audit.models import Event
from governance.compliance.annex.document import Document, told
from governance.compliance.annex.filling import annex_iv
from governance.compliance.annex.outline import outline
from governance.compliance.concluding import conclude
from governance.compliance.library import shipped
from registry.models import ModelVersion, RegisteredModel
from tests import builders
from tests.conftest import AT, actor_of_user

ClientOf = Callable[[User], Client]


def document(model: RegisteredModel) -> Document:
    version = ModelVersion.objects.select_related("model", "registered_by").get(model=model, version="1")
    return annex_iv(version, None, today=AT.date())


def missing(found: Document, ref: str) -> str:
    return " ".join(gap.text for part, gap in found.gaps if part.ref == ref)


def test_every_point_of_the_annex_has_its_place() -> None:
    points = [point for heading in outline().headings for point in heading.points]
    asked = {control.id for control in shipped()["eu-ai-act"].controls if control.group == "aiv"}
    assert [heading.id for heading in outline().headings] == [str(number) for number in range(1, 10)]
    assert {point.control for point in points} == asked and len(points) == len(asked) == 26


def test_it_is_filled_from_the_record_and_says_what_is_missing(
    cast: SimpleNamespace, lender: RegisteredModel
) -> None:
    found = document(lender)
    words = json.dumps(told(found))
    for known in (lender.purpose, "credit-default-test@1", "Test results", "R-"):
        assert known in words
    assert found.duty is not None and (found.duty.applies, found.duty.was) == ("2027-12-02", "2026-08-02")
    assert found.applicability.applies
    assert "robustness" in missing(found, "2(g)") and "performance is missing" not in missing(found, "2(g)")
    assert "declaration of conformity" in missing(found, "8")
    assert all(gap.href.startswith("/models/") for _, gap in found.gaps)
    lender.jurisdictions = ["US"]
    lender.save()
    assert not document(lender).applicability.applies


def test_what_only_a_person_can_say_stays_a_gap_until_somebody_concludes(
    cast: SimpleNamespace, lender: RegisteredModel
) -> None:
    assert "decided on in advance" in missing(document(lender), "2(f)")
    given = {
        "framework": "eu-ai-act",
        "controls": ["EU-AIV.2f"],
        "model": lender,
        "rationale": "No change is planned; every change is a version of its own.",
        "until": AT.date() + timedelta(days=90),
        "user": cast.carl,
        "actor": actor_of_user(cast.carl),
        "at": AT,
    }
    conclude(**given, verdict="partly")
    assert "Partly satisfied: No change is planned" in missing(document(lender), "2(f)")
    conclude(**given, verdict="not_applicable")
    assert not missing(document(lender), "2(f)")
    builders.a_version(cast, lender, "2")
    part = next(part for part in document(lender).parts if part.ref == "2(f)")
    assert part.word == "Not applicable" and not part.gaps


def test_page_files_and_api_tell_the_same(
    cast: SimpleNamespace, lender: RegisteredModel, client_of: ClientOf, api: Callable[..., Client]
) -> None:
    reader, place = client_of(cast.aud), f"/models/{lender.slug}/versions/1/annex-iv/"
    text = reader.get(place).content.decode()
    assert text.index("What is missing") < text.index("1. General description")
    facts = json.loads(reader.get(place, {"as": "json"}).content)
    assert facts == api().get(f"/api/v1{place.rstrip('/')}").json()
    answer = reader.get(place, {"as": "pdf"})
    assert answer["Content-Type"] == "application/pdf" and ".pdf" in answer["Content-Disposition"]
    pdf = PdfReader(BytesIO(answer.content))
    assert json.loads(pdf.attachments["evidence.json"][0])["digest"] == facts["digest"]
    words = " ".join(page.extract_text() for page in pdf.pages[:2])
    assert "2027-12-02" in words and "What is missing" in words
    taken = Event.objects.filter(verb="document.downloaded").order_by("pk")
    assert [event.detail["format"] for event in taken] == ["json", "pdf"]
    assert {event.detail["digest"] for event in taken} == {facts["digest"]}
    assert reader.get(f"/models/{lender.slug}/versions/9/annex-iv/").status_code == 404
