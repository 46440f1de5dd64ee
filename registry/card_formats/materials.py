"""What a version is made of, for its bill of materials: files, data sets, libraries, models before and beneath it."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from registry.card_formats.document import CardDocument
from registry.card_formats.licences import spdx
from registry.models import ArtifactFile, Dataset, ModelVersion, RegisteredModel

ADDRESSES = ("https://", "http://", "ssh://", "git://")
MODEL = "machine-learning-model"


def reference(version: ModelVersion) -> str:
    """What the bill calls a version."""
    return f"{version.model.slug}@{version.version}"


def dataset_reference(dataset: Dataset) -> str:
    """What it calls a data set."""
    return f"dataset:{dataset}"


def licences(document: CardDocument) -> list[dict[str, Any]]:
    """The licence by SPDX where it has a name there, else as the card says it."""
    if not document.licence:
        return []
    known = spdx(document.licence)
    if known and " " not in known and not known.startswith("LicenseRef-"):
        return [{"license": {"id": known}}]
    return [{"expression": known}] if known else [{"license": {"name": document.licence}}]


def files(rows: Iterable[ArtifactFile]) -> list[dict[str, Any]]:
    """Each file with its hash."""
    return [
        {
            "type": "file",
            "name": row.path,
            "hashes": [{"alg": "SHA-256", "content": row.sha256}],
            "properties": [{"name": "countersign:size", "value": str(row.size)}],
        }
        for row in rows
    ]


def ancestor(version: ModelVersion) -> dict[str, Any]:
    """A version that this one was made from."""
    return {
        "type": MODEL,
        "bom-ref": reference(version),
        "name": version.model.name,
        "version": version.version,
        "properties": [{"name": "countersign:artifact-digest", "value": version.artifact_digest}],
    }


def datasets(document: CardDocument) -> list[Dataset]:
    """What it was trained and tested on, each once."""
    trained = [document.trained_on] if document.trained_on else []
    return list({row.pk: row for row in [*trained, *document.tested_on]}.values())


def dataset(row: Dataset) -> dict[str, Any]:
    """A data set with its hash, its classification and what in it is sensitive."""
    data: dict[str, Any] = {
        "type": "dataset",
        "name": row.name,
        "classification": row.classification,
        "contents": {
            "properties": [
                {"name": "countersign:role", "value": row.role},
                {"name": "countersign:rows", "value": str(row.rows)},
            ]
        },
    }
    if row.sensitive:
        data["sensitiveData"] = [str(column) for column in row.sensitive]
    algorithm, _, content = row.digest.partition(":")
    return {
        "type": "data",
        "bom-ref": dataset_reference(row),
        "name": row.name,
        "version": row.version,
        **({"hashes": [{"alg": "SHA-256", "content": content}]} if algorithm == "sha256" else {}),
        "data": [data],
    }


def libraries(lines: Iterable[str]) -> list[dict[str, Any]]:
    """The packages that it asks for, by name; with a version where it asks for exactly one."""
    found: dict[str, dict[str, Any]] = {}
    for text in lines:
        try:
            asked = Requirement(text)
        except InvalidRequirement:
            continue
        name, exact = canonicalize_name(asked.name), [one for one in asked.specifier if one.operator == "=="]
        version = exact[0].version if len(exact) == 1 and "*" not in exact[0].version else ""
        purl = f"pkg:pypi/{name}" + (f"@{version}" if version else "")
        row = {"type": "library", "bom-ref": purl, "name": name, "purl": purl}
        found[purl] = row | ({"version": version} if version else {})
    return list(found.values())


def beneath(model: RegisteredModel) -> dict[str, Any]:
    """A model whose answers it takes."""
    return {"type": MODEL, "bom-ref": f"model:{model.slug}", "name": model.name}


def references(document: CardDocument) -> list[dict[str, str]]:
    """Where the card and the code are."""
    version = document.version
    card = f"{document.site}/models/{version.model.slug}/versions/{quote(version.version)}/card/"
    found = [{"type": "model-card", "url": card}]
    if version.code_repository.startswith(ADDRESSES):
        commit = {"comment": f"Commit {version.code_commit}"} if version.code_commit else {}
        found.append({"type": "vcs", "url": version.code_repository, **commit})
    return found
