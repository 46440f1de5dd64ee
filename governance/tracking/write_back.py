"""What MLflow's registry shall say about versions: tier, status and link as tags, an alias where the gate allows.

Derived from the evidence at each round. Where the round has just read MLflow, what stands there counts, so that an
alias that somebody else moved is put right; else what was last written. An alias is a convenience for those who
load models; whether a version may run, the gate answers.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from governance.portfolio.standing import Standing, standings
from registry.models import Environment, ModelVersion, TrackedModel, TrackingServer
from registry.tracked import numbers_here
from registry.tracking import Change, FoundModel, Tick, write
from registry.tracking_stores import store_of
from riskreview.evidence import UNREAD, VERSION_RELATIONS

ALIAS = "countersign-"
TAG = "countersign."
JUDGED_AT_ONCE = 200
WRITER = Actor.system("mlflow_sync")


@dataclass
class Marks:
    """Tags by number of a version, and numbers by alias."""

    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)


def write_back(
    server: TrackingServer, found: Sequence[FoundModel], *, tick: Tick, at: datetime
) -> tuple[int, list[tuple[str, str, str]]]:
    """Send what differs. How many changes were made; and (model, version, why) for each that was not."""
    ties = list(server.tracked.select_related("model"))
    seen = {model.name: model for model in found}
    wanted = _wanted(ties, at) if server.writes_back else {tie.pk: Marks() for tie in ties}
    changes = [
        (tie, change)
        for tie in ties
        for change in differences(tie.name, wanted[tie.pk], standing_marks(tie, seen.get(tie.name), server))
    ]
    if not changes:
        return 0, []
    answers = write(store_of(server), [change for _, change in changes], tick=tick)
    done = [pair for pair, problem in zip(changes, answers, strict=True) if not problem]
    for tie in {tie.pk: tie for tie, _ in done}.values():
        _remember(server, tie, [change for other, change in done if other.pk == tie.pk], at)
    missed = [
        (tie.name, change.version, f"{change.alias or 'tags'} not written: {problem}")
        for (tie, change), problem in zip(changes, answers, strict=True)
        if problem
    ]
    return len(done), missed


def standing_marks(tie: TrackedModel, found: FoundModel | None, server: TrackingServer) -> Marks:
    """What MLflow says now, as read in this round or as last written. Of a server that is no longer written to, only
    the aliases that are ours, to be taken away."""
    written = Marks(**tie.written) if tie.written else Marks()
    if not server.writes_back:
        return Marks(aliases=written.aliases)
    if found is None:
        return written
    tags = {
        version.number: {name: value for name, value in version.tags.items() if name.startswith(TAG)}
        for version in found.versions
    }
    ours = {alias: number for alias, number in found.aliases.items() if alias.startswith(ALIAS)}
    return Marks(tags, ours)


def differences(name: str, wanted: Marks, stands: Marks) -> Iterator[Change]:
    """The changes that make of what stands what is wanted. What must not stand any more goes first."""
    for alias in sorted(stands.aliases.keys() - wanted.aliases.keys()):
        yield Change(name, alias=alias)
    for alias, number in sorted(wanted.aliases.items()):
        if stands.aliases.get(alias) != number:
            yield Change(name, number, alias=alias)
    for number, tags in wanted.tags.items():
        said = stands.tags.get(number, {})
        changed = {tag: value for tag, value in tags.items() if said.get(tag) != value}
        if changed:
            yield Change(name, number, changed)


def _wanted(ties: Sequence[TrackedModel], at: datetime) -> dict[int, Marks]:
    rows = (
        ModelVersion.objects.filter(tracked__in=ties)
        .select_related("model", *VERSION_RELATIONS)
        .defer(*UNREAD)
    )
    versions = list(rows.order_by("pk"))
    judged: dict[int, Standing] = {}
    for start in range(0, len(versions), JUDGED_AT_ONCE):
        for standing in standings(versions[start : start + JUDGED_AT_ONCE], at=at):
            judged[standing.version.pk] = standing
    return {
        tie.pk: _marks({n: judged[v.pk] for n, v in numbers_here(tie).items() if v.pk in judged})
        for tie in ties
    }


def _marks(judged: Mapping[str, Standing]) -> Marks:
    """Tags for each version; for each environment an alias to the newest that the gate allows there."""
    marks = Marks()
    for number, standing in sorted(judged.items(), key=lambda pair: int(pair[0])):
        version = standing.version
        page = reverse("portfolio:version", args=[version.model.slug, version.version])
        marks.tags[number] = {
            f"{TAG}tier": standing.tier or "none",
            f"{TAG}status": standing.status,
            f"{TAG}url": f"{settings.COUNTERSIGN_URL}{page}",
        }
        for environment in Environment.values:
            if standing.answers[environment] == "allow":
                marks.aliases[f"{ALIAS}{environment}"] = number
    return marks


@transaction.atomic
def _remember(server: TrackingServer, tie: TrackedModel, done: Sequence[Change], at: datetime) -> None:
    """Keep what was written, and put it on the record of the model."""
    row = TrackedModel.objects.select_for_update().get(pk=tie.pk)
    marks = Marks(**row.written) if row.written else Marks()
    for change in done:
        if not change.alias:
            marks.tags[change.version] = marks.tags.get(change.version, {}) | change.tags
        elif change.version:
            marks.aliases[change.alias] = change.version
        else:
            marks.aliases.pop(change.alias, None)
    row.written = {"tags": marks.tags, "aliases": marks.aliases}
    row.save(update_fields=["written"])
    detail = {
        "server": server.name,
        "name": tie.name,
        "tags": {change.version: change.tags for change in done if not change.alias},
        "aliases": {change.alias: change.version or None for change in done if change.alias},
    }
    record(Verb.MLFLOW_WRITTEN, subject=tie.model.ref, actor=WRITER, at=at, detail=detail)
