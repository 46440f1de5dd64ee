"""One card as a PDF: made once for the same words and values, one at a time."""

import fcntl
import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pypdf
import pytest
from django.test import Client

from accounts.models import User
from tests.builders import GOOD, a_card, a_dataset, a_measurement, a_model, a_version

CARD = "/models/credit-default/versions/1/card/pdf/"


@pytest.fixture
def reader(cast: SimpleNamespace, client_of: Callable[[User], Client]) -> Client:
    version = a_version(cast, a_model(cast))
    a_measurement(cast, version, a_dataset(cast), "performance", GOOD)
    a_card(
        cast,
        version,
        metrics="The AUC is {{ performance.roc_auc }}, the ratio {{ fairness.selection_rate_ratio }}.",
        details="<script>alert(1)</script> ![x](file:///etc/passwd) said in enough words.",
    )
    return client_of(cast.aud)


def test_a_card_is_laid_out_once(reader: Client, own_files: Path) -> None:
    answer = reader.get(CARD)

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF-1.7")
    document = pypdf.PdfReader(io.BytesIO(answer.content))
    text = "\n".join(page.extract_text() for page in document.pages)
    assert "0.810 [0.780, 0.840]" in text
    assert "Not measured" in text
    assert "alert(1)" in text  # as words
    assert list(document.attachments) == ["evidence.json"]
    made = [file.name for file in (own_files / "files/reports/cards").glob("*.pdf")]
    assert len(made) == 1
    assert reader.get(CARD).content == answer.content


def test_whoever_comes_second_is_told(reader: Client, own_files: Path) -> None:
    folder = own_files / "files/reports/cards"
    folder.mkdir(parents=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        answer = reader.get(CARD)

    assert answer.status_code == 409
    assert "Another document is being laid out" in answer.content.decode()
