"""The security evaluation, in a real child process."""

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from evaluations.sandbox import Job
from policy.metrics.security import METRICS
from tests.evaluations.sandbox.conftest import Run
from tests.evaluations.sandbox.scan.hostile import touching


@pytest.fixture
def scanned(job: Job) -> Job:
    """The job, as a scan of the artifact."""
    return replace(job, kind="security")


def test_a_skops_model_has_no_danger_and_lacks_requirements(run: Run, scanned: Job) -> None:
    result = run(scanned).result
    assert result["overall"].keys() == METRICS.keys()
    assert result["overall"]["scan_dangers"]["value"] == 0
    assert result["overall"]["scan_understood_share"]["value"] == 1
    assert [check["id"] for check in result["checks"] if not check["passed"]] == ["scan.requirements"]
    assert "never permission" in " ".join(result["notes"])


def test_a_hostile_pickle_is_told_by_both_scanners_and_not_run(
    run: Run, scanned: Job, tmp_path: Path
) -> None:
    folder, mark = tmp_path / "hostile", tmp_path / "mark"
    folder.mkdir()
    (folder / "model.pkl").write_bytes(pickle.dumps(touching(mark)))
    (folder / "requirements.txt").write_text("numpy\n")
    ran = run(replace(scanned, model_path=str(folder)))
    found = ran.result["overall"]
    assert found["scan_dangers"]["value"] == 1 and found["scan_second_opinion"]["value"] == 1
    assert found["requirements_unpinned"]["value"] == 1
    failed = {check["id"]: check for check in ran.result["checks"] if check["passed"] is False}
    assert failed["scan.dangerous_name"]["about"] == "model.pkl"
    assert "posix.system" in failed["scan.dangerous_name"]["said"]
    assert not mark.exists()
    assert "format" not in ran.outcome.provenance  # nothing was loaded


def test_a_file_that_nobody_understands_fails_a_check(run: Run, scanned: Job, tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "model.xyz").write_bytes(bytes(range(256)))
    result = run(replace(scanned, model_path=str(tmp_path / "odd"))).result
    assert result["overall"]["scan_not_understood"]["value"] == 1
    assert any(check["id"] == "scan.not_understood" and not check["passed"] for check in result["checks"])


def test_without_files_there_is_nothing_to_scan(run: Run, scanned: Job) -> None:
    assert "no files" in run(replace(scanned, model_path=None)).failure
