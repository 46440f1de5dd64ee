"""Runs on more rows than are held at once: counted here, or by a real Dask cluster of two processes."""

import io
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from distributed import LocalCluster
from pytest_django.fixtures import Settings

from evaluations import tasks
from evaluations.actions import request_evaluation
from evaluations.companions import Companions
from evaluations.jobs import heartbeat
from evaluations.models import EvaluationRun, JobStatus
from evaluations.partitioned import is_partitioned
from evaluations.tasks import run_evaluation
from registry.actions import register_predictions_only, register_upload
from registry.models import Dataset, ModelVersion
from tests import builders
from tests.conftest import AT, actor_of_user

pytestmark = pytest.mark.django_db
ROWS, PARTITIONS = 1200, 6


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a scheduler with two workers, each a process of its own."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as made:
        yield str(made.scheduler_address)


@pytest.fixture
def vendor(cast: SimpleNamespace) -> ModelVersion:
    """A vendor's model, known by its predictions."""
    return register_predictions_only(
        model=builders.a_model(cast), version="1", registrant=cast.dev, actor=actor_of_user(cast.dev), at=AT
    )


@pytest.fixture
def loans(cast: SimpleNamespace) -> Dataset:
    """Six partitions of loans with a vendor's answers."""
    return a_parquet(cast, answered(7), prediction="answer", score="chance")


def answered(step: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "credit": ["good" if n % 3 else "bad" for n in range(ROWS)],
            "answer": ["good" if n % 4 else "bad" for n in range(ROWS)],
            "chance": [(n * step % 100) / 100 for n in range(ROWS)],
            "sex": ["f" if n % 2 else "m" for n in range(ROWS)],
        }
    )


def a_parquet(
    cast: SimpleNamespace, table: pd.DataFrame, name: str = "loans", parts: int = PARTITIONS, **changes: Any
) -> Dataset:
    content = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(table), content, row_group_size=len(table) // parts)
    return builders.a_dataset(
        cast, name, file=builders.a_file(content.getvalue(), "loans.parquet"), **changes
    )


def a_run(cast: SimpleNamespace, version: ModelVersion, dataset: Dataset, **more: Any) -> EvaluationRun:
    given: dict[str, Any] = {"kind": "performance", "config": {}}
    return request_evaluation(
        version=version,
        dataset=dataset,
        requester=cast.dev,
        actor=actor_of_user(cast.dev),
        at=AT,
        **(given | more),
    )


def worked(run: EvaluationRun) -> EvaluationRun:
    run_evaluation(run.pk)
    run.refresh_from_db()
    return run


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the run's page said on the way."""
    seen: list[str] = []

    def noted(job: EvaluationRun, *, step: str, **more: Any) -> bool:
        seen.append(step)
        return heartbeat(job, step=step, **more)

    monkeypatch.setattr(tasks, "heartbeat", noted)
    return seen


def overall(run: EvaluationRun) -> dict[str, Any]:
    assert run.failure == ""
    assert run.result is not None
    return {name: found["value"] for name, found in run.result["overall"].items()}


def test_above_the_stated_number_partitions_are_counted_and_the_provenance_says_so(
    cast: SimpleNamespace, vendor: ModelVersion, loans: Dataset, settings: Settings
) -> None:
    whole = overall(worked(a_run(cast, vendor, loans)))
    settings.STREAM_ROWS = ROWS - 1
    run = worked(a_run(cast, vendor, loans))
    counted = overall(run)
    assert counted["accuracy"] == whole["accuracy"]
    assert counted["roc_auc"] == pytest.approx(whole["roc_auc"], abs=1e-3)
    assert run.provenance["partitioned"] == {"above_rows": ROWS - 1, "where": "here"}
    assert run.result is not None
    assert "6 partitions" in run.result["notes"][0]


def test_a_cluster_of_two_processes_gives_the_same_figures(
    cast: SimpleNamespace,
    vendor: ModelVersion,
    loans: Dataset,
    settings: Settings,
    cluster: str,
    steps: list[str],
) -> None:
    settings.STREAM_ROWS = ROWS - 1
    here = worked(a_run(cast, vendor, loans))
    settings.DASK_SCHEDULER_ADDRESS = cluster
    there = worked(a_run(cast, vendor, loans))
    assert overall(there) == overall(here)
    assert there.result == here.result
    told = there.provenance["partitioned"]
    assert (told["where"], told["workers"], told["partitions"]) == ("cluster", 2, PARTITIONS)
    assert told["isolation"] == [there.provenance["isolation"]]
    assert "Counting on the cluster: 6 of 6 partitions" in steps


