"""`python -m governance.reports.signing` with a Signing on standard input: the child process that signs a PDF.

A process of its own for two reasons: pyHanko stays out of the others, and what lays out the words of strangers
(governance/reports/layout.py) never sees the key. The signature is PAdES: level B-B, with a time-stamp B-T.
"""

import sys
from datetime import datetime
from pathlib import Path

from asn1crypto import tsp
from cryptography.x509 import Certificate, load_pem_x509_certificates
from pyhanko.keys.internal import (
    translate_pyca_cryptography_cert_to_asn1,
    translate_pyca_cryptography_key_to_asn1,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore
from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

from audit.posting import NotAnswered, posted, shown
from governance.reports.certificate import CertificateUnusable, Holder, holder
from governance.reports.orders import Signature, Signing, read, told

FIELD = "Organisation"
REASON = "Issued by the organisation"


class NotSigned(RuntimeError):
    """There is no signature; the message says why, for a person."""


class Unchanged(IncrementalPdfFileWriter):
    """Adds the signature and leaves the rest as it was laid out.

    pyHanko would name itself in the metadata and, for ECDSA, call the file PDF 2.0, which PDF/A-3 is not.
    """

    def ensure_output_version(self, version: tuple[int, int]) -> None:
        """PDF/A-3 stands on PDF 1.7."""
        super().ensure_output_version(min(version, (1, 7)))

    def _update_meta(self) -> None:
        """It stays."""


def main() -> None:
    """Sign, and say by whom; or say on standard error why not, with exit code 1."""
    order = read(Signing, sys.stdin.read())
    try:
        sys.stdout.write(told(signed(order)))
    except (CertificateUnusable, NotSigned) as reason:
        sys.exit(str(reason))


def signed(order: Signing) -> Signature:
    """Sign the file where it lies. Raises CertificateUnusable, NotSigned."""
    found = holder(datetime.fromisoformat(order.at))
    authority = Authority(order.tsa, order.tsa_roots) if order.tsa else None
    signer = PdfSigner(
        PdfSignatureMetadata(
            field_name=FIELD,
            reason=REASON,
            md_algorithm="sha256",
            subfilter=SigSeedSubFilter.PADES,
            certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
        ),
        signer=_signer(found),
        timestamper=authority,
    )
    path = Path(order.pdf)
    draft = path.with_suffix(".signing")
    try:
        with path.open("rb") as source, draft.open("w+b") as target:
            signer.sign_pdf(Unchanged(source), output=target)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return Signature(
        found.subject,
        found.issuer,
        found.until.isoformat(),
        found.sha256,
        shown(order.tsa) if order.tsa else "",
    )


def _signer(found: Holder) -> SimpleSigner:
    store = SimpleCertificateStore()
    store.register_multiple(translate_pyca_cryptography_cert_to_asn1(one) for one in found.chain)
    return SimpleSigner(
        signing_cert=translate_pyca_cryptography_cert_to_asn1(found.certificate),
        signing_key=translate_pyca_cryptography_key_to_asn1(found.key),
        cert_registry=store,
    )


class Authority(TimeStamper):
    """The time-stamping authority that stamps the log's checkpoints, asked for this signature."""

    def __init__(self, address: str, roots: str) -> None:
        super().__init__()
        self._address, self._roots = address, _roots(roots)

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """Its answer, checked as far as its certificates are known here. Raises NotSigned."""
        kinds = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
        try:
            raw = posted(self._address, req.dump(), kinds)
            answer = decode_timestamp_response(raw)
            imprint = req["message_imprint"]["hashed_message"].native
            if answer.status != 0 or answer.tst_info.message_imprint.message != imprint:
                raise NotSigned(f"The authority {shown(self._address)} stamped something else, or nothing.")
            if self._roots:
                VerifierBuilder(roots=self._roots, nonce=req["nonce"].native).build().verify(answer, imprint)
        except (NotAnswered, ValueError, VerificationError) as error:
            raise NotSigned(f"The signature got no time-stamp: {error}") from error
        return tsp.TimeStampResp.load(raw)


def _roots(path: str) -> list[Certificate]:
    try:
        return load_pem_x509_certificates(Path(path).read_bytes()) if path else []
    except (OSError, ValueError) as error:
        raise NotSigned(f"COUNTERSIGN_TSA_ROOTS cannot be read: {error}") from error


if __name__ == "__main__":
    main()
