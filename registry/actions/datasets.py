"""Registering data sets."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.refusals import Conflict, Invalid
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from registry.intake import StoredFile, copy_in, on_disk, refuse_emptiness, safe_path
from registry.keeping import Kept, kept
from registry.meaning import Meaning, refuse_bad_classification, refuse_nonsense
from registry.models import Classification, Dataset, DatasetRole
from registry.names import refuse_bad_dataset_name, refuse_bad_version
from registry.schemas import Schema, infer_schema, read_schema
from registry.storage import staging
from registry.tables import Job, Table, read_table
from registry.validation import refuse_failures, report_of


class NamedFile(Protocol):
    """An open binary file with a name; a Django upload is one."""

    @property
    def name(self) -> str | None: ...

    def read(self, size: int = ..., /) -> bytes: ...


def register_dataset(
    *,
    name: str,
    version: str,
    role: str,
    file: NamedFile,
    label: str = "",
    positive: str = "",
    prediction: str = "",
    score: str = "",
    sensitive: Sequence[str] = (),
    reference_groups: Mapping[str, str] | None = None,
    classification: str = Classification.INTERNAL,
    legal_basis: str = "",
    confidential: Sequence[str] = (),
    schema: str = "",
    infer_schema_from_previous: bool = False,
    description: str = "",
    owner: User,
    actor: Actor,
    at: datetime,
) -> Dataset:
    """Register one immutable version of a table, once its columns hold what they are said to mean and its rows
    what the schema (YAML) asks; without one, `infer_schema_from_previous` warns where it differs from the last."""
    refuse_bad_dataset_name(name)
    refuse_bad_version(version)
    if role not in DatasetRole.values:
        raise Invalid(
            f"{role or 'Nothing'} is not a role; choose {', '.join(DatasetRole.values)}.", field="role"
        )
    _refuse_taken(name, version)
    meaning = Meaning(
        role=role,
        label=label,
        positive=positive,
        prediction=prediction,
        score=score,
        sensitive=_once(sensitive),
        reference_groups=dict(reference_groups or {}),
        classification=classification,
        confidential=_once(confidential),
    )
    refuse_bad_classification(meaning)
    asked = _schema(name, schema, infer_schema_from_previous, meaning)
    given = safe_path(Path(file.name or "file").name)
    with staging() as stage:
        stored = _take_in(file, stage, given)
        table = read_table(_job(stage / given, given, meaning, asked))
        refuse_nonsense(meaning, table)
        validation = report_of(asked, table)
        refuse_failures(validation, given)
        dataset = Dataset(
            name=name,
            version=version,
            digest=f"sha256:{stored.sha256}",
            file=given[-200:],
            size=stored.size,
            schema=asked,
            validation=validation,
            legal_basis=legal_basis.strip(),
            description=description.strip(),
            owner=owner,
            registered_at=at,
        )
        _describe(dataset, meaning, table)
        with kept(stage, [stored]) as blobs:
            return _register(dataset, blobs, actor, at)


@transaction.atomic
def record_dataset_download(*, dataset: Dataset, actor: Actor, at: datetime) -> None:
    """Somebody takes the file along: who and when is kept."""
    detail = {"digest": dataset.digest, "classification": dataset.classification}
    record(Verb.DATASET_DOWNLOADED, subject=dataset.ref, actor=actor, at=at, detail=detail)


def _schema(name: str, text: str, infer: bool, meaning: Meaning) -> Schema:
    if text.strip():
        return read_schema(text)
    if not infer:
        return {}
    previous = Dataset.objects.filter(name=name).order_by("-registered_at", "-pk").first()
    if previous is None or not previous.profile:
        raise Invalid(
            f"There is no earlier version of {name} with a profile to infer a schema from.",
            "Send a schema, or none.",
            field="schema",
        )
    hidden = {*previous.confidential, *meaning.confidential}
    if previous.classification == Classification.RESTRICTED:
        hidden |= {column["name"] for column in previous.columns}
    return infer_schema(str(previous), previous.profile, hidden)


def _job(path: Path, given: str, meaning: Meaning, schema: Schema) -> Job:
    return Job(
        path=str(path),
        name=given,
        needed=meaning.columns,
        watch=meaning.watched,
        label=meaning.label,
        sensitive=tuple(meaning.sensitive),
        confidential=tuple(meaning.confidential),
        schema=schema,
    )


def _describe(dataset: Dataset, meaning: Meaning, table: Table) -> None:
    dataset.role, dataset.rows, dataset.profile = meaning.role, table.rows, table.profile
    dataset.columns = [{"name": name, "type": kind} for name, kind in table.columns]
    dataset.label, dataset.positive = meaning.label, meaning.positive
    dataset.prediction, dataset.score = meaning.prediction, meaning.score
    dataset.sensitive = list(meaning.sensitive)
    dataset.reference_groups = dict(meaning.reference_groups)
    dataset.classification, dataset.confidential = meaning.classification, list(meaning.confidential)


def _once(columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(column for column in columns if column))


def _take_in(file: NamedFile, stage: Path, given: str) -> StoredFile:
    stored = copy_in(on_disk(file), stage, given, room=settings.UPLOAD_MAX_BYTES)
    refuse_emptiness([stored])
    return stored


@transaction.atomic
def _register(dataset: Dataset, blobs: Kept, actor: Actor, at: datetime) -> Dataset:
    _refuse_taken(dataset.name, dataset.version)
    twin = Dataset.objects.filter(name=dataset.name, digest=dataset.digest).first()
    if twin is not None:
        raise Conflict(f"This file is registered already, as {twin}.", "A new version needs new rows.")
    try:
        with transaction.atomic():
            dataset.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(f"Somebody registered {dataset} at this moment.", "Choose another version.") from error
    detail = {
        "digest": dataset.digest,
        "rows": dataset.rows,
        "role": dataset.role,
        "label": dataset.label,
        "classification": dataset.classification,
        "failed_checks": dataset.validation.get("failed", 0),
    }
    record(Verb.DATASET_REGISTERED, subject=dataset.ref, actor=actor, at=at, detail=detail)
    blobs.pin()
    return dataset


def _refuse_taken(name: str, version: str) -> None:
    if Dataset.objects.filter(name=name, version=version).exists():
        raise Conflict(
            f"The data set {name}@{version} exists already.",
            "Data sets never change: choose another version.",
        )
