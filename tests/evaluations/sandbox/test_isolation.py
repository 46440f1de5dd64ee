"""Isolation is tried once, and what was used is said honestly."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from evaluations.sandbox import Job, probe
from evaluations.sandbox.child import last_line
from evaluations.sandbox.isolation import command, process_only
from tests.evaluations.sandbox.conftest import Run


def test_without_bubblewrap_it_runs_under_limits_and_says_so(
    run: Run, job: Job, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    inside = run(job)
    monkeypatch.setenv("PATH", str(tmp_path))
    probe.cache_clear()
    try:
        outside = run(job)
    finally:
        probe.cache_clear()
    assert outside.result == inside.result
    found = outside.outcome.provenance
    assert found["isolation"] == "process"
    assert "not closed off (bubblewrap is not installed)" in found["isolation_detail"]
    assert found["peak_memory_mb"] > 20


def test_a_bubblewrap_that_fails_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    probe.cache_clear()
    try:
        assert probe() == process_only("bubblewrap does not work here")
    finally:
        probe.cache_clear()


def test_the_parent_never_imports_what_loads_models() -> None:
    code = (
        "import sys, evaluations.sandbox\n"
        "heavy = {'numpy', 'pandas', 'sklearn', 'shap', 'fairlearn', 'skops', 'cloudpickle', 'mlflow', 'pickle'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_command_without_bubblewrap_is_this_python() -> None:
    found = command(process_only("it is not there"), folder=Path("/job"), readable=["/model"])
    assert found == [sys.executable, "-P", "-s", "-m", "evaluations.sandbox.child", "/job"]


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
