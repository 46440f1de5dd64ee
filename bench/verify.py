"""`python -m bench.verify`: the offline verifier over the whole log, against only parsing and hashing the same lines.

The log is made up and signed with a key of its own; `ENTRIES=100000` makes it smaller. Exit code 1 when a million
entries take 10 seconds of the processor or more, or a tenth of them a tenth of that. The verifier has one thread, so on
a machine that does nothing else it takes as long by the clock.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from audit.canonical import canonical
from audit.merkle import append, frontier_root, leaf_hash
from audit.notes import CheckpointText, sign_note

ROOT = Path(__file__).resolve().parent.parent
ENTRIES, ROUNDS = int(os.environ.get("ENTRIES", "1000000")), 3
SECONDS_LIMIT = 10.0 * ENTRIES / 1_000_000
CHECKPOINT_EVERY = 1_000
ORIGIN = "countersign.example/log"


def main() -> int:
    """Write the log, check it, print the table, judge it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.jsonl"
        _write(path)
        megabytes = path.stat().st_size / 1e6
        floor = min(_hashed(path) for _ in range(ROUNDS))
        found = [_verified(path) for _ in range(ROUNDS)]
    seconds, mib = min(row[0] for row in found), max(row[1] for row in found)
    print(
        f"{ENTRIES:,} entries, a checkpoint every {CHECKPOINT_EVERY:,}, {megabytes:.0f} MB, best of {ROUNDS}"
    )
    print(f"{'':<40}{'s':>8}{'MiB':>8}  limit")
    print(f"{'floor: every line parsed and hashed':<40}{floor:>8.2f}")
    print(f"{'the whole log verified':<40}{seconds:>8.2f}{mib:>8}  under {SECONDS_LIMIT:g} s")
    met = seconds < SECONDS_LIMIT
    print("met" if met else "MISSED")
    return 0 if met else 1


def _write(path: Path) -> None:
    """An export such as `manage.py audit export` writes."""
    key, other = ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())
    form = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    pems = {
        "log": key.public_key().public_bytes(*form).decode(),
        "attestation": other.public_key().public_bytes(*form).decode(),
    }
    frontier: list[bytes] = []
    with path.open("w", encoding="utf-8") as file:
        keys = {name: {"pem": pem} for name, pem in pems.items()}
        file.write(json.dumps({"format": "countersign-log/1", "keys": keys}) + "\n")
        for seq in range(ENTRIES):
            payload = _payload(seq)
            append(frontier, seq, leaf_hash(payload.encode()))
            file.write(json.dumps({"seq": seq, "payload": payload}, ensure_ascii=False) + "\n")
            if not (seq + 1) % CHECKPOINT_EVERY or seq + 1 == ENTRIES:
                text = CheckpointText(ORIGIN, seq + 1, frontier_root(frontier))
                file.write(json.dumps({"note": sign_note(str(text), ORIGIN, key)}, ensure_ascii=False) + "\n")


def _payload(seq: int) -> str:
    """An event as long as those of the gate are."""
    event = {
        "id": f"019b0000-0000-7000-8000-{seq:012x}",
        "verb": "gate.denied",
        "subject": f"model:credit-default-{seq % 1000}/version:{seq % 7}/env:production",
        "actor": "key:ci-retail",
        "actor_name": "CI retail",
        "authenticated_by": "api key",
        "request_id": f"req-{seq}",
        "at": "2026-11-21T09:00:00.000000Z",
        "detail": {"unmet": ["signoff.validator", "card.complete"], "evidence": f"sha256:{seq:064x}"},
    }
    return canonical(event)


def _hashed(path: Path) -> float:
    """Seconds of the processor."""
    started = time.process_time()
    with path.open("rb") as file:
        for line in file:
            hashlib.sha256(json.loads(line).get("payload", "").encode()).digest()
    return time.process_time() - started


def _verified(path: Path) -> tuple[float, int]:
    """Seconds of the processor and peak memory in MiB of the verifier in a process of its own."""
    with tempfile.TemporaryFile("w+") as answer:
        command = [sys.executable, str(ROOT / "clients" / "countersign_verify.py"), "log", str(path)]
        child = subprocess.Popen(command, stdout=answer)
        _, status, usage = os.wait4(child.pid, 0)
        answer.seek(0)
        said = answer.read()
    if status or f"All {ENTRIES:,} entries" not in said:
        raise SystemExit(f"the verifier answered {said[-300:]}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024


if __name__ == "__main__":
    sys.exit(main())
