"""What a call says about a model, turned into its entry, its dependencies and its tags, and kept."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.refusals import Invalid
from audit.actor import Actor
from registry import actions
from registry.entries import ModelEntry, entry_of
from registry.models import RegisteredModel

LINKS = ("depends_on", "tags")


@transaction.atomic
def create_given(given: Mapping[str, Any], *, owner: User, actor: Actor, at: datetime) -> RegisteredModel:
    """A new model as a call describes it: entry, dependencies and tags, all of it or nothing."""
    slug, fields = given["slug"], _people({"owner": owner} | dict(given))
    plain = {name: value for name, value in fields.items() if name not in LINKS and name != "slug"}
    model = actions.create_model(slug=slug, entry=ModelEntry(**plain), actor=actor, at=at)
    _keep_links(model, given, owner, actor, at)
    return model


@transaction.atomic
def change_given(
    model: RegisteredModel, given: Mapping[str, Any], *, changer: User, actor: Actor, at: datetime
) -> RegisteredModel:
    """Change what a call names and keep the rest; in `custom`, too."""
    _keep_links(model, given, changer, actor, at)
    fields = _people({name: value for name, value in given.items() if name not in LINKS})
    if not fields:
        return model
    before = entry_of(model)
    if "custom" in fields:
        fields["custom"] = {**before.custom, **fields["custom"]}
    return actions.change_model(model=model, entry=replace(before, **fields), actor=actor, at=at)


def _people(given: dict[str, Any]) -> dict[str, Any]:
    if isinstance(given.get("owner"), str):
        given["owner"] = person(given["owner"], "owner")
    if "developers" in given:
        given["developers"] = tuple(person(name, "developers") for name in dict.fromkeys(given["developers"]))
    return given


def _keep_links(
    model: RegisteredModel, given: Mapping[str, Any], changer: User, actor: Actor, at: datetime
) -> None:
    if "depends_on" in given:
        notes = dict(model.dependencies.values_list("depends_on__slug", "note"))
        wanted = {slug: notes.get(slug, "") for slug in given["depends_on"]}
        actions.set_dependencies(model=model, depends_on=wanted, changer=changer, actor=actor, at=at)
    if "tags" in given:
        gone = {tag.name for tag in model.tags.all()} - set(given["tags"])
        actions.tag_model(model=model, add=given["tags"], remove=gone, actor=actor, at=at)


def person(username: str, field: str) -> User:
    """The person of that user name. Raises Invalid naming the field."""
    found = User.objects.filter(username=username).first()
    if found is None:
        raise Invalid(f"There is nobody with the user name {username}.", field=field)
    return found
