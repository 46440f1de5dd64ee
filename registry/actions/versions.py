"""Registering versions: bytes staged and hashed first, then row, manifest and event in one transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.refusals import Conflict, Invalid
from audit.actions import record
from audit.actor import Actor
from audit.canonical import canonical, plain
from audit.verbs import Verb
from registry import tracking
from registry.formats import Description, describe
from registry.intake import Readable, StoredFile, manifest_digest, take_in, take_stock
from registry.models import (
    ArtifactFile,
    Dataset,
    DatasetRole,
    Lifecycle,
    ModelVersion,
    RegisteredModel,
    VersionSource,
)
from registry.names import refuse_bad_version
from registry.storage import artifact_folder, published, staging

DECLARATION = "DECLARATION.json"


@dataclass(frozen=True)
class Origin:
    """Where a version came from and what its maker says about it."""

    source: VersionSource
    uri: str = ""
    parameters: Mapping[str, object] = field(default_factory=dict)
    metrics: Mapping[str, object] = field(default_factory=dict)
    repository: str = ""
    commit: str = ""


def register_upload(
    *,
    model: RegisteredModel,
    version: str,
    files: Iterable[tuple[str, Readable]],
    registrant: User,
    trained_on: Dataset | None = None,
    parameters: Mapping[str, object] | None = None,
    code_repository: str = "",
    code_commit: str = "",
    actor: Actor,
    at: datetime,
) -> ModelVersion:
    """Register a version from files, given by their paths inside the model's folder."""
    refuse_unregistrable(model, version, trained_on)
    origin = Origin(
        VersionSource.UPLOAD, parameters=parameters or {}, repository=code_repository, commit=code_commit
    )
    with staging() as stage:
        folder = stage / "files"
        folder.mkdir()
        taken = take_in(files, folder)
        described = describe(folder, [file.path for file in taken])
        return _register(model, version, folder, taken, described, origin, registrant, trained_on, actor, at)


def register_from_mlflow(
    *,
    model: RegisteredModel,
    version: str,
    mlflow_uri: str,
    registrant: User,
    trained_on: Dataset | None = None,
    actor: Actor,
    at: datetime,
) -> ModelVersion:
    """Register a version from MLflow's store, with its run's parameters, metrics and code."""
    refuse_unregistrable(model, version, trained_on)
    with staging() as stage:
        folder = stage / "files"
        folder.mkdir()
        fetched = tracking.fetch(mlflow_uri, folder)
        return register_fetched(
            model=model,
            version=version,
            mlflow_uri=mlflow_uri,
            folder=folder,
            fetched=fetched,
            registrant=registrant,
            trained_on=trained_on,
            actor=actor,
            at=at,
        )


def register_fetched(
    *,
    model: RegisteredModel,
    version: str,
    mlflow_uri: str,
    folder: Path,
    fetched: tracking.Fetched,
    registrant: User,
    trained_on: Dataset | None = None,
    actor: Actor,
    at: datetime,
) -> ModelVersion:
    """Register a version whose files were fetched from MLflow into a folder of its own; the folder is taken."""
    refuse_unregistrable(model, version, trained_on)
    taken = take_stock(folder)
    origin = Origin(
        VersionSource.MLFLOW,
        mlflow_uri,
        fetched.parameters,
        fetched.metrics,
        fetched.repository,
        fetched.commit,
    )
    described = describe(folder, [file.path for file in taken])
    return _register(model, version, folder, taken, described, origin, registrant, trained_on, actor, at)


def register_predictions_only(
    *, model: RegisteredModel, version: str, registrant: User, actor: Actor, at: datetime
) -> ModelVersion:
    """Register a version that we never hold. A declaration stands in for its files and has a digest."""
    refuse_unregistrable(model, version, None)
    declaration = {
        "declaration": "The files of this version are not held here. It is known by its predictions only.",
        "model": model.slug,
        "version": version,
        "declared_by": registrant.ref,
        "declared_at": at,
    }
    with staging() as stage:
        folder = stage / "files"
        folder.mkdir()
        (folder / DECLARATION).write_text(canonical(declaration) + "\n", encoding="utf-8")
        described = Description("declaration")
        origin = Origin(VersionSource.PREDICTIONS)
        taken = take_stock(folder)
        return _register(model, version, folder, taken, described, origin, registrant, None, actor, at)


def refuse_unregistrable(model: RegisteredModel, version: str, trained_on: Dataset | None) -> None:
    """What can be refused before a byte is read. Raises Invalid, Conflict."""
    refuse_bad_version(version)
    if model.lifecycle == Lifecycle.RETIRED:
        raise Conflict(f"{model.name} is retired and takes no new versions.", "Register a new model.")
    if trained_on is not None and trained_on.role == DatasetRole.TEST:
        raise Invalid(
            f"{trained_on} is a test set; a model that has seen it cannot be judged on it.",
            "Name the training set.",
            field="trained_on",
        )
    if model.versions.filter(version=version).exists():
        raise Conflict(
            f"{model.name} has a version {version} already.", "Versions never change: choose another number."
        )


@transaction.atomic
def _register(
    model: RegisteredModel,
    name: str,
    folder: Path,
    taken: tuple[StoredFile, ...],
    described: Description,
    origin: Origin,
    registrant: User,
    trained_on: Dataset | None,
    actor: Actor,
    at: datetime,
) -> ModelVersion:
    """The row, its manifest, the event, and last the files in their place: all of it or nothing."""
    model = RegisteredModel.objects.select_for_update().get(pk=model.pk)
    refuse_unregistrable(model, name, trained_on)
    digest = manifest_digest(taken)
    _refuse_same_bytes(model, digest)
    values = {
        "source": origin.source,
        "source_uri": origin.uri,
        "artifact_digest": digest,
        "artifact_format": described.format,
        "size": sum(file.size for file in taken),
        "file_count": len(taken),
        "parameters": plain(origin.parameters),
        "training_metrics": plain(origin.metrics),
        "signature": plain(described.signature),
        "code_repository": origin.repository.strip()[:300],
        "code_commit": origin.commit.strip()[:64],
    }
    version = _insert(model, name, registrant, trained_on, at, values)
    ArtifactFile.objects.bulk_create(
        ArtifactFile(version=version, path=file.path, size=file.size, sha256=file.sha256) for file in taken
    )
    detail = {
        "artifact_digest": digest,
        "files": len(taken),
        "size": values["size"],
        "source": origin.source.value,
        "source_uri": origin.uri,
        "trained_on": str(trained_on) if trained_on else None,
    }
    record(Verb.VERSION_REGISTERED, subject=version.ref, actor=actor, at=at, detail=detail)
    with published(folder, artifact_folder(version)):
        return version


def _insert(
    model: RegisteredModel,
    name: str,
    registrant: User,
    trained_on: Dataset | None,
    at: datetime,
    values: Mapping[str, object],
) -> ModelVersion:
    """The row. Just hashed, so it counts as verified. The constraints decide when two come at once."""
    try:
        with transaction.atomic():
            return ModelVersion.objects.create(
                model=model,
                version=name,
                registered_by=registrant,
                trained_on=trained_on,
                registered_at=at,
                verified_at=at,
                **values,
            )
    except IntegrityError as error:
        raise Conflict(
            f"Somebody registered {model.name} version {name}, or the same files, at this moment.",
            "Look at the model's versions.",
        ) from error


def _refuse_same_bytes(model: RegisteredModel, digest: str) -> None:
    twin = model.versions.filter(artifact_digest=digest).first()
    if twin is not None:
        raise Conflict(
            f"These files are registered already, as {model.name} version {twin.version}.",
            "A new version needs new bytes.",
        )
