"""`manage.py import_mlflow`: bring the registered models of an MLflow server in, with their versions."""

from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import Role
from accounts.refusals import Refusal
from audit.actor import Actor
from governance.tracking.rounds import run_round
from registry.actions.servers import connect_server, default_server
from registry.actions.sync_runs import request_sync
from registry.bringing import Bringing, Line
from registry.guesses import guess_slug
from registry.models import DEFAULT_SERVER, ModelKind, SyncRun, SyncStatus, TrackingServer
from registry.queries import people_in
from registry.tracked import owner_named, said
from registry.tracking import look
from registry.tracking_stores import refuse_bad_server, shown, store_of
from registry.wishes import Wanted, Wish

COMMAND = Actor("system:import_mlflow", "Import from MLflow", "process")


class Command(BaseCommand):
    """Bring in what is new on a tracking server. Run again, it changes nothing that is here already."""

    help = "Bring the registered models of an MLflow server in, with their versions."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which server, which models, and what MLflow cannot tell of them."""
        parser.add_argument(
            "--server", default="", help="a connected server's name; the default store if left out"
        )
        parser.add_argument(
            "--uri", default="", help="connect this address first, under --server or its host's name"
        )
        parser.add_argument("--owner", default="", help="user name of who answers for the new models")
        parser.add_argument(
            "--model", nargs="+", default=[], metavar="NAME", help="only these registered models"
        )
        parser.add_argument(
            "--kind", choices=ModelKind.values, default="", help="of new models; guessed if left out"
        )
        parser.add_argument(
            "--latest", type=int, default=0, metavar="N", help="only the newest N of a new model"
        )
        parser.add_argument(
            "--link", action="store_true", help="into models here that have the same short name"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would come in, and change nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, a line for each version."""
        try:
            self._import(options)
        except Refusal as refused:
            raise CommandError(said(refused)) from refused

    def _import(self, options: dict[str, Any]) -> None:
        dry = bool(options["dry_run"])
        server = self._server(options)
        wish = Wish("", owner=self._owner(options, server), kind=options["kind"], link=options["link"])
        wanted = Wanted(
            names=tuple(dict.fromkeys(options["model"])),
            everything=wish,
            latest=max(0, options["latest"]),
            again=True,
            actor_id=COMMAND.id,
            actor_name=COMMAND.name,
        )
        self.stdout.write(f"Asking {server.name} ({shown(server.address)}) …")
        if dry:
            self._foretell(server, wanted)
            return
        run = request_sync(server=server, wanted=wanted, asked_by=COMMAND.name, at=timezone.now())
        if not run_round(run.pk, say=self._say):
            raise CommandError(f"Another round with {server.name} is going. Wait for it, then ask again.")
        self._sum_up(SyncRun.objects.get(pk=run.pk))

    def _server(self, options: dict[str, Any]) -> TrackingServer:
        now, uri, name = timezone.now(), options["uri"].strip().rstrip("/"), options["server"]
        if not uri and name in ("", DEFAULT_SERVER):
            return default_server(at=now)
        connected = TrackingServer.objects.filter(removed_at=None)
        known = connected.filter(uri=uri).first() if uri else None
        known = connected.filter(name=name).first() if name else known
        if known is not None and uri in ("", known.uri):
            return known
        if not uri:
            raise CommandError(f"There is no server {name}. Connect it with --uri.")
        if options["dry_run"]:
            refuse_bad_server(uri)
            return TrackingServer(name=name or name_of(uri), uri=uri, created_at=now)
        return connect_server(
            name=name or name_of(uri),
            uri=uri,
            every_minutes=0,
            writes_back=False,
            owner=owner_named(self._owner(options, None)),
            actor=COMMAND,
            at=now,
        )

    def _owner(self, options: dict[str, Any], server: TrackingServer | None) -> str:
        """The one named; else who connected the server; else the only owner there is."""
        if options["owner"]:
            return owner_named(options["owner"]).username
        if server is not None and server.owner is not None:
            return server.owner.username
        owners = [person.username for person in people_in(Role.OWNER)[:2]]
        if len(owners) != 1:
            raise CommandError("Say who answers for the new models: --owner USER.")
        return owners[0]

    def _foretell(self, server: TrackingServer, wanted: Wanted) -> None:
        bringing = Bringing(
            server=server,
            actor=COMMAND,
            now=timezone.now,
            say=self._say,
            latest=wanted.latest,
            again=wanted.again,
        )
        found = look(store_of(server), wanted.names)
        bringing.foretell(found, wanted.wishes(model.name for model in found))
        self.stdout.write("Nothing was changed: this was a dry run.")

    def _say(self, line: Line) -> None:
        mark = "+" if line.taken else "!"
        version = f" version {line.version}" if line.version else ""
        self.stdout.write(f"  {mark} {line.name}{version}: {line.text}")

    def _sum_up(self, run: SyncRun) -> None:
        if run.status != SyncStatus.SUCCEEDED:
            raise CommandError(run.failure)
        done = run.outcome
        self.stdout.write(
            f"{done['models']} new models, {done['versions']} new versions, {done['not_taken']} not taken."
        )


def name_of(uri: str) -> str:
    """A server's name made of its host."""
    return guess_slug(urlsplit(uri).hostname or "mlflow")[:40].strip("-")
