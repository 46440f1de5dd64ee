"""Two Celery workers against one over twenty runs of a real model, on the embedded broker: at least 1.7 times."""

import json
import os
import subprocess
import sys
import tempfile

from bench.server import ROOT

LIMIT = 1.7


def main() -> int:
    """Measure, print the table, judge it."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "COUNTERSIGN_VAR": folder,
            "DJANGO_SETTINGS_MODULE": "governance.settings",
            "COUNTERSIGN_LOG_LEVEL": "ERROR",
        }
        environment.pop("DATABASE_URL", None)
        environment.pop("REDIS_URL", None)
        migrate = [sys.executable, "manage.py", "migrate", "-v0"]
        subprocess.run(migrate, cwd=ROOT, env=environment, check=True)
        work = [sys.executable, "-m", "bench.worker_runs", folder]
        done = subprocess.run(work, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE)
    found = json.loads(done.stdout.splitlines()[-1])
    one, two = found["seconds"]["1"], found["seconds"]["2"]
    ratio = one / two
    print(f"{'twenty runs of performance':<32}{'seconds':>9}{'MiB':>7}  limit")
    print(f"{'one worker':<32}{one:>9.1f}{found['mib']['1']:>7}")
    print(f"{'two workers':<32}{two:>9.1f}{found['mib']['2']:>7}  {ratio:.2f} x one, at least {LIMIT:g}")
    print("met" if ratio >= LIMIT else "MISSED")
    return 0 if ratio >= LIMIT else 1
