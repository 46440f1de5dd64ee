"""The audit log on PostgreSQL: what it costs writers, how fast it is sequenced, and how fast a proof is read from it.

Commits of 20 ms at 16 writers, with an event each against the same without; the two alternate and sequencing goes on
beside both. `EVENTS=100000` makes the log smaller, `SECONDS=2` the rounds shorter. Needs DATABASE_URL.
"""

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from bench.server import own_database

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Measure in a process of its own, on a fresh database; it prints the table and judges it."""
    address = os.environ.get("DATABASE_URL", "")
    if not address.startswith("postgres"):
        print("NOT RUN: this benchmark is of PostgreSQL. Give its server as DATABASE_URL.", file=sys.stderr)
        return 1
    with ExitStack() as stack:
        environment = os.environ | {
            "DATABASE_URL": own_database(stack, address),
            "DJANGO_SETTINGS_MODULE": "bench.settings",
            "COUNTERSIGN_LOG_LEVEL": "ERROR",
        }
        run = [sys.executable, "manage.py", "migrate", "-v0"]
        subprocess.run(run, cwd=ROOT, env=environment, check=True)
        measured = [sys.executable, "-m", "bench.logged"]
        return subprocess.run(measured, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
