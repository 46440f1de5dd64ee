"""The evidence bundle, made by the product and checked by the verifier, which shares no code with it."""

import base64
import hashlib
import io
import json
import time
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User
from audit.canonical import canonical
from audit.checkpoints import make_checkpoint
from audit.models import Event
from audit.notes import CheckpointText, sign_note
from audit.sequencer import sequence_pending
from clients import countersign_verify as verifier
from governance.gate.actions import decide
from governance.reports.models import Report
from registry.models import ModelVersion
from riskreview.models import PolicyPack, SignOff
from riskreview.reviews.withdrawing import withdraw
from tests import builders
from tests.audit.signing import log_key
from tests.conftest import AT, actor_of_user
from tests.governance.reports.test_reports import made, opened

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
ClientOf = Callable[[User], Client]
Files = dict[str, bytes]
BUNDLE_SECONDS = 3
NOBODYS = "00000000-0000-4000-8000-000000000000"


def noted(days_ago: int = 0) -> str:
    """A checkpoint as somebody notes it today, or noted it so many days ago."""
    while sequence_pending():
        pass
    found = make_checkpoint(timezone.now() - timedelta(days=days_ago))
    assert found is not None
    return found.note


@pytest.fixture
def report(cast: SimpleNamespace, signed: ModelVersion) -> Report:
    """Of a version that was denied once, signed, and allowed."""
    builders.a_decision(cast, signed)
    return made(cast, signed)


@pytest.fixture
def early(cast: SimpleNamespace, version: ModelVersion) -> str:
    """What an auditor noted earlier today, before anything was signed."""
    return noted()


@pytest.fixture
def yesterday(cast: SimpleNamespace, version: ModelVersion) -> str:
    """What an auditor noted the day before."""
    return noted(days_ago=1)


def packed(files: Files) -> bytes:
    """The files as an archive whose own list agrees with them, as a forger would leave it."""
    manifest = json.loads(files["manifest.json"])
    manifest["files"] = {n: hashlib.sha256(c).hexdigest() for n, c in files.items() if n != "manifest.json"}
    made_again = io.BytesIO()
    with zipfile.ZipFile(made_again, "w") as archive:
        for name, content in {**files, "manifest.json": canonical(manifest).encode()}.items():
            archive.writestr(name, content)
    return made_again.getvalue()


