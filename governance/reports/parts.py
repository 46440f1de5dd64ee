"""What of the evidence goes inside the PDF, beside the facts: what can be checked with public tools alone.

The evidence bundle has more (events with their proofs), but needs a checkpoint that covers the report, so it can only
be made afterwards: docs/adr/0013-pdf-variant.md.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from audit.canonical import canonical
from audit.keys import SigningKeyMissing, public_keys
from governance.gate.models import GateDecision
from governance.reports.content import Content
from governance.reports.orders import Part
from policy.lines import parse
from riskreview.models import PolicyPack


def parts_of(content: Content) -> list[Part]:
    """The policies, the signed decisions, the newest checkpoint and the public keys, as they stood at its moment."""
    judging = content.judged.policy.digest if content.judged.policy else None
    version, environment, until = content.version.pk, content.report.environment, content.at
    found = [
        Part(
            f"policy-{pack.name}-{pack.version}.json",
            plain(pack),
            f"Policy {pack}: its SHA-256 is its digest",
        )
        for pack in packs_of(version, judging, until=until)
    ]
    if attested := [row.attestation for row in attested_decisions(version, environment, until=until)]:
        about = "The signed decisions of the gate: in-toto statements in DSSE envelopes, oldest first"
        found.append(Part("attestations.json", canonical(attested), about))
    if content.checkpoint:
        about = "The newest checkpoint of the audit log: a C2SP signed note, Ed25519"
        found.append(Part("checkpoint.txt", content.checkpoint.note, about))
    return [*found, *_keys()]


def packs_of(version: int, judging: str | None, *, until: datetime) -> list[PolicyPack]:
    """The policies that judged the version: for the report, and for the gate before it."""
    decided = GateDecision.objects.filter(version=version, decided_at__lte=until)
    found = PolicyPack.objects.filter(Q(pk__in=decided.values("policy")) | Q(digest=judging))
    return list(found.order_by("name", "version"))


def attested_decisions(version: int, environment: str, *, until: datetime) -> Iterable[GateDecision]:
    """The decisions about the version that were signed, oldest first."""
    rows = GateDecision.objects.filter(
        version=version, environment=environment, decided_at__lte=until, dry_run=False
    ).exclude(attestation=None)
    return rows.only("attestation").order_by("decided_at")


def plain(pack: PolicyPack) -> str:
    """What a policy says, in canonical JSON."""
    return canonical(parse(pack.source, source=str(pack)).plain())


def _keys() -> list[Part]:
    """None where there is no key yet: then nothing is signed, either."""
    try:
        keys = public_keys()
    except SigningKeyMissing:
        return []
    return [
        Part(
            "keys.json",
            canonical(keys),
            "The installation's public keys; compare them with a copy from elsewhere",
        )
    ]
