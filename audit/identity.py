"""Identifiers that sort by the time they were made."""

import secrets
import threading
import time
import uuid

_lock = threading.Lock()
_last_tick = 0


def uuid7() -> uuid.UUID:
    """A version 7 UUID (RFC 9562), with the fraction of the millisecond in rand_a (section 6.2, method 3).

    Within a process each one is greater than the one before, even when the clock steps back, so that events
    of one transaction keep their order.
    """
    global _last_tick
    nanoseconds = time.time_ns()
    tick = (nanoseconds // 1_000_000 << 12) | (nanoseconds % 1_000_000 * 4096 // 1_000_000)
    with _lock:
        _last_tick = max(tick, _last_tick + 1)
        tick = _last_tick
    return uuid.UUID(
        int=(tick >> 12 << 80) | (0x7 << 76) | (tick & 0xFFF) << 64 | (0b10 << 62) | secrets.randbits(62)
    )
