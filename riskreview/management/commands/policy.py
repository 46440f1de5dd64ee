"""`manage.py policy`: check, compare, import, try out, activate and show policy packs."""

import json
import re
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from accounts.models import User
from accounts.refusals import Refusal
from audit.actor import Actor
from policy.diff import Change, PackDiff, diff
from policy.pack import Pack, PackError, load_pack
from policy.pack_schema import pack_schema
from policy.reach import unreachable
from riskreview.evidence import holders_of_roles
from riskreview.models import PolicyPack
from riskreview.policies.activation import activate_alone, install_pack
from riskreview.policies.packs import active_pack, import_pack, pack_of
from riskreview.policies.simulation import Changed, Impact, in_short, simulate

OPERATOR = Actor.system("operator")
KEPT = re.compile(r"([a-z0-9][a-z0-9-]{0,62})@(\d{1,7})")
MARKS = {"added": "+", "removed": "-", "changed": "~"}
ALONE = (
    "One person activated this. It stands in the audit trail and on the policy's page, and everybody who answers for "
    "the policy was told."
)


class Command(BaseCommand):
    """Packs are files, reviewed like code. Importing keeps one for ever; activating lets it judge.

    PACK is a path, NAME@VERSION of an imported pack, or `active`.
    """

    help = "check | diff | import | simulate | activate | show | schema"

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="do", required=True)
        verbs.add_parser("check", help="Read a pack and say what is wrong.").add_argument("path", type=Path)
        verbs.add_parser("import", help="Keep a pack.").add_argument("path", type=Path)
        compare = verbs.add_parser("diff", help="What differs. Exit code 1 when anything does.")
        compare.add_argument("before", metavar="PACK")
        compare.add_argument("after", metavar="PACK")
        simulate = verbs.add_parser("simulate", help="What judging every version by a pack would change.")
        simulate.add_argument("pack", metavar="PACK")
        simulate.add_argument("--json", action="store_true", help="The whole result for a program.")
        activate = verbs.add_parser("activate", help="Let an imported pack judge from now on.")
        activate.add_argument("name")
        activate.add_argument("number", type=int, metavar="version")
        activate.add_argument("--emergency", metavar="REASON", help="Without a second person, and loudly.")
        activate.add_argument("--as", dest="person", metavar="USER", help="Who answers for that.")
        verbs.add_parser("show", help="The pack in force, and the others.")
        verbs.add_parser("schema", help="The JSON Schema of a pack, for editors.")

    def handle(self, *args: Any, **options: Any) -> None:
        match options["do"]:
            case "check":
                self._check(options["path"])
            case "diff":
                self._diff(options["before"], options["after"])
            case "import":
                self._import(options["path"])
            case "simulate":
                self._simulate(options["pack"], whole=options["json"])
            case "activate":
                self._activate(options["name"], options["number"], options["emergency"], options["person"])
            case "schema":
                self.stdout.write(json.dumps(pack_schema(), indent=2))
            case _:
                self._show()

    def _check(self, path: Path) -> None:
        pack = _read(*_text(path))
        self._describe(pack)
        try:
            self._warn(pack)
        except DatabaseError:
            self.stderr.write("No database answers, so nobody can say whether each role has a holder.")

    def _import(self, path: Path) -> None:
        text, source = _text(path)
        pack = _read(text, source)
        try:
            row = import_pack(text, source=source, actor=OPERATOR, at=timezone.now())
        except Refusal as refused:
            raise CommandError(f"{refused} {refused.remedy}") from refused
        self.stdout.write(
            f"Kept {row}, {row.digest}. It judges nothing until: policy activate {row.name} {row.version}"
        )
        self._warn(pack)

    def _diff(self, before: str, after: str) -> None:
        old, new = _pack(before), _pack(after)
        found = diff(old, new)
        if not found:
            self.stdout.write(f"{before} and {after} ask the same.")
            return
        self.stdout.write(f"--- {old.name} version {old.version}\n+++ {new.name} version {new.version}")
        for line in _lines(found):
            self.stdout.write(line)
        sys.exit(1)

    def _simulate(self, name: str, *, whole: bool) -> None:
        pack, active = _pack(name), active_pack()
        self._warn(pack)

        def told(done: int, of: int) -> bool:
            self.stderr.write(f"\r{done:,} of {of:,} versions judged", ending="" if done < of else "\n")
            self.stderr.flush()
            return True

        impact = simulate(pack, active[1] if active else None, at=timezone.now(), told=told)
        if whole:
            self.stdout.write(json.dumps({"pack": pack.digest, **impact.as_json()}, indent=2))
            return
        self.stdout.write(in_short(impact.as_json(), active=active is not None))
        self._counts(impact)
        for item in impact.changes:
            self.stdout.write(_said(item))

    def _counts(self, impact: Impact) -> None:
        self.stdout.write(
            f"{'':<14}{'stay allow':>12}{'stay deny':>12}{'to deny':>12}{'to allow':>12}{'deployed':>12}"
        )
        for name, found in impact.environments.items():
            row = (
                found.stay_allow,
                found.stay_deny,
                found.to_deny,
                found.to_allow,
                found.deployed_to_deny,
            )
            self.stdout.write(f"{name:<14}" + "".join(f"{number:>12,}" for number in row))

    def _activate(self, name: str, number: int, reason: str | None, username: str | None) -> None:
        row = PolicyPack.objects.filter(name=name, version=number).first()
        if row is None:
            raise CommandError(
                f"{name} version {number} is not imported. Import it first: policy import PATH"
            )
        try:
            if reason is None and username is None:
                install_pack(row, actor=OPERATOR, at=timezone.now())
            else:
                person = _person(username, reason)
                activate_alone(row, reason=reason or "", person=person, actor=OPERATOR, at=timezone.now())
                self.stderr.write(self.style.WARNING(ALONE))
        except Refusal as refused:
            raise CommandError(f"{refused} {refused.remedy}") from refused
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

    def _warn(self, pack: Pack) -> None:
        """Roles that cannot be filled deny for ever; said to whoever reads the terminal, not to a program."""
        for item in unreachable(pack, holders_of_roles()):
            self.stderr.write(self.style.WARNING(f"Warning: {item.text}"))


