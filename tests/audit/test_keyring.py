"""The ring: keys are introduced once, rotated on the record, never made anew in silence, and old ones verify."""

import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from audit.checkpoints import make_checkpoint, verify_log
from audit.keyfiles import ATTESTATION, LOG
from audit.keyring import CannotRotate, introduce, key_states, problems, rotate
from audit.keys import SigningKeyMissing, attestation_keys, key_id, log_keys, log_verifiers, public_keys
from audit.models import Checkpoint, Event, SigningKey
from audit.notes import open_note
from audit.sequencer import sequence_pending
from clients import countersign_verify as verifier
from tests.audit.conftest import ADA, NOON, Happen
from tests.audit.signing import log_key
from tests.audit.test_signatures import pem

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


def turned(days: int = 0, overlap: timedelta = WEEK) -> SigningKey:
    """The log's key, rotated so many days after noon."""
    at = NOON + timedelta(days=days)
    return rotate(LOG, reason="Yearly change.", overlap=overlap, actor=ADA, at=at)


def signed(happen: Happen, days: int = 0) -> Checkpoint:
    """A checkpoint over one event more."""
    happen(1)
    sequence_pending()
    made = make_checkpoint(NOON + timedelta(days=days))
    assert made is not None
    return made


def publics(keys: list[Ed25519PrivateKey]) -> list[str]:
    """Private keys are equal only to themselves; their public halves compare."""
    return [key_id(key.public_key()) for key in keys]


