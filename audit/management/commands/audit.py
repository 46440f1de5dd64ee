"""`manage.py audit verify|export|checkpoint`: the log for those who operate it."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError, InternalError
from django.utils import timezone

from audit.checkpoints import LogBroken, make_checkpoint, verify_log
from audit.export import log_lines
from audit.keys import SigningKeyMissing
from audit.sequencer import sequence_pending


class Command(BaseCommand):
    """The audit log: check it, take it along, sign it."""

    help = "Check the audit log, export it, or sign a checkpoint of it now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The three deeds."""
        deeds = parser.add_subparsers(dest="deed", required=True)
        verify = deeds.add_parser(
            "verify", help="Hash every entry again; exit code 1 where something was changed."
        )
        verify.add_argument(
            "--quick", action="store_true", help="Only the tree and the last hundred entries."
        )
        export = deeds.add_parser("export", help="Write every entry and checkpoint as lines of JSON.")
        export.add_argument("path", help="The file to write, or - for standard output.")
        deeds.add_parser("checkpoint", help="Sign the log as it stands, and print the checkpoint.")

    def handle(self, *args: Any, deed: str, **options: Any) -> None:
        """Do it."""
        {"verify": self._verify, "export": self._export, "checkpoint": self._checkpoint}[deed](options)

    def _verify(self, options: dict[str, Any]) -> None:
        state = verify_log(timezone.now(), full=not options["quick"], told=self._told)
        if sys.stderr.isatty():
            self.stderr.write("\r", ending="")
        if state.state == "broken":
            raise CommandError(f"The log is broken. {state.text}", returncode=1)
        self.stdout.write(f"{state.entries:,} entries. {state.text}")

    def _told(self, done: int, of: int) -> None:
        if sys.stderr.isatty():
            self.stderr.write(f"\r{done:,} of {of:,} entries", ending="")

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
