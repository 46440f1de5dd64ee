"""`manage.py tiering`: check, show, preview, import and activate versions of the tier questionnaire."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import User
from accounts.refusals import Refusal
from audit.actor import Actor
from policy.questionnaire import Questionnaire
from policy.questionnaire_changes import changes
from policy.questionnaire_file import PackError, read_questionnaire
from riskreview.models import QuestionnaireVersion
from riskreview.tiering.questionnaire_changes import activate_questionnaire, propose_questionnaire
from riskreview.tiering.questionnaires import in_force
from riskreview.tiering.retiering import preview_of


class Command(BaseCommand):
    """Importing proposes a version in an administrator's name; activating takes a risk officer, somebody else."""

    help = "check PATH | show | preview PATH | import PATH --by NAME --note WHY | activate VERSION --by NAME"

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="do", required=True)
        for verb, words in (
            ("check", "Read a questionnaire and say what is wrong."),
            ("preview", "Which models would change tier under it."),
            ("import", "Propose it as the next version."),
        ):
            verbs.add_parser(verb, help=words).add_argument("path", type=Path)
        verbs.add_parser("show", help="The questionnaire in force, and the others.")
        activate = verbs.add_parser("activate", help="Let a proposed version be answered from now on.")
        activate.add_argument("number", type=int, metavar="version")
        for verb in ("import", "activate"):
            verbs.choices[verb].add_argument("--by", required=True, help="User name of who answers for it.")
        verbs.choices["import"].add_argument("--note", required=True, help="Why it changes.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            match options["do"]:
                case "check":
                    self._describe(_read(options["path"])[0])
                case "preview":
                    self._preview(_read(options["path"])[0])
                case "import":
                    self._import(options["path"], options["by"], options["note"])
                case "activate":
                    self._activate(options["number"], options["by"])
                case _:
                    self._show()
        except Refusal as refused:
            raise CommandError(f"{refused} {refused.remedy}".strip()) from refused

    def _import(self, path: Path, by: str, note: str) -> None:
        _, text = _read(path)
        person = _person(by)
        row = propose_questionnaire(
            text=text, note=note, proposer=person, actor=_actor(person), at=timezone.now()
        )
        self.stdout.write(f"Version {row.version} is proposed. A risk officer activates it:")
        self.stdout.write(f"  tiering activate {row.version} --by NAME")

    def _activate(self, number: int, by: str) -> None:
        row = QuestionnaireVersion.objects.filter(version=number).first()
        if row is None:
            raise CommandError(f"There is no version {number}. Import it first: tiering import PATH")
        person = _person(by)
        found = activate_questionnaire(row=row, officer=person, actor=_actor(person), at=timezone.now())
        self.stdout.write(f"Version {number} is in force; {len(found.moves)} models are to be tiered again.")

    def _show(self) -> None:
        active = in_force()
        self._describe(active.questions)
        for row in QuestionnaireVersion.objects.select_related("made_by", "activated_by"):
            mark = "*" if row.active else " "
            made = row.made_by.username if row.made_by else "as it ships"
            self.stdout.write(
                f"{mark} {row.version}  {row.digest}  {made}, {row.made_at:%Y-%m-%d}  {row.note}"
            )

    def _preview(self, found: Questionnaire) -> None:
        for change in changes(in_force().questions, found):
            self.stdout.write(f"{change.kind:8} {change.what}: {change.was or '–'} → {change.now or '–'}")
        preview = preview_of(found)
        self.stdout.write(
            f"{len(preview.up)} of {preview.models} models rise, {len(preview.down)} fall; "
            f"{preview.deployments} deployments of them run."
        )
        for move in preview.moves:
            runs = f"  runs in {', '.join(move.runs_in)}" if move.runs_in else ""
            self.stdout.write(f"  {move.model.slug}: {move.was} → {move.now}{runs}")

    def _describe(self, found: Questionnaire) -> None:
        self.stdout.write(f"{found.id} version {found.version}, {found.digest}")
        self.stdout.write(
            f"{len(found.questions)} questions, {len(found.flags)} facts, {len(found.overrides)} overrides"
        )


def _read(path: Path) -> tuple[Questionnaire, str]:
    try:
        text = path.read_text(encoding="utf-8")
        return read_questionnaire(text, source=str(path)), text
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} could not be read: {error}") from error
    except PackError as error:
        raise CommandError(str(error)) from error


def _person(name: str) -> User:
    person = User.objects.filter(username=name, is_active=True).first()
    if person is None:
        raise CommandError(f"Nobody who may log in is called {name}.")
    return person


def _actor(person: User) -> Actor:
    """Whoever runs the command says who answers for it; the record says how that was known."""
    return Actor(person.ref, person.name, "command line")
