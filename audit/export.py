"""The whole log as lines of JSON, for whoever checks it elsewhere (clients/countersign_verify.py log)."""

import json
from collections.abc import Iterator

from audit.canonical import canonical
from audit.keys import public_keys
from audit.models import Checkpoint, LogEntry

FORMAT = "countersign-log/1"
AT_ONCE = 2_000


def log_lines() -> Iterator[str]:
    """A head with the public keys; then every entry, each checkpoint after the last entry that it covers."""
    yield canonical({"format": FORMAT, "keys": public_keys()}) + "\n"
    notes = dict(Checkpoint.objects.values_list("size", "note"))
    entries = LogEntry.objects.order_by("seq").values_list("seq", "event__payload")
    for seq, payload in entries.iterator(chunk_size=AT_ONCE):
        yield json.dumps({"seq": seq, "payload": payload}, ensure_ascii=False) + "\n"
        if (note := notes.get(seq + 1)) is not None:
            yield json.dumps({"note": note}, ensure_ascii=False) + "\n"
