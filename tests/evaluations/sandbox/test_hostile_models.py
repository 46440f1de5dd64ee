"""A model is code that somebody else wrote. This is what it cannot do."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cloudpickle
import pytest

from evaluations.sandbox import Job, probe
from evaluations.sandbox.isolation import environment
from evaluations.sandbox.job import CannotEvaluate
from evaluations.sandbox.loading import load_model
from tests.evaluations.sandbox.conftest import LIMITS, Run, save_mlflow, save_skops

needs_bubblewrap = pytest.mark.skipif(
    not probe().is_bubblewrap, reason="bubblewrap does not work on this machine"
)
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


@needs_bubblewrap
@pytest.mark.parametrize(
    "code",
    [
        "import socket; found = socket.create_connection(('127.0.0.1', {port}), 2)",
        "found = open('{secret}').read()",
        "found = open('/etc/passwd').read()",
        "found = open('{project}').read()",
        "open('{data}', 'a').write('x'); found = 'written'",
        "open('{model}/MLmodel', 'a').write('x'); found = 'written'",
        "import os; os.kill({pid}, 0); found = 'reached'",
        "import evaluations; open(evaluations.__path__[0] + '/planted.py', 'w'); found = 'written'",
    ],
)
def test_it_reaches_nothing_outside_its_folder(run: Run, hostile: Hostile, tmp_path: Path, code: str) -> None:
    secret = tmp_path / "db.sqlite3"
    secret.write_text("the-secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        filled = code.format(
            port=server.getsockname()[1],
            secret=secret,
            project=__file__,
            data=tmp_path / "people.csv",
            model=tmp_path / "hostile",
            pid=os.getpid(),
        )
        failure = run(hostile(filled)).failure
    assert "found" not in failure and "the-secret" not in failure
    assert any(kind in failure for kind in ("Error", "ProcessLookup", "Permission", "FileNotFound")), failure


@needs_bubblewrap
def test_what_it_starts_dies_with_it(run: Run, hostile: Hostile, tmp_path: Path) -> None:
    mark = f"{os.getpid()}4711"
    code = f"import subprocess; subprocess.Popen(['/usr/bin/sleep', '{mark}'], start_new_session=True); found = 1"
    assert "found 1" in run(hostile(code)).failure
    time.sleep(0.2)
    still = subprocess.run(["/usr/bin/pgrep", "-f", f"sleep {mark}"], capture_output=True, text=True)
    assert still.stdout == ""


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
