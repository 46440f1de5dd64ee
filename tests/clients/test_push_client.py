"""`countersign.py push` as a pipeline runs it, against the product over HTTP."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from accounts.models import Scope
from registry.models import ModelVersion, Upload
from registry.storage import artifact_problem
from tests.builders import a_model
from tests.clients.test_gate_client import CLIENT
from tests.wire import Wire

pytestmark = pytest.mark.django_db(transaction=True)
Push = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def push(cast: SimpleNamespace, api: Callable[..., Client], live_server: LiveServer) -> Push:
    """Runs the client with Dev's key."""
    a_model(cast)
    token = api(Scope.REGISTRY_WRITE).defaults["HTTP_AUTHORIZATION"].split()[1]

    def push(
        *arguments: str, url: str = live_server.url, token: str = token
    ) -> "subprocess.CompletedProcess[str]":
        environment = {
            **os.environ,
            "COUNTERSIGN_URL": url,
            "COUNTERSIGN_TOKEN": token,
            "GITHUB_SHA": "abc123",
        }
        command = [sys.executable, str(CLIENT), "push", "--model", "credit-default", *arguments]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    return push


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model of a few megabytes with an odd name in it."""
    made = tmp_path / "model"
    (made / "data #1").mkdir(parents=True)
    (made / "weights.bin").write_bytes(os.urandom(6 * 1024**2))
    (made / "data #1" / "ünïcode?.json").write_text("{}")
    (made / "empty").touch()
    return made


def test_a_folder_becomes_a_version(push: Push, folder: Path) -> None:
    done = push("--version", "1", str(folder), "--json")

    assert done.returncode == 0, done.stderr
    version = ModelVersion.objects.get()
    assert json.loads(done.stdout)["artifact_digest"] == version.artifact_digest
    assert {file.path for file in version.files.all()} == {"weights.bin", "data #1/ünïcode?.json", "empty"}
    assert version.code_commit == "abc123"
    assert artifact_problem(version) == ""
    assert "3 files, 2 files to send" in done.stderr


def test_a_line_that_breaks_is_gone_on_with(push: Push, folder: Path, live_server: LiveServer) -> None:
    wire = Wire(live_server.url, cut_after=3 * 1024**2, heals=True)

    done = push("--version", "1", str(folder), url=wire.url)

    wire.close()
    assert done.returncode == 0, done.stderr
    assert "Going on in" in done.stderr
    assert artifact_problem(ModelVersion.objects.get()) == ""


def test_the_same_command_goes_on_where_another_stopped(
    push: Push, folder: Path, api: Callable[..., Client]
) -> None:
    assert push("--version", "new", str(folder)).returncode == 3
    assert Upload.objects.get().used_at is None

    done = push("--version", "1", str(folder))

    assert done.returncode == 0, done.stderr
    assert "0 files to send" in done.stderr
    assert "Registered credit-default version 1" in done.stdout
    assert Upload.objects.get().used_at is not None


def test_what_cannot_be_registered_says_why(push: Push, folder: Path, tmp_path: Path) -> None:
    assert push("--version", "1", str(folder)).returncode == 0

    again = push("--version", "1", str(folder))
    assert (again.returncode, "has a version 1 already" in again.stderr) == (3, True)
    unknown = push("--version", "2", str(folder), "--trained-on", "nothing@1")
    assert (unknown.returncode, "There is no data set nothing@1" in unknown.stderr) == (3, True)
    nobody = push("--version", "2", str(folder), token="cs_nobody")
    assert (nobody.returncode, "Not registered." in nobody.stderr) == (3, True)
    nothing = push("--version", "2", str(tmp_path / "nothing"))
    assert (nothing.returncode, "There are no files in" in nothing.stderr) == (2, True)
    (folder / "link").symlink_to(folder / "weights.bin")
    linked = push("--version", "2", str(folder))
    assert (linked.returncode, "is a link or a device" in linked.stderr) == (2, True)
