"""What the gate is compared with, on the same PostgreSQL with as many processes: a bare view, and MLflow."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.clients import request
from bench.server import ROOT, await_answer
from tests.ops.processes import free_port

BARE_TOKEN = "a key of the benchmark"  # noqa: S105  (of bench.bare, which configures Django when it is imported)
ALIASED = "credit-default"


@contextmanager
def bare_view(database: str, workers: int, body: str) -> Iterator[tuple[str, bytes]]:
    """Its address and the request that is measured."""
    port = free_port()
    environment = os.environ | {"DATABASE_URL": database}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    subprocess.run([sys.executable, "-m", "bench.bare"], cwd=ROOT, env=environment, check=True)
    command = [sys.executable, "-m", "gunicorn", "bench.bare:application", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", str(workers), "--threads", "4", "--log-level", "error"]
    base = f"http://127.0.0.1:{port}/answer"
    headers = {"Authorization": f"Bearer {BARE_TOKEN}", "Content-Type": "application/json"}
    with _running(command, environment):
        await_answer(base)
        yield base, request("POST", base, headers, body)


@contextmanager
def mlflow(database: str, workers: int, folder: Path) -> Iterator[tuple[str, bytes]]:
    """`mlflow server` with one registered model that has an alias; its address and the request that is measured."""
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += [
        "--workers",
        str(workers),
        "--backend-store-uri",
        database.replace("postgres://", "postgresql+psycopg2://"),
    ]
    command += ["--artifacts-destination", str(folder / "artifacts")]
    base = f"http://127.0.0.1:{port}/api/2.0/mlflow"
    with _running(command, dict(os.environ), log=folder / "mlflow.log"):
        try:
            await_answer(f"http://127.0.0.1:{port}/health")
        except SystemExit as late:
            said = (folder / "mlflow.log").read_text()[-2_000:]
            raise SystemExit(f"mlflow server did not start:\n{said}") from late
        _call(base, "registered-models/create", {"name": ALIASED})
        _call(base, "model-versions/create", {"name": ALIASED, "source": "mlflow-artifacts:/1/model"})
        _call(base, "registered-models/alias", {"name": ALIASED, "alias": "champion", "version": "1"})
        address = f"{base}/registered-models/alias?name={ALIASED}&alias=champion"
        yield address, request("GET", address, {})


def _call(base: str, path: str, body: dict[str, str]) -> None:
    asked = urllib.request.Request(
        f"{base}/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            answer.read()
    except urllib.error.HTTPError as error:
        raise SystemExit(f"mlflow refuses {path}: {error.read().decode()[:500]}") from error


@contextmanager
def _running(command: list[str], environment: dict[str, str], log: Path | None = None) -> Iterator[None]:
    """A server, which is gone with all its processes at the end."""
    output = log.open("ab") if log else None
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
    )
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        process.wait(30)
        if output:
            output.close()
