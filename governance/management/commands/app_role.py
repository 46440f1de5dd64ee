"""`manage.py app_role NAME`: the role that web servers and workers use on PostgreSQL."""

import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from governance.operation.app_role import NoSuchRole, keep_app_role


class Command(BaseCommand):
    """Run as the owner of the tables, after each migration."""

    help = "Give a role of PostgreSQL what web servers and workers need: no ownership, and no way to change the trail."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "name", help="made if it is missing, with the password in COUNTERSIGN_APP_PASSWORD"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            tables = keep_app_role(options["name"], os.environ.get("COUNTERSIGN_APP_PASSWORD", ""))
        except NoSuchRole as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"The role {options['name']} may use {tables} tables and owns none.")
