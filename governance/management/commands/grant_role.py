"""`manage.py grant_role`: a role that two people give, given by one where there is no second."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.granting.actions import grant_alone
from accounts.granting.rules import WEIGHTY_ROLES
from accounts.models import Role, User
from accounts.refusals import Refusal
from audit.actor import Actor

OPERATOR = Actor.system("operator")


class Command(BaseCommand):
    """For installations with a single administrator, and for emergencies. It is loud."""

    help = "Give a signing role, or the administrator's, without a second person."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("role", choices=sorted(role.value for role in WEIGHTY_ROLES))
        parser.add_argument("--alone", metavar="REASON", required=True, help="Why no second person confirms.")
        parser.add_argument("--as", dest="answers", metavar="USER", required=True, help="Who answers for it.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            grant_alone(
                person=_person(options["username"]),
                role=Role(options["role"]),
                reason=options["alone"],
                answers=_person(options["answers"]),
                actor=OPERATOR,
                at=timezone.now(),
            )
        except Refusal as refused:
            raise CommandError(f"{refused} {refused.remedy}") from refused
        self.stderr.write(
            self.style.WARNING(
                "One person gave this role. It stands in the audit trail and under Role requests; administrators, "
                "compliance officers and auditors were told."
            )
        )


def _person(username: str) -> User:
    found = User.objects.filter(username=username).first()
    if found is None:
        raise CommandError(f"There is no user {username}.")
    return found
