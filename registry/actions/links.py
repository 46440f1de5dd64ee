"""What a model is tied to: the models whose answers it takes, and the words that people sort it by."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.refusals import Conflict, Invalid
from audit.actions import record
from audit.actor import Actor
from audit.rows import wrote
from audit.verbs import Verb
from registry.actions.locking import locked_model
from registry.actions.models import refuse_retired
from registry.dependencies import edges_upward, routes, way_back
from registry.models import Lifecycle, ModelDependency, ModelTag, RegisteredModel
from registry.names import refuse_bad_tag
from registry.sight import UNSEEN, hidden_from, seen_by

MOST_TAGS = 30
MOST_DEPENDENCIES = 100


@transaction.atomic
def set_dependencies(
    *,
    model: RegisteredModel,
    depends_on: Mapping[str, str],
    changer: User | None = None,
    actor: Actor,
    at: datetime,
) -> None:
    """Say from which models it takes answers: short name → note. No circle, and nothing new from a retired one.

    What the changer may not see they cannot name, and it stays. None is the product itself, which sees all.
    """
    if len(depends_on) > MOST_DEPENDENCIES:
        raise Invalid(f"A model takes answers from at most {MOST_DEPENDENCIES} others.", field="depends_on")
    unseen = dict(_unseen(model, changer))
    wanted = _named({slug: note for slug, note in depends_on.items() if slug not in unseen}, changer)
    wanted |= {row.slug: row for row in RegisteredModel.objects.filter(slug__in=unseen)}
    _hold_the_way(model, wanted)
    model = locked_model(model)
    refuse_retired(model)
    kept = {row.depends_on.slug: row for row in model.dependencies.select_related("depends_on")}
    _refuse_new_retired(wanted, kept)
    _refuse_circle(model, wanted, changer)
    was = {slug: row.note for slug, row in kept.items()}
    now = {slug: unseen.get(slug, depends_on.get(slug, "")).strip()[:200] for slug in wanted}
    if was == now:
        return
    model.dependencies.exclude(depends_on__slug__in=now).delete()
    for slug, note in now.items():
        ModelDependency.objects.update_or_create(
            model=model, depends_on=wanted[slug], defaults={"note": note}
        )
    detail = {"was": was, "is": now}
    record(Verb.DEPENDENCIES_CHANGED, subject=model.ref, actor=actor, at=at, detail=detail)


def _unseen(model: RegisteredModel, changer: User | None) -> Iterable[tuple[str, str]]:
    """Short name and note of what it takes answers from and the changer may not see."""
    if changer is None:
        return ()
    rows = model.dependencies.filter(depends_on__in=hidden_from(changer).values("pk"))
    return rows.values_list("depends_on__slug", "note")


def _named(depends_on: Mapping[str, str], changer: User | None) -> dict[str, RegisteredModel]:
    rows = RegisteredModel.objects.filter(seen_by(changer), slug__in=depends_on)
    found = {row.slug: row for row in rows}
    for slug in depends_on:
        if slug not in found:
            raise Invalid(
                f"There is no model {slug[:64] or 'without a name'}.",
                "Use the short name that stands in its address.",
                field="depends_on",
            )
    return {slug: found[slug] for slug in sorted(found)}


def _hold_the_way(model: RegisteredModel, wanted: Mapping[str, RegisteredModel]) -> None:
    """Hold the model and all that lies up its new ways: two changes that close a circle together wait in turn."""
    edges = edges_upward()
    on_the_way = {pk for row in wanted.values() for pk in (row.pk, *routes(edges, row.pk))}
    rows = RegisteredModel.objects.select_for_update().filter(pk__in={model.pk, *on_the_way})
    list(rows.order_by("pk").values_list("pk", flat=True))


def _refuse_new_retired(wanted: Mapping[str, RegisteredModel], kept: Collection[str]) -> None:
    for slug, row in wanted.items():
        if slug not in kept and row.lifecycle == Lifecycle.RETIRED:
            raise Invalid(
                f"{row.name} is retired; nothing new can take its answers.",
                "Name the model that took its place.",
                field="depends_on",
            )


def _refuse_circle(
    model: RegisteredModel, wanted: Mapping[str, RegisteredModel], changer: User | None
) -> None:
    circle = way_back(edges_upward(), model.pk, [row.pk for row in wanted.values()])
    if not circle:
        return
    if len(set(circle)) == 1:
        raise Invalid("A model cannot take its own answers.", "Leave it out.", field="depends_on")
    names = RegisteredModel.objects.filter(seen_by(changer)).in_bulk(set(circle))
    path = " → ".join(names[pk].name if pk in names else UNSEEN for pk in circle)
    raise Invalid(
        f"That closes a circle: {path}.", "Leave out the one that does not take the other's answer.",
        field="depends_on",
    )  # fmt: skip


@transaction.atomic
def tag_model(
    *,
    model: RegisteredModel,
    add: Collection[str] = (),
    remove: Collection[str] = (),
    note: str = "",
    actor: Actor,
    at: datetime,
) -> None:
    """Put words on a model and take words off. What is there already, or gone already, changes nothing."""
    model = locked_model(model)
    refuse_retired(model)
    there = set(model.tags.values_list("name", flat=True))
    fresh = {_tidy_tag(name) for name in add} - there
    gone = there & set(remove)
    if len(there | fresh) - len(gone) > MOST_TAGS:
        raise Conflict(f"{model.name} has {MOST_TAGS} tags at most.", "Remove one first.")
    if not fresh and not gone:
        return
    model.tags.filter(name__in=gone).delete()
    wrote(ModelTag.objects.bulk_create(ModelTag(model=model, name=name) for name in sorted(fresh)))
    detail: dict[str, object] = {"added": sorted(fresh), "removed": sorted(gone)}
    if note.strip():
        detail["note"] = note.strip()[:2000]
    record(Verb.MODEL_TAGGED, subject=model.ref, actor=actor, at=at, detail=detail)


def _tidy_tag(name: str) -> str:
    tidy = name.strip().lower().replace(" ", "-")
    refuse_bad_tag(tidy)
    return tidy
