"""Signed notes (C2SP signed-note) and the checkpoints written in them (C2SP tlog-checkpoint). No Django."""

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519 = b"\x01"
_DASH = "\u2014 "


class NoteRefused(ValueError):
    """A note is malformed or not signed by the key that it should be signed by."""


@dataclass(frozen=True)
class CheckpointText:
    """What a checkpoint says: the log's name, its size and its root (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def key_hash(name: str, key: Ed25519PublicKey) -> bytes:
    """The four bytes that name a key in a signature line."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + key.public_bytes_raw()).digest()[:4]


def verifier_key(name: str, key: Ed25519PublicKey) -> str:
    """The key as note verifiers take it: name+hash+key."""
    encoded = base64.b64encode(_ED25519 + key.public_bytes_raw()).decode()
    return f"{name}+{key_hash(name, key).hex()}+{encoded}"


def sign_note(text: str, name: str, *keys: Ed25519PrivateKey) -> str:
    """The text, which ends with a newline, with a signature line of each key under it."""
    if not name or "+" in name or any(c.isspace() for c in name):
        raise ValueError(f"{name!r} cannot name a key: it must hold neither spaces nor a plus sign")
    if not text.endswith("\n"):
        raise ValueError("the text of a note ends with a newline")
    signatures = (key_hash(name, key.public_key()) + key.sign(text.encode()) for key in keys)
    lines = (f"{_DASH}{name} {base64.b64encode(signature).decode()}\n" for signature in signatures)
    return f"{text}\n{''.join(lines)}"


def open_note(note: str, *keys: Ed25519PublicKey) -> str:
    """The text of the note, once a signature by one of the keys is found to hold, and none by them not to.

    Raises NoteRefused. Lines of keys that are not known here are passed over, as C2SP asks. The key's name is taken
    from the signature line: a log keeps verifying after it moved to another address.
    """
    text, separator, signatures = note.rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        raise NoteRefused("The note has no signature block.")
    text, held = f"{text}\n", False
    for line in signatures.splitlines():
        name, _, encoded = line.removeprefix(_DASH).partition(" ")
        try:
            raw = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise NoteRefused("A signature line of the note is not base64.") from None
        if not line.startswith(_DASH):
            continue
        for key in (key for key in keys if raw[:4] == key_hash(name, key)):
            try:
                key.verify(raw[4:], text.encode())
            except InvalidSignature:
                raise NoteRefused(f"The signature of {name} does not hold.") from None
            held = True
    if not held:
        raise NoteRefused("The note is not signed by the log's key.")
    return text


def parse_checkpoint(text: str) -> CheckpointText:
    """The checkpoint in the text of a note. Raises NoteRefused."""
    lines = text.split("\n")
    if len(lines) < 4 or not lines[0] or not lines[1].isdecimal() or str(int(lines[1])) != lines[1]:
        raise NoteRefused("The note holds no checkpoint.")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except binascii.Error:
        raise NoteRefused("The root in the checkpoint is not base64.") from None
    if len(root) != 32:
        raise NoteRefused("The root in the checkpoint is not 32 bytes.")
    return CheckpointText(lines[0], int(lines[1]), root)
