"""How long the processes take to start, and what memory they hold at rest and at their most, with their children.

Memory is the proportional set size: what several processes share is counted once. The limits are those of the manifests
in deploy/kubernetes.
"""

import json
import os
import re
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from bench.clients import measured, request
from bench.decisions import postgres
from bench.server import own_database
from tests.faults.redis_server import RedisServer
from tests.faults.site import Site, children_of
from tests.ops.processes import eventually

SECONDS, REST_SECONDS, RUNS = float(os.environ.get("SECONDS", "10")), 3.0, 4
START_LIMIT, WEB_MIB_LIMIT, WORKER_MIB_LIMIT = 15.0, 1_024, 2_048
UNDER_WAY = "SELECT count(*) FROM evaluations_evaluationrun WHERE status IN ('queued', 'running')"


def main() -> int:
    """Start, rest, work, and print the table."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis = RedisServer(folder)
        redis.start()
        stack.callback(redis.stop)
        database = own_database(stack, stack.enter_context(postgres()))
        site = Site(folder, database=database, redis=redis.url)
        stack.callback(site.stop)
        site.run("manage.py", "migrate", "-v0")
        made = json.loads(site.run("-m", "tests.faults.ready").splitlines()[-1])
        began = time.monotonic()
        base = site.start_web()
        started = time.monotonic() - began
        site.start_scheduler()
        site.start_worker()
        eventually(lambda: len(site.children("worker")) > 0, within=60)
        time.sleep(REST_SECONDS)
        rest = {name: held(site, name) for name in ("web", "worker", "scheduler")}
        most = worked(site, base, made)
    print(f"web from its start to its first answer: {started:.1f} s, at most {START_LIMIT:g} s")
    print(f"{'MiB, two web processes, one worker child':<42}{'at rest':>9}{'at most':>9}  limit")
    for name, limit in (("web", WEB_MIB_LIMIT), ("worker", WORKER_MIB_LIMIT), ("scheduler", WEB_MIB_LIMIT)):
        print(f"{name:<42}{rest[name]:>9}{max(rest[name], most[name]):>9}  {limit}")
    met = started <= START_LIMIT and most["web"] <= WEB_MIB_LIMIT and most["worker"] <= WORKER_MIB_LIMIT
    print("met" if met else "MISSED")
    return 0 if met else 1


def worked(site: Site, base: str, made: dict[str, str]) -> dict[str, int]:
    """Pipelines ask and evaluations run; the most that each held when it was looked at."""
    most = {"web": 0, "worker": 0, "scheduler": 0}
    headers = {"Authorization": f"Bearer {made['key']}", "Content-Type": "application/json"}
    question = json.dumps({"model": made["model"], "version": "1", "environment": "production"})
    address = f"{base}/api/v1/gate/decisions"
    measured(address, request("POST", address, headers, question), clients=8, seconds=SECONDS)
    most["web"] = held(site, "web")
    for number in range(RUNS):
        wanted = {"model": made["measured"], "version": "1", "kind": "data_quality"}
        body = json.dumps(wanted | {"dataset": f"drill-{number}@1"})
        _post(f"{base}/api/v1/evaluations", headers, body)
    deadline = time.monotonic() + 300
    while site.number(UNDER_WAY) and time.monotonic() < deadline:
        for name in most:
            most[name] = max(most[name], held(site, name))
        time.sleep(0.1)
    if site.number(UNDER_WAY):
        raise SystemExit(f"The evaluations did not end.\n{site.log()}")
    return most


def _post(address: str, headers: dict[str, str], body: str) -> None:
    with urllib.request.urlopen(
        urllib.request.Request(address, body.encode(), headers), timeout=60
    ) as answer:
        answer.read()


def held(site: Site, name: str) -> int:
    """MiB of a process and all that it started."""
    return sum(_pss(process) for process in _family(site.process(name))) // 1024


def _family(process: int) -> list[int]:
    try:
        return [process, *(one for child in children_of(process) for one in _family(child))]
    except OSError:
        return []


def _pss(process: int) -> int:
    try:
        found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{process}/smaps_rollup").read_text(), re.M)
    except OSError:
        return 0
    return int(found[1]) if found else 0
