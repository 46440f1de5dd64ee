"""An inclusion proof done step by step, so that a reader can follow it and do it again elsewhere."""

import json
from contextlib import suppress
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.actions import columns_of
from audit.keys import key_id, log_verifiers
from audit.merkle import climb, leaf_hash
from audit.notes import CheckpointText, NoteRefused, open_note, parse_checkpoint
from audit.proofs import InclusionProof


@dataclass(frozen=True)
class Climb:
    """A hash of the path and what it makes with the one before: SHA-256 of 0x01, left and right, in hexadecimal."""

    low: int
    high: int
    sibling: str
    sibling_is_left: bool
    reached: str


@dataclass(frozen=True)
class Check:
    """One step of the verification: whether it held, and a sentence with what was computed."""

    held: bool
    title: str
    text: str


@dataclass(frozen=True)
class Checked:
    """Every step in order, the way up the tree, and whether all of it held."""

    checks: tuple[Check, ...]
    way: tuple[Climb, ...]
    origin: str
    key: str

    @property
    def held(self) -> bool:
        """Whether each step held."""
        return bool(self.checks) and all(check.held for check in self.checks)


def check_inclusion(proof: InclusionProof) -> Checked:
    """Compute everything anew from the payload up to the signature. Raises SigningKeyMissing."""
    keys = log_verifiers()
    payload = proof.event.payload.encode()
    leaf = leaf_hash(payload)
    hashes = climb(leaf, proof.seq, proof.size, [bytes.fromhex(step.hash) for step in proof.path])
    reached = (hashes[-1] if hashes else leaf).hex() if hashes is not None else ""
    signed, problem = _signed(proof, keys)
    signer = _signer(proof, keys)
    checks = (
        _columns(proof),
        Check(
            leaf.hex() == proof.leaf_hash,
            "The payload hashes to the leaf in the log",
            f"SHA-256 of the byte 0x00 and the {len(payload):,} bytes of the payload is {leaf.hex()}; "
            f"the log holds {proof.leaf_hash}.",
        ),
        Check(
            hashes is not None and reached == proof.root,
            f"The leaf and {len(proof.path)} hashes make the root",
            f"The way from leaf {proof.seq:,} leads to {reached or 'no root'}; "
            f"the root over {proof.size:,} entries is {proof.root}.",
        ),
        Check(
            signed is not None and (signed.size, signed.root.hex()) == (proof.size, proof.root),
            "The checkpoint states this size and root",
            f"It says {signed.size:,} entries with the root {signed.root.hex()}." if signed else problem,
        ),
        Check(
            signed is not None,
            "The log's key signed the checkpoint",
            f"Its Ed25519 signature holds under the public key {signer}." if signed else problem,
        ),
    )
    return Checked(checks, _way(proof, leaf, hashes or []), signed.origin if signed else "", signer)


def _columns(proof: InclusionProof) -> Check:
    """The columns that people search and read are no part of the hash, so they are compared with what is."""
    told = json.loads(proof.event.payload)
    other = sorted(name for name, value in columns_of(proof.event).items() if told.get(name) != value)
    text = f"{len(told)} fields of the payload are as the page shows them."
    if other:
        text = f"The page and the payload differ in: {', '.join(other)}."
    return Check(not other, "What you read is what was hashed", text)


def _signed(proof: InclusionProof, keys: list[Ed25519PublicKey]) -> tuple[CheckpointText | None, str]:
    try:
        return parse_checkpoint(open_note(proof.checkpoint, *keys)), ""
    except NoteRefused as refused:
        return None, str(refused)


def _signer(proof: InclusionProof, keys: list[Ed25519PublicKey]) -> str:
    """The id of the newest key under which the checkpoint holds; of the newest of all where none does."""
    for key in keys:
        with suppress(NoteRefused):
            open_note(proof.checkpoint, key)
            return key_id(key)
    return key_id(keys[0])


def _way(proof: InclusionProof, leaf: bytes, hashes: list[bytes]) -> tuple[Climb, ...]:
    """Each hash of the path beside what it makes."""
    return tuple(
        Climb(step.low, step.high, step.hash, step.low < proof.seq, reached.hex())
        for step, reached in zip(proof.path, hashes, strict=False)
    )
