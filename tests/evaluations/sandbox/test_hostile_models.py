"""A model is code that somebody else wrote. This is what it cannot do."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import cloudpickle
import pytest
from django.conf import settings

from evaluations.sandbox import Job, ladder
from evaluations.sandbox.isolation import environment
from evaluations.sandbox.job import CannotEvaluate, job_text
from evaluations.sandbox.loading import load_model
from tests.evaluations.sandbox.conftest import LIMITS, Run, save_mlflow, save_skops

WALLS = [tried.isolation.name for tried in ladder()]
Hostile = Callable[[str], Job]


class Predicting:
    """A model whose prediction runs code, and raises what that leaves in `found`."""

    classes_ = ["bad", "good"]

    def __init__(self, code: str) -> None:
        self.code = code

    def predict(self, rows: object) -> None:
        """Only ever called in the child."""
        names: dict[str, object] = {}
        exec(self.code, names)  # noqa: S102
        raise RuntimeError(f"found {names.get('found')}")


@pytest.fixture
def hostile(job: Job, tmp_path: Path) -> Hostile:
    """The job with a model that runs this code; it travels inside the pickle."""
    cloudpickle.register_pickle_by_value(sys.modules[__name__])

    def make(code: str) -> Job:
        save_mlflow(tmp_path / "hostile", Predicting(code), "cloudpickle")
        return replace(job, model_path=str(tmp_path / "hostile"), features=("income", "job"))

    return make


def test_it_sees_no_secret_of_the_environment(
    run: Run, hostile: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERSIGN_SECRET_KEY", "the-secret")
    monkeypatch.setenv("DATABASE_URL", "postgres://the-secret")
    failure = run(hostile("import os; found = sorted(os.environ)")).failure
    assert "OMP_NUM_THREADS" in failure
    assert "COUNTERSIGN" not in failure and "DATABASE_URL" not in failure
    assert not {"COUNTERSIGN_SECRET_KEY", "DATABASE_URL"} & set(environment("/"))


def test_it_cannot_lift_its_limits(run: Run, hostile: Hostile) -> None:
    code = (
        "import resource\n"
        "found = [resource.getrlimit(kind)[1] for kind in (resource.RLIMIT_CORE, resource.RLIMIT_AS)]"
    )
    assert f"found [0, {LIMITS.memory_mb * 1024 * 1024}]" in run(hostile(code)).failure


ATTEMPTS = {
    "tcp": "socket.create_connection(('127.0.0.1', {port}), 2)",
    "udp": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {port}))",
    "ipv6": "socket.socket(socket.AF_INET6)",
    "unix socket": "socket.socket(socket.AF_UNIX).connect('{unix}')",
    "name resolution": "socket.getaddrinfo('example.org', 80)",
    "a secret file": "open('{secret}').read()",
    "the project's state": "os.listdir('{state}')",
    "another job's folder": "os.listdir('{other}')",
    "/etc/passwd": "open('/etc/passwd').read()",
    "the project's code": "open('{project}').read()",
    "environment of the first process": "check(b'PYTHONPATH' not in open('/proc/1/environ', 'rb').read())",
    "environment of the worker": "check(b'COUNTERSIGN' in open('/proc/{pid}/environ', 'rb').read())",
    "memory of the worker": "open('/proc/{pid}/mem', 'rb')",
    "writing the data": "open('{data}', 'a').write('x')",
    "emptying the data": "os.open('{data}', os.O_RDONLY | os.O_TRUNC)",
    "truncating the data": "os.truncate('{data}', 0)",
    "writing the model": "open('{model}/MLmodel', 'a').write('x')",
    "adding to the model": "open('{model}/more', 'x')",
    "removing from the model": "os.unlink('{model}/MLmodel')",
    "rights of the model": "os.chmod('{model}/MLmodel', 0o777)",
    "a hard link out": "os.link('result.txt', '{data}.link')",
    "through a link": "os.symlink('{secret}', 'way') or open('way').read()",
    "planting code": "open(evaluations.__path__[0] + '/planted.py', 'w')",
    "memory that no limit counts": "open('/dev/shm/x', 'w')",
    "memory without a file": "os.memfd_create('x')",
    "files in /tmp": "open('/tmp/planted', 'w')",
    "a signal to the worker": "os.kill({pid}, 0)",
    "a signal to everybody": "os.kill(-1, 0)",
    "a signal by group": "os.killpg(os.getpgid({pid}), 0)",
    "the worker's limits": "resource.prlimit({pid}, resource.RLIMIT_CORE, (0, 0))",
    "tracing the worker": "check(libc.ptrace(16, {pid}, 0, 0) == 0)",
    "namespaces": "check(libc.unshare(0x10000000) == 0)",
    "mounting": "check(libc.mount(b'none', b'.', b'tmpfs', 0, 0) == 0)",
    "outliving the worker": "check(libc.prctl(1, 0, 0, 0, 0) == 0)",
    "a process": "os.fork() or os._exit(0)",
    "a shell": "check(os.system('true') == 0)",
    "a program": "subprocess.run(['/bin/true'], check=True)",
    "a program in place": "os.execv('/bin/true', ['true'])",
    "a spawned program": "os.posix_spawn('/bin/true', ['true'], {{}})",
    "a pool of processes": "multiprocessing.get_context('fork').Process(target=print).start()",
}
TRYING = """
import ctypes, multiprocessing, os, resource, socket, subprocess, evaluations
libc = ctypes.CDLL(None)
def check(true):
    if not true: raise OSError('refused')
