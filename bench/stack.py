"""`python -m bench.stack`: two web servers, three workers and a scheduler on a PostgreSQL and a Redis of their own.

The very commands of the containers (deploy/entrypoint.sh), as processes of this machine, on an installation that is
thrown away at the end. Prints where it answers and who may come in, and runs until Ctrl-C. With `MODELS=10000` and
`EVENTS=1000000` it is filled like a large bank's. Needs PostgreSQL's programs and redis-server; nothing listens beyond
127.0.0.1.
"""

import json
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.server import await_answer
from tests.faults.postgres import own_server
from tests.faults.redis_server import RedisServer
from tests.faults.site import Site

QUEUES = {"any": "", "short": "countersign,light", "heavy": "heavy"}


@dataclass(frozen=True)
class Stack:
    """What runs: the installation, the addresses of its web servers, and what was made in it."""

    site: Site
    bases: tuple[str, str]
    made: dict[str, str]


@contextmanager
def running(models: int, events: int) -> Iterator[Stack]:
    """The whole of it, ready; gone afterwards."""
    with own_server() as server, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        redis = RedisServer(folder)
        redis.start()
        site = Site(folder, database=server.address, redis=redis.url)
        try:
            site.start("migrate", "migrate")
            if site.wait("migrate"):
                raise SystemExit(site.log())
            made = json.loads(site.run("-m", "bench.portfolio", str(models), str(events)).splitlines()[-1])
            site.start_scheduler()
            for pool, queues in QUEUES.items():
                site.start_worker(f"worker-{pool}", COUNTERSIGN_QUEUES=queues)
            bases = (site.start_web("web-1"), site.start_web("web-2"))
            for base in bases:
                await_answer(f"{base}/readyz")
            yield Stack(site, bases, made)
        finally:
            site.stop()
            redis.stop()


def main() -> int:
    """Start it, say where, wait."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with running(int(os.environ.get("MODELS", "100")), int(os.environ.get("EVENTS", "0"))) as stack:
        print(json.dumps({"web": stack.bases, **stack.made}), flush=True)
        while not stop.wait(1) and not stack.site.ended():
            pass
        if ended := stack.site.ended():
            print(f"{ended} ended by themselves\n{stack.site.log()}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
