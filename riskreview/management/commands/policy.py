"""`manage.py policy`: check, import, activate and show policy packs."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.refusals import Refusal
from audit.actor import Actor
from policy.pack import Pack, PackError, load_pack
from riskreview.models import PolicyPack
from riskreview.packs import activate_pack, active_pack, import_pack

OPERATOR = Actor.system("operator")


class Command(BaseCommand):
    """Packs are files, reviewed like code. Importing keeps one for ever; activating lets it judge."""

    help = "check PATH | import PATH | activate NAME VERSION | show"

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="do", required=True)
        for verb, words in (("check", "Read a pack and say what is wrong."), ("import", "Keep a pack.")):
            verbs.add_parser(verb, help=words).add_argument("path", type=Path)
        activate = verbs.add_parser("activate", help="Let an imported pack judge from now on.")
        activate.add_argument("name")
        activate.add_argument("number", type=int, metavar="version")
        verbs.add_parser("show", help="The pack in force, and the others.")

    def handle(self, *args: Any, **options: Any) -> None:
        match options["do"]:
            case "check":
                text, source = _text(options["path"])
                self._describe(_read(text, source))
            case "import":
                self._import(options["path"])
            case "activate":
                self._activate(options["name"], options["number"])
            case _:
                self._show()

    def _import(self, path: Path) -> None:
        text, source = _text(path)
        _read(text, source)
        try:
            row = import_pack(text, source=source, actor=OPERATOR, at=timezone.now())
        except Refusal as refused:
            raise CommandError(f"{refused} {refused.remedy}") from refused
        self.stdout.write(
            f"Kept {row}, {row.digest}. It judges nothing until: policy activate {row.name} {row.version}"
        )

    def _activate(self, name: str, number: int) -> None:
        row = PolicyPack.objects.filter(name=name, version=number).first()
        if row is None:
            raise CommandError(
                f"{name} version {number} is not imported. Import it first: policy import PATH"
            )
        activate_pack(row, actor=OPERATOR, at=timezone.now())
        self.stdout.write(f"{row} judges from now on.")

    def _show(self) -> None:
        active = active_pack()
        if active is None:
            self.stdout.write("No policy is in force, so the gate denies everything.")
        else:
            self._describe(active[1])
        for row in PolicyPack.objects.defer("source"):
            self.stdout.write(
                f"{'*' if row.active else ' '} {row}  {row.digest}  imported {row.imported_at:%Y-%m-%d}"
            )

    def _describe(self, pack: Pack) -> None:
        self.stdout.write(f"{pack.name} version {pack.version}: {pack.title}")
        self.stdout.write(pack.digest)
        for environment, tiers in pack.environments.items():
            for tier, asked in tiers.items():
                self.stdout.write(f"  {environment}, {tier}: {', '.join(item.id for item in asked)}")


def _text(path: Path) -> tuple[str, str]:
    try:
        return path.read_text(encoding="utf-8"), str(path)
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} could not be read: {error}") from error


def _read(text: str, source: str) -> Pack:
    try:
        return load_pack(text, source=source)
    except PackError as error:
        raise CommandError(str(error)) from error