def files_of(content: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


class Auditor:
    """Somebody with a folder of their own, the verifier, and keys and checkpoints that they had before."""

    def __init__(self, folder: Path, keys: bytes, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        (folder / "keys.json").write_bytes(keys)

    def checks(
        self,
        content: bytes,
        *notes: str,
        what: str = "bundle",
        proof: dict[str, Any] | None = None,
        roots: Path | None = None,
    ) -> tuple[int, str]:
        """The exit code and everything that the verifier says."""
        (self.folder / "given").write_bytes(content)
        arguments = [what, str(self.folder / "given"), "--keys", str(self.folder / "keys.json")]
        for number, note in enumerate(notes):
            (self.folder / f"noted-{number}.txt").write_text(note)
            arguments += ["--checkpoint", str(self.folder / f"noted-{number}.txt")]
        if proof is not None:
            (self.folder / "proof.json").write_text(json.dumps(proof))
            arguments += ["--consistency", str(self.folder / "proof.json")]
        if roots is not None:
            arguments += ["--tsa-roots", str(roots)]
        code = verifier.main(arguments)
        told = self._capsys.readouterr()
        return code, told.out + told.err


@pytest.fixture
def auditor(tmp_path: Path, client: Client, capsys: pytest.CaptureFixture[str]) -> Auditor:
    return Auditor(tmp_path, client.get("/.well-known/countersign/keys.json").content, capsys)


def test_a_bundle_holds_and_connects_to_a_checkpoint_that_was_noted_before(
    cast: SimpleNamespace, early: str, report: Report, client_of: ClientOf, auditor: Auditor
) -> None:
    answer = client_of(cast.aud).get(f"/reports/{report.pk}/bundle/")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert answer["X-Checksum-SHA256"] == hashlib.sha256(answer.content).hexdigest()
    code, said = auditor.checks(answer.content)
    assert code == 0 and "NO" not in said, said
    for words in (
        "events are in the log, word for word",
        "report.pdf is the one that was made",
        "All 2 signatures are in the log as the report tells them",
        "results of all 3 evaluations",
        "All 1 decisions of the gate are signed",
        "The policies that judged it are here as they were (1)",
        "The keys that came along are yours",
    ):
        assert words in said
    code, said = auditor.checks(answer.content, early)  # of the same day, so it is not among the witnesses
    assert code == 0 and f"/api/v1/audit/consistency?old={early.splitlines()[1]}" in said
    event = Event.objects.filter(verb="report.downloaded").latest("at")
    assert (event.detail["what"], event.actor) == ("bundle", "user:aud")


def test_a_report_of_the_past_leaves_out_what_came_later_and_its_bundle_holds(
    cast: SimpleNamespace,
    signed: ModelVersion,
    client_of: ClientOf,
    auditor: Auditor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moment, dev, viktor = AT + timedelta(minutes=5), actor_of_user(cast.dev), actor_of_user(cast.viktor)
    asked: dict[str, Any] = {"version": signed, "environment": "production", "context": {}, "dry_run": False}
    then = decide(**asked, actor=dev, at=AT + timedelta(minutes=1))
    signoff = SignOff.objects.get(role="validator")
    withdraw(
        signoff=signoff,
        reason="The sample was too small to say so.",
        user=cast.viktor,
        actor=viktor,
        at=AT + timedelta(hours=1),
    )
    monkeypatch.setattr("tests.builders.AT", AT + timedelta(hours=1))
    builders.a_card(cast, signed, caveats="Written after that moment, in enough words to count.")
    assert decide(**asked, actor=dev, at=AT + timedelta(hours=2)).decision == "deny"

    answer = client_of(cast.aud).get(f"/reports/{made(cast, signed, moment=moment).pk}/bundle/")

    facts = json.loads(files_of(answer.content)["facts.json"])
    assert facts["as_of"] == "2026-11-21T09:05:00.000000Z"
    assert (facts["decision"], facts["evidence_digest"]) == ("allow", then.evidence_digest)
    assert [row["result"] for row in facts["requirements"]] == [row["result"] for row in then.requirements]
    assert [row["id"] for row in facts["decisions"]] == [str(then.pk)]
    assert len(facts["evaluations"]) == 3
    text, _ = opened(Report.objects.get())
    assert "Rebuilt from the record" in text
    assert "Written after that moment" not in text
    code, said = auditor.checks(answer.content)
    assert code == 0 and "NO" not in said, said


def test_a_checkpoint_of_the_same_day_is_connected_by_the_proof_that_the_api_gives(
    cast: SimpleNamespace,
    early: str,
    report: Report,
    client_of: ClientOf,
    api: Callable[..., Client],
    auditor: Auditor,
) -> None:
    started = time.perf_counter()
    content = client_of(cast.aud).get(f"/reports/{report.pk}/bundle/").content
    assert time.perf_counter() - started < BUNDLE_SECONDS
    sizes = {
        "old": int(early.splitlines()[1]),
        "size": int(files_of(content)["checkpoint.txt"].splitlines()[1]),
    }
    proof = api("audit:read").get("/api/v1/audit/consistency", sizes).json()
    code, said = auditor.checks(content, early, proof=proof)
    assert code == 0 and "nothing in it has changed" in said, said
    code, said = auditor.checks(content, early, proof=proof | {"proof": proof["proof"][::-1]})
    assert code == 1 and "history was rewritten" in said


def test_what_was_noted_on_an_earlier_day_is_part_of_the_log_or_the_log_was_rewritten(
    cast: SimpleNamespace, yesterday: str, report: Report, client_of: ClientOf, auditor: Auditor
) -> None:
    content = client_of(cast.aud).get(f"/reports/{report.pk}/bundle/").content
    code, said = auditor.checks(content, yesterday)
    assert code == 0 and "The log only grew since each of 1 earlier days" in said, said
    assert "The checkpoint that you noted" in said and "nothing in it has changed" in said

    origin, size, _ = yesterday.splitlines()[:3]
    other = sign_note(str(CheckpointText(origin, int(size), bytes(32))), origin, log_key())
    code, said = auditor.checks(content, other)
    assert code == 1 and "history was rewritten" in said
    ahead = sign_note(str(CheckpointText(origin, 10**6, bytes(32))), origin, log_key())
    code, said = auditor.checks(content, ahead)
    assert code == 1 and "its end was cut off" in said


def test_a_dry_run_and_an_answer_without_a_policy_need_no_attestation(
    cast: SimpleNamespace, version: ModelVersion, client_of: ClientOf, auditor: Auditor
) -> None:
    builders.a_decision(cast, version, dry_run=True)
    PolicyPack.objects.update(activated_at=None, active=False)
    builders.a_decision(cast, version)
    content = client_of(cast.aud).get(f"/reports/{made(cast, version).pk}/bundle/").content
    code, said = auditor.checks(content)
    assert code == 0, said


def test_the_same_state_gives_the_same_bytes(
    cast: SimpleNamespace, report: Report, client_of: ClientOf, api: Callable[..., Client]
) -> None:
    first = client_of(cast.aud).get(f"/reports/{report.pk}/bundle/").content
    builders.a_decision(cast, report.its_version)  # what happens afterwards is not in it
    noted()
    reader = api("reports:read")
    assert reader.get(f"/api/v1/reports/{report.uuid}/bundle").content == first
    assert api("audit:read").get(f"/api/v1/reports/{report.uuid}/bundle").status_code == 403


def test_a_report_that_is_not_made_has_no_bundle(
    cast: SimpleNamespace, report: Report, client_of: ClientOf
) -> None:
    Report.objects.filter(pk=report.pk).update(status="failed")
    assert client_of(cast.aud).get(f"/reports/{report.pk}/bundle/").status_code == 404


def line_changed(content: bytes, number: int, change: Callable[[dict[str, Any]], None]) -> bytes:
    """A file of JSON lines with one of them changed."""
    rows = [json.loads(line) for line in content.splitlines()]
    change(rows[number])
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


def seq_of(files: Files, verb: str) -> int:
    """The line of the first event with this verb."""
    rows = [json.loads(json.loads(line)["payload"]) for line in files["events.jsonl"].splitlines()]
    return next(number for number, row in enumerate(rows) if row["verb"] == verb)


def forgeries(files: Files) -> dict[str, tuple[Files, str]]:
    """What a forger might do, and the words that give it away."""
    facts, events = json.loads(files["facts.json"]), files["events.jsonl"]
    attestation = next(name for name in files if name.startswith("attestations/"))
    lines = events.splitlines(keepends=True)

    def payload(row: dict[str, Any]) -> None:
        row["payload"] = row["payload"].replace("approve", "reject_")

    def moved(row: dict[str, Any]) -> None:
        row["seq"] += 1

    other = {**facts, "signoffs": [{**facts["signoffs"][0], "signer": "carl"}, *facts["signoffs"][1:]]}
    fewer = {**facts, "signoffs": facts["signoffs"][1:]}
    envelope = json.loads(files[attestation])
    statement = base64.b64decode(envelope["payload"]).replace(b'"allow"', b'"denyy"')
    unsigned = {**envelope, "payload": base64.b64encode(statement).decode()}
    signed_line, report_line = seq_of(files, "review.signed"), seq_of(files, "report.succeeded")
    policy = next(name for name in files if name.startswith("policies/") and name.endswith(".json"))
    allowed_line = seq_of(files, "gate.allowed")
    undecided = {name: content for name, content in files.items() if name != attestation}
    return {
        "an event was edited": (files | {"events.jsonl": line_changed(events, signed_line, payload)},
                                "is not what the log holds"),
        "an event was moved": (files | {"events.jsonl": line_changed(events, 3, moved)}, "is not what the log holds"),
        "two events changed places": (files | {"events.jsonl": b"".join([lines[1], lines[0], *lines[2:]])},
                                      "wrong order"),
        "a signature was left out of the log": (files | {"events.jsonl": b"".join(
            [*lines[:signed_line], *lines[signed_line + 1 :]])}, "The log knows nothing of “approve”"),
        "the making of the report was left out": (files | {"events.jsonl": b"".join(
            [*lines[:report_line], *lines[report_line + 1 :]])}, "does not say that this report was made"),
        "the pdf was changed": (files | {"report.pdf": files["report.pdf"] + b" "}, "report.pdf is not the one"),
        "a signer was replaced": (files | {"facts.json": canonical(other).encode()},
                                  "knows nothing of “approve” by user:carl"),
        "a signature was left out of the facts": (files | {"facts.json": canonical(fewer).encode()},
                                                   "is in the log and missing from the report"),
        "a decision was rewritten": (files | {attestation: canonical(unsigned).encode()}, "did not sign it"),
        "a decision was left out": (undecided, "The attestation of decision"),
        "a decision was invented": (files | {f"attestations/{NOBODYS}.json": files[attestation]},
                                    "the log knows nothing of such a decision"),
        "a policy was changed": (files | {policy: files[policy] + b"\n"}, "what it says is missing or was changed"),
        "the list names another moment": (files | {"manifest.json": files["manifest.json"].replace(
            b'"as_of":"2', b'"as_of":"1')}, "tells as_of otherwise than facts.json"),
        "a decision was left out everywhere": (
            undecided | {"events.jsonl": b"".join([*lines[:allowed_line], *lines[allowed_line + 1 :]])},
            "of which the log knows nothing"),
        "a file was added": (files | {"extra.txt": b"!"}, "differ from the bundle's own list: extra.txt"),
    }  # fmt: skip


def test_each_forgery_is_told_in_its_own_words(
    cast: SimpleNamespace, early: str, report: Report, client_of: ClientOf, auditor: Auditor
) -> None:
    files = files_of(client_of(cast.aud).get(f"/reports/{report.pk}/bundle/").content)
    for name, (forged, words) in forgeries(files).items():
        code, said = auditor.checks(packed(forged))
        assert code == 1 and words in said, f"{name}:\n{said}"


def test_a_forged_checkpoint_and_a_replaced_key_are_told(
    cast: SimpleNamespace, early: str, report: Report, client_of: ClientOf, auditor: Auditor
) -> None:
    files = files_of(client_of(cast.aud).get(f"/reports/{report.pk}/bundle/").content)
    note = files["checkpoint.txt"].decode()
    size = note.splitlines()[1]
    forged = files | {"checkpoint.txt": note.replace(f"\n{size}\n", f"\n{int(size) + 1}\n").encode()}
    code, said = auditor.checks(packed(forged))
    assert code == 1 and "its signature does not hold" in said

    thief = Ed25519PrivateKey.generate()
    origin, _, root = note.splitlines()[:3]
    text = CheckpointText(origin, int(size), base64.b64decode(root))
    keys = json.loads(files["keys.json"])
    del keys["log"]["ring"]
    keys["log"]["pem"] = (
        thief.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    )
    stolen = files | {
        "checkpoint.txt": sign_note(str(text), origin, thief).encode(),
        "keys.json": json.dumps(keys).encode(),
    }
    code, said = auditor.checks(packed(stolen))
    assert code == 1 and "not the ones that you have" in said and "did not sign it" in said

    keys["log"]["ring"] = json.loads(files["keys.json"])["log"]["ring"]  # as if it had been rotated
    code, said = auditor.checks(packed(stolen | {"keys.json": json.dumps(keys).encode()}))
    assert code == 1 and "1 newer key came along" in said and "did not sign it" in said


def test_the_whole_log_is_checked_and_every_way_to_rewrite_it_is_told(
    cast: SimpleNamespace, early: str, report: Report, auditor: Auditor, tmp_path: Path
) -> None:
    late = noted()
    call_command("audit", "export", str(tmp_path / "log.jsonl"))
    content = (tmp_path / "log.jsonl").read_bytes()
    code, said = auditor.checks(content, early, late, what="log")
    assert code == 0 and said.count("nothing in it changed") == 2, said

    head, *lines = content.splitlines(keepends=True)
    number = next(n for n, line in enumerate(lines) if b"review.signed" in line)
    ways = {
        "edited": ([*lines[:number], lines[number].replace(b"approve", b"reject_"), *lines[number + 1 :]],
                   "history was rewritten"),
        "removed": ([*lines[:number], *lines[number + 1 :]], "is missing or out of order"),
        "swapped": ([lines[1], lines[0], *lines[2:]], "is missing or out of order"),
        "cut": (lines[: number + 1], "its end was cut off, or an old copy was put back"),
        "doubled": ([lines[0], lines[0].replace(b'"seq": 0', b'"seq": 1'), *lines[2:]], "is in the log already"),
    }  # fmt: skip
    for way, (rows, words) in ways.items():
        code, said = auditor.checks(b"".join([head, *rows]), late, what="log")
        assert code == 1 and words in said, f"{way}:\n{said}"


def test_machines_have_the_log_s_consistency_proven(
    report: Report, early: str, api: Callable[..., Client]
) -> None:
    reader, late = api("audit:read"), noted()
    old, size = (int(note.splitlines()[1]) for note in (early, late))
    if old == size:
        old -= 1
    answer = reader.get("/api/v1/audit/consistency", {"old": old, "size": size}).json()
    proof = [bytes.fromhex(text) for text in answer["proof"]]
    roots = [base64.b64decode(note.splitlines()[2]) for note in (early, late)]
    assert verifier.roots_by_consistency(old, size, proof, roots[0]) is not None
    for wrong in (
        {"old": 0, "size": size},
        {"old": size + 1, "size": size},
        {"old": 1, "size": 10**9},
        {"old": "x"},
    ):
        assert reader.get("/api/v1/audit/consistency", wrong).status_code == 400
