"""The ties between registered models of MLflow and models here, and what is told of them."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from accounts.refusals import Invalid, Refusal
from registry.entries import SHORTEST_PURPOSE
from registry.formats import describe
from registry.guesses import Traces, guess_kind
from registry.intake import manifest_digest, take_stock
from registry.models import ModelVersion, RegisteredModel, TrackedModel, TrackingServer
from registry.tracking import Fetched, FoundModel

NO_KIND = "Its kind cannot be told from its tags, signature or metrics."
CHOOSE_A_KIND = "Choose one, or give the model the tag countersign.kind in MLflow."


class NotJudged(Invalid):
    """The model as a whole cannot come in until somebody says more about it."""


def address_of(name: str, number: str) -> str:
    """What a version of MLflow's registry is called."""
    return f"models:/{name}/{number}"


def numbers_here(tracked: TrackedModel) -> dict[str, ModelVersion]:
    """Number in MLflow → the version here."""
    prefix = address_of(tracked.name, "")
    rows = tracked.versions.select_related("model").order_by("registered_at", "pk")
    return {row.source_uri.removeprefix(prefix): row for row in rows if row.source_uri.startswith(prefix)}


def ties_of(server: TrackingServer) -> "QuerySet[TrackedModel]":
    """The registered models of MLflow that come in here; none of a server that is only being tried."""
    return TrackedModel.objects.filter(server_id=server.pk).select_related("model__owner")


@transaction.atomic
def tie(
    *, server: TrackingServer, name: str, model: RegisteredModel, at: datetime, older: Mapping[str, str]
) -> TrackedModel:
    """From now on, versions of that registered model come into this model."""
    return TrackedModel.objects.create(
        server=server, name=name, model=model, not_taken=dict(older), created_at=at
    )


def tie_version(tracked: TrackedModel, version: ModelVersion) -> None:
    """Say of a version that was just registered, or registered by hand before, which model of MLflow it is of."""
    ModelVersion.objects.filter(pk=version.pk, tracked=None).update(tracked=tracked)


def twin_of(tracked: TrackedModel, uri: str, folder: Path) -> ModelVersion | None:
    """A version with these very files that was registered from the same address by hand."""
    rows = tracked.model.versions.filter(tracked=None, source_uri=uri)
    twin = rows.first()
    if twin is None or twin.artifact_digest != manifest_digest(take_stock(folder)):
        return None
    return twin


@transaction.atomic
def leave_out(tracked: TrackedModel, reasons: Mapping[str, str]) -> None:
    """Remember which versions stay out and why, so that each reading does not fetch them again."""
    row = TrackedModel.objects.select_for_update().get(pk=tracked.pk)
    row.not_taken = row.not_taken | dict(reasons)
    row.save(update_fields=["not_taken"])


def owner_named(username: str) -> User:
    """The person who shall answer for the model. Raises NotJudged."""
    found = User.objects.filter(username=username, is_active=True).first()
    if found is None:
        raise NotJudged(f"There is nobody with the user name {username} who can log in.", "Name the owner.")
    return found


def purpose_of(found: FoundModel, server: TrackingServer) -> str:
    """MLflow's description, or a sentence that shows that there is none."""
    described = found.description.strip()
    if len(described) >= SHORTEST_PURPOSE:
        return described
    said = f" It says: {described}" if described else ""
    return f"… Not described in MLflow ({server.name}). Its owner writes here what it is used for.{said}"


def kind_of(found: FoundModel, folder: Path, fetched: Fetched) -> str:
    """The kind that its tags, its signature or its run's metrics tell. Raises NotJudged."""
    paths = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    described = describe(folder, paths)
    tags = dict(found.versions[-1].tags if found.versions else {}) | found.tags
    outputs = tuple(column["type"] for column in described.signature.get("outputs", []))
    guessed = guess_kind(Traces(tags, described.format, outputs, tuple(fetched.metrics)))
    if not guessed:
        raise NotJudged(NO_KIND, CHOOSE_A_KIND)
    return guessed


def said(refused: Refusal) -> str:
    """A refusal in one line."""
    return f"{refused} {refused.remedy}".strip()
