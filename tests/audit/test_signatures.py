"""Keys, signed notes and attestations."""

import base64
import json
import stat
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_public_key,
)
from pytest_django.fixtures import Settings

from audit.attestation import AttestationRefused, Judged, Summary, attest, open_envelope, pae, statement
from audit.keyfiles import LOG, held, make_first
from audit.keys import PrivateKey, SigningKeyMissing, key_id, public_keys
from audit.notes import CheckpointText, NoteRefused, open_note, parse_checkpoint, sign_note, verifier_key
from tests.audit.conftest import NOON
from tests.audit.signing import attestation_key, log_key

pytestmark = pytest.mark.django_db
VECTORS = json.loads((Path(__file__).parent / "merkle-vectors.json").read_text())

SUMMARY = Summary(
    decision_id="0195",
    model="credit-default",
    version="3",
    environment="production",
    tier="high",
    allowed=True,
    basis="policy",
    artifact_digest="sha256:" + "ab" * 32,
    evidence_digest="sha256:" + "cd" * 32,
    site="https://countersign.example",
    verifier_version={"countersign": "0.1.0"},
    policy_uri="https://countersign.example/policy/default/4",
    policy_digest="sha256:" + "ef" * 32,
    decided_at=NOON,
    valid_until=NOON + timedelta(hours=1),
    requirements=(Judged("signoff.risk_officer", "satisfied", "Ada Okafor approved."),),
)


def pem(key: PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_keys_are_made_once_and_are_nobody_elses_to_read(tmp_path: Path) -> None:
    first = log_key().public_key(), attestation_key().public_key()

    assert first == (log_key().public_key(), attestation_key().public_key())
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["attestation.pem", "log.pem"]
    for path in (tmp_path / "keys").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_processes_that_make_a_key_at_once_agree_on_one() -> None:
    threads = [threading.Thread(target=make_first, args=(LOG,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [found.key for found in held(LOG)] == [log_key()]
    assert [path.name for path in LOG.made.parent.iterdir()] == ["log.pem"]


def test_a_key_from_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given, filed = generate_private_key(SECP256R1()), Ed25519PrivateKey.generate()
    (tmp_path / "secret.pem").write_text(pem(filed))
    monkeypatch.setenv("COUNTERSIGN_ATTESTATION_KEY", pem(given))
    monkeypatch.setenv("COUNTERSIGN_LOG_KEY_FILE", str(tmp_path / "secret.pem"))

    assert attestation_key().public_key() == given.public_key()
    assert log_key().public_key() == filed.public_key()
    assert not (tmp_path / "keys").exists()


def test_where_keys_may_not_be_made_a_missing_one_is_named(settings: Settings, tmp_path: Path) -> None:
    settings.COUNTERSIGN_GENERATE_KEYS = False

    with pytest.raises(SigningKeyMissing, match="no key to sign checkpoints.*Set COUNTERSIGN_LOG_KEY"):
        log_key()
    with pytest.raises(
        SigningKeyMissing, match="no key to sign attestations.*Set COUNTERSIGN_ATTESTATION_KEY"
    ):
        attestation_key()
    assert not (tmp_path / "keys").exists()


def test_a_key_file_that_does_not_exist_is_never_replaced_by_a_new_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COUNTERSIGN_LOG_KEY_FILE", "/nowhere/log.pem")
    with pytest.raises(SigningKeyMissing, match=r"names /nowhere/log\.pem, which does not exist"):
        log_key()


def test_a_key_of_the_wrong_kind_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERSIGN_LOG_KEY", pem(generate_private_key(SECP256R1())))
    with pytest.raises(SigningKeyMissing, match="not an Ed25519 key"):
        log_key()
    for wrong in (pem(Ed25519PrivateKey.generate()), pem(generate_private_key(SECP384R1()))):
        monkeypatch.setenv("COUNTERSIGN_ATTESTATION_KEY", wrong)
        with pytest.raises(SigningKeyMissing, match="not an ECDSA key on P-256"):
            attestation_key()
    monkeypatch.setenv("COUNTERSIGN_ATTESTATION_KEY", "not a key")
    with pytest.raises(SigningKeyMissing, match="could not be read"):
        attestation_key()


def test_the_published_keys_are_the_public_halves_only() -> None:
    published = json.loads(json.dumps(public_keys()))

    assert [(key["kty"], key["crv"]) for key in published["keys"]] == [("OKP", "Ed25519"), ("EC", "P-256")]
    assert load_pem_public_key(published["log"]["pem"].encode()) == log_key().public_key()
    assert load_pem_public_key(published["attestation"]["pem"].encode()) == attestation_key().public_key()
    assert published["attestation"]["keyid"] == published["keys"][1]["kid"]
    assert published["log"]["verifier_key"].startswith("countersign.example/log+")
    assert "PRIVATE" not in json.dumps(published)
    assert all("d" not in key for key in published["keys"])


def test_the_published_note_of_the_specification_opens() -> None:
    example = VECTORS["signed_note_example"]
    raw = base64.b64decode(example["vkey"].rsplit("+", 1)[1])
    key = Ed25519PublicKey.from_public_bytes(raw[1:])

    assert verifier_key("example.com/foo", key) == example["vkey"]
    assert open_note(example["note"], key) == "This is an example message.\n"


def test_our_checkpoint_is_byte_for_byte_the_published_one() -> None:
    example = VECTORS["checkpoint_example_signed_with_ed25519_seed_0x01x32"]
    key = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
    text = CheckpointText("gov.example/audit", 8, bytes.fromhex(VECTORS["roots_by_size_0_to_8"][8]))

    assert sign_note(str(text), "gov.example/audit", key) == example["note"]
    assert verifier_key("gov.example/audit", key.public_key()) == example["vkey"]
    assert parse_checkpoint(open_note(example["note"], key.public_key())) == text


def test_a_note_of_two_keys_opens_under_either_and_under_none_that_fails() -> None:
    old, new, other = (Ed25519PrivateKey.generate() for _ in range(3))
    note = sign_note("text\n", "log", new, old)

    assert len(note.splitlines()) == 4
    for key in (old, new):
        assert open_note(note, key.public_key(), other.public_key()) == "text\n"
    first, second = note.splitlines()[2:]
    raw = bytearray(base64.b64decode(second.rpartition(" ")[2]))
    raw[-1] ^= 1
    forged = f"text\n\n{first}\n\u2014 log {base64.b64encode(raw).decode()}\n"
    with pytest.raises(NoteRefused, match="does not hold"):
        open_note(forged, new.public_key(), old.public_key())


def test_a_note_that_was_changed_does_not_open() -> None:
    key = Ed25519PrivateKey.generate()
    note = sign_note(str(CheckpointText("log", 8, bytes(32))), "log", key)

    for changed in (
        note.replace("\n8\n", "\n9\n"),
        note[:-8] + "AAAAAA=\n",
        note.rstrip("\n"),
        "",
        "log\n8\n",
    ):
        with pytest.raises(NoteRefused):
            open_note(changed, key.public_key())
    with pytest.raises(NoteRefused, match="not signed by the log's key"):
        open_note(note, Ed25519PrivateKey.generate().public_key())


@pytest.mark.parametrize(
    "text", ["", "log\n", "log\n08\nAAAA\n", "log\n-1\nAAAA\n", "log\n8\nAAAA\n", "log\n8\n!\n"]
)
def test_a_text_that_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteRefused):
        parse_checkpoint(text)


@pytest.mark.parametrize("name", ["", "two words", "a+b"])
def test_a_name_that_would_break_the_signature_line_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a key"):
        sign_note("text\n", name, Ed25519PrivateKey.generate())


def test_an_attestation_opens_under_our_key_and_says_what_was_decided() -> None:
    envelope = attest(SUMMARY)
    opened = open_envelope(json.loads(json.dumps(envelope)), attestation_key().public_key())

    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    assert envelope["signatures"][0]["keyid"] == key_id(attestation_key().public_key())
    assert opened == statement(SUMMARY)
    assert opened == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "credit-default", "digest": {"sha256": "ab" * 32}}],
        "predicateType": "https://slsa.dev/verification_summary/v1",
        "predicate": {
            "verifier": {"id": "https://countersign.example", "version": {"countersign": "0.1.0"}},
            "timeVerified": "2026-11-21T12:00:00Z",
            "resourceUri": (
                "https://countersign.example/models/credit-default/versions/3/environments/production"
            ),
            "policy": {
                "uri": "https://countersign.example/policy/default/4",
                "digest": {"sha256": "ef" * 32},
            },
            "verificationResult": "PASSED",
            "verifiedLevels": ["COUNTERSIGN_TIER_HIGH_APPROVED"],
            "slsaVersion": "1.0",
            "countersign_decision": {
                "id": "0195",
                "model": "credit-default",
                "version": "3",
                "environment": "production",
                "tier": "high",
                "decision": "allow",
                "basis": "policy",
                "exceptions": [],
                "validUntil": "2026-11-21T13:00:00Z",
                "evidence": {"digest": {"sha256": "cd" * 32}},
                "requirements": [
                    {"id": "signoff.risk_officer", "result": "satisfied", "reason": "Ada Okafor approved."}
                ],
            },
        },
    }


