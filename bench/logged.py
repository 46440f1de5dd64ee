"""`python -m bench.logged`: a log of EVENTS entries in the database of DATABASE_URL, measured."""

import multiprocessing
import os
import random
import resource
import statistics
import sys
import threading
import time
from typing import Any

import django

django.setup()

from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from audit.actions import record  # noqa: E402
from audit.actor import Actor  # noqa: E402
from audit.checkpoints import make_checkpoint  # noqa: E402
from audit.models import Event, LogEntry  # noqa: E402
from audit.proofs import inclusion_proof_of  # noqa: E402
from audit.sequencer import pending_count, sequence_pending  # noqa: E402
from audit.verbs import Verb  # noqa: E402
from bench.portfolio import fill_trail  # noqa: E402

EVENTS, SECONDS = int(os.environ.get("EVENTS", "1000000")), float(os.environ.get("SECONDS", "5"))
WRITERS, PROCESSES, PAUSE, ROUNDS, PROOFS = 16, 4, 0.020, 5, 300
WRITING_LIMIT, SEQUENCED_LIMIT, PROOF_LIMIT_MS = 0.9, 10_000.0, 5.0
NOBODY = Actor(id="user:bench", name="Bench", authenticated_by="password")


def main() -> int:
    """Fill, measure, print the table, judge it."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_row (id bigserial PRIMARY KEY, said text NOT NULL)")
    ratios, rates = _writing()
    fill_trail(EVENTS)
    began = time.perf_counter()
    while sequence_pending():
        pass
    sequenced = EVENTS / (time.perf_counter() - began)
    make_checkpoint(timezone.now())
    proof = _proof()
    if pending_count() or LogEntry.objects.count() != Event.objects.count():
        raise SystemExit("events are missing from the log")
    ratio = statistics.median(ratios)
    kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{f'{EVENTS:,} events, {WRITERS} writers of {PAUSE * 1000:g} ms':<48}{'measured':>12}  limit")
    print(f"{'commits a second without and with an event':<48}{f'{rates[0]:.0f}, {rates[1]:.0f}':>12}")
    print(f"{'  with / without':<48}{ratio:>12.3f}  at least {WRITING_LIMIT:g}")
    print(f"{'sequenced a second':<48}{sequenced:>12,.0f}  at least {SEQUENCED_LIMIT:,.0f}")
    print(f"{'a proof, median':<48}{proof:>9.2f} ms  at most {PROOF_LIMIT_MS:g} ms")
    print(f"peak memory: {kib // 1024} MiB")
    met = ratio >= WRITING_LIMIT and sequenced >= SEQUENCED_LIMIT and proof <= PROOF_LIMIT_MS
    print("met" if met else "MISSED")
    return 0 if met else 1


def _writing() -> tuple[list[float], tuple[float, float]]:
    """For each round, commits with an event over commits without; and the median rates of both.

    As web servers do it: a few processes with some threads each, and the sequencer in a process of its own.
    """
    connection.close()
    processes = multiprocessing.get_context("fork")
    stop = processes.Event()
    sequencer = processes.Process(target=_sequence_until, args=(stop,))
    sequencer.start()
    try:
        with processes.Pool(PROCESSES) as pool:
            rounds = [(_commits(pool, False), _commits(pool, True)) for _ in range(ROUNDS)]
    finally:
        stop.set()
        sequencer.join()
    without, logged = (statistics.median(part) for part in zip(*rounds, strict=True))
    return [after / before for before, after in rounds], (without, logged)


def _sequence_until(stop: Any) -> None:
    while not stop.is_set():
        sequence_pending()
        stop.wait(1)
    connection.close()


def _event() -> None:
    record(Verb.GATE_ALLOWED, subject="model:bench/version:1", actor=NOBODY, at=timezone.now())


def _commits(pool: Any, logged: bool) -> float:
    """How many transactions a second the writers commit."""
    written: list[int] = pool.map(_written_by_one, [logged] * PROCESSES, chunksize=1)
    return sum(written) / SECONDS


def _written_by_one(logged: bool) -> int:
    """What the threads of one process commit."""
    threads = WRITERS // PROCESSES
    done, until = [0] * threads, time.monotonic() + SECONDS
    started = [threading.Thread(target=_write, args=(done, place, until, logged)) for place in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    return sum(done)


def _write(done: list[int], place: int, until: float, logged: bool) -> None:
    while time.monotonic() < until:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("INSERT INTO bench_row (said) VALUES ('so')")
            cursor.execute("SELECT pg_sleep(%s)", [PAUSE])
            if logged:
                _event()
        done[place] += 1
    connection.close()


def _proof() -> float:
    """Milliseconds of reading and verifying the proof of an entry somewhere in the log."""
    chance, times = random.Random(7), []
    for _ in range(PROOFS):
        seq = chance.randrange(EVENTS)
        began = time.perf_counter()
        found = inclusion_proof_of(seq)
        times.append((time.perf_counter() - began) * 1000)
        if not found.verified:
            raise SystemExit(f"the proof of entry {seq} does not hold")
    return statistics.median(times)


if __name__ == "__main__":
    sys.exit(main())
