"""`manage.py demo_reset`: throw the installation's data away and load the demo portfolio afresh."""

import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from governance.operation.preparation import NotPrepared, is_embedded, prepare, remove_embedded_state
from governance.operation.readiness import Progress
from governance.operation.running import AlreadyRunning, only_one


class Command(BaseCommand):
    """Deletes everything that was recorded; meant for demonstrations."""

    help = "Delete all data of this installation, then load the demo portfolio."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--force", action="store_true", help="also with a database that is not the embedded one"
        )

    def handle(self, *args: Any, force: bool, **options: Any) -> None:
        if not (force or is_embedded()):
            raise CommandError(
                "DATABASE_URL names a database that Countersign did not make, so nothing was deleted.\n"
                "To delete everything in it, and everything in var/: make demo-reset FORCE=1"
            )
        try:
            with only_one(settings.VAR_DIR / "running.lock", "demo-reset"):
                self._reset()
        except AlreadyRunning as holder:
            raise CommandError(f"Countersign is running ({holder}). Stop it first, then reset.") from holder
        except NotPrepared as problem:
            raise CommandError(str(problem)) from problem

    def _reset(self) -> None:
        progress = Progress(self.stdout.write, since=time.time())
        progress.say(f"Deleting all data in {settings.VAR_DIR} …")
        if not is_embedded():
            _empty_database()
        remove_embedded_state()
        prepare(progress.say)
        progress.say("Done. Start it with: make run")


def _empty_database() -> None:
    """Drop every table: triggers forbid to delete history row by row, and that is as it should be."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        schema = connection.ops.quote_name(cursor.fetchone()[0])
        cursor.execute(f"DROP SCHEMA {schema} CASCADE")
        cursor.execute(f"CREATE SCHEMA {schema}")
