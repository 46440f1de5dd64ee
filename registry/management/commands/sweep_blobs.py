"""`manage.py sweep_blobs`: remove stored files that no version and no data set names."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from registry.keeping import sweep_blobs


class Command(BaseCommand):
    """Safe while Countersign runs: nobody can register a file between the look and its removal."""

    help = "Remove stored files that no version and no data set names."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How old, and whether for real."""
        parser.add_argument(
            "--hours", type=float, default=24.0, help="only what was written longer ago than this (24)"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be removed, and stop there"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """One line for each, and how many there were."""
        before = timezone.now() - timedelta(hours=options["hours"])
        swept = sweep_blobs(written_before=before, rehearsal=options["dry_run"])
        for name in swept:
            self.stdout.write(f"sha256:{name}")
        self.stdout.write(f"{len(swept):,} {'would be removed' if options['dry_run'] else 'removed'}.")
