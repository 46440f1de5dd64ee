"""The evidence bundle of a report: what an auditor checks without this server. The same state gives the same bytes.

`clients/countersign_verify.py` checks it and shares no code with this. What is in it, templates/reports/bundle.txt
says to whoever opens it.
"""

import base64
import hashlib
import json
import zipfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from django.db import IntegrityError, InternalError
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string

from accounts.languages import english
from accounts.refusals import Conflict
from audit.attestation import sigstore_bundle
from audit.canonical import canonical
from audit.checkpoints import LogBroken, make_checkpoint
from audit.keys import SigningKeyMissing, public_keys
from audit.models import Checkpoint, Event, LogEntry
from audit.proofs import proven, stamps, witnesses
from audit.queries import subject_begins
from audit.sequencer import sequence_pending
from audit.verbs import Verb
from governance.gate.models import GateDecision
from governance.reports.access import report_file
from governance.reports.facts import about
from governance.reports.models import Report, ReportKind
from governance.reports.parts import attested, plain
from governance.reports.render import facts_of
from governance.reports.scope import Scope, scope_of
from riskreview.models import PolicyPack

FORMATS = {ReportKind.VERSION.value: "countersign-bundle/1"}
LATER_FORMAT = "countersign-bundle/2"
"""Of kinds that verifiers from before 1.0 do not know: they say so rather than leave something unchecked."""
LATER = "The log's next checkpoint is signed within a minute; ask again then."


def bundle_of(report: Report, *, at: datetime) -> bytes:
    """The bundle as a zip archive. Raises Http404 without one, and Conflict where there can be none or the log
    does not cover the report yet.
    """
    if not report.has_bundle:
        raise Conflict(
            "There is no evidence bundle of a whole portfolio: it would be the record of every model.",
            "Make the model file of one model, or check the whole log.",
        )
    pdf = report_file(report)
    facts = facts_of(pdf)
    if not facts.is_file():
        raise Conflict("This report was made before there were bundles.", "Make a new one.")
    checkpoint, told = _covering(report, at), facts.read_bytes()
    scope = scope_of(report, json.loads(told), until=report.as_of)
    files: dict[str, bytes] = {
        "report.pdf": pdf.read_bytes(),
        "facts.json": told,
        "checkpoint.txt": checkpoint.note.encode(),
        "witnesses.jsonl": _lines(witnesses(checkpoint)),
        "events.jsonl": _lines(proven(_entries(scope, checkpoint), checkpoint)),
        "keys.json": canonical(public_keys()).encode(),
        **_attestations(scope.decisions),
        **_anchors(checkpoint),
        **_policies(scope.packs),
    }
    told_of = {"report": report, "anchored": "anchors/index.jsonl" in files}
    with english():
        files["README.txt"] = render_to_string("reports/bundle.txt", told_of).encode()
    files["manifest.json"] = canonical(_manifest(report, files)).encode()
    return _zipped(files, report.as_of)


def _covering(report: Report, at: datetime) -> Checkpoint:
    """The first checkpoint that covers the making of the report; signed now if need be."""
    made = Event.objects.filter(verb=Verb.REPORT_SUCCEEDED, subject=report.ref).order_by("-at").first()
    if made is None:
        raise Conflict("The record does not say that this report was made.", "Make a new one.")
    for attempt in ("as it stands", "brought up to date"):
        entry = LogEntry.objects.filter(event=made).first()
        covering = Checkpoint.objects.filter(size__gt=entry.seq).order_by("size") if entry else None
        if covering is not None and (found := covering.first()) is not None:
            return found
        if attempt == "as it stands":
            _bring_up_to_date(at)
    raise Conflict("No checkpoint of the log covers this report yet.", LATER)


def _bring_up_to_date(at: datetime) -> None:
    """Without the key, which need not be on this machine, the scheduler does it within a minute."""
    try:
        while sequence_pending():
            pass
        make_checkpoint(at)
    except (SigningKeyMissing, LogBroken, IntegrityError, InternalError) as reason:
        raise Conflict(f"No checkpoint of the log covers this report yet. {reason}", LATER) from reason


def _entries(scope: Scope, checkpoint: Checkpoint) -> list[int]:
    """Places in the log of what the report is about, of its policies, and of the signing keys."""
    of_policy = Q(subject__in=[pack.ref for pack in scope.packs])
    events = Event.objects.filter(scope.events | of_policy | subject_begins("signing-key:")).values("pk")
    found = LogEntry.objects.filter(seq__lt=checkpoint.size)
    return list(found.filter(event__in=events).values_list("seq", flat=True))


def _attestations(decisions: QuerySet[GateDecision]) -> dict[str, bytes]:
    """The signed decisions, as DSSE envelopes and as Sigstore bundles."""
    found: dict[str, bytes] = {}
    for row in attested(decisions).iterator(chunk_size=500):
        found[f"attestations/{row.pk}.json"] = canonical(row.attestation).encode()
        found[f"sigstore/{row.pk}.sigstore.json"] = canonical(sigstore_bundle(row.attestation or {})).encode()
    return found


def _anchors(checkpoint: Checkpoint) -> dict[str, bytes]:
    """The answers of a time-stamping authority, each beside the note that it stamped, as `openssl ts` takes them."""
    found, index = dict[str, bytes](), list[dict[str, Any]]()
    for row, proof in stamps(checkpoint):
        size = row.checkpoint.size
        found[f"anchors/{size}.note"] = row.checkpoint.note.encode()
        found[f"anchors/{size}.tsr"] = base64.b64decode(row.token)
        index.append({"size": size, "authority": row.authority, "proof": proof})
    return {**found, "anchors/index.jsonl": _lines(index)} if index else {}


def _policies(packs: Iterable[PolicyPack]) -> dict[str, bytes]:
    """Each text byte for byte, and what it says in canonical JSON, whose SHA-256 is the digest that the log names."""
    found: dict[str, bytes] = {}
    for pack in packs:
        name = f"policies/{pack.name}-{pack.version}"
        found[f"{name}.yaml"] = pack.source.encode()
        found[f"{name}.json"] = plain(pack).encode()
    return found


def _manifest(report: Report, files: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        "format": FORMATS.get(report.kind, LATER_FORMAT),
        **about(report, at=report.as_of),
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }


def _lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return "".join(f"{json.dumps(row, ensure_ascii=False, sort_keys=True)}\n" for row in rows).encode()


def _zipped(files: Mapping[str, bytes], moment: datetime) -> bytes:
    """In the order of names, with one time for all: nothing of the machine or the moment of asking is in it."""
    made = BytesIO()
    year, month, day, hour, minute, second, *_ = moment.astimezone(UTC).timetuple()
    with zipfile.ZipFile(made, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, (year, month, day, hour, minute, second - second % 2))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, files[name], compresslevel=6)
    return made.getvalue()