def _lines(found: PackDiff) -> list[str]:
    lines = [
        f"~ {item.name}: {item.before or 'nothing'} → {item.after or 'nothing'} ({item.direction})"
        for item in found.settings
    ]
    for place in found.places:
        lines.append(f"@@ {place.environment}, {place.tier}")
        for change in place.changes:
            lines += _change(change)
    lines += [f"! {note}" for note in found.notes]
    counts = ", ".join(f"{number} {way}" for way, number in found.counts.items() if number)
    return [*lines, counts] if counts else lines


def _change(change: Change) -> list[str]:
    head = f"{MARKS[change.kind]} {change.id} ({change.title}): {change.direction}"
    return [head, *(f"    - {text}" for text in change.gone), *(f"    + {text}" for text in change.new)]


def _said(item: Changed) -> str:
    runs = ", deployed" if item.deployed else ""
    why = item.why[0] if item.why else ""
    return f"{item.to}: {item.model} {item.version} in {item.environment} ({item.tier or 'no tier'}{runs})  {why}"


def _person(username: str | None, reason: str | None) -> User:
    if not username or reason is None:
        raise CommandError('An emergency names both: --emergency "REASON" --as USER')
    person = User.objects.filter(username=username).first()
    if person is None:
        raise CommandError(f"There is no user {username}.")
    return person


def _pack(name: str) -> Pack:
    """The pack that a path, NAME@VERSION or `active` names."""
    if name == "active":
        active = active_pack()
        if active is None:
            raise CommandError("No policy is in force.")
        return active[1]
    kept = KEPT.fullmatch(name)
    if kept is None:
        return _read(*_text(Path(name)))
    row = PolicyPack.objects.filter(name=kept[1], version=int(kept[2])).first()
    if row is None:
        raise CommandError(f"{kept[1]} version {kept[2]} is not imported.")
    try:
        return pack_of(row)
    except PackError as error:
        raise CommandError(str(error)) from error


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
