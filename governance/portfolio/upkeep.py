"""Keeping the inventory's rows true: finding those that no longer speak of today, and writing them anew.

What changes evidence gives the version a new stamp, what changes an entry gives the model one
(registry/actions/locking.py). A row is out of date when a stamp moved, when another policy is in force, or when time
has passed a moment at which its verdicts could change.
"""

import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Max, Prefetch, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from accounts.models import User
from accounts.refusals import Unavailable
from audit.models import Event
from audit.verbs import Verb
from governance.portfolio.models import InventoryRow
from governance.portfolio.search import words
from governance.portfolio.standing import TIER_ORDER, Standing, stage_of_model, standings
from registry.models import Deployment, ModelVersion, RegisteredModel
from riskreview.evidence import UNREAD, VERSION_RELATIONS
from riskreview.models import PolicyPack, TierAssessment

BATCH = 100
ACTIVE = Coalesce(Subquery(PolicyPack.objects.filter(active=True).values("pk")[:1]), Value(0))
WRITTEN = [
    *(
        "version",
        "name_key",
        "owner",
        "owner_key",
        "kind",
        "origin",
        "line",
        "tier",
        "tier_rank",
        "tier_confirmed",
        "status",
        "stage",
    ),
    *("development", "staging", "production", "answer", "note", "tags", "live_in", "text"),
    *("registered_at", "policy", "roles", "judged_at", "holds_until"),
]
ROLE_CHANGES = Event.objects.filter(
    verb__in=(Verb.ROLE_GRANTED, Verb.ROLE_REVOKED, Verb.USER_ENABLED, Verb.USER_DISABLED)
).order_by()
MOST_ROUNDS = 200
HOW_MANY = Coalesce(
    Subquery(ROLE_CHANGES.annotate(all=Value(1)).values("all").annotate(n=Count("pk")).values("n")), 0
)
"""How often it changed who may sign: a verdict names who can act, and counts only those who still may."""


def outdated(at: datetime) -> list[QuerySet[Any]]:
    """The models whose rows do not speak of this moment, in five ways; what they call `pk`."""
    rows = InventoryRow.objects.order_by()
    return [
        RegisteredModel.objects.filter(~Q(entry_stamp=F("listed_stamp"))).order_by(),
        rows.filter(holds_until__lte=at),
        rows.filter(Q(policy__lt=ACTIVE) | Q(policy__gt=ACTIVE)),
        rows.filter(Q(roles=None) | Q(roles__lt=HOW_MANY) | Q(roles__gt=HOW_MANY)),
        ModelVersion.objects.filter(~Q(evidence_stamp=F("judged_stamp"))).order_by(),
    ]


def catch_up(*, at: datetime, limit: int = BATCH, among: Collection[int] | None = None) -> int:
    """Write out-of-date rows anew, at most `limit` of them; answers how many were written.

    `among` chooses the models; the first ones come otherwise.
    """
    *rows, versions = outdated(at)
    waiting = (
        rows[0]
        .values_list("pk")
        .union(*(part.values_list("pk") for part in rows[1:]), versions.values_list("model_id"))
    )
    found = [pk for (pk,) in (waiting if among is not None else waiting[:limit])]
    if among is not None:
        found = [pk for pk in found if pk in among][:limit]
    for start in range(0, len(found), BATCH):
        _write_anew(found[start : start + BATCH], at)
    return len(found)


def caught_up(*, at: datetime, after_each: Callable[[int], None] = lambda written: None) -> None:
    """Write every out-of-date row anew; `after_each` round hears how many were written.

    Raises Unavailable when rows change faster than that.
    """
    total = 0
    for _ in range(MOST_ROUNDS):
        written = catch_up(at=at)
        if not written:
            return
        total += written
        after_each(total)
    raise Unavailable("The models change faster than they can be listed.", "Try again in a minute.")


