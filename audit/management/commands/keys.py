"""`manage.py keys list|rotate`: the ring of signing keys for those who operate it."""

import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.actor import Actor
from audit.canonical import instant
from audit.keyfiles import KINDS, SigningKeyMissing
from audit.keyring import OVERLAP, CannotRotate, KeyState, introduce, key_states, problems, rotate


class Command(BaseCommand):
    """The keys that sign checkpoints and attestations: see them, and let a new one sign."""

    help = "list | rotate log|attestation --reason TEXT"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The two deeds."""
        deeds = parser.add_subparsers(dest="deed", required=True)
        listing = deeds.add_parser("list", help="Every key; exit code 1 where one cannot sign.")
        listing.add_argument("--json", action="store_true", help="Tell it for programs.")
        turn = deeds.add_parser("rotate", help="Let another key sign from now on.")
        turn.add_argument("kind", choices=sorted(KINDS))
        turn.add_argument("--reason", required=True, help="For the record.")
        turn.add_argument(
            "--overlap-days", type=int, default=OVERLAP.days, help="How long the former key signs beside it."
        )
        turn.add_argument("--by", default="operator", metavar="NAME", help="Who does it, for the record.")

    def handle(self, *args: Any, deed: str, **options: Any) -> None:
        """Do it."""
        {"list": self._list, "rotate": self._rotate}[deed](options)

    def _list(self, options: dict[str, Any]) -> None:
        now = timezone.now()
        try:
            introduce(actor=Actor.system("operator"), at=now)
        except SigningKeyMissing as missing:  # told below, after the keys that there are
            self.stderr.write(str(missing))
        states, wrong = key_states(now), problems()
        if options["json"]:
            self.stdout.write(json.dumps([_plain(state) for state in states], indent=1))
        else:
            for state in states:
                self.stdout.write(_line(state))
        if wrong:
            raise CommandError(" ".join(wrong), returncode=1)

    def _rotate(self, options: dict[str, Any]) -> None:
        who = Actor(f"operator:{options['by']}", options["by"], "command line")
        kind, overlap = KINDS[options["kind"]], timedelta(days=options["overlap_days"])
        try:
            row = rotate(kind, reason=options["reason"], overlap=overlap, actor=who, at=timezone.now())
        except (CannotRotate, SigningKeyMissing) as reason:
            raise CommandError(str(reason)) from reason
        self.stdout.write(f"{row.keyid} signs for {kind.name} from now on.")
        if row.overlap_until:
            self.stdout.write(f"The key before it signs beside it until {instant(row.overlap_until)}.")
        self.stdout.write(
            "Give /.well-known/countersign/keys.json to auditors and admission controllers again."
        )


def _plain(state: KeyState) -> dict[str, str | None]:
    row = state.row
    return {
        "kind": row.kind,
        "keyid": row.keyid,
        "state": state.state,
        "held": state.where or None,
        "introduced_at": instant(row.introduced_at),
        "introduced_by": row.introduced_by,
        "retired_at": instant(state.retired_at) if state.retired_at else None,
        "reason": row.reason,
    }


def _line(state: KeyState) -> str:
    row = state.row
    since = f"since {row.introduced_at:%Y-%m-%d}, by {row.introduced_by}"
    until = f", retired {state.retired_at:%Y-%m-%d}" if state.retired_at else ""
    return f"{row.kind:12} {row.keyid[:16]}  {state.state:24} {since}{until}  {state.where}".rstrip()
