"""`make stack`: everything that a deployment has, as processes of this machine, and nothing of it left afterwards."""

import json
import signal
from pathlib import Path

import pytest

from tests.faults.pipelines import Pipeline
from tests.faults.site import THOROUGH
from tests.ops.processes import alive_with, embedded, running

pytestmark = pytest.mark.slow


@pytest.mark.skipif(not THOROUGH, reason="a minute to start; `make test-faults` runs it")
def test_two_web_servers_three_workers_and_the_rest_start_serve_and_stop(tmp_path: Path) -> None:
    environment = embedded(tmp_path, MODELS="1", EVENTS="0", TMPDIR=str(tmp_path))
    with running("-m", "bench.stack", folder=tmp_path, environment=environment) as stack:
        assert stack.says('"web"', within=600), stack.said
        told = json.loads(next(line for line in stack.said.splitlines() if '"web"' in line))
        assert len(told["web"]) == 2
        for base in told["web"]:
            pipeline = Pipeline(base, told["key"])
            assert pipeline.call("GET", "/readyz").body["checks"] == {
                "database": "ok",
                "broker": "ok",
                "sequencer": "ok",
            }
            decided = pipeline.ask(model=told["model"])
            assert (decided.status, decided.body["decision"]) == (200, "allow")
        for pool in ("any", "short", "heavy"):
            assert alive_with(f"worker-{pool}@"), stack.said
        stack.stop(signal.SIGTERM, within=60)
        assert stack.process.returncode == 0, stack.said
    assert alive_with(str(tmp_path)) == []
