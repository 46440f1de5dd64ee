"""Taking the rows that a decision of the gate reads, so that it sees a change wholly or not at all.

Whoever takes them is about to change evidence, so the same step gives the version a new evidence stamp: what the
gate remembers of a version holds for one stamp only. An action that forgot the lock would be wrong twice.
"""

import uuid

from registry.models import ModelVersion, RegisteredModel


def locked_model(model: RegisteredModel) -> RegisteredModel:
    """The model and all its versions, held until the transaction ends: the gate waits for them."""
    held = RegisteredModel.objects.select_for_update(of=("self",)).select_related("owner").get(pk=model.pk)
    list(held.versions.select_for_update().order_by("pk").values_list("pk", flat=True))
    held.versions.update(evidence_stamp=uuid.uuid4())
    held.entry_stamp = uuid.uuid4()
    held.save(update_fields=["entry_stamp"])
    return held


def locked_version(version: ModelVersion) -> ModelVersion:
    """The version, held until the transaction ends."""
    rows = ModelVersion.objects.select_for_update(of=("self",)).select_related("model")
    held = rows.get(pk=version.pk)
    stamp(held.pk)
    return held


def stamp(version: int) -> None:
    """Say that the evidence about a version changes in this transaction; the update holds its row as well."""
    ModelVersion.objects.filter(pk=version).update(evidence_stamp=uuid.uuid4())
