"""PDFs signed with the organisation's certificate: by a local authority, judged by pyHanko's validator."""

import io
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pikepdf
import pytest
from asn1crypto import pem as armor
from asn1crypto import x509
from django.core.checks import run_checks
from pyhanko.keys.internal import translate_pyca_cryptography_cert_to_asn1
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext

from audit.models import Event
from governance.reports.certificate import CHAIN, KEY, PASSWORD, PKCS12, CertificateUnusable, holder
from governance.reports.models import Report
from governance.reports.places import reports_folder
from registry.models import ModelVersion
from tests.audit.test_anchors import Outside, authority, outside, stamping
from tests.governance.reports.signers import DAY, Issued, issued
from tests.governance.reports.signers import PASSWORD as SECRET
from tests.governance.reports.test_reports import ClientOf, made

__all__ = ["authority", "outside", "stamping"]


@pytest.fixture(scope="module")
def root() -> Issued:
    return issued("Root of tests")


@pytest.fixture
def bank(root: Issued, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Issued:
    """The bank's certificate, configured as PKCS#12."""
    one = issued("Model risk", root)
    monkeypatch.setenv(PKCS12, str(one.pkcs12(tmp_path / "bank.p12", [root])))
    monkeypatch.setenv(PASSWORD, SECRET)
    return one


def judged(content: bytes, *roots: Issued, tsa: bytes = b"") -> PdfSignatureStatus:
    """What pyHanko's validator says of the one signature."""
    signature = PdfFileReader(io.BytesIO(content)).embedded_signatures[0]
    trusted = [translate_pyca_cryptography_cert_to_asn1(one.certificate) for one in roots]
    context = ValidationContext(trust_roots=trusted, allow_fetching=False)
    stamps = context
    if tsa:
        stamps = ValidationContext(
            trust_roots=[x509.Certificate.load(armor.unarmor(tsa)[2])], allow_fetching=False
        )
    return validate_pdf_signature(signature, context, ts_validation_context=stamps)


def altered(content: bytes) -> bytes:
    """One bit of the second line, which no reader looks at."""
    return content[:10] + bytes([content[10] ^ 1]) + content[11:]


@pytest.mark.slow
@pytest.mark.django_db
def test_a_report_is_signed_stamped_and_whoever_trusts_the_authority_can_tell(
    cast: SimpleNamespace,
    signed: ModelVersion,
    bank: Issued,
    root: Issued,
    stamping: Outside,
    client_of: ClientOf,
) -> None:
    report = made(cast, signed)
    assert (report.status, report.failure) == ("succeeded", "")
    content = (reports_folder() / report.file).read_bytes()

    found = judged(content, root, tsa=(stamping.folder / "ca.pem").read_bytes())
    assert (found.valid, found.intact, found.trusted, found.bottom_line) == (True, True, True, True)
    assert found.timestamp_validity is not None and found.timestamp_validity.trusted
    assert abs(found.timestamp_validity.timestamp - datetime.now(UTC)) < timedelta(minutes=5)
    assert not judged(content, issued("Stranger")).trusted
    assert not judged(altered(content), root).intact

    document = pikepdf.open(io.BytesIO(content))
    assert b'pdfaid:part="3"' in document.Root.Metadata.read_bytes()  # what says PDF/A is still there
    field = document.Root.AcroForm.Fields[0]
    assert (str(field.V.SubFilter), int(field.F)) == ("/ETSI.CAdES.detached", 132)
    assert [int(side) for side in list(field.Rect)] == [0, 0, 0, 0]
    assert {str(one.UF) for one in document.Root.AF} == {
        "evidence.json",
        "policy-default-3.json",
        "keys.json",
    }
    assert str(document.Root.get("/Version", "/1.7")) == "/1.7"

    assert report.signed_by == "O=Northwind Bank,CN=Model risk"
    assert report.stamped_by == f"{stamping.url}/tsa"
    assert "Model risk" in str(Event.objects.get(verb="report.succeeded").detail["signed_by"])
    page = client_of(cast.carl).get(f"/reports/{report.pk}/").content.decode()
    for words in ("Model risk", "Root of tests", f"{report.signed_until:%Y}", f"{stamping.url}/tsa"):
        assert words in page
    assert "Signed by" in client_of(cast.adam).get("/system/").content.decode()

    stamping.status = 503
    failed = made(cast, signed, "staging")
    assert failed.status == "failed"
    assert "The signature got no time-stamp" in failed.failure


@pytest.mark.django_db
def test_a_certificate_that_cannot_sign_fails_the_report_and_never_leaves_it_unsigned(
    cast: SimpleNamespace,
    version: ModelVersion,
    bank: Issued,
    monkeypatch: pytest.MonkeyPatch,
    client_of: ClientOf,
) -> None:
    monkeypatch.setenv(PASSWORD, "guessed")
    report = made(cast, version)

    assert report.status == "failed"
    assert "The PDF could not be signed, so there is none." in report.failure
    assert PASSWORD in report.failure and "guessed" not in report.failure
    assert report.failure in client_of(cast.carl).get(f"/reports/{report.pk}/").content.decode().replace(
        "&#x27;", "'"
    )
    assert not list(reports_folder().iterdir())
    assert not Report.objects.exclude(signed_by="").exists()


def pem(folder: Path, one: Issued, *chain: Issued, key: bytes = b"") -> dict[str, str]:
    """The variables that name the certificate as PEM."""
    (folder / "key.pem").write_bytes(key or one.key_pem)
    (folder / "chain.pem").write_bytes(b"".join(each.pem for each in (one, *chain)))
    return {KEY: str(folder / "key.pem"), CHAIN: str(folder / "chain.pem")}


def test_key_and_chain_may_come_as_pem(root: Issued, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = issued("Model risk", root)
    for name, value in pem(tmp_path, one, root).items():
        monkeypatch.setenv(name, value)

    found = holder(datetime.now(UTC))

    assert (found.certificate, found.chain) == (one.certificate, (root.certificate,))
    assert "Root of tests" in found.issuer


@pytest.mark.parametrize(
    ("way", "told"),
    [
        ("ended", "ended on"),
        ("not begun", "begins on"),
        ("another key", "belongs to another key"),
        ("not for signing", "is not made for signing documents"),
        ("no key", f"{KEY} is not"),
        ("no file", "cannot be read"),
        ("nonsense", "cannot be read"),
    ],
)
def test_what_cannot_sign_says_why(
    way: str, told: str, root: Issued, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = {"ended": (-9 * DAY, -DAY), "not begun": (DAY, 9 * DAY)}.get(way, (-DAY, 9 * DAY))
    one = issued("Model risk", root, begins=days[0], ends=days[1], signs=way != "not for signing")
    key = {"another key": root.key_pem, "nonsense": b"hello"}.get(way, b"")
    for name, value in pem(tmp_path, one, key=key).items():
        monkeypatch.setenv(name, value)
    if way == "no key":
        monkeypatch.delenv(KEY)
    if way == "no file":
        os.unlink(tmp_path / "chain.pem")

    with pytest.raises(CertificateUnusable, match=told):
        holder(datetime.now(UTC))


def test_a_deployment_is_warned_before_the_certificate_ends(
    root: Issued, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said() -> list[str]:
        found = run_checks(tags=["reports"], include_deployment_checks=True)
        return [str(one.id) for one in found]

    assert said() == []
    for days, expected in ((90, []), (9, ["reports.W001"]), (-1, ["reports.E001"])):
        one = issued("Model risk", root, begins=-10 * DAY, ends=days * DAY)
        for name, value in pem(tmp_path, one).items():
            monkeypatch.setenv(name, value)
        assert said() == expected, days