found = []
for name, code in {attempts!r}.items():
    try: exec(code)
    except (OSError, ValueError, ImportError, MemoryError): continue
    except BaseException as error: found.append(name + ': ' + repr(error))
    else: found.append(name)
"""


@pytest.mark.parametrize("wall", WALLS)
def test_nothing_gets_out(
    run: Run, hostile: Hostile, tmp_path: Path, wall: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERSIGN_SECRET_KEY", "the-secret")
    data, secret = tmp_path / "people.csv", tmp_path / "db.sqlite3"
    before = data.read_bytes()
    secret.write_text("the-secret")
    (tmp_path / "run-other").mkdir()
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(str(tmp_path / "unix"))
    unix.listen()
    with unix, socket.create_server(("127.0.0.1", 0)) as server:
        names = {
            "port": server.getsockname()[1],
            "unix": tmp_path / "unix",
            "secret": secret,
            "state": settings.VAR_DIR,
            "other": tmp_path / "run-other",
            "project": __file__,
            "data": data,
            "model": tmp_path / "hostile",
            "pid": os.getpid(),
        }
        attempts = {name: code.format(**names) for name, code in ATTEMPTS.items()}
        ran = run(hostile(TRYING.format(attempts=attempts)), sandbox=wall)
    assert ran.failure == "The model failed while it predicted: RuntimeError: found []"
    assert ran.outcome.provenance["isolation"] == wall and ran.outcome.provenance["sandboxed"]
    assert data.read_bytes() == before and not Path("/tmp/planted").exists()


def test_the_attempts_do_succeed_where_the_sandbox_is_off(run: Run, hostile: Hostile, tmp_path: Path) -> None:
    harmless = ("/etc/passwd", "a shell", "a program", "tcp")
    with socket.create_server(("127.0.0.1", 0)) as server:
        attempts = {name: ATTEMPTS[name].format(port=server.getsockname()[1]) for name in harmless}
        ran = run(hostile(TRYING.format(attempts=attempts)), sandbox="off")
    assert ran.failure.endswith("found ['passwd', 'a shell', 'a program', 'tcp']")
    assert ran.outcome.provenance["isolation"] == "off" and not ran.outcome.provenance["sandboxed"]


@pytest.mark.parametrize("wall", WALLS)
@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "import os\nfor at in range(100): os.write(os.open(str(at), 65), bytes(16_000_000))",
            "wrote more than 256 MB",
        ),
        (
            "import os\nfor at in range(40):\n h = os.open('x', 65); os.unlink('x'); os.write(h, bytes(16_000_000))\n"
            "import time; time.sleep(20)",
            "wrote more than 256 MB",
        ),
        ("import os\nwhile True: os.close(os.open(os.urandom(8).hex(), 65))", "more than 1,000 files"),
        ("import os\nwhile True: os.mkdir('d'); os.chdir('d')", "more than 1,000 files"),
        (
            "import threading, time\nthreading.stack_size(65536)\n"
            "while True: threading.Thread(target=time.sleep, args=(60,)).start()",
            "256 threads|can't start new thread",
        ),
        ("import os\nwhile True: os.fork()", "PermissionError"),
    ],
    ids=["bytes", "bytes nobody sees", "files", "a deep nest", "threads", "fork bomb"],
)
def test_it_cannot_flood_the_machine(run: Run, hostile: Hostile, wall: str, code: str, said: str) -> None:
    ran = run(hostile(code), sandbox=wall)
    assert re.search(said, ran.failure), ran.failure
    assert all(place.is_file() for place in ran.folder.iterdir())


@pytest.mark.parametrize("wall", WALLS)
def test_nothing_stays_when_the_worker_is_killed(hostile: Hostile, tmp_path: Path, wall: str) -> None:
    mark = tmp_path / "job" / "running"
    job = hostile("import time; open('running', 'w').close(); time.sleep(60)")
    (tmp_path / "job").mkdir()
    (tmp_path / "job.txt").write_text(job_text(job, LIMITS))
    code = (
        "import sys; from pathlib import Path; from evaluations.sandbox import run_job\n"
        "from evaluations.sandbox.job import read_job\n"
        "job, limits = read_job(Path(sys.argv[1]).read_text())\n"
        "run_job(job, Path(sys.argv[2]), limits, print, lambda: False, sandbox=sys.argv[3])"
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "job.txt"), str(tmp_path / "job"), wall]
    )
    until(mark.exists)
    assert processes_about(tmp_path / "job")
    worker.kill()
    worker.wait()
    until(lambda: not processes_about(tmp_path / "job"))


@pytest.mark.parametrize("wall", WALLS)
def test_nothing_stays_when_the_run_is_cancelled(
    run: Run, hostile: Hostile, tmp_path: Path, wall: str
) -> None:
    asked = iter([False] * 40)
    ran = run(hostile("import time; time.sleep(60)"), LIMITS, lambda: next(asked, True), wall)
    assert ran.failure == "Stopped on request."
    until(lambda: not processes_about(ran.folder))


def processes_about(folder: Path) -> list[str]:
    """Processes whose command line names the folder, the worker's own aside."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            said = place.read_bytes().decode(errors="replace").split("\0")
            if str(folder) in said and "-c" not in said:
                found.append(" ".join(said))
    return found


