"""Registering versions: bytes staged and hashed first, then row, manifest and event in one transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.refusals import Conflict
from audit.actions import record
from audit.actor import Actor
from audit.canonical import canonical, plain
from audit.verbs import Verb
from registry import tracking
from registry.about import About, seed_among, sound
from registry.contents import Contents, look_into
from registry.formats import Description
from registry.intake import OnDisk, Readable, manifest_digest, take_in, take_stock
from registry.keeping import Kept, kept
from registry.models import ArtifactFile, Lifecycle, ModelVersion, RegisteredModel, VersionSource
from registry.names import refuse_bad_version
from registry.signing import NONE
from registry.storage import staging
from registry.tracking_stores import Store

DECLARATION = "DECLARATION.json"
UNSAID = About()


@dataclass(frozen=True)
class Origin:
    """Where a version came from."""

    source: VersionSource
    uri: str = ""
    run_id: str = ""
    run: Mapping[str, object] = field(default_factory=dict)


def register_upload(
    *,
    model: RegisteredModel,
    version: str,
    files: Iterable[tuple[str, Readable | OnDisk]],
    registrant: User,
    about: About = UNSAID,
    actor: Actor,
    at: datetime,
) -> ModelVersion:
    """Register a version from files, given by their paths inside the model's folder."""
    about = sound(about, model)
    refuse_unregistrable(model, version)
    with staging() as stage:
        folder = stage / "files"
        folder.mkdir()
        contents = look_into(folder, take_in(files, folder), at=at)
        return _register(model, version, contents, Origin(VersionSource.UPLOAD), about, registrant, actor, at)


def register_from_mlflow(
    *,
    model: RegisteredModel,
    version: str,
    mlflow_uri: str,
    store: Store | None = None,
    registrant: User,
    about: About = UNSAID,
    actor: Actor,
    at: datetime,
) -> ModelVersion:
    """Register a version from MLflow's store, with its run's parameters, metrics and code."""
    sound(about, model)
    refuse_unregistrable(model, version)
    with staging() as stage:
        folder = stage / "files"
        folder.mkdir()
        fetched = tracking.fetch(mlflow_uri, folder, store)
        return register_fetched(
            model=model,
            version=version,
            mlflow_uri=mlflow_uri,
            folder=folder,
            fetched=fetched,
            registrant=registrant,
            about=about,
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
    about: About = UNSAID,
    actor: Actor,
    at: datetime,
) -> ModelVersion:
    """Register a version whose files were fetched from MLflow into a folder of its own; the folder is taken.

    What the registrant says comes first; the run fills in the rest, its parameters as hyperparameters too.
    """
    about = sound(about, model)
    refuse_unregistrable(model, version)
    about = replace(
        about,
        parameters=about.parameters or fetched.parameters,
        hyperparameters=about.hyperparameters or fetched.parameters,
        training_metrics={**fetched.metrics, **about.training_metrics},
        code_repository=about.code_repository or fetched.repository,
        code_commit=about.code_commit or fetched.commit,
    )
    contents = look_into(folder, take_stock(folder), at=at)
    origin = Origin(VersionSource.MLFLOW, mlflow_uri, fetched.run_id, fetched.run)
    return _register(model, version, contents, origin, about, registrant, actor, at)


def register_predictions_only(
    *,
    model: RegisteredModel,
    version: str,
    registrant: User,
    about: About = UNSAID,
    actor: Actor,
    at: datetime,
) -> ModelVersion:
    """Register a version that we never hold. A declaration stands in for its files and has a digest."""
    about = sound(about, model)
    refuse_unregistrable(model, version)
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
        contents = Contents(folder, take_stock(folder), Description("declaration"), NONE)
        origin = Origin(VersionSource.PREDICTIONS)
        return _register(model, version, contents, origin, about, registrant, actor, at)


def refuse_unregistrable(model: RegisteredModel, version: str) -> None:
    """What can be refused before a byte is read. Raises Invalid, Conflict."""
    refuse_bad_version(version)
    if model.lifecycle == Lifecycle.RETIRED:
        raise Conflict(f"{model.name} is retired and takes no new versions.", "Register a new model.")
    if model.versions.filter(version=version).exists():
        raise Conflict(
            f"{model.name} has a version {version} already.", "Versions never change: choose another number."
        )


def _register(
    model: RegisteredModel,
    name: str,
    contents: Contents,
    origin: Origin,
    about: About,
    registrant: User,
    actor: Actor,
    at: datetime,
) -> ModelVersion:
    """The files in the store, then everything that names them in one transaction: all of it or nothing."""
    with kept(contents.folder, contents.files) as blobs:
        return _enter(model, name, contents, blobs, origin, about, registrant, actor, at)


@transaction.atomic
def _enter(
    model: RegisteredModel,
    name: str,
    contents: Contents,
    blobs: Kept,
    origin: Origin,
    about: About,
    registrant: User,
    actor: Actor,
    at: datetime,
) -> ModelVersion:
    """The row, its manifest and the event."""
    model = RegisteredModel.objects.select_for_update().get(pk=model.pk)
    refuse_unregistrable(model, name)
    taken = contents.files
    digest = manifest_digest(taken)
    _refuse_same_bytes(model, digest)
    values = {
        "source": origin.source,
        "source_uri": origin.uri,
        "run_id": origin.run_id[:64],
        "run": plain(origin.run),
        "artifact_digest": digest,
        "size": sum(file.size for file in taken),
        "file_count": len(taken),
        "signing": plain(contents.signing),
        **_of_files(contents.described, about),
        **_of_registrant(about),
    }
    version = _insert(model, name, registrant, at, values)
    version.evaluated_on.set(about.evaluated_on)
    ArtifactFile.objects.bulk_create(
        ArtifactFile(version=version, path=file.path, size=file.size, sha256=file.sha256) for file in taken
    )
    detail = {
        "artifact_digest": digest,
        "files": len(taken),
        "size": values["size"],
        "source": origin.source.value,
        "source_uri": origin.uri,
        "trained_on": str(about.trained_on) if about.trained_on else None,
        "evaluated_on": [str(dataset) for dataset in about.evaluated_on],
        "parent": about.parent.version if about.parent else None,
        "signature": contents.signing["state"],
    }
    record(Verb.VERSION_REGISTERED, subject=version.ref, actor=actor, at=at, detail=detail)
    blobs.pin()
    return version


def _of_files(described: Description, about: About) -> dict[str, object]:
    """What the files say, where the registrant did not say otherwise."""
    environment = described.environment
    return {
        "artifact_format": described.format,
        "flavors": plain(described.flavours),
        "signature": plain(described.signature),
        "python_version": about.python_version or environment.python,
        "requirements": plain(about.requirements or environment.requirements),
    }


def _of_registrant(about: About) -> dict[str, object]:
    """What the registrant and the run say."""
    hyperparameters = about.hyperparameters
    seed = about.random_seed if about.random_seed is not None else seed_among(hyperparameters)
    return {
        "trained_on": about.trained_on,
        "parent": about.parent,
        "parameters": plain(about.parameters),
        "hyperparameters": plain(hyperparameters),
        "random_seed": seed,
        "training_metrics": plain(about.training_metrics),
        "code_repository": about.code_repository.strip()[:300],
        "code_commit": about.code_commit.strip()[:64],
    }


def _insert(
    model: RegisteredModel,
    name: str,
    registrant: User,
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
