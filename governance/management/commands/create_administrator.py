"""`manage.py create_administrator`: the first person of a new installation."""

import os
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts.actions import create_user, grant_role
from accounts.models import Role
from accounts.refusals import Refusal
from audit.actor import Actor

OPERATOR = Actor.system("operator")


class Command(BaseCommand):
    """A person with the role of administrator, on the record as made by the operator."""

    help = "Create an administrator. Asks for the password, or takes it from COUNTERSIGN_PASSWORD."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--username", required=True)
        parser.add_argument("--email", required=True)
        parser.add_argument("--first-name", default="")
        parser.add_argument("--last-name", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        password = os.environ.get("COUNTERSIGN_PASSWORD") or getpass("Password: ")
        try:
            validate_password(password)
            self._create(password, options)
        except ValidationError as problem:
            raise CommandError(" ".join(problem.messages)) from problem
        except Refusal as refusal:
            raise CommandError(f"{refusal} {refusal.remedy}") from refusal
        self.stdout.write(f"{options['username']} is an administrator now.")

    @transaction.atomic
    def _create(self, password: str, options: dict[str, Any]) -> None:
        now = timezone.now()
        user = create_user(
            username=options["username"],
            first_name=options["first_name"],
            last_name=options["last_name"],
            email=options["email"],
            password=password,
            actor=OPERATOR,
            at=now,
        )
        grant_role(user=user, role=Role.ADMINISTRATOR, granter=None, actor=OPERATOR, at=now)