def until(done: Callable[[], object]) -> None:
    """Wait for it, at most half a minute."""
    end = time.monotonic() + 30
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('{"result": {"overall": {"roc_auc": {"value": NaN}}}}', "more than finite numbers"),
        ('{"result": {"overall": 9007199254740993}}', "more than finite numbers"),
        ("{" * 100_000, "cannot be read"),
        ("[1]", "more than finite numbers"),
        ('{"result": "fine"}', "ended without an answer"),
    ],
)
def test_an_answer_that_it_forges_badly_is_not_believed(
    run: Run, hostile: Hostile, written: str, said: str
) -> None:
    code = f"import os; open('result.json', 'w').write({written!r}); os._exit(0)"
    assert said in run(hostile(code)).failure


def test_an_answer_that_is_a_link_is_not_followed(run: Run, hostile: Hostile, tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text('{"failure": "the-secret"}')
    code = f"import os; os.symlink('{tmp_path}/secret.json', 'result.json'); os._exit(0)"
    assert "ended without an answer" in run(hostile(code)).failure


def test_an_answer_without_end_is_not_read(run: Run, hostile: Hostile) -> None:
    code = "import os; open('result.json', 'w').write('x' * 20_000_000); os._exit(0)"
    assert "too large" in run(hostile(code)).failure


@pytest.mark.parametrize("name", ["stderr.txt", "progress.jsonl", "result.json"])
def test_a_pipe_instead_of_a_file_holds_nobody_up(run: Run, hostile: Hostile, name: str) -> None:
    code = f"import os; os.path.exists('{name}') and os.unlink('{name}'); os.mkfifo('{name}'); os._exit(0)"
    ran = run(hostile(code), sandbox="off")  # the walls allow no pipe to be made
    assert "ended without an answer" in ran.failure or "cannot be used" in ran.failure


def test_progress_that_is_nonsense_is_passed_over(run: Run, hostile: Hostile) -> None:
    lines = ['{"progress": "NaN"}', "[]", '{"progress": 9, "step": 1}', "{"]
    written = "\n".join(lines)
    code = f"import time; open('progress.jsonl', 'a').write({written!r}); time.sleep(0.3)"
    ran = run(hostile(code))
    assert (1.0, "1") in ran.progress
    assert all(0 <= share <= 1 and len(step) <= 120 for share, step in ran.progress)


def test_a_skops_file_with_foreign_types_is_refused_by_name(tmp_path: Path) -> None:
    save_skops(tmp_path / "foreign", Path("/etc"))
    with pytest.raises(CannotEvaluate, match=r"types that are not trusted: pathlib\.PosixPath"):
        load_model(tmp_path / "foreign")
