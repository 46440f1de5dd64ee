"""What the pages about tracking servers read, each in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.db.models import Count, Q, QuerySet

from accounts.models import User
from registry.actions.servers import default_server
from registry.models import RegisteredModel, SyncRun, SyncStatus, TrackedModel, TrackingServer
from registry.sight import hidden_from, seen_by
from registry.tracking import FoundModel, look
from registry.tracking_stores import store_of

LOOK_SECONDS = 20.0
SEEN_SECONDS = 60


@dataclass(frozen=True)
class ServerRow:
    """A server as the list shows it."""

    server: TrackingServer
    models: int
    last: SyncRun | None


@dataclass(frozen=True)
class Candidate:
    """A registered model of MLflow, and where its versions come in; `here` is None while they do not."""

    found: FoundModel
    here: RegisteredModel | None

    @property
    def ready(self) -> int:
        """Versions that can come in."""
        return sum(1 for version in self.found.versions if version.status == "READY")


def server_rows(*, at: datetime) -> list[ServerRow]:
    """Every connected server, the default store first."""
    default_server(at=at)
    servers = list(
        TrackingServer.objects.filter(removed_at=None)
        .annotate(models=Count("tracked"))
        .select_related("owner")
        .order_by("name")
    )
    newest: dict[int, SyncRun] = {}
    ended = SyncRun.objects.filter(server__in=servers).order_by("pk")
    for run in ended.filter(pk__in=_newest_runs(servers)):
        newest[run.server_id] = run
    rows = [ServerRow(server, server.models, newest.get(server.pk)) for server in servers]
    return sorted(rows, key=lambda row: (not row.server.is_default, row.server.name))


def _newest_runs(servers: Sequence[TrackingServer]) -> list[int]:
    from_each: dict[int, int] = defaultdict(int)
    for server, pk in SyncRun.objects.filter(server__in=servers).values_list("server", "pk"):
        from_each[server] = max(from_each[server], pk)
    return list(from_each.values())


def ties_of(server: TrackingServer, reader: User) -> "QuerySet[TrackedModel]":
    """The models that come from a server and that the reader may see, with how many versions of each are here."""
    rows = (
        server.tracked.filter(seen_by(reader, "model"))
        .select_related("model__owner")
        .annotate(here=Count("versions"))
    )
    return rows.order_by("name")


def runs_of(server: TrackingServer) -> "QuerySet[SyncRun]":
    """Its rounds, newest first; the schedule's that found nothing are not told, the newest excepted."""
    quiet = Q(outcome__quiet=True) & Q(status=SyncStatus.SUCCEEDED)
    return server.runs.exclude(quiet).order_by("-pk")


def candidates(server: TrackingServer, reader: User, *, q: str = "", fresh: bool = False) -> list[Candidate]:
    """What the server's registry holds, asked at most once a minute. Raises Invalid when it cannot be had.

    What came in as a model that the reader may not see is left out.
    """
    key = f"mlflow-look-{server.pk}-{server.address}"
    found = None if fresh else cache.get(key)
    if found is None:
        found = look(store_of(server), seconds=LOOK_SECONDS)
        cache.set(key, found, SEEN_SECONDS)
    here = {tie.name: tie.model for tie in server.tracked.select_related("model")}
    hidden = server.tracked.filter(model__in=hidden_from(reader).values("pk"))
    unseen = set(hidden.values_list("name", flat=True))
    matching = [model for model in found if q.lower() in model.name.lower() and model.name not in unseen]
    return [Candidate(model, here.get(model.name)) for model in sorted(matching, key=lambda m: m.name)]
