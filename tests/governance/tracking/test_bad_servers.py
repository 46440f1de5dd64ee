"""Servers that are away, hang or lie: a clear sentence, and nothing half-registered."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from pytest_django.fixtures import Settings

from accounts.refusals import Invalid
from registry.models import ModelVersion, RegisteredModel, SyncRun, TrackingServer
from registry.tracking import Away, fetch, look, write
from registry.tracking_stores import Store
from registry.wishes import Wanted, Wish
from tests.governance.tracking.conftest import a_round

RUN = "0" * 32
VERSION = {"name": "liar", "version": "1", "status": "READY", "source": "", "run_id": RUN, "tags": []}


class Liar(BaseHTTPRequestHandler):
    """Answers as it was told to: path → content type and bytes, or a function that writes."""

    answers: ClassVar[dict[str, object]] = {}

    def do_GET(self) -> None:
        for path, answer in self.answers.items():
            if path in self.path:
                return self._say(answer)
        return self._say({})

    do_POST = do_GET

    def _say(self, answer: object) -> None:
        if callable(answer):
            answer(self)
            return
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def liar() -> Iterator[Callable[[dict[str, object]], Store]]:
    """A server of lies at an address of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Liar)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def liar(answers: dict[str, object]) -> Store:
        Liar.answers = answers
        return Store("liar", f"http://127.0.0.1:{server.server_port}")

    yield liar
    server.shutdown()
    server.server_close()


@pytest.fixture
def silent() -> Iterator[Store]:
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield Store("silent", f"http://127.0.0.1:{listener.getsockname()[1]}")


def test_a_server_that_is_away_is_said_so(settings: Settings) -> None:
    settings.MLFLOW_SECONDS = 30
    away = Store("away", "http://127.0.0.1:9")

    with pytest.raises(Invalid, match="The MLflow server did not answer"):
        look(away)
    with pytest.raises(Away, match="The MLflow server did not answer"):
        fetch("models:/a/1", Path("/nowhere"), away)


def test_a_server_that_hangs_is_not_waited_for_longer_than_was_said(
    silent: Store, settings: Settings
) -> None:
    settings.MLFLOW_SECONDS = 60
    began = time.monotonic()

    with pytest.raises(Invalid, match="MLflow did not answer within 4 seconds"):
        look(silent, seconds=4)
    assert time.monotonic() - began < 10


def test_a_server_that_dribbles_is_cut_off(
    liar: Callable[[dict[str, object]], Store], settings: Settings
) -> None:
    def dribble(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(300):
            try:
                handler.wfile.write(b" ")
            except OSError:
                return
            time.sleep(0.1)

    settings.MLFLOW_SECONDS = 60
    with pytest.raises(Invalid, match="MLflow did not answer within 6 seconds"):
        look(liar({"search": dribble}), seconds=6)


@pytest.mark.parametrize(
    "answer",
    [
        b"<html><h1>Welcome to the intranet</h1></html>",
        b"",
        b"[1, 2]",
        b'{"registered_models": "many", "model_versions": 7}',
        b'{"registered_models": [{"nothing": 1}], "model_versions": [{"version": {}}]}',
    ],
)
def test_something_else_than_mlflow_is_said_so(
    liar: Callable[[dict[str, object]], Store], answer: bytes
) -> None:
    try:
        found = look(liar({"": answer}), seconds=30)
    except Invalid as refused:
        assert "not what MLflow answers" in str(refused)
    else:
        assert [model.name for model in found] in ([], [""])


@pytest.mark.slow
def test_an_answer_without_end_takes_no_more_memory_than_a_process_may_have(
    liar: Callable[[dict[str, object]], Store],
) -> None:
    def flood(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        chunk = b"x" * (1 << 20)
        for _ in range(6000):
            try:
                handler.wfile.write(chunk)
            except OSError:
                return

    with pytest.raises(Invalid, match=r"not what MLflow answers|did not answer|without an answer"):
        look(liar({"": flood}), seconds=40)


def a_version_at(source: str) -> dict[str, object]:
    """What a server says whose version's files are at this place."""
    return {
        "get-download-uri": {"artifact_uri": source},
        "model-versions/get": {"model_version": VERSION | {"source": source}},
        "registered-models/alias": {},
        "runs/get": {"run": {"info": {"run_id": RUN, "artifact_uri": source}, "data": {}}},
    }


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("file:///etc", "a folder of this machine"),
        ("/etc", "a folder of this machine"),
        ("http://169.254.169.254/api/2.0/mlflow-artifacts/artifacts/latest", "at another host"),
        ("mlflow-artifacts://127.0.0.1:1/x", "at another host"),
        ("ftp://127.0.0.1/x", "at ftp:"),
        ("sftp://127.0.0.1/x", "at sftp:"),
    ],
)
def test_a_server_leads_neither_into_this_machine_nor_to_other_hosts(
    liar: Callable[[dict[str, object]], Store], tmp_path: Path, source: str, why: str
) -> None:
    with pytest.raises(Invalid, match=why):
        fetch("models:/liar/1", tmp_path, liar(a_version_at(source)))

    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize("path", ["../../escaped", "/tmp/escaped", "..%2f..%2fescaped", "a/../../../escaped"])
def test_a_name_that_leads_out_of_the_folder_writes_nothing(
    liar: Callable[[dict[str, object]], Store], tmp_path: Path, path: str
) -> None:
    folder = tmp_path / "inner" / "folder"
    folder.mkdir(parents=True)
    lies = a_version_at("mlflow-artifacts:/1/model") | {
        "mlflow-artifacts/artifacts?": {"files": [{"path": path, "is_dir": False, "file_size": 3}]},
        "mlflow-artifacts/artifacts/": b"bad",
    }

    with pytest.raises(Invalid):
        fetch("models:/liar/1", folder, liar(lies))
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == []
    assert not Path("/tmp/escaped").exists()


def test_a_folder_that_the_operator_named_may_be_read(
    liar: Callable[[dict[str, object]], Store], tmp_path: Path, settings: Settings
) -> None:
    shared, folder = tmp_path / "shared", tmp_path / "folder"
    (shared / "model").mkdir(parents=True)
    (shared / "model" / "weights.txt").write_text("w")
    folder.mkdir()
    settings.MLFLOW_ARTIFACT_ROOTS = [str(shared)]

    fetch("models:/liar/1", folder, liar(a_version_at(str(shared / "model"))))

    assert (folder / "weights.txt").read_text() == "w"


def test_writing_to_a_server_that_is_away_is_said_so() -> None:
    from registry.tracking import Change

    with pytest.raises(Invalid, match="The MLflow server did not answer"):
        write(Store("away", "http://127.0.0.1:9"), [Change("m", "1", {"a": "b"})])


@pytest.mark.django_db
def test_a_round_with_a_server_that_is_away_fails_with_its_reason(
    connect: Callable[..., TrackingServer], settings: Settings
) -> None:
    settings.MLFLOW_SECONDS = 30
    server = connect("http://127.0.0.1:9")

    run = a_round(server, Wanted(bring=(Wish("m", owner="olga"),), names=("m",)))

    assert run.status == "failed" and run.failure.startswith("The MLflow server did not answer")
    assert not RegisteredModel.objects.exists() and not ModelVersion.objects.exists()
    assert SyncRun.objects.get().finished_at is not None
