"""The restore drill of docs/backup.md: a base backup and the log of PostgreSQL, brought back to a moment; and a dump.

What comes back must verify, and must be told from what it is older than: by those who noted a later checkpoint.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.postgres import Server, own_server, restored_server
from tests.ops.processes import ROOT

pytestmark = pytest.mark.slow
VERIFIER = ROOT / "clients" / "countersign_verify.py"


@pytest.fixture
def server() -> Iterator[Server]:
    """The installation's server, which keeps every piece of its log."""
    with own_server(archiving=True) as found:
        yield found


class Drill:
    """Programs of ours on one server, and what an auditor keeps outside."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.keys, self.var = folder, folder / "keys.json", folder / "var"

    def environment(self, address: str) -> dict[str, str]:
        """Where programs find the database; the signing keys are kept apart from it, as they should be."""
        return os.environ | {"DATABASE_URL": address, "COUNTERSIGN_VAR": str(self.var)}

    def manage(self, address: str, *arguments: str) -> str:
        """`manage.py …` on this database; fails with what it said."""
        return self._run([sys.executable, "manage.py", *arguments], self.environment(address))

    def exported(self, address: str) -> Path:
        """The whole log, as an auditor takes it along."""
        export = self.folder / "log.jsonl"
        self.manage(address, "audit", "export", str(export))
        return export

    def verified(self, export: Path, noted: str) -> tuple[int, str]:
        """An export, checked by the verifier that shares no code with us, against a checkpoint noted before."""
        note = self.folder / "noted.txt"
        note.write_text(noted)
        command: list[str | Path] = [
            sys.executable,
            VERIFIER,
            "log",
            export,
            "--keys",
            self.keys,
            "--checkpoint",
            note,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def _run(self, command: list[str], environment: dict[str, str]) -> str:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-3_000:]
        return done.stdout


class Life:
    """People at work: each `goes_on` adds to the history and answers the checkpoint that signs it."""

    def __init__(self, drill: Drill, address: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.history", str(drill.keys)],
            cwd=ROOT,
            env=drill.environment(address),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def goes_on(self) -> str:
        """A little more history."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        note: str = json.loads(self._process.stdout.readline())["note"]
        return note

    def __enter__(self) -> "Life":
        return self

    def __exit__(self, *_: object) -> None:
        """Everybody goes home."""
        self._process.communicate()


def test_what_was_restored_verifies_and_what_is_old_is_told_as_old(server: Server, tmp_path: Path) -> None:
    drill = Drill(tmp_path)
    drill.manage(server.address, "migrate", "-v0")
    with Life(drill, server.address) as life:
        life.goes_on()
        backup = server.base_backup()
        wanted = life.goes_on()
        server.tell("SELECT pg_create_restore_point('before the accident')")
        later = life.goes_on()
    server.tell("SELECT pg_switch_wal()")
    server.stop("fast")

    with restored_server(backup, server.archive, point="before the accident") as restored:
        assert "rows say what the last event" in drill.manage(restored.address, "audit", "verify")
        export = drill.exported(restored.address)
        code, said = drill.verified(export, wanted)
        assert (code, "is part of this log" in said) == (0, True), said
        code, said = drill.verified(export, later)
        assert code != 0 and "this log only" in said

        copied = restored.dumped_and_restored("copy")
        assert "rows say what the last event" in drill.manage(copied, "audit", "verify")
