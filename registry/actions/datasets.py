"""Registering data sets."""

from collections.abc import Sequence
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
from registry.meaning import Meaning, refuse_nonsense
from registry.models import Dataset, DatasetRole
from registry.names import refuse_bad_dataset_name, refuse_bad_version
from registry.storage import staging
from registry.tables import Table, read_table


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
    description: str = "",
    owner: User,
    actor: Actor,
    at: datetime,
) -> Dataset:
    """Register one immutable version of a table, once its columns hold what they are said to mean."""
    refuse_bad_dataset_name(name)
    refuse_bad_version(version)
    if role not in DatasetRole.values:
        raise Invalid(
            f"{role or 'Nothing'} is not a role; choose {', '.join(DatasetRole.values)}.", field="role"
        )
    _refuse_taken(name, version)
    sensitive = tuple(dict.fromkeys(column for column in sensitive if column))
    meaning = Meaning(role, label, positive, prediction, score, sensitive)
    given = safe_path(Path(file.name or "file").name)
    with staging() as stage:
        stored = _take_in(file, stage, given)
        table = read_table(stage / given, given, meaning.columns)
        refuse_nonsense(meaning, table)
        dataset = Dataset(
            name=name,
            version=version,
            role=role,
            digest=f"sha256:{stored.sha256}",
            file=given[-200:],
            size=stored.size,
            description=description.strip(),
            owner=owner,
            registered_at=at,
        )
        with kept(stage, [stored]) as blobs:
            return _register(dataset, meaning, table, blobs, actor, at)


def _take_in(file: NamedFile, stage: Path, given: str) -> StoredFile:
    stored = copy_in(on_disk(file), stage, given, room=settings.UPLOAD_MAX_BYTES)
    refuse_emptiness([stored])
    return stored


@transaction.atomic
def _register(
    dataset: Dataset, meaning: Meaning, table: Table, blobs: Kept, actor: Actor, at: datetime
) -> Dataset:
    dataset.rows = table.rows
    dataset.columns = [{"name": name, "type": kind} for name, kind in table.columns]
    dataset.label, dataset.positive = meaning.label, meaning.positive
    dataset.prediction, dataset.score = meaning.prediction, meaning.score
    dataset.sensitive = list(meaning.sensitive)
    _refuse_taken(dataset.name, dataset.version)
    twin = Dataset.objects.filter(name=dataset.name, digest=dataset.digest).first()
    if twin is not None:
        raise Conflict(f"This file is registered already, as {twin}.", "A new version needs new rows.")
    try:
        with transaction.atomic():
            dataset.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(f"Somebody registered {dataset} at this moment.", "Choose another version.") from error
    detail = {"digest": dataset.digest, "rows": dataset.rows, "role": dataset.role, "label": dataset.label}
    record(Verb.DATASET_REGISTERED, subject=dataset.ref, actor=actor, at=at, detail=detail)
    blobs.pin()
    return dataset


def _refuse_taken(name: str, version: str) -> None:
    if Dataset.objects.filter(name=name, version=version).exists():
        raise Conflict(
            f"The data set {name}@{version} exists already.",
            "Data sets never change: choose another version.",
        )
