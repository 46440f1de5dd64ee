"""Whether an answer of the gate can be signed. One that cannot is a deny: nobody could prove an unsigned allow."""

from dataclasses import replace
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from audit.keys import SigningKeyMissing, attestation_keys
from policy.result import RequirementResult
from riskreview.judgement import Judged

UNSIGNABLE = "attestation_key"


def signing_keys(judged: Judged, at: datetime) -> tuple[list[EllipticCurvePrivateKey], Judged]:
    """The keys that sign this answer; without any, the answer as a deny that says so beside all that was judged."""
    try:
        return attestation_keys(at), judged
    except SigningKeyMissing as missing:
        return [], _denied(judged, str(missing))


def _denied(judged: Judged, reason: str) -> Judged:
    unsigned = RequirementResult(
        id=UNSIGNABLE,
        kind=UNSIGNABLE,
        title="The decision can be signed",
        result="error",
        reason=reason,
        remedy="Whoever operates Countersign has to bring the key back; the page System shows its state.",
        who=("Operator",),
        url="/system/",
    )
    verdict = replace(
        judged.verdict,
        decision="deny",
        basis="policy",
        exceptions=(),
        requirements=(*judged.verdict.requirements, unsigned),
        summary="Denied: the private key that signs decisions is not there.",
    )
    return replace(judged, verdict=verdict)
