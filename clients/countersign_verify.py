#!/usr/bin/env python3
"""Check, without trusting the server that made it, an evidence bundle or the whole audit log of Countersign.

    countersign_verify.py bundle BUNDLE.zip   [--keys KEYS.json] [--checkpoint NOTED.txt] [--json]
                                              [--consistency PROOF.json] [--tsa-roots CERTIFICATES.pem]
    countersign_verify.py log    EXPORT.jsonl [--keys KEYS.json] [--checkpoint NOTED.txt] [--json]

--keys        the public keys (/.well-known/countersign/keys.json), as you had them from the organisation by another
              way; newer ones are taken from the log where a checkpoint signed by yours covers their introduction
--checkpoint  a checkpoint of this log that you noted earlier; more than one may be given
--consistency what /api/v1/audit/consistency answered, where a bundle does not connect to your checkpoint by itself
--tsa-roots   certificates of the time-stamping authority that you trust; needs the package `rfc3161-client` too

Exit codes: 0 everything that was checked holds, 1 something does not, 2 wrong usage or unreadable.

One file; needs Python 3.11 or newer and the package `cryptography`. It shares no code with Countersign itself.
References: RFC 9162 (Merkle trees), RFC 8785 (canonical JSON), C2SP signed-note and tlog-checkpoint, DSSE 1.0.2.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from cryptography.x509 import load_pem_x509_certificates

HOLDS, BROKEN, USAGE = 0, 1, 2
_sha256, _read_json = hashlib.sha256, json.JSONDecoder().raw_decode
LARGEST = 2 * 1024**3
PAYLOAD_TYPE = "application/vnd.in-toto+json"
BUNDLES, LOG = ("countersign-bundle/1", "countersign-bundle/2"), "countersign-log/1"
FILES = (
    *("README.txt", "manifest.json", "report.pdf", "facts.json", "events.jsonl", "checkpoint.txt"),
    *("witnesses.jsonl", "keys.json"),
)
FOLDERS = ("attestations/", "sigstore/", "policies/", "anchors/")
SIGSTORE = "application/vnd.dev.sigstore.bundle.v0.3+json"
KEY_VERBS = ("signing_key.introduced", "signing_key.rotated")
RETIRED = "is signed only by a key that was retired before it: whoever holds that key made it up"
ABOUT = ("report", "model", "version", "environment", "framework", "since", "as_of")
KINDS = ("version", "model", "gate", "validation", "framework")
OF_A_VERSION = ("version", "validation")
CONCLUSIONS = ("control.concluded", "control.taken_back")


class Unreadable(Exception):
    """What was given cannot be checked at all; the message says why."""


class Checkpoint(NamedTuple):
    """What a signed note says: the log's name, its size and its root."""

    origin: str
    size: int
    root: bytes


@dataclass
class Findings:
    """What holds, what does not, and what could not be told."""

    lines: list[tuple[str, str]] = field(default_factory=list)

    def holds(self, text: str) -> None:
        """Something was checked and is so."""
        self.lines.append(("holds", text))

    def broken(self, text: str) -> None:
        """Something was checked and is not so."""
        self.lines.append(("broken", text))

    def note(self, text: str) -> None:
        """Something that the reader should know."""
        self.lines.append(("note", text))

    def check(self, so: bool, text: str, otherwise: str) -> bool:
        """One or the other."""
        if so:
            self.holds(text)
        else:
            self.broken(otherwise)
        return so

    @property
    def sound(self) -> bool:
        """Whether nothing is broken."""
        return all(state != "broken" for state, _ in self.lines)


# Hashes and proofs (RFC 9162, section 2.1)


def leaf_of(payload: str) -> bytes:
    """The hash of an entry."""
    return _sha256(b"\0" + payload.encode()).digest()


