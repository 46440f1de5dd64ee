"""What of the evidence goes inside the PDF, beside the facts: what can be checked with public tools alone.

The evidence bundle has more (events with their proofs), but needs a checkpoint that covers the report, so it can only
be made afterwards: docs/adr/0014-pdf-variant.md.
"""

from django.db.models import QuerySet

from audit.canonical import canonical
from audit.keys import SigningKeyMissing, public_keys
from governance.gate.models import GateDecision
from governance.reports.orders import Part
from governance.reports.scope import Scope
from policy.lines import parse
from riskreview.models import PolicyPack

MOST_ATTESTED = 500
"""Signed decisions inside one PDF. A report with more leaves them to its evidence bundle."""


def parts_of(scope: Scope | None, checkpoint: str | None) -> tuple[Part, ...]:
    """The policies, the signed decisions, the checkpoint that the report names, and the public keys."""
    found: list[Part] = []
    if scope is not None:
        found += [
            Part(
                f"policy-{pack.name}-{pack.version}.json",
                plain(pack),
                f"Policy {pack}: its SHA-256 is its digest",
            )
            for pack in scope.packs
        ]
        found += _attestations(scope.decisions)
    if checkpoint is not None:
        about = "The newest checkpoint of the audit log: a C2SP signed note, Ed25519"
        found.append(Part("checkpoint.txt", checkpoint, about))
    return (*found, *_keys())


def attested(decisions: QuerySet[GateDecision]) -> QuerySet[GateDecision]:
    """Those that were signed, oldest first."""
    rows = decisions.filter(dry_run=False).exclude(attestation=None)
    return rows.only("attestation").order_by("decided_at")


def plain(pack: PolicyPack) -> str:
    """What a policy says, in canonical JSON."""
    return canonical(parse(pack.source, source=str(pack)).plain())


def _attestations(decisions: QuerySet[GateDecision]) -> list[Part]:
    rows = [row.attestation for row in attested(decisions)[: MOST_ATTESTED + 1]]
    if not rows or len(rows) > MOST_ATTESTED:
        return []
    about = "The signed decisions of the gate: in-toto statements in DSSE envelopes, oldest first"
    return [Part("attestations.json", canonical(rows), about)]


def _keys() -> list[Part]:
    """None where there is no key yet: then nothing is signed, either."""
    try:
        keys = public_keys()
    except SigningKeyMissing:
        return []
    about = "The installation's public keys; compare them with a copy from elsewhere"
    return [Part("keys.json", canonical(keys), about)]
