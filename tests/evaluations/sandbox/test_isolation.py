"""Isolation is tried once, and what was used is said honestly."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from evaluations.sandbox import Job, ladder, probe
from evaluations.sandbox.child import last_line
from evaluations.sandbox.isolation import LANDLOCK, command
from evaluations.sandbox.walls.numbers import DENIED, NUMBERS
from evaluations.sandbox.walls.seccomp import filter_of
from tests.evaluations.sandbox.conftest import Run


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A folder that alone is searched for programs; the walls are tried anew."""
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    ladder.cache_clear()
    yield folder
    ladder.cache_clear()


def test_without_bubblewrap_landlock_stands_in_and_gives_the_same(run: Run, job: Job, tools: Path) -> None:
    first, second = ladder()
    assert not first.works and first.why == "bubblewrap is not installed." and "apt-get" in first.remedy
    assert second.works and second.isolation is LANDLOCK
    outside = run(job)
    assert outside.outcome.provenance["isolation"] == "landlock"
    assert outside.outcome.provenance["peak_memory_mb"] > 20
    assert outside.result == run(job, sandbox="off").result | {"notes": outside.result["notes"]}


def test_a_bubblewrap_that_fails_is_not_used(tools: Path) -> None:
    program = tools / "bwrap"
    program.write_text("#!/bin/sh\necho No permissions to create new namespace >&2; exit 1\n")
    program.chmod(0o755)
    assert probe() is LANDLOCK
    assert ladder()[0].why == "bubblewrap does not work here (No permissions to create new namespace)."


def test_a_bubblewrap_that_walls_nothing_off_is_not_believed(tools: Path) -> None:
    program = tools / "bwrap"
    program.write_text('#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done; shift; exec "$@"\n')
    program.chmod(0o755)
    assert "reading /etc/passwd" in ladder()[0].why and not ladder()[0].works


def test_where_no_wall_stands_nothing_runs(run: Run, job: Job, tools: Path) -> None:
    failure = run(job, sandbox="bubblewrap").failure
    assert (
        failure.startswith("No sandbox works on this machine") and "bubblewrap is not installed." in failure
    )


def test_where_no_wall_stands_the_products_own_models_run_and_say_so(run: Run, job: Job, tools: Path) -> None:
    ran = run(job, sandbox="bubblewrap", own=True)
    assert ran.outcome.provenance["isolation"] == "own model only"
    assert ran.result["notes"][0].startswith("No sandbox works on this machine.")


def test_what_is_switched_off_is_said_in_the_result(run: Run, job: Job) -> None:
    ran = run(job, sandbox="off")
    assert ran.result["notes"][0].startswith("NO SANDBOX")
    assert not ran.outcome.provenance["sandboxed"]


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_of_calls_knows_what_it_names(machine: str) -> None:
    program = filter_of(machine, 1)
    assert {"ptrace", "socket", "bpf", "io_uring_setup", "execve", "mount", "keyctl"} <= set(DENIED) & set(
        NUMBERS[machine]
    )
    assert len(program) < 4096 and program[-1][3] == 0x7FFF0000
    for place, (code, true, false, _) in enumerate(program):
        if code & 7 == 5:
            assert place + 1 + max(true, false) < len(program)


def test_a_kernel_that_has_no_filter_is_refused() -> None:
    code = (
        "import platform; platform.machine = lambda: 'riscv64'\n"
        "from evaluations.sandbox.walls import seccomp; seccomp.restrict()"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "There is no filter of system calls for riscv64." in found.stderr


def test_the_parent_never_imports_what_loads_models() -> None:
    code = (
        "import sys, evaluations.sandbox\n"
        "heavy = {'numpy', 'pandas', 'sklearn', 'shap', 'fairlearn', 'skops', 'cloudpickle', 'mlflow', 'pickle'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_command_without_bubblewrap_is_this_python() -> None:
    found = command(LANDLOCK, "child", Path("/job"), ["/model"])
    assert found == [sys.executable, "-P", "-s", "-S", "-m", "evaluations.sandbox.child", "/job"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("cannot open /var/lib/x/model.pkl: no"), "ValueError: cannot open model.pkl: no"),
        (ValueError("two\n  lines"), "ValueError: two lines"),
        (ValueError("good/bad is not 1/2"), "ValueError: good/bad is not 1/2"),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_errors_are_quoted_in_one_line_without_paths(error: Exception, said: str) -> None:
    assert last_line(error) == said


def test_data_is_read_where_it_lies(run: Run, job: Job, tmp_path: Path) -> None:
    strange = tmp_path / "a folder with spaces"
    strange.mkdir()
    moved = Path(job.data_path).rename(strange / "people — näyte.csv")
    assert run(replace(job, data_path=str(moved))).result["overall"]["accuracy"]["n"] == 200
