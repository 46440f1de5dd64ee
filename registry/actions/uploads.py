"""Uploads in pieces: announced by their manifest, filled file by file, registered as one version.

None of this is on the record before the version is: an upload is no evidence, and it is gone a day later.

**What is said to be there already.** A file need not be sent again when its bytes are in the store, but to hear so,
and to have them registered, a caller must be one who may read them: whoever knows no more than a digest must neither
learn that we hold such a file nor get it by naming it. So only files of versions that the caller may read count,
never data sets, whose rows fewer people may see. Bytes that were sent in full are stored once in any case.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings

from accounts.models import User
from accounts.refusals import Conflict, Invalid
from audit.actor import Actor
from registry.about import About
from registry.access import digests_for_reader
from registry.actions.versions import UNSAID, register_upload
from registry.archive import MOST_ENTRIES
from registry.intake import OnDisk, StoredFile, hash_file, refuse_emptiness, refuse_excess, safe_path
from registry.models import ModelVersion, RegisteredModel, Upload
from registry.pieces import Announced, announced_files, complete, drop_pieces, have_bytes
from registry.stores import store

LIFETIME = timedelta(hours=24)
NOTHING = hashlib.sha256(b"").hexdigest()
MOST_OPEN = 20


def open_upload(*, model: RegisteredModel, files: Sequence[StoredFile], owner: User, at: datetime) -> Upload:
    """Announce an upload; the one that the same person announced before with the same files goes on."""
    _drop_expired(at)
    lines = _sound_manifest(files)
    mine = Upload.objects.filter(owner=owner, used_at=None)
    going_on = mine.filter(model=model, manifest=lines).first()
    if going_on is not None:
        return going_on
    if mine.count() >= MOST_OPEN:
        raise Conflict(
            f"{owner.name} has {MOST_OPEN} uploads under way.",
            "Finish them, or wait a day until they expire.",
        )
    return Upload.objects.create(model=model, owner=owner, manifest=lines, started_at=at)


def register_pieces(
    *,
    upload: Upload,
    model: RegisteredModel,
    version: str,
    registrant: User,
    about: About = UNSAID,
    actor: Actor,
    at: datetime,
) -> ModelVersion:
    """Register a version from an upload whose files are all there. The upload ends with it."""
    refuse_ended(upload, at)
    if upload.model_id != model.pk:
        raise Invalid(f"The upload is one for {upload.model.name}.", field="upload")
    with complete(upload) as found:
        known = known_files(upload)
        files = [(file.path, sent or _from_store(file, known)) for file, sent in found]
        made = register_upload(
            model=model,
            version=version,
            files=files,
            registrant=registrant,
            about=about,
            actor=actor,
            at=at,
        )
        Upload.objects.filter(pk=upload.pk).update(used_at=at)
    return made


def missing_files(upload: Upload) -> list[tuple[Announced, int]]:
    """Each file that must still be sent, with how much of it is there."""
    known = known_files(upload)
    have = [(file, have_bytes(upload, file)) for file in announced_files(upload) if file.sha256 not in known]
    return [(file, size) for file, size in have if size < file.size]


def known_files(upload: Upload) -> set[str]:
    """The digests of those files whose bytes lie in the store and belong to versions that the owner may read."""
    announced = {file.sha256: file.size for file in announced_files(upload)}
    readable = digests_for_reader(upload.owner, announced)
    return {name for name, size in readable.items() if announced[name] == size and store().holds(name)}


def refuse_ended(upload: Upload, at: datetime) -> None:
    """Raises Conflict for an upload that was registered or has expired."""
    if upload.used_at is not None:
        raise Conflict("This upload is registered already.", "Announce a new one for another version.")
    if at - upload.started_at > LIFETIME:
        raise Conflict("This upload has expired.", "Announce it again.")


def _from_store(file: Announced, known: set[str]) -> OnDisk:
    if file.sha256 not in known:
        raise Conflict(f"{file.path} is not complete.", "Send the rest of it, then register.")
    place = store().local_path(file.sha256)
    if hash_file(place) != (file.size, file.sha256):
        raise Conflict(
            f"{file.path} was not asked for, because it was stored before, but what is stored is damaged.",
            "Send the version in one request: that writes the file anew.",
        )
    return OnDisk(place, file.size, file.sha256)


def _sound_manifest(files: Sequence[StoredFile]) -> list[dict[str, str | int]]:
    """The manifest as it is kept. Raises Invalid naming the file that cannot be."""
    if len(files) > MOST_ENTRIES:
        raise Invalid(f"{len(files):,} files were announced; the limit is {MOST_ENTRIES:,}.", field="files")
    refuse_emptiness(files)
    room = settings.UPLOAD_MAX_BYTES
    for file in files:
        if not file.size and file.sha256 != NOTHING:
            raise Invalid(
                f"{file.path} is announced as empty, with the SHA-256 of something else.",
                "Announce it again.",
                field="files",
            )
        room -= file.size
        refuse_excess(safe_path(file.path), room)
    paths = sorted(file.path for file in files)
    folders = {path[:at] for path in paths for at, letter in enumerate(path) if letter == "/"}
    for path, following in zip(paths, [*paths[1:], ""], strict=True):
        if path == following:
            raise Invalid(f"{path} is announced twice.", "Announce each file once.", field="files")
        if path in folders:
            raise Invalid(
                f"{path} stands where another file has a folder.", "Rename one of them.", field="files"
            )
    ordered = sorted(files, key=lambda file: file.path)
    return [{"path": file.path, "size": file.size, "sha256": file.sha256} for file in ordered]


def _drop_expired(at: datetime) -> None:
    for upload in Upload.objects.filter(started_at__lt=at - LIFETIME):
        drop_pieces(upload)
        upload.delete()