def said(*arguments: str) -> str:
    out = io.StringIO()
    call_command("keys", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def exported(folder: Path) -> str:
    call_command("audit", "export", str(folder / "log.jsonl"), stdout=io.StringIO())
    return str(folder / "log.jsonl")


def test_the_first_keys_are_introduced_once_and_on_the_record() -> None:
    assert [row.kind for row in introduce(actor=ADA, at=NOON)] == ["log", "attestation"]
    assert introduce(actor=ADA, at=NOON) == []
    row = SigningKey.objects.get(kind="log")
    assert row.keyid == key_id(log_key().public_key())
    event = Event.objects.get(subject="signing-key:log")
    assert (event.verb, event.actor) == ("signing_key.introduced", "user:ada")
    assert event.detail == {"kind": "log", "keyid": row.keyid, "pem": row.pem}


def test_a_rotation_is_recorded_and_both_keys_sign_until_the_overlap_ends(happen: Happen) -> None:
    introduce(actor=ADA, at=NOON)
    first, old = signed(happen), log_key()
    row = turned()
    new = log_key()
    during, after = signed(happen, 1), signed(happen, 8)

    assert (new != old, log_keys(NOON + WEEK)) == (True, [new])
    assert log_keys(NOON) == [new, old]
    assert [len(c.note.splitlines()) for c in (first, during, after)] == [5, 6, 5]
    assert open_note(during.note, old.public_key()) == open_note(during.note, new.public_key())
    assert log_verifiers() == [new.public_key(), old.public_key()]
    assert verify_log(full=True).state == "ok"
    event = Event.objects.get(verb="signing_key.rotated")
    assert (event.actor, event.detail["reason"], event.detail["keyid"]) == (
        "user:ada",
        "Yearly change.",
        row.keyid,
    )
    assert event.detail["previous"] == key_id(old.public_key())
    assert [(state.state, state.retired_at) for state in key_states(NOON)][:2] == [
        ("signs", None),
        ("signs beside the newest", NOON),
    ]


def test_the_former_private_key_may_be_thrown_away(happen: Happen) -> None:
    introduce(actor=ADA, at=NOON)
    signed(happen)
    turned()
    LOG.made.unlink()
    assert len(signed(happen, 1).note.splitlines()) == 5
    assert verify_log(full=True).state == "ok"
    assert key_states(NOON)[1].state == "verifies; could sign beside the newest, but is not here"


def test_a_lost_key_is_never_made_anew_where_the_database_knows_one(happen: Happen) -> None:
    introduce(actor=ADA, at=NOON)
    LOG.made.unlink()
    happen(1)
    sequence_pending()
    with pytest.raises(SigningKeyMissing, match=r"not there.*never made anew.*keys rotate log"):
        make_checkpoint(NOON)
    assert not LOG.made.exists()
    assert len(problems()) == 1
    with pytest.raises(CommandError, match="is not there") as refused:
        said("list")
    assert refused.value.returncode == 1


def test_nor_where_the_log_was_signed_before_there_was_a_ring(happen: Happen) -> None:
    signed(happen)
    LOG.made.unlink()
    ATTESTATION.made.unlink()
    for kind in (log_keys, attestation_keys):
        with pytest.raises(SigningKeyMissing, match="has signed before"):
            kind()
    with pytest.raises(SigningKeyMissing, match="has signed before"):
        introduce(actor=ADA, at=NOON)
    assert not list(LOG.made.parent.iterdir())
    assert not SigningKey.objects.exists()


def test_a_key_that_did_not_sign_the_log_so_far_is_not_its_first(
    happen: Happen, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(happen)
    monkeypatch.setenv("COUNTERSIGN_LOG_KEY", pem(Ed25519PrivateKey.generate()))
    with pytest.raises(SigningKeyMissing, match="did not sign this log"):
        introduce(actor=ADA, at=NOON)
    assert [row.kind for row in SigningKey.objects.all()] == ["attestation"]


@pytest.mark.parametrize(
    ("damage", "told"),
    [("text", "could not be read"), ("folder", "could not be read"), ("stranger", "another key")],
)
def test_a_damaged_or_exchanged_key_is_named(damage: str, told: str) -> None:
    introduce(actor=ADA, at=NOON)
    path = ATTESTATION.made
    path.unlink()
    if damage == "folder":
        path.mkdir()
    else:
        path.write_text("not a key" if damage == "text" else pem(generate_private_key(SECP256R1())))
    with pytest.raises(SigningKeyMissing, match=told):
        attestation_keys()


def test_with_keys_from_the_environment_the_operator_brings_the_next_one(
    monkeypatch: pytest.MonkeyPatch, happen: Happen
) -> None:
    old, new = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    monkeypatch.setenv("COUNTERSIGN_LOG_KEY", pem(old))
    introduce(actor=ADA, at=NOON)
    with pytest.raises(CannotRotate, match="gives the key that signs now.*COUNTERSIGN_LOG_KEY_PREVIOUS"):
        turned()
    monkeypatch.setenv("COUNTERSIGN_LOG_KEY", pem(new))
    with pytest.raises(SigningKeyMissing, match="COUNTERSIGN_LOG_KEY holds .*another key"):
        log_keys()
    monkeypatch.setenv("COUNTERSIGN_LOG_KEY_PREVIOUS", pem(old))
    assert publics(log_keys()) == publics([old])  # until the rotation, the one before still signs
    turned()
    assert publics(log_keys(NOON)) == publics([new, old])
    monkeypatch.setenv("COUNTERSIGN_LOG_KEY", pem(old))
    with pytest.raises(CannotRotate, match="signed here before"):
        turned(1)
    monkeypatch.setenv("COUNTERSIGN_LOG_KEY", "not a key")
    with pytest.raises(SigningKeyMissing, match="could not be read"):
        turned(1)
    assert SigningKey.objects.filter(kind="log").count() == 2
    assert Event.objects.filter(verb="signing_key.rotated").count() == 1


@pytest.mark.parametrize(
    ("reason", "overlap", "told"),
    [
        ("  ", WEEK, "Say why"),
        ("Why", timedelta(days=-1), "between 0"),
        ("Why", timedelta(days=400), "between 0"),
    ],
)
def test_a_rotation_without_reason_or_with_an_odd_overlap_is_refused(
    reason: str, overlap: timedelta, told: str
) -> None:
    introduce(actor=ADA, at=NOON)
    with pytest.raises(CannotRotate, match=told):
        rotate(LOG, reason=reason, overlap=overlap, actor=ADA, at=NOON)
    assert SigningKey.objects.filter(kind="log").count() == 1
    assert [path.name for path in LOG.made.parent.glob("log*")] == ["log.pem"]


def test_the_command_lists_and_rotates() -> None:
    assert said("list").count("signs") == 2
    told = said(
        "rotate", "attestation", "--reason", "Left the building.", "--by", "Nora", "--overlap-days", "3"
    )
    rows = json.loads(said("list", "--json"))
    assert rows[1]["keyid"] in told and "beside it until" in told
    assert [(row["kind"], row["state"]) for row in rows] == [
        ("log", "signs"),
        ("attestation", "signs"),
        ("attestation", "signs beside the newest"),
    ]
    assert (rows[1]["introduced_by"], rows[1]["reason"]) == ("operator:Nora", "Left the building.")
    assert "PRIVATE" not in said("list", "--json")


def test_an_auditor_with_yesterdays_keys_follows_the_log_to_the_new_one(
    happen: Happen, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    introduce(actor=ADA, at=NOON)
    first = signed(happen)
    (tmp_path / "noted.txt").write_text(first.note)
    (tmp_path / "keys.json").write_text(json.dumps(public_keys()))
    turned()
    signed(happen, 1)
    signed(happen, 30)  # by the new key alone
    given = ["log", exported(tmp_path), "--keys", str(tmp_path / "keys.json")]
    code = verifier.main([*given, "--checkpoint", str(tmp_path / "noted.txt")])
    told = capsys.readouterr().out
    assert code == 0, told
    assert "1 newer key came along that you do not have" in told
    assert "3 checkpoints sign" in told


def test_without_an_overlap_the_auditor_needs_the_new_keys(
    happen: Happen, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    introduce(actor=ADA, at=NOON)
    signed(happen)
    (tmp_path / "keys.json").write_text(json.dumps(public_keys()))
    turned(overlap=timedelta(0))
    signed(happen, 1)
    given = ["log", exported(tmp_path), "--keys", str(tmp_path / "keys.json")]
    assert verifier.main(given) == 1
    assert "the log's key did not sign it" in capsys.readouterr().out
    (tmp_path / "keys.json").write_text(json.dumps(public_keys()))
    assert verifier.main(given) == 0


def test_a_retired_key_signs_no_later_checkpoint(
    happen: Happen, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    introduce(actor=ADA, at=NOON)
    stolen = log_key()
    turned()
    monkeypatch.setattr(
        "audit.checkpoints.log_keys", lambda at: [stolen]
    )  # whoever has it also has the server
    signed(happen, 1)
    assert verifier.main(["log", exported(tmp_path)]) == 1
    assert "signed only by a key that was retired before it" in capsys.readouterr().out


def test_what_is_no_ring_is_not_read(
    tmp_path: Path, happen: Happen, capsys: pytest.CaptureFixture[str]
) -> None:
    introduce(actor=ADA, at=timezone.now())
    signed(happen)
    whole = json.loads(json.dumps(public_keys()))
    rings: tuple[object, ...] = ("?", [{}], [{"pem": "none"}], [{"pem": whole["attestation"]["pem"]}])
    for ring in rings:
        whole["log"]["ring"] = ring
        (tmp_path / "keys.json").write_text(json.dumps(whole))
        assert verifier.main(["log", exported(tmp_path), "--keys", str(tmp_path / "keys.json")]) == 2
