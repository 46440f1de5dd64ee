"""From where files lay before there were blobs to where they lie now. Can be run again at any time."""

from collections.abc import Iterator

from registry.intake import StoredFile, hash_file
from registry.keeping import kept
from registry.models import Dataset, ModelVersion
from registry.storage import old_dataset_place, old_folder, old_place, remove


def move_artifacts() -> Iterator[str]:
    """Move what is as it was registered; one line for each version or data set that had something to move."""
    for version in ModelVersion.objects.select_related("model").prefetch_related("files").order_by("pk"):
        if old_folder(version).is_dir():
            yield _move_version(version)
    for dataset in Dataset.objects.order_by("pk"):
        if dataset.file.startswith("datasets/") and old_dataset_place(dataset).is_file():
            yield _move_dataset(dataset)


def _move_version(version: ModelVersion) -> str:
    files = [StoredFile(file.path, file.size, file.sha256) for file in version.files.all()]
    for file in version.files.all():
        place = old_place(version, file)
        if not place.is_file() or place.is_symlink() or hash_file(place) != (file.size, file.sha256):
            return f"{version.ref}: left in {old_folder(version)}, because {file.path} is not as registered"
    with kept(old_folder(version), files):
        remove(old_folder(version))
    return f"{version.ref}: {len(files):,} files moved"


def _move_dataset(dataset: Dataset) -> str:
    place = old_dataset_place(dataset)
    size, sha256 = hash_file(place)
    if (size, f"sha256:{sha256}") != (dataset.size, dataset.digest):
        return f"{dataset.ref}: left in {place}, because it is not as registered"
    with kept(place.parent, [StoredFile(place.name, size, sha256)]):
        remove(place)
    return f"{dataset.ref}: moved"
