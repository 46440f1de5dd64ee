"""`manage.py move_artifacts`: bring files of earlier versions of Countersign into the store of today."""

from typing import Any

from django.core.management.base import BaseCommand

from registry.moving import move_artifacts


class Command(BaseCommand):
    """Nothing is moved that is not as it was registered. Countersign may run meanwhile."""

    help = "Move artifacts and data sets from where earlier versions kept them into the store."

    def handle(self, *args: Any, **options: Any) -> None:
        """One line for each, and how many there were."""
        told = 0
        for line in move_artifacts():
            self.stdout.write(line)
            told += 1
        self.stdout.write("Nothing is left to move." if not told else f"{told:,} looked at.")
