"""What activating a pack would change, for 10,000 versions (under 20 s), and one verdict alone (median under 100 µs).

In a database of its own on the PostgreSQL server of DATABASE_URL, else on SQLite. `VERSIONS=500` makes fewer.
"""

import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from bench.server import own_database

ROOT = Path(__file__).resolve().parent.parent
VERSIONS = int(os.environ.get("VERSIONS", "10000"))


def main() -> int:
    """Measure in a process of its own, on a fresh database; it prints the table and judges it."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        environment = os.environ | {
            "COUNTERSIGN_VAR": folder,
            "DJANGO_SETTINGS_MODULE": "bench.settings",
            "COUNTERSIGN_LOG_LEVEL": "ERROR",
        }
        if os.environ.get("DATABASE_URL", "").startswith("postgres"):
            environment["DATABASE_URL"] = own_database(stack, os.environ["DATABASE_URL"])
        run = [sys.executable, "manage.py", "migrate", "-v0"]
        subprocess.run(run, cwd=ROOT, env=environment, check=True)
        measured = [sys.executable, "-m", "bench.simulated", str(VERSIONS)]
        return subprocess.run(measured, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