def _write_anew(models: Sequence[int], at: datetime) -> None:
    """Stamps are read before the evidence: what changes meanwhile leaves its row out of date, never wrong."""
    entries = dict(RegisteredModel.objects.filter(pk__in=models).values_list("pk", "entry_stamp"))
    seen = dict(ModelVersion.objects.filter(model__in=models).values_list("pk", "evidence_stamp"))
    policy = PolicyPack.objects.filter(active=True).values_list("pk", flat=True).first() or 0
    roles = ROLE_CHANGES.count()
    found = list(
        RegisteredModel.objects.filter(pk__in=models)
        .select_related("owner")
        .prefetch_related(
            "tags",
            Prefetch("developers", User.objects.order_by("pk")),
            Prefetch(
                "versions", ModelVersion.objects.only("model", "version", "artifact_digest", "source_uri")
            ),
        )
        .order_by("pk")
    )
    newest = {row.version.model_id: row for row in standings(_newest(models), at=at)}
    live, tiers = _live(models), _tiers(models)
    rows = [_row(model, newest.get(model.pk), live[model.pk], policy, at) for model in found]
    for row in rows:
        row.roles = roles
        if row.version_id is None:
            row.tier, row.tier_confirmed = tiers.get(row.pk, ("", False))
            row.tier_rank = TIER_ORDER.get(row.tier, 0)
    with transaction.atomic():
        sure = _held(seen, entries)
        InventoryRow.objects.bulk_create(
            [row for row in rows if row.pk in sure],
            update_conflicts=True,
            unique_fields=["model"],
            update_fields=WRITTEN,
        )
        ModelVersion.objects.filter(model__in=sure).update(judged_stamp=F("evidence_stamp"))
        RegisteredModel.objects.filter(pk__in=sure).update(listed_stamp=F("entry_stamp"))


def _newest(models: Sequence[int]) -> list[ModelVersion]:
    """The version of each model that was registered last."""
    newest = RegisteredModel.objects.filter(pk__in=models).annotate(newest=Max("versions__pk"))
    rows = ModelVersion.objects.filter(pk__in=newest.values("newest"))
    return list(rows.select_related("model", *VERSION_RELATIONS).defer(*UNREAD))


def _live(models: Sequence[int]) -> dict[int, list[str]]:
    """Model → environments where one of its versions runs."""
    rows = Deployment.objects.filter(version__model__in=models, ended_at=None, status="live")
    live = defaultdict(list)
    for model, environment in rows.values_list("version__model_id", "environment").distinct():
        live[model].append(environment)
    return live


def _tiers(models: Sequence[int]) -> dict[int, tuple[str, bool]]:
    """Model → its tier and whether it is confirmed; for those without a version to judge."""
    found: dict[int, tuple[str, bool]] = {}
    for assessment in TierAssessment.objects.filter(model__in=models):  # newest first
        found.setdefault(assessment.model_id, (assessment.tier, assessment.is_confirmed))
    return found


def _row(
    model: RegisteredModel, standing: Standing | None, live: list[str], policy: int, at: datetime
) -> InventoryRow:
    row = InventoryRow(
        model=model,
        name_key=model.name.casefold()[:120],
        owner=model.owner,
        owner_key=model.owner.name.casefold()[:160],
        kind=model.kind,
        origin=model.origin,
        line=model.business_line,
        stage=stage_of_model(model, standing, live),
        tags=[tag.name for tag in model.tags.all()],
        live_in=sorted(live),
        text=_text(model),
        policy=policy,
        judged_at=at,
    )
    if standing is not None:
        row.version, row.registered_at = standing.version, standing.version.registered_at
        row.tier, row.tier_rank = standing.tier, TIER_ORDER.get(standing.tier, 0)
        row.tier_confirmed, row.status = standing.tier_confirmed, standing.status
        row.development, row.staging, row.production = (
            standing.marks[name] for name in ("development", "staging", "production")
        )
        row.answer = standing.answers["production"]
        row.note, row.holds_until = standing.note[:200], standing.holds_until(at)
    return row


def _text(model: RegisteredModel) -> str:
    people = [model.owner, *model.developers.all()]
    said = [model.name, model.slug, model.purpose, model.decides, model.products, model.business_line]
    said += [model.team, model.supplier, *(tag.name for tag in model.tags.all())]
    said += [text for user in people for text in (user.name, user.username)]
    for version in model.versions.all():
        said += [version.version, version.artifact_digest, version.source_uri]
    return words(said)


def _held(seen: Mapping[int, uuid.UUID], entries: Mapping[int, uuid.UUID]) -> set[int]:
    """The models of which nothing moved since it was read, held with their versions until the transaction ends.

    The others stay out of date: another process may have written a newer row already. What somebody holds right now
    is left to them, because waiting for it could end in a deadlock.
    """
    versions = ModelVersion.objects.select_for_update(skip_locked=True).filter(model__in=entries)
    held = {pk: (model, stamp) for pk, model, stamp in versions.values_list("pk", "model", "evidence_stamp")}
    models = RegisteredModel.objects.select_for_update(skip_locked=True).filter(pk__in=entries)
    same = {pk for pk, stamp in models.values_list("pk", "entry_stamp") if stamp == entries[pk]}
    moved = {model for pk, (model, stamp) in held.items() if seen.get(pk) != stamp}
    busy = ModelVersion.objects.filter(model__in=same).exclude(pk__in=held).values_list("model", flat=True)
    return same - moved - set(busy)
