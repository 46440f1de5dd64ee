"""Disks that are full, by a limit on how large a file may become: PostgreSQL's, and the web server's."""

import http.client
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.faults.counting import each_was_decided_once
from tests.faults.pipelines import NOBODY, Crowd, Pipeline
from tests.faults.postgres import Server
from tests.faults.site import Site, children_of
from tests.ops.processes import eventually

pytestmark = pytest.mark.slow
Asking = Callable[[str], Pipeline]
ROOM, UNLIMITED = "65536", "unlimited"


def limit(processes: list[int], room: str) -> None:
    """Let these processes write no file beyond `room` bytes, or again any."""
    for process in processes:
        try:
            status = Path(f"/proc/{process}").stat()
        except FileNotFoundError:  # it ended meanwhile
            continue
        command = ["prlimit", "--pid", str(process), f"--fsize={room}:"]
        if status.st_uid != os.getuid():  # only who owns a process may limit it
            owner = [f"--reuid={status.st_uid}", f"--regid={status.st_gid}"]
            command = ["setpriv", *owner, "--clear-groups", *command]
        subprocess.run(command, check=False)


def test_a_database_whose_disk_is_full_loses_no_decision(
    site: Site, server: Server, pipeline: Asking
) -> None:
    base = site.start_web()
    site.start_scheduler()
    postmaster = int((server.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
    with Crowd(lambda _: pipeline(base), 4) as crowd:
        crowd.until(8)
        limit([postmaster, *children_of(postmaster)], ROOM)
        assert eventually(lambda: crowd.kept.statuses[503] + crowd.kept.statuses[NOBODY] > 3, within=60)
        time.sleep(1)
        answered = crowd.asked
        time.sleep(1)
        assert crowd.asked == answered, "a decision was answered that could not be written"
        with suppress(RuntimeError):  # it may have ended by itself
            server.stop("immediate")
        server.start()  # with room again
        site.ask("UPDATE gate_idempotentcall SET started_at = started_at - interval '1 minute'")
        crowd.until(8)
    each_was_decided_once(site, crowd.kept)


def uploaded(base: str, key: str, version: str, content: bytes) -> tuple[int, str]:
    """Register a version with one file; status and answer."""
    parts = [("version", version.encode(), ""), ("files", content, "model.skops")]
    body = b"".join(_part(*part) for part in parts) + b"--edge--\r\n"
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "multipart/form-data; boundary=edge"}
    line = http.client.HTTPConnection(urlsplit(base).netloc, timeout=60)
    try:
        line.request("POST", "/api/v1/models/to-measure/versions", body, headers)
        answer = line.getresponse()
        return answer.status, answer.read().decode()
    finally:
        line.close()


def _part(name: str, content: bytes, filename: str) -> bytes:
    told = f'; filename="{filename}"' if filename else ""
    return b'--edge\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n%b\r\n' % (
        name.encode(),
        told.encode(),
        content,
    )


def files_in(folder: Path) -> Mapping[str, int]:
    """Every file there with its size."""
    return {str(path): path.stat().st_size for path in folder.rglob("*") if path.is_file()}


def test_a_web_server_without_room_registers_nothing_and_decides_on(
    site: Site, pipeline: Asking, prepared: object
) -> None:
    base = site.start_web(COUNTERSIGN_WEB_WORKERS="1")
    asking = pipeline(base)
    assert asking.ask().status == 200
    key, before = str(getattr(prepared, "made")["key"]), files_in(site.var / "files")  # noqa: B009
    limit(site.children("web"), ROOM)
    status, said = uploaded(base, key, "2", b"x" * 400_000)
    assert status == 503, said
    assert "disk" in said
    assert files_in(site.var / "files") == before, "half a file stayed"
    assert site.number("SELECT count(*) FROM registry_modelversion WHERE version = '2'") == 0
    assert asking.ask().body["decision"] == "allow"
    limit(site.children("web"), UNLIMITED)
    status, said = uploaded(base, key, "2", b"x" * 400_000)
    assert status == 201, said