def test_the_attestation_of_a_denial_passes_for_nothing() -> None:
    predicate = statement(replace(SUMMARY, allowed=False))["predicate"]

    assert isinstance(predicate, dict)
    assert (predicate["verificationResult"], predicate["verifiedLevels"]) == ("FAILED", ["FAILED"])


def test_a_name_with_slashes_cannot_pose_as_another_environment() -> None:
    posing = replace(SUMMARY, version="3/environments/production", environment="staging")

    assert posing.resource_uri.endswith("/versions/3%2Fenvironments%2Fproduction/environments/staging")


def test_the_encoding_that_is_signed_is_that_of_dsse() -> None:
    # The example of the DSSE protocol description.
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_an_envelope_that_was_changed_does_not_open() -> None:
    envelope, key = attest(SUMMARY), attestation_key().public_key()
    forged = base64.b64encode(
        base64.b64decode(envelope["payload"]).replace(b"production", b"anything!!")
    ).decode()

    for changed in (
        {**envelope, "payload": forged},
        {**envelope, "payload": "not base64"},
        {**envelope, "payloadType": "application/json"},
        {**envelope, "signatures": []},
        {**envelope, "signatures": ["?"]},
        {},
    ):
        with pytest.raises(AttestationRefused):
            open_envelope(changed, key)
    with pytest.raises(AttestationRefused, match="No signature"):
        open_envelope(envelope, generate_private_key(SECP256R1()).public_key())


@pytest.mark.parametrize("digest", ["", "ab" * 32, "sha256:" + "AB" * 32, "sha256:ab"])
def test_a_subject_without_a_true_digest_is_never_attested(digest: str) -> None:
    with pytest.raises(ValueError, match="is not a digest"):
        attest(replace(SUMMARY, artifact_digest=digest))
