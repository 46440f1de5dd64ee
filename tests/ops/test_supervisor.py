"""The supervisor, with small programs in the place of web, worker and scheduler."""

import signal
import sys
from pathlib import Path

import pytest

from governance.operation.running import AlreadyRunning, only_one
from tests.ops.processes import alive_with, embedded, eventually, running

SUPERVISE = """
import sys
from governance.operation.supervisor import Service, Supervisor
programs = sys.argv[2:]
services = [Service(f"service{n}", [sys.executable, "-u", "-c", text, sys.argv[1]]) for n, text in enumerate(programs)]
Supervisor(services, say=lambda line: print(line, flush=True), polite_seconds=1.5).run(lambda: None)
print("everything ended", flush=True)
"""
STEADY = "import time; print('here'); time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, lambda *_: None); print('here');"
    "[time.sleep(1) for _ in range(600)]"
)
DIES = "print('about to die'); raise SystemExit(3)"
KILLED = "import os; print('about to die', flush=True); os.kill(os.getpid(), 9)"
# A grandchild in a session of its own, as a sandbox is: no signal to the service's group reaches it.
LEAVES_ONE_BEHIND = (
    "import subprocess, sys, time;"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', sys.argv[1]], start_new_session=True);"
    "print('here'); time.sleep(600)"
)


@pytest.fixture
def mark(tmp_path: Path) -> str:
    """A text that only the processes of this test carry."""
    return f"mark-of-{tmp_path}"


def test_what_services_say_is_passed_on_with_their_name(tmp_path: Path, mark: str) -> None:
    with running("-c", SUPERVISE, mark, STEADY, folder=tmp_path) as supervisor:
        assert supervisor.says("service0  | here")


@pytest.mark.parametrize(
    ("program", "how"), [(DIES, "ended with exit code 3"), (KILLED, "was ended by SIGKILL (out of memory?)")]
)
def test_a_service_that_dies_is_started_again_while_the_others_go_on(
    tmp_path: Path, mark: str, program: str, how: str
) -> None:
    with running("-c", SUPERVISE, mark, program, STEADY, folder=tmp_path) as supervisor:
        assert supervisor.says(f"service0 {how} after 0 s; it starts again in 1 s.")
        assert supervisor.says("it starts again in 2 s."), "the pause grows"
        assert supervisor.said.count("about to die") >= 2
        assert supervisor.said.count("here") == 1, "the steady service was never touched"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything(tmp_path: Path, mark: str, number: int) -> None:
    with running("-c", SUPERVISE, mark, STEADY, STEADY, folder=tmp_path) as supervisor:
        assert eventually(lambda: supervisor.said.count("here") == 2, within=10)
        supervisor.stop(number)
        assert supervisor.says("everything ended")
        assert supervisor.process.returncode == 0
    assert alive_with(mark) == []


def test_a_service_that_does_not_listen_is_killed_after_a_while(tmp_path: Path, mark: str) -> None:
    with running("-c", SUPERVISE, mark, STUBBORN, folder=tmp_path) as supervisor:
        assert supervisor.says("here")
        assert 1.4 < supervisor.stop() < 5
    assert alive_with(mark) == []


def test_what_a_service_left_behind_ends_too(tmp_path: Path, mark: str) -> None:
    with running("-c", SUPERVISE, mark, LEAVES_ONE_BEHIND, folder=tmp_path) as supervisor:
        assert supervisor.says("here")
        supervisor.stop()
    assert alive_with(mark) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tell a child of its parent's death")
def test_no_service_outlives_a_supervisor_that_was_killed(tmp_path: Path, mark: str) -> None:
    with running("-c", SUPERVISE, mark, STEADY, STEADY, folder=tmp_path) as supervisor:
        assert eventually(lambda: supervisor.said.count("here") == 2, within=10)
        supervisor.stop(signal.SIGKILL)
    assert eventually(lambda: alive_with(mark) == [], within=5)


def test_only_one_holds_the_lock_and_the_other_learns_who(tmp_path: Path) -> None:
    lock = tmp_path / "running.lock"
    program = (
        "import sys, time; from pathlib import Path; from governance.operation.running import only_one\n"
        "with only_one(Path(sys.argv[1]), 'the first'): print('held', flush=True); time.sleep(600)"
    )
    with running("-c", program, str(lock), folder=tmp_path, environment=embedded(tmp_path)) as first:
        assert first.says("held")
        with pytest.raises(AlreadyRunning, match="the first"), only_one(lock, "the second"):
            pytest.fail("two held it")
        first.stop(signal.SIGKILL)
    with only_one(lock, "the second"):
        assert lock.read_text() == "the second\n"
