"""OpenSSF Model Signing (OMS) 1.0: the in-toto statement over a model's files, written and read.

The statement lists every file with its SHA-256; its subject's digest is the SHA-256 over those digests in order. That
root digest does not bind the files' names, so whoever compares compares the whole list.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from registry.intake import StoredFile

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://model_signing/signature/v1.0"
PREDICATE_BEFORE_1_0 = "https://model_signing/Digests/v0.1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
SIGNATURE_FILE = "model.sig"
NOT_CONTENT = (".git", ".gitattributes", ".github", ".gitignore")  # what the reference signer leaves out


class Unreadable(Exception):
    """This is no statement about a model's files; `str()` says what is wrong, as the end of a sentence."""


class NotCheckable(Exception):
    """A statement that may be sound and cannot be checked here; `str()` says why, in a sentence."""


@dataclass(frozen=True)
class Statement:
    """What was signed: each file with its SHA-256 as 64 hex digits, and the paths that the signer left out."""

    files: Mapping[str, str]
    ignored: tuple[str, ...]
    root: str

    def leaves_out(self, path: str) -> bool:
        """Whether the signer said that this path, or a folder above it, is not signed."""
        return any(PurePosixPath(path).is_relative_to(left) for left in self.ignored)


def statement_of(name: str, files: Iterable[StoredFile]) -> dict[str, Any]:
    """The statement that a signer of these files would sign. A signature among the files is left out."""
    digests = {file.path: file.sha256 for file in files if _is_content(file.path)}
    paths = sorted(digests, key=PurePosixPath)
    return {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": root_digest(digests[path] for path in paths)}}],
        "predicateType": PREDICATE,
        "predicate": {
            "serialization": {
                "method": "files",
                "hash_type": "sha256",
                "allow_symlinks": False,
                "ignore_paths": [SIGNATURE_FILE, *NOT_CONTENT],
            },
            "resources": [{"name": path, "algorithm": "sha256", "digest": digests[path]} for path in paths],
        },
    }


def _is_content(path: str) -> bool:
    return path != SIGNATURE_FILE and path.split("/", 1)[0] not in NOT_CONTENT


def root_digest(digests: Iterable[str]) -> str:
    """SHA-256 over the digests' bytes, in the order given."""
    sha256 = hashlib.sha256()
    for digest in digests:
        sha256.update(bytes.fromhex(digest))
    return sha256.hexdigest()


def read_statement(payload: bytes) -> Statement:
    """The statement inside an envelope. Raises Unreadable, NotCheckable."""
    try:
        parsed = json.loads(payload)
        kind, predicate = parsed["predicateType"], parsed["predicate"]
        subjects = parsed["subject"]
        if parsed["_type"] != STATEMENT:
            raise Unreadable("it is not an in-toto statement")
        _refuse_other_kinds(kind, predicate)
        root = str(subjects[0]["digest"]["sha256"])
        files = _files(predicate["resources"])
        ignored = tuple(str(path) for path in predicate["serialization"].get("ignore_paths", ()))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable("the statement in it lacks what OpenSSF Model Signing 1.0 asks for") from error
    if len(subjects) != 1 or not files or root_digest(files.values()) != root:
        raise Unreadable("its list of files does not have the digest that it states")
    return Statement(files, ignored, root)


def _refuse_other_kinds(kind: str, predicate: Mapping[str, Any]) -> None:
    if kind == PREDICATE_BEFORE_1_0:
        raise NotCheckable("It was made before version 1.0 of OpenSSF Model Signing. Sign the files again.")
    if kind != PREDICATE:
        raise Unreadable("it does not speak of a model's files")
    how = predicate["serialization"]
    if how["method"] != "files" or how["hash_type"] != "sha256":
        raise NotCheckable(
            f"It lists {how['method']} by {how['hash_type']}; only whole files by sha256 are checked here."[
                :200
            ]
        )


def _files(resources: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    files: dict[str, str] = {}
    for resource in resources:
        name, digest = str(PurePosixPath(resource["name"])), str(resource["digest"]).lower()
        if resource["algorithm"] != "sha256" or len(bytes.fromhex(digest)) != 32 or name in files:
            raise Unreadable(f"it lists {name[:80]} twice or without a SHA-256")
        files[name] = digest
    return files