def joined(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return hashlib.sha256(b"\1" + left + right).digest()


def split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def root_by_inclusion(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes | None:
    """The root that the proof leads to; None where it is not a proof for such a place."""
    if not 0 <= index < size:
        return None
    if size == 1:
        return leaf if not proof else None
    if not proof:
        return None
    left_size = split(size)
    if index < left_size:
        inner = root_by_inclusion(leaf, index, left_size, proof[:-1])
        return None if inner is None else joined(inner, proof[-1])
    inner = root_by_inclusion(leaf, index - left_size, size - left_size, proof[:-1])
    return None if inner is None else joined(proof[-1], inner)


def roots_by_consistency(old: int, size: int, proof: list[bytes], known: bytes) -> tuple[bytes, bytes] | None:
    """`known`, the root of the old tree, and the root of the new one that the proof leads to from there.

    None where it is not a proof that a tree of this size begins with that old tree.
    """
    found = _roots_reached(old, size, proof, known, whole=True)
    return found if found is not None and found[0] == known else None


def _roots_reached(
    old: int, size: int, proof: list[bytes], known: bytes, *, whole: bool
) -> tuple[bytes, bytes] | None:
    """The old and the new root by this proof alone; `known` stands in for the first hash of a proof that needs none."""
    if not 0 < old <= size:
        return None
    if old == size:
        if whole:
            return (known, known) if not proof else None
        return (proof[0], proof[0]) if len(proof) == 1 else None
    if not proof:
        return None
    left_size, last = split(size), proof[-1]
    if old <= left_size:
        found = _roots_reached(old, left_size, proof[:-1], known, whole=whole)
        return None if found is None else (found[0], joined(found[1], last))
    found = _roots_reached(old - left_size, size - left_size, proof[:-1], known, whole=False)
    return None if found is None else (joined(last, found[0]), joined(last, found[1]))


class Tree:
    """A tree that grows leaf by leaf and knows its root at any moment."""

    def __init__(self) -> None:
        self.size = 0
        self._complete: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """One leaf more."""
        carry, node, complete = self.size, leaf, self._complete
        while carry & 1:
            node = _sha256(b"\1" + complete.pop() + node).digest()
            carry >>= 1
        complete.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The root over all leaves so far."""
        if not self._complete:
            return hashlib.sha256().digest()
        root = self._complete[-1]
        for left in reversed(self._complete[:-1]):
            root = joined(left, root)
        return root


# Canonical JSON (RFC 8785)


def canonical(value: Any) -> str:
    """The one way to write a JSON value."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return number(value)
    if isinstance(value, list):
        return f"[{','.join(canonical(item) for item in value)}]"
    keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
    return "{" + ",".join(f"{canonical(key)}:{canonical(value[key])}" for key in keys) + "}"


def number(value: float) -> str:
    """A number as ECMAScript writes it (Number::toString): Python finds the same digits and sets them otherwise."""
    if value == 0:
        return "0"
    mantissa, _, power = repr(abs(value)).partition("e")
    whole, _, part = mantissa.partition(".")
    given = (whole + part).lstrip("0")
    point = len(whole) + int(power or 0) - (len(whole + part) - len(given))
    return f"{'-' if value < 0 else ''}{_set_out(given.rstrip('0'), point)}"


def _set_out(digits: str, point: int) -> str:
    """0.DIGITS times ten to the power of `point`."""
    if len(digits) <= point <= 21:
        return digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    mantissa = f"{digits[0]}.{digits[1:]}" if len(digits) > 1 else digits
    return f"{mantissa}e{'+' if point > 0 else '-'}{abs(point - 1)}"


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


# Keys and signatures


class Keys:
    """The public keys of a log and of its attestations, former ones included: the ring, the oldest first."""

    def __init__(self, told: Any) -> None:
        self.log: dict[str, ed25519.Ed25519PublicKey] = {}
        self.attestation: dict[str, ec.EllipticCurvePublicKey] = {}
        try:
            for kind in ("log", "attestation"):
                for member in (*(told[kind].get("ring") or ()), told[kind]):
                    self.add(kind, member["pem"])
        except (KeyError, TypeError, AttributeError, ValueError, UnsupportedAlgorithm) as error:
            raise Unreadable(f"These are not the public keys of an installation: {error!r}") from error

    def add(self, kind: str, pem: str) -> bool:
        """Take a key up; whether it was new. Raises Unreadable for one of the wrong kind."""
        key = load_pem_public_key(pem.encode())
        keyid = digest(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
        before = len(self.log) + len(self.attestation)
        if kind == "log" and isinstance(key, ed25519.Ed25519PublicKey):
            self.log.setdefault(keyid, key)
        elif kind == "attestation" and isinstance(key, ec.EllipticCurvePublicKey):
            self.attestation.setdefault(keyid, key)
        else:
            raise Unreadable("The keys are not of the kinds that are expected (Ed25519 and ECDSA P-256).")
        return len(self.log) + len(self.attestation) > before

    @property
    def fingerprints(self) -> set[str]:
        """SHA-256 of each key's DER form."""
        return {*self.log, *self.attestation}

    def learn(self, events: list[dict[str, Any]]) -> int:
        """Take up the keys that events of the log introduce; how many were new. The log must be proven before."""
        return sum(self.add(e["detail"]["kind"], e["detail"]["pem"]) for e in events if introduces(e))

    def opened(self, note: str) -> Checkpoint:
        """The checkpoint in a note that a key of the log signed. Raises ValueError with the reason."""
        return self.opened_by(note)[0]

    def opened_by(self, note: str) -> tuple[Checkpoint, set[str]]:
        """The same, and the fingerprints of the keys that signed it."""
        text, separator, signatures = note.rpartition("\n\n")
        if not separator:
            raise ValueError("it is not a signed note")
        signed, by = f"{text}\n".encode(), set[str]()
        for line in signatures.splitlines():
            name, _, encoded = line.removeprefix("\u2014 ").partition(" ")
            raw = unbase64(encoded)
            for keyid, key in self.log.items():
                if raw[:4] != _sha256(name.encode() + b"\n\1" + key.public_bytes_raw()).digest()[:4]:
                    continue
                try:
                    key.verify(raw[4:], signed)
                except InvalidSignature:
                    raise ValueError("its signature does not hold") from None
                by.add(keyid)
        if not by:
            raise ValueError("the log's key did not sign it")
        return checkpoint_in(text), by

    def statement(self, envelope: Any) -> Any:
        """The statement in a DSSE envelope. Raises ValueError with the reason."""
        if not isinstance(envelope, dict) or envelope.get("payloadType") != PAYLOAD_TYPE:
            raise ValueError("it is not an envelope of an in-toto statement")
        payload, kind = unbase64(envelope.get("payload")), PAYLOAD_TYPE.encode()
        signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
        for signature in envelope.get("signatures") or ():
            for key in self.attestation.values():
                try:
                    key.verify(unbase64(signature.get("sig")), signed, ec.ECDSA(SHA256()))
                except InvalidSignature:
                    continue
                return json.loads(payload)
        raise ValueError("the attestation key did not sign it")


def introduces(event: dict[str, Any]) -> bool:
    """Whether the event tells of a key that signs from then on."""
    return event["verb"] in KEY_VERBS


def last_log_key(events: list[dict[str, Any]]) -> str | None:
    """The fingerprint of the key that the last of these events made the log's own; None where none did."""
    named = [e["detail"]["keyid"] for e in events if introduces(e) and e["detail"]["kind"] == "log"]
    return str(named[-1]) if named else None


def unbase64(text: Any) -> bytes:
    """The bytes. Raises ValueError."""
    try:
        return base64.b64decode(str(text), validate=True)
    except binascii.Error:
        raise ValueError("something that should be base64 is not") from None


def checkpoint_in(text: str) -> Checkpoint:
    """What the text of a note says. Raises ValueError."""
    lines = text.split("\n")
    if len(lines) < 3 or not lines[1].isdecimal():
        raise ValueError("it holds no checkpoint")
    root = unbase64(lines[2])
    if len(root) != 32:
        raise ValueError("its root is not 32 bytes")
    return Checkpoint(lines[0], int(lines[1]), root)


# The bundle


class Bundle:
    """The files of a bundle, read whole."""

    def __init__(self, path: str) -> None:
        try:
            with zipfile.ZipFile(path) as archive:
                sizes = [entry.file_size for entry in archive.infolist()]
                if sum(sizes) > LARGEST:
                    raise Unreadable("The archive is larger than any bundle.")
                names = archive.namelist()
                if len(set(names)) != len(names):
                    raise Unreadable("The archive holds a file twice.")
                self.files = {name: archive.read(name) for name in names}
        except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise Unreadable(f"{path} cannot be read as a zip archive: {error}") from error
        missing = [name for name in FILES if name not in self.files]
        if missing:
            raise Unreadable(f"This is no evidence bundle: {missing[0]} is missing.")

    def json(self, name: str) -> Any:
        """A file as JSON."""
        return parsed(self.files[name], name)

    def lines(self, name: str) -> list[Any]:
        """A file of one JSON object a line."""
        return [parsed(line, f"{name}, line {n}") for n, line in enumerate(self.files[name].splitlines(), 1)]


def row_of(line: str) -> Any:
    """A line of an export; `json.loads` would take twice as long for each of millions."""
    try:
        row, end = _read_json(line)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"A line of the export is not JSON: {error}") from error
    if line[end:] not in ("\n", ""):
        raise Unreadable("A line of the export holds more than one value.")
    return row


def parsed(content: bytes | str, name: str) -> Any:
    """JSON, or a refusal that names the file."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{name} is not JSON: {error}") from error


def check_bundle(
    path: str,
    keys_path: str | None,
    noted: list[str],
    proofs: list[str],
    findings: Findings,
    tsa_roots: str | None = None,
) -> None:
    """Everything that a bundle can show."""
    bundle = Bundle(path)
    manifest, facts = bundle.json("manifest.json"), bundle.json("facts.json")
    if manifest.get("format") not in BUNDLES:
        raise Unreadable(f"This is a bundle of a form that is not known here: {manifest.get('format')}.")
    if kind_of(facts) not in KINDS:
        raise Unreadable(f"This is a bundle of a report that is not known here: {kind_of(facts)}.")
    keys = keys_for(keys_path, bundle.json("keys.json"), findings)
    _check_manifest(bundle, manifest, facts, findings)
    try:
        newest = keys.opened(bundle.files["checkpoint.txt"].decode())
    except ValueError as reason:
        findings.broken(f"The checkpoint cannot be relied on: {reason}.")
        return
    findings.holds(f"The log {newest.origin} is signed at {newest.size:,} entries.")
    events = _check_events(bundle, newest, findings)
    _check_keys(keys, bundle.files["checkpoint.txt"].decode(), events, findings)
    known = _check_witnesses(bundle, keys, newest, findings)
    _check_anchors(bundle, keys, newest, tsa_roots, findings)
    links = links_in(proofs)
    for place in noted:
        if (said := noted_checkpoint(place, keys, findings)) is not None:
            _compare_with_noted(said, known, links.get((said.size, newest.size)), newest, findings)
    _check_report(bundle, facts, events, findings)
    parts = parts_of(facts)
    _check_signatures(parts, events, findings)
    _check_results(parts, events, findings)
    _check_courses(facts, events, findings)
    _check_conclusions(facts, events, findings)
    _check_decisions(bundle, keys, facts, events, findings)
    _check_policies(bundle, facts, events, findings)


def keys_for(path: str | None, brought: Any, findings: Findings) -> Keys:
    """The keys that were had by another way; else those that came along, which prove less."""
    own = Keys(brought) if brought is not None else None
    if path is None:
        if own is None:
            raise Unreadable("Give the public keys with --keys.")
        findings.note(
            "The keys are the ones that came along: this shows that all of it agrees, not who made it."
        )
        log, attestation = ", ".join(own.log), ", ".join(own.attestation)
        findings.note(f"Compare them by another way: log {log}, attestations {attestation}.")
        return own
    try:
        with open(path, "rb") as file:
            given = Keys(parsed(file.read(), path))
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error}") from error
    if own is not None:
        _compare_keys(own, given, findings)
    return given


def _compare_keys(own: Keys, given: Keys, findings: Findings) -> None:
    """Keys that were retired since, or introduced since, are no replacement; what is neither is one."""
    further = len(own.fingerprints - given.fingerprints)
    if further and given.fingerprints < own.fingerprints and own.log.keys() & given.log.keys():
        findings.note(
            f"{further} newer key{'s' if further > 1 else ''} came along that you do not have. "
            "They count only where the log itself, signed by yours, introduces them."
        )
        return
    findings.check(
        own.fingerprints <= given.fingerprints,
        "The keys that came along are yours.",
        "The keys that came along are not the ones that you have: something was replaced. Yours are used.",
    )


def _check_keys(keys: Keys, note: str, events: list[dict[str, Any]], findings: Findings) -> None:
    """Take up the keys that the proven events introduce; the newest of them must have signed the checkpoint."""
    learned = keys.learn(events)
    if learned:
        findings.holds(
            f"{learned} newer key{'s are' if learned > 1 else ' is'} introduced by the log itself."
        )
    newest = last_log_key(events)
    if newest is not None and newest not in keys.opened_by(note)[1]:
        findings.broken(f"The checkpoint {RETIRED}.")


def _check_manifest(bundle: Bundle, manifest: Any, facts: Any, findings: Findings) -> None:
    """What the list says of the files, and that it is about the same as the facts, whose checksum the log holds."""
    told = manifest.get("files", {})
    present = {name: digest(content) for name, content in bundle.files.items() if name != "manifest.json"}
    wrong = sorted(name for name in told.keys() | present.keys() if told.get(name) != present.get(name))
    strange = sorted(n for n in present if n not in FILES and not n.startswith(FOLDERS))
    if wrong or strange:
        findings.broken(f"Files differ from the bundle's own list: {', '.join([*wrong, *strange][:5])}.")
    else:
        findings.holds(f"All {len(present)} files are as the bundle's own list says.")
    other = [name for name in ABOUT if manifest.get(name) != facts.get(name)]
    other += ["kind"] if kind_of(manifest) != kind_of(facts) else []
    if other:
        findings.broken(f"The bundle's own list tells {other[0]} otherwise than facts.json.")


def _check_events(bundle: Bundle, newest: Checkpoint, findings: Findings) -> list[dict[str, Any]]:
    """Every event is in the log that the checkpoint signs, at the place that it names."""
    found, before, wrong = list[dict[str, Any]](), -1, 0
    for row in bundle.lines("events.jsonl"):
        seq, payload = row["seq"], row["payload"]
        root = root_by_inclusion(leaf_of(payload), seq, newest.size, [bytes.fromhex(h) for h in row["proof"]])
        if seq <= before:
            findings.broken(f"Entry {seq:,} stands in the wrong order.")
            wrong += 1
        if root != newest.root:
            findings.broken(f"Entry {seq:,} is not what the log holds: it was changed, or its proof was.")
            wrong += 1
            continue
        event = json.loads(payload)
        if canonical(event) != payload:
            findings.broken(f"Entry {seq:,} is not written as the log writes.")
            wrong += 1
        found.append({**event, "seq": seq})
        before = seq
    if found and not wrong:
        findings.holds(f"All {len(found):,} events are in the log, word for word.")
    elif not found:
        findings.broken("The bundle holds no event that is in the log.")
    return found


def links_in(paths: list[str]) -> dict[tuple[int, int], list[bytes]]:
    """The consistency proofs in these files, by the sizes that they connect."""
    found: dict[tuple[int, int], list[bytes]] = {}
    for path in paths:
        try:
            with open(path, "rb") as file:
                told = parsed(file.read(), path)
        except OSError as error:
            raise Unreadable(f"{path} cannot be read: {error}") from error
        found[told["old"], told["size"]] = [bytes.fromhex(text) for text in told["proof"]]
    return found


def _check_witnesses(bundle: Bundle, keys: Keys, newest: Checkpoint, findings: Findings) -> dict[int, bytes]:
    """The log of each earlier checkpoint is the beginning of this one. The roots that are so connected, by size."""
    older: dict[int, bytes] = {newest.size: newest.root}
    wrong = 0
    for row in bundle.lines("witnesses.jsonl"):
        try:
            said = keys.opened(row["note"])
        except ValueError as reason:
            findings.broken(f"The checkpoint of {row.get('day')} cannot be relied on: {reason}.")
            wrong += 1
            continue
        proof = [bytes.fromhex(text) for text in row["proof"]]
        roots = roots_by_consistency(said.size, newest.size, proof, said.root)
        if roots != (said.root, newest.root):
            findings.broken(
                f"The log does not continue its checkpoint of {row.get('day')} ({said.size:,} entries): "
                "history was rewritten, or the proof was changed."
            )
            wrong += 1
            continue
        older[said.size] = said.root
    if len(older) > 1 and not wrong:
        findings.holds(f"The log only grew since each of {len(older) - 1:,} earlier days.")
    return older


def _check_anchors(
    bundle: Bundle, keys: Keys, newest: Checkpoint, roots: str | None, findings: Findings
) -> None:
    """Notes that an authority stamped: each is of this log, and the stamp, where certificates are given, holds."""
    if "anchors/index.jsonl" not in bundle.files:
        if roots is not None:
            findings.note("Nothing in the bundle was time-stamped.")
        return
    for row in bundle.lines("anchors/index.jsonl"):
        size, name = row["size"], f"anchors/{row['size']}"
        note, answer = bundle.files.get(f"{name}.note"), bundle.files.get(f"{name}.tsr")
        if note is None or answer is None:
            findings.broken(f"{name}: the note or its time-stamp is missing.")
            continue
        try:
            said = keys.opened(note.decode())
        except ValueError as reason:
            findings.broken(f"{name}.note cannot be relied on: {reason}.")
            continue
        (old, known), (large, root) = sorted([(said.size, said.root), (newest.size, newest.root)])
        proof = [bytes.fromhex(text) for text in row["proof"]]
        if said.size != size or roots_by_consistency(old, large, proof, known) != (known, root):
            findings.broken(f"{name}.note is not of this log, or its proof was changed.")
        elif roots is None:
            findings.note(
                f"{row['authority']} is said to have stamped {size:,} entries; give --tsa-roots to check."
            )
        else:
            _check_stamp(name, note, answer, roots, size, findings)


def _check_stamp(name: str, note: bytes, answer: bytes, roots: str, size: int, findings: Findings) -> None:
    """Whether an authority that chains to these certificates signed the digest of the note, and when."""
    try:
        from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response
    except ImportError:
        raise Unreadable("Checking time-stamps needs: pip install rfc3161-client") from None
    try:
        with open(roots, "rb") as file:
            trusted = load_pem_x509_certificates(file.read())
    except (OSError, ValueError) as error:
        raise Unreadable(f"{roots} cannot be read as certificates: {error}") from error
    builder = VerifierBuilder(roots=trusted)
    try:
        stamp = decode_timestamp_response(answer)
        builder.build().verify_message(stamp, note)
    except (ValueError, VerificationError) as error:
        findings.broken(f"{name}.tsr: the time-stamp does not hold: {error}.")
        return
    findings.holds(
        f"The log's first {size:,} entries existed on {stamp.tst_info.gen_time:%Y-%m-%d %H:%M:%S} UTC."
    )


def _compare_with_noted(
    said: Checkpoint,
    known: dict[int, bytes],
    link: list[bytes] | None,
    newest: Checkpoint,
    findings: Findings,
) -> None:
    if link is not None and said.size not in known:
        roots = roots_by_consistency(said.size, newest.size, link, said.root)
        known = known | {said.size: said.root if roots == (said.root, newest.root) else b""}
    if said.size > newest.size:
        findings.broken(
            f"The checkpoint that you noted has {said.size:,} entries and this log only {newest.size:,}: "
            "its end was cut off, or an old copy was put back."
        )
    elif said.size not in known:
        findings.note(
            f"Nothing here connects to the checkpoint that you noted ({said.size:,} entries). Ask for "
            f"/api/v1/audit/consistency?old={said.size}&size={newest.size} and give the answer with --consistency, "
            "or check the whole log."
        )
    else:
        findings.check(
            known[said.size] == said.root,
            f"The checkpoint that you noted ({said.size:,} entries) is part of this log: nothing in it has changed.",
            f"This log had another content at {said.size:,} entries than when you noted it: history was rewritten.",
        )


def noted_checkpoint(path: str, keys: Keys, findings: Findings) -> Checkpoint | None:
    """A checkpoint that somebody kept: as a note, or as the API answered it."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path} cannot be read: {error}") from error
    note = json.loads(text)["note"] if text.lstrip().startswith("{") else text
    try:
        return keys.opened(note)
    except ValueError as reason:
        findings.broken(
            f"The checkpoint that you noted cannot be relied on: {reason}. Was the log's key replaced?"
        )
        return None


def _check_report(bundle: Bundle, facts: Any, events: list[dict[str, Any]], findings: Findings) -> None:
    """The PDF and its facts are the ones whose checksums the log holds."""
    made = [
        e for e in events if e["verb"] == "report.succeeded" and e["detail"].get("report") == facts["report"]
    ]
    if not made:
        findings.broken("The log does not say that this report was made.")
        return
    for name, key in (("report.pdf", "sha256"), ("facts.json", "facts_sha256")):
        findings.check(
            digest(bundle.files[name]) == made[-1]["detail"].get(key),
            f"{name} is the one that was made on {made[-1]['at'][:10]}.",
            f"{name} is not the one that the log knows: it was changed after it was made.",
        )


def kind_of(facts: Any) -> str:
    """What the report is of; older ones do not say: they are all of a version."""
    return str(facts.get("kind", "version"))


def parts_of(facts: Any) -> list[dict[str, Any]]:
    """What is told in full: a version in an environment, or several of them in the file of a model."""
    if kind_of(facts) in OF_A_VERSION:
        return [facts]
    return [{**part, "as_of": facts["as_of"]} for part in facts.get("parts", [])]


def _check_signatures(parts: list[dict[str, Any]], events: list[dict[str, Any]], findings: Findings) -> None:
    """Each signature of the report is an event, and each such event is in the report."""
    recorded, told = set[tuple[str, ...]](), set[tuple[str, ...]]()
    for part in parts:
        subject = f"{subject_of(part)}/review:{part['environment']}"
        recorded |= {
            (e["actor"], e["detail"]["role"], e["detail"]["decision"], e["at"], e["detail"]["evidence"])
            for e in events
            if e["verb"] == "review.signed"
            and e["subject"] == subject
            and e["detail"].get("kind") != "retirement"
            and e["at"] <= part["as_of"]
        }
        told |= {
            (f"user:{s['signer']}", s["role"], s["decision"], s["at"], s["evidence_digest"])
            for s in part["signoffs"]
        }
    for who, role, decision, at, _ in sorted(told - recorded):
        findings.broken(f"The log knows nothing of “{decision}” by {who} as {role} at {at}.")
    for who, role, decision, at, _ in sorted(recorded - told):
        findings.broken(f"“{decision}” by {who} as {role} at {at} is in the log and missing from the report.")
    if told == recorded and told:
        findings.holds(f"All {len(told)} signatures are in the log as the report tells them.")
    elif parts and not told and not recorded:
        findings.note("Nobody had signed.")


def _check_results(parts: list[dict[str, Any]], events: list[dict[str, Any]], findings: Findings) -> None:
    """The digests of the evaluations are the ones that the log holds."""
    logged = {
        e["detail"].get("result")
        for e in events
        if e["verb"] in ("evaluation.succeeded", "evaluation.reported")
    }
    told = {item["run"]: item["digest"] for part in parts for item in part["evaluations"]}
    unknown = [run for run, result in told.items() if result not in logged]
    if unknown:
        findings.broken(
            f"The log knows nothing of the results of run {', '.join(str(run) for run in unknown)}."
        )
    elif told:
        findings.holds(f"The results of all {len(told)} evaluations are the ones that were logged.")


def _check_courses(facts: Any, events: list[dict[str, Any]], findings: Findings) -> None:
    """What the report tells of each finding is what was recorded of it, in the same words, and nothing is left out."""
    if kind_of(facts) != "validation":
        return
    subjects = {f"model:{facts['model']}/finding:{row['id'][2:]}": row for row in facts["findings"]}
    told = {
        (subject, f"finding.{step['kind']}", step["at"], step["note"])
        for subject, row in subjects.items()
        for step in row["steps"]
    }
    recorded = {
        (e["subject"], e["verb"], e["at"], e["detail"]["note"])
        for e in events
        if e["subject"] in subjects and "note" in e["detail"] and e["at"] <= facts["as_of"]
    }
    for subject, verb, at, _ in sorted(told - recorded):
        findings.broken(f"The log tells {verb} of {subject} at {at} otherwise, or not at all.")
    for subject, verb, at, _ in sorted(recorded - told):
        findings.broken(f"{verb} of {subject} at {at} is in the log and missing from the report.")
    if told and told == recorded:
        findings.holds(f"The course of all {len(subjects)} findings is as the log tells it.")


def _check_conclusions(facts: Any, events: list[dict[str, Any]], findings: Findings) -> None:
    """The conclusion on each control is the last that somebody recorded, and none that stands is left out."""
    if kind_of(facts) != "framework":
        return
    last: dict[str, dict[str, Any]] = {}
    for event in events:
        if event["verb"] in CONCLUSIONS and event["at"] <= facts["as_of"]:
            last[event["subject"]] = event
    recorded = {
        (subject, e["actor"], e["detail"]["verdict"], e["detail"]["rationale"], e["at"])
        for subject, e in last.items()
        if e["verb"] == "control.concluded" and subject in asked_in(facts)
    }
    told = {
        (subject, f"user:{said['by']}", said["verdict"], said["rationale"], said["at"])
        for subject, said in asked_in(facts).items()
        if said is not None
    }
    for subject, who, verdict, _, at in sorted(told - recorded):
        findings.broken(f"The log does not hold “{verdict}” by {who} on {subject} at {at} as what stands.")
    for subject, who, verdict, _, at in sorted(recorded - told):
        findings.broken(
            f"“{verdict}” by {who} on {subject} at {at} is in the log and missing from the report."
        )
    if told and told == recorded:
        findings.holds(f"All {len(told)} conclusions on controls are in the log as the report tells them.")
    elif not told and not recorded:
        findings.note("Nobody had concluded on a control.")


def asked_in(facts: Any) -> dict[str, Any]:
    """How the log names each control that a framework report tells of → what was concluded of it."""
    name = facts["framework"]
    found = {f"framework:{name}/control:{row['control']}": row["conclusion"] for row in facts["programme"]}
    for one in facts["models"]:
        for row in one["controls"]:
            found[f"model:{one['model']}/control:{name}.{row['control']}"] = row["conclusion"]
    return found


def subject_of(part: Any) -> str:
    """How the log names the version."""
    return f"model:{part['model']}/version:{part['version']}"


def _decided(facts: Any, events: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The gate's answers about what is told, up to the report, that the log holds, by number."""
    if kind_of(facts) == "gate":
        place = f"/env:{facts['environment']}"
        return {
            e["detail"]["decision"]: e
            for e in events
            if e["verb"] in ("gate.allowed", "gate.denied")
            and facts["since"] <= e["at"] < facts["as_of"]
            and e["subject"].endswith(place if facts["environment"] else "")
        }
    subjects = {f"{subject_of(part)}/env:{part['environment']}" for part in parts_of(facts)}
    return {
        e["detail"]["decision"]: e
        for e in events
        if e["verb"] in ("gate.allowed", "gate.denied")
        and e["subject"] in subjects
        and e["at"] <= facts["as_of"]
    }


def _check_decisions(
    bundle: Bundle, keys: Keys, facts: Any, events: list[dict[str, Any]], findings: Findings
) -> None:
    """Each attestation is signed, says what the log says, and none is missing."""
    answers = _decided(facts, events)
    logged = {number: e for number, e in answers.items() if attested(e)}
    names = [name for name in bundle.files if name.startswith("attestations/")]
    good = 0
    for name in names:
        problem = _problem_of(name, bundle, keys, logged)
        if problem:
            findings.broken(f"{name}: {problem}.")
        good += not problem
    _compare_decisions(facts, answers, findings)
    for number in sorted(logged.keys() - {name[13:-5] for name in names}):
        findings.broken(f"The attestation of decision {number} is missing.")
    if names and good == len(names):
        findings.holds(f"All {good} decisions of the gate are signed and are as the log tells them.")
    _check_sigstore(bundle, keys, findings)


def _compare_decisions(facts: Any, answers: dict[str, dict[str, Any]], findings: Findings) -> None:
    """What the report tells of the gate is in the log; of a period, what is in the log is told, too."""
    whole = kind_of(facts) == "gate"
    rows = facts["decisions"] if whole else [row for part in parts_of(facts) for row in part["decisions"]]
    told = {item["id"]: item for item in rows}
    for number, item in told.items():
        event = answers.get(number)
        if event is None:
            findings.broken(f"The report tells decision {number}, of which the log knows nothing.")
        elif event["verb"] != f"gate.{'allowed' if item['decision'] == 'allow' else 'denied'}":
            findings.broken(f"The report tells decision {number} otherwise than the log.")
    for number in sorted(answers.keys() - told.keys()) if whole else ():
        findings.broken(f"Decision {number} is in the log and missing from the report.")


def _check_sigstore(bundle: Bundle, keys: Keys, findings: Findings) -> None:
    """Each Sigstore bundle says what the attestation of the same decision says, under a key that it names."""
    for name in (name for name in bundle.files if name.startswith("sigstore/")):
        told, other = bundle.json(name), f"attestations/{name[9:-14]}.json"
        try:
            keys.statement(told["dsseEnvelope"])
            hint = told["verificationMaterial"]["publicKey"]["hint"]
            same = bundle.json(other)["payload"] == told["dsseEnvelope"]["payload"]
        except (KeyError, TypeError, ValueError) as reason:
            findings.broken(f"{name}: it cannot be relied on ({reason}).")
            continue
        if told.get("mediaType") != SIGSTORE or not same or hint not in keys.attestation:
            findings.broken(f"{name}: it is not the Sigstore bundle of {other}.")


def attested(event: dict[str, Any]) -> bool:
    """Whether the gate signed this answer: not a dry run, and there was a policy to judge by."""
    detail = event["detail"]
    return not detail.get("dry_run") and not detail.get("unsigned") and bool(detail.get("policy"))


def _check_policies(bundle: Bundle, facts: Any, events: list[dict[str, Any]], findings: Findings) -> None:
    """What each policy that judged says is here, as it was. (The YAML beside it is for people, and unchecked.)"""
    names = [name for name in bundle.files if name.startswith("policies/") and name.endswith(".json")]
    brought = {f"sha256:{digest(bundle.files[name])}" for name in names}
    judged = {event["detail"].get("policy") for event in _decided(facts, events).values()}
    judged |= {part["policy"] for part in parts_of(facts)}
    lacking = sorted(judged - brought - {None})
    for name in lacking:
        findings.broken(f"The policy {name[:19]} judged, and what it says is missing or was changed.")
    if brought and not lacking:
        findings.holds(f"The policies that judged it are here as they were ({len(brought)}).")


def _problem_of(name: str, bundle: Bundle, keys: Keys, logged: dict[str, dict[str, Any]]) -> str:
    try:
        statement = keys.statement(bundle.json(name))
    except (ValueError, AttributeError, TypeError) as reason:
        return str(reason)
    event = logged.get(name[len("attestations/") : -len(".json")])
    if event is None:
        return "the log knows nothing of such a decision"
    try:
        said = statement["predicate"]["countersign_decision"]
        subject = f"sha256:{statement['subject'][0]['digest']['sha256']}"
        evidence = f"sha256:{said['evidence']['digest']['sha256']}"
    except (KeyError, IndexError, TypeError):
        return "it is not the statement of a decision"
    detail, allowed = event["detail"], event["verb"] == "gate.allowed"
    pairs = [
        ("the decision", said["decision"], "allow" if allowed else "deny"),
        ("its number", said["id"], detail["decision"]),
        ("its ground", said["basis"], detail["basis"]),
        ("the evidence", evidence, detail["evidence"]),
        ("the artifact", subject, detail["artifact"]),
    ]
    wrong = [what for what, one, other in pairs if one != other]
    return f"it tells {wrong[0]} otherwise than the log" if wrong else ""


# The whole log


def check_log(path: str, keys_path: str | None, noted: list[str], findings: Findings) -> None:
    """Hash every entry of an export, and compare with every checkpoint in it and with those that were noted."""
    try:
        with open(path, encoding="utf-8", newline="\n") as file:
            lines = iter(file)
            head = parsed(next(lines, "{}"), path)
            if not isinstance(head, dict) or head.get("format") != LOG:
                raise Unreadable("This is no export of the audit log.")
            keys = keys_for(keys_path, head.get("keys"), findings)
            wanted = dict[int, bytes]()
            for place in noted:
                if (said := noted_checkpoint(place, keys, findings)) is None:
                    continue
                if wanted.setdefault(said.size, said.root) != said.root:
                    findings.broken(
                        f"Two checkpoints that you noted differ at {said.size:,} entries: the log forked."
                    )
            _check_lines(lines, keys, wanted, findings)
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error}") from error


def _check_lines(lines: Iterator[str], keys: Keys, wanted: dict[int, bytes], findings: Findings) -> None:
    tree, checked, ids = Tree(), 0, set[str]()
    last: Checkpoint | None = None
    introduced = list[dict[str, Any]]()
    for line in lines:
        row = row_of(line)
        if "note" in row:
            last = _at_checkpoint(row["note"], keys, tree, introduced, findings) or last
            checked += 1
            continue
        if row["seq"] != tree.size:
            findings.broken(
                f"Entry {tree.size:,} is missing or out of order: entry {row['seq']:,} comes next."
            )
            return
        payload = row["payload"]
        ids.add(payload.rpartition('"id":"')[2][:36])  # the last: what is told in detail has names of its own
        if len(ids) == tree.size:
            findings.broken(f"Entry {tree.size:,} tells of an event that is in the log already.")
            return
        tree.add(leaf_of(payload))
        if '"verb":"signing_key.' in payload and introduces(event := json.loads(payload)):
            introduced.append(event)
        if tree.size in wanted:
            _compare_at(tree, wanted.pop(tree.size), findings)
    for size in wanted:
        findings.broken(
            f"The checkpoint that you noted has {size:,} entries and this log only {tree.size:,}: "
            "its end was cut off, or an old copy was put back."
        )
    if last is None:
        findings.broken("The export holds no checkpoint that can be relied on.")
    elif findings.sound:
        findings.holds(f"All {tree.size:,} entries hash to what {checked:,} checkpoints sign.")
        if last.size < tree.size:
            findings.note(f"The last {tree.size - last.size:,} entries are not covered by a checkpoint yet.")


def _compare_at(tree: Tree, root: bytes, findings: Findings) -> None:
    findings.check(
        tree.root() == root,
        f"The checkpoint that you noted ({tree.size:,} entries) is part of this log: nothing in it changed.",
        f"This log had another content at {tree.size:,} entries than when you noted it: history was rewritten.",
    )


def _at_checkpoint(
    note: str, keys: Keys, tree: Tree, introduced: list[dict[str, Any]], findings: Findings
) -> Checkpoint | None:
    try:
        said = keys.opened(note)
    except ValueError as reason:
        findings.broken(f"The checkpoint after entry {tree.size:,} cannot be relied on: {reason}.")
        return None
    if said.size != tree.size:
        findings.broken(f"The checkpoint of {said.size:,} entries stands after {tree.size:,} entries.")
    elif said.root != tree.root():
        findings.broken(
            f"The first {said.size:,} entries do not hash to what their checkpoint signs: one was changed."
        )
    else:
        keys.learn(introduced)
        if (newest := last_log_key(introduced)) is not None and newest not in keys.opened_by(note)[1]:
            findings.broken(f"The checkpoint of {said.size:,} entries {RETIRED}.")
    return said


def main(arguments: list[str] | None = None) -> int:
    """Check, tell, and answer with the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("what", choices=("bundle", "log"))
    parser.add_argument("file")
    parser.add_argument("--keys", help="the public keys, as you had them by another way")
    parser.add_argument(
        "--checkpoint", action="append", default=[], help="a checkpoint that you noted earlier"
    )
    parser.add_argument(
        "--consistency", action="append", default=[], help="what /api/v1/audit/consistency answered"
    )
    parser.add_argument("--tsa-roots", help="certificates of a time-stamping authority that you trust")
    parser.add_argument("--json", action="store_true", help="tell it for programs")
    given = parser.parse_args(arguments)
    findings = Findings()
    try:
        if given.what == "bundle":
            check_bundle(
                given.file, given.keys, given.checkpoint, given.consistency, findings, given.tsa_roots
            )
        else:
            check_log(given.file, given.keys, given.checkpoint, findings)
    except Unreadable as reason:
        print(reason, file=sys.stderr)
        return USAGE
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        print(f"This is not made as such a file should be: {error!r}", file=sys.stderr)
        return USAGE
    if given.json:
        told = [{"state": state, "text": text} for state, text in findings.lines]
        print(json.dumps({"sound": findings.sound, "findings": told}, ensure_ascii=False, indent=1))
    else:
        marks = {"holds": "  ok  ", "broken": "  NO  ", "note": "      "}
        for state, text in findings.lines:
            print(f"{marks[state]}{text}")
        print(
            "\nEverything that was checked holds."
            if findings.sound
            else "\nIt does NOT hold. See the lines marked NO."
        )
    return HOLDS if findings.sound else BROKEN


if __name__ == "__main__":
    sys.exit(main())