@pytest.mark.parametrize("kind", ["calibration", "stability"])
def test_every_kind_is_the_same_on_the_cluster(
    kind: str, cast: SimpleNamespace, vendor: ModelVersion, settings: Settings, cluster: str
) -> None:
    now, earlier = (
        a_parquet(cast, answered(step), name, parts=2, prediction="answer", score="chance")
        for step, name in ((7, "now"), (11, "earlier"))
    )
    settings.STREAM_ROWS = ROWS - 1
    both = kind == "stability"
    compared = Companions(earlier if both else None)
    here = worked(a_run(cast, vendor, now, kind=kind, compared=compared))
    settings.DASK_SCHEDULER_ADDRESS = cluster
    there = worked(a_run(cast, vendor, now, kind=kind, compared=compared))
    assert overall(here).keys() == overall(there).keys()
    for name, value in overall(here).items():
        assert overall(there)[name] == pytest.approx(value, rel=1e-9, abs=1e-9), name
    assert there.provenance["partitioned"]["partitions"] == (4 if both else 2)


def test_what_is_read_whole_although_it_is_large_says_why(
    cast: SimpleNamespace, vendor: ModelVersion, loans: Dataset, settings: Settings
) -> None:
    settings.STREAM_ROWS = ROWS - 1
    run = worked(a_run(cast, vendor, loans, kind="calibration", config={"binning": "rows"}))
    assert overall(run)["ece"] is not None and run.result is not None
    assert any("binning needs all rows at once" in note for note in run.result["notes"])


def test_a_model_is_run_on_the_cluster_in_the_sandbox(
    cast: SimpleNamespace, small_model: Path, settings: Settings, cluster: str
) -> None:
    folder = small_model / "model"
    files = [
        (str(path.relative_to(folder)), io.BytesIO(path.read_bytes()))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    dev = actor_of_user(cast.dev)
    version = register_upload(
        model=builders.a_model(cast), version="1", files=files, registrant=cast.dev, actor=dev, at=AT
    )
    dataset = a_parquet(cast, pd.read_csv(small_model / "loans-test.csv"), positive="1")
    whole = overall(worked(a_run(cast, version, dataset)))
    settings.STREAM_ROWS, settings.DASK_SCHEDULER_ADDRESS = 1, cluster
    run = worked(a_run(cast, version, dataset))
    counted = overall(run)
    for name in ("accuracy", "precision", "recall", "selection_rate"):
        assert counted[name] == whole[name]
    assert run.provenance["partitioned"]["where"] == "cluster"


def test_a_partition_that_cannot_be_counted_fails_the_run_with_its_reason(
    cast: SimpleNamespace, vendor: ModelVersion, settings: Settings, cluster: str
) -> None:
    table = pd.DataFrame(
        {"credit": ["good", "bad"] * 60, "answer": ["good", "bad"] * 60, "chance": [0.5] * 120}
    )
    table["sex"] = "f"
    table.loc[100, "chance"] = None
    dataset = a_parquet(cast, table, prediction="answer", score="chance")
    settings.STREAM_ROWS, settings.DASK_SCHEDULER_ADDRESS = 1, cluster
    run = worked(a_run(cast, vendor, dataset))
    assert run.status == JobStatus.FAILED
    assert "no finite number" in run.failure


def test_a_cluster_that_does_not_answer_fails_the_run(
    cast: SimpleNamespace,
    vendor: ModelVersion,
    loans: Dataset,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.STREAM_ROWS, settings.DASK_SCHEDULER_ADDRESS = 1, "tcp://127.0.0.1:9"
    run = worked(a_run(cast, vendor, loans))
    assert run.status == JobStatus.FAILED
    assert run.failure.startswith("The Dask scheduler does not answer")


@pytest.mark.parametrize(
    ("change", "is_so"),
    [
        ({}, True),
        ({"config": {"max_rows": 100}}, False),
        ({"kind": "fairness"}, True),
        ({"kind": "calibration", "config": {"bins": 5}}, True),
        ({"kind": "data_quality"}, False),
    ],
)
def test_what_is_counted_in_partitions(
    change: dict[str, Any],
    is_so: bool,
    cast: SimpleNamespace,
    vendor: ModelVersion,
    loans: Dataset,
    settings: Settings,
) -> None:
    run = a_run(cast, vendor, loans, **change)
    assert not is_partitioned(run)
    settings.STREAM_ROWS = ROWS - 1
    assert is_partitioned(run) is is_so
