"""`manage.py load_demo`: the demo portfolio, once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from governance.demo.load import TrainingFailed, load


class Command(BaseCommand):
    """Load the demo portfolio into an empty installation."""

    help = "Train the demo models and load them with their people, reviews and decisions. Needs an empty database."

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.exists():
            self.stdout.write("There are people here already, so the demo was not loaded.")
            return
        try:
            load(self._say)
        except TrainingFailed as failure:
            raise CommandError(f"The demo models could not be trained.\n{failure}") from failure

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
