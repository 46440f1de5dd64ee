"""`manage.py audit`: what operators and their scripts are told, and what they take along."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from audit.checkpoints import make_checkpoint, newest_checkpoint
from audit.keys import public_keys
from audit.models import Checkpoint
from audit.notes import CheckpointText, open_note, parse_checkpoint, sign_note
from audit.sequencer import pending_count, sequence_pending
from clients import countersign_verify as verifier
from tests.audit.conftest import NOON, Happen
from tests.audit.signing import log_key
from tests.audit.test_log import TAMPERING, tamper

pytestmark = pytest.mark.django_db


def said(*arguments: str) -> str:
    """What the command writes."""
    out = io.StringIO()
    call_command("audit", *arguments, stdout=out)
    return out.getvalue()


def logged(happen: Happen, count: int) -> None:
    """So many entries under a checkpoint."""
    happen(count)
    sequence_pending()
    make_checkpoint(NOON)


@pytest.mark.parametrize("way", [(), ("--quick",)])
def test_a_log_that_nobody_touched_is_said_to_agree(happen: Happen, way: tuple[str, ...]) -> None:
    logged(happen, 3)
    assert said("verify", *way).startswith("3 entries. ")
    assert "agree with the checkpoint of 3 entries" in said("verify", *way)


@pytest.mark.parametrize("how", TAMPERING)
def test_a_log_that_was_tampered_with_ends_with_code_1(happen: Happen, how: str) -> None:
    logged(happen, 3)
    tamper(TAMPERING[how])
    with pytest.raises(CommandError, match="The log is broken") as refused:
        said("verify")
    assert refused.value.returncode == 1


def test_an_export_is_checked_by_the_verifier_and_holds_every_entry(
    happen: Happen, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logged(happen, 3)
    logged(happen, 2)
    happen(1)
    sequence_pending()
    said("export", str(tmp_path / "log.jsonl"))
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert rows[0] == {"format": "countersign-log/1", "keys": public_keys()}
    assert [row.get("seq", "note") for row in rows[1:]] == [0, 1, 2, "note", 3, 4, "note", 5]
    (tmp_path / "keys.json").write_text(json.dumps(public_keys()))
    given = ["log", str(tmp_path / "log.jsonl"), "--keys", str(tmp_path / "keys.json")]
    assert verifier.main(given) == 0
    told = capsys.readouterr().out
    assert "All 6 entries hash to what 2 checkpoints sign" in told
    assert "The last 1 entries are not covered by a checkpoint yet" in told


def test_an_export_goes_to_standard_output_as_well(happen: Happen) -> None:
    logged(happen, 2)
    assert len(said("export", "-").splitlines()) == 4


def test_an_export_of_a_log_that_was_tampered_with_is_found_out(
    happen: Happen, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logged(happen, 3)
    tamper("UPDATE audit_event SET payload = replace(payload, 'CI retail', 'CI banks')")
    said("export", str(tmp_path / "log.jsonl"))
    assert verifier.main(["log", str(tmp_path / "log.jsonl")]) == 1
    assert "do not hash to what their checkpoint signs" in capsys.readouterr().out


def test_a_file_that_cannot_be_written_is_refused(happen: Happen, tmp_path: Path) -> None:
    logged(happen, 1)
    with pytest.raises(CommandError, match="cannot be written"):
        said("export", str(tmp_path / "nowhere" / "log.jsonl"))


def test_a_checkpoint_takes_up_what_waits_and_is_printed_as_the_note_it_is(happen: Happen) -> None:
    with pytest.raises(CommandError, match="The log is empty"):
        said("checkpoint")
    happen(4)
    note = said("checkpoint")
    newest = newest_checkpoint()
    assert newest is not None
    assert (note, pending_count()) == (newest.note, 0)
    assert parse_checkpoint(open_note(note, log_key().public_key())).size == 4


@pytest.mark.parametrize("how", ["entry removed", "checkpoint", "tree"])
def test_nothing_is_signed_on_top_of_a_log_that_was_tampered_with(happen: Happen, how: str) -> None:
    logged(happen, 3)
    tamper(TAMPERING[how])
    happen(1)
    with pytest.raises(CommandError):
        said("checkpoint")
    assert Checkpoint.objects.count() == 1


def test_two_noted_checkpoints_that_differ_at_one_size_tell_of_a_fork(
    happen: Happen, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logged(happen, 3)
    first = newest_checkpoint()
    assert first is not None
    said("export", str(tmp_path / "log.jsonl"))
    (tmp_path / "a.txt").write_text(first.note)
    origin = first.note.splitlines()[0]
    other = sign_note(str(CheckpointText(origin, 3, bytes(32))), origin, log_key())
    (tmp_path / "b.txt").write_text(other)
    given = ["log", str(tmp_path / "log.jsonl")]
    for name in ("a.txt", "b.txt"):
        given += ["--checkpoint", str(tmp_path / name)]
    assert verifier.main(given) == 1
    assert "the log forked" in capsys.readouterr().out
