"""`manage.py audit verify|adopt|export|checkpoint`: the log for those who operate it."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError, InternalError
from django.utils import timezone

from audit.adoption import adopt_rows
from audit.agreement import Agreement, compare_rows
from audit.checkpoints import LogBroken, LogState, make_checkpoint, verify_log
from audit.export import log_lines
from audit.keys import SigningKeyMissing
from audit.sequencer import sequence_pending


class Command(BaseCommand):
    """The audit log: check it, take it along, sign it."""

    help = "Check the audit log, export it, or sign a checkpoint of it now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The deeds."""
        deeds = parser.add_subparsers(dest="deed", required=True)
        verify = deeds.add_parser(
            "verify",
            help="Hash every entry again and compare every row with the last event about it; "
            "exit code 1 where something was changed.",
        )
        verify.add_argument(
            "--quick", action="store_true", help="Only the tree and the last hundred entries, and no rows."
        )
        verify.add_argument("--json", action="store_true", help="Say what was found as JSON.")
        deeds.add_parser(
            "adopt", help="After an upgrade: take rows into the record that no event attests yet."
        )
        export = deeds.add_parser("export", help="Write every entry and checkpoint as lines of JSON.")
        export.add_argument("path", help="The file to write, or - for standard output.")
        deeds.add_parser("checkpoint", help="Sign the log as it stands, and print the checkpoint.")

    def handle(self, *args: Any, deed: str, **options: Any) -> None:
        """Do it."""
        deeds = {"verify": self._verify, "adopt": self._adopt}
        deeds |= {"export": self._export, "checkpoint": self._checkpoint}
        deeds[deed](options)

    def _verify(self, options: dict[str, Any]) -> None:
        state = verify_log(timezone.now(), full=not options["quick"], told=self._told)
        broken = state.state == "broken"
        found = None if broken or options["quick"] else compare_rows(self._told)
        if sys.stderr.isatty():
            self.stderr.write("\r", ending="")
        if options["json"]:
            rows = asdict(found) if found else None
            self.stdout.write(json.dumps({"log": asdict(state), "rows": rows}, ensure_ascii=False, indent=2))
        elif not broken:
            self._say(state, found)
        if broken:
            raise CommandError(f"The log is broken. {state.text}", returncode=1)
        if found and found.disagreements:
            count = f"{found.disagreements:,}"
            raise CommandError(f"Rows differ from the record: {count} disagreements.", returncode=1)

    def _say(self, state: LogState, found: Agreement | None) -> None:
        self.stdout.write(f"{state.entries:,} entries. {state.text}")
        if found is None:
            self.stdout.write("Rows were not compared with the record.")
            return
        for one in found.told:
            self.stdout.write(one.text)
        if more := found.disagreements - len(found.told):
            self.stdout.write(f"And {more:,} more.")
        if not found.disagreements:
            covered = found.rows - found.uncovered_rows
            self.stdout.write(f"{covered:,} rows say what the last event about each of them said.")
        if found.uncovered_rows or found.uncovered_fields:
            self.stdout.write(
                f"{found.uncovered_rows:,} rows and {found.uncovered_fields:,} fields of other rows are not covered: "
                "they were recorded before events attested rows. `audit adopt` takes them in as they stand."
            )

    def _adopt(self, options: dict[str, Any]) -> None:
        count = adopt_rows(at=timezone.now())
        self.stdout.write(f"{count:,} rows were taken into the record as they stood.")

    def _told(self, done: int, of: int, what: str = "entries") -> None:
        if sys.stderr.isatty():
            self.stderr.write(f"\r{done:,} of {of:,} {what}    ", ending="")

    def _export(self, options: dict[str, Any]) -> None:
        try:
            if options["path"] == "-":
                for line in log_lines():
                    self.stdout.write(line, ending="")
                return
            with Path(options["path"]).open("w", encoding="utf-8") as file:
                file.writelines(log_lines())
        except OSError as error:
            raise CommandError(f"{options['path']} cannot be written: {error}") from error
        except SigningKeyMissing as missing:
            raise CommandError(str(missing)) from missing

    def _checkpoint(self, options: dict[str, Any]) -> None:
        try:
            while sequence_pending():
                pass
            made = make_checkpoint(timezone.now())
        except (LogBroken, SigningKeyMissing) as reason:
            raise CommandError(str(reason)) from reason
        except (IntegrityError, InternalError) as reason:  # the database's own guard of the log
            raise CommandError(f"The log cannot be continued: {reason}. Run audit verify.") from reason
        if made is None:
            raise CommandError("The log is empty.")
        self.stdout.write(made.note, ending="")
