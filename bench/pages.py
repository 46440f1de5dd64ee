"""Every page of the site on a large portfolio: at most 100 ms median on the server.

On PostgreSQL with 10,000 models of ten versions and a million events; `MODELS=1000 EVENTS=100000` makes fewer.
Needs DATABASE_URL.
"""

import os
import subprocess
import sys
import tempfile
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
            "COUNTERSIGN_VAR": stack.enter_context(tempfile.TemporaryDirectory()),
            "DATABASE_URL": own_database(stack, address),
            "DJANGO_SETTINGS_MODULE": "bench.settings",
            "COUNTERSIGN_LOG_LEVEL": "ERROR",
        }
        run = [sys.executable, "manage.py", "migrate", "-v0"]
        subprocess.run(run, cwd=ROOT, env=environment, check=True)
        measured = [sys.executable, "-m", "bench.paged"]
        return subprocess.run(measured, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
