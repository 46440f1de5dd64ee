"""What a run compares with: chosen, completed from lineage and deployments, fixed by digests, checked before use."""

import io
from pathlib import Path
from types import SimpleNamespace

import pytest

from accounts.refusals import Invalid
from evaluations.actions import request_evaluation, result_digest
from evaluations.companions import NOTHING, Companions, champion_of, companions_for
from evaluations.kinds import Rules
from evaluations.models import EvaluationRun
from evaluations.sandbox import Job
from evaluations.tasks import Places, _job, run_evaluation
from registry.actions import register_predictions_only, register_upload
from registry.models import Dataset, Deployment, ModelVersion
from tests import builders
from tests.conftest import AT, actor_of_user

pytestmark = pytest.mark.django_db
NEEDS, MAY, NEITHER = Rules(reference=True), Rules(may_reference=True), Rules()
AGAINST = Rules(against=True)


def compared(
    version: ModelVersion, dataset: Dataset, rules: Rules, asked: Companions = NOTHING
) -> Companions:
    return companions_for(version, dataset, "performance", rules, asked)


@pytest.fixture
def training(cast: SimpleNamespace) -> Dataset:
    return builders.a_dataset(cast, "loans-training", role="training")


@pytest.mark.parametrize("rules", [NEEDS, MAY])
def test_what_the_version_was_trained_on_is_compared_with(
    rules: Rules, version: ModelVersion, dataset: Dataset, training: Dataset
) -> None:
    version.trained_on = training
    assert compared(version, dataset, rules) == Companions(reference=training)


def test_a_kind_that_compares_with_nothing_takes_nothing(
    version: ModelVersion, dataset: Dataset, training: Dataset
) -> None:
    version.trained_on = training
    assert compared(version, dataset, NEITHER) == NOTHING
    with pytest.raises(Invalid, match="no second data set"):
        compared(version, dataset, NEITHER, Companions(reference=training))
    with pytest.raises(Invalid, match="no other version"):
        compared(version, dataset, NEITHER, Companions(against=version))


def test_without_lineage_the_second_data_set_must_be_named(
    version: ModelVersion, dataset: Dataset, training: Dataset
) -> None:
    with pytest.raises(Invalid, match="does not say what it was trained on"):
        compared(version, dataset, NEEDS)
    assert compared(version, dataset, MAY) == NOTHING
    assert compared(version, dataset, NEEDS, Companions(reference=training)).reference == training


def test_a_data_set_is_not_compared_with_itself(version: ModelVersion, dataset: Dataset) -> None:
    version.trained_on = dataset
    assert compared(version, dataset, MAY) == NOTHING
    with pytest.raises(Invalid, match="was trained on"):
        compared(version, dataset, NEEDS)
    with pytest.raises(Invalid, match="with itself"):
        compared(version, dataset, NEEDS, Companions(reference=dataset))


def test_the_version_before_is_compared_with_until_one_runs(
    cast: SimpleNamespace, version: ModelVersion
) -> None:
    second, third = (builders.a_version(cast, version.model, name) for name in ("2", "3"))
    assert champion_of(version) is None
    assert champion_of(third) == second
    for environment, running in (("staging", second), ("production", version)):
        Deployment.objects.create(
            version=running, environment=environment, reported_by="user:dev", deployed_at=AT
        )
    assert champion_of(third) == version
    assert champion_of(version) == second
    Deployment.objects.filter(version=version).update(ended_at=AT)
    assert champion_of(third) == second


def test_a_version_that_is_not_held_here_is_never_run(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset
) -> None:
    vendor = register_predictions_only(
        model=version.model, version="9", registrant=cast.dev, actor=actor_of_user(cast.dev), at=AT
    )
    newest = builders.a_version(cast, version.model, "10")
    assert champion_of(newest) == version
    with pytest.raises(Invalid, match="only by its predictions"):
        compared(newest, dataset, AGAINST, Companions(against=vendor))


def test_only_another_version_of_the_same_model_is_compared_with(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset
) -> None:
    stranger = builders.a_version(cast, builders.a_model(cast, "other"))
    with pytest.raises(Invalid, match="another model"):
        compared(version, dataset, AGAINST, Companions(against=stranger))
    with pytest.raises(Invalid, match="not compared with itself"):
        compared(version, dataset, AGAINST, Companions(against=version))


def with_companions(run: EvaluationRun, reference: Dataset, against: ModelVersion) -> EvaluationRun:
    run.reference, run.reference_digest = reference, reference.digest
    run.against, run.against_digest = against, against.artifact_digest
    run.save()
    return run


def test_the_sandbox_gets_both(
    cast: SimpleNamespace, run: EvaluationRun, training: Dataset, tmp_path: Path
) -> None:
    second = builders.a_version(cast, run.version.model, "2")
    names = ("model", "data", "reference", "against")
    places = Places(*(tmp_path / name for name in names))
    job: Job = _job(with_companions(run, training, second), places)
    assert (job.reference_path, job.against_path) == (str(places.reference), str(places.against))
    assert job.readable == tuple(str(tmp_path / name) for name in names)


def test_what_was_compared_with_is_part_of_the_result(
    cast: SimpleNamespace, run: EvaluationRun, training: Dataset
) -> None:
    alone = result_digest(run, {"overall": {}})
    second = builders.a_version(cast, run.version.model, "2")
    assert result_digest(with_companions(run, training, second), {"overall": {}}) != alone


def a_real_version(cast: SimpleNamespace, folder: Path) -> ModelVersion:
    files = [
        (str(path.relative_to(folder)), io.BytesIO(path.read_bytes()))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    dev = actor_of_user(cast.dev)
    model = builders.a_model(cast)
    return register_upload(model=model, version="1", files=files, registrant=cast.dev, actor=dev, at=AT)


CHANGED = ["artifact_digest", "dataset_digest", "reference_digest", "against_digest"]


@pytest.mark.parametrize("field", [None, *CHANGED])
def test_every_digest_is_looked_at_again_before_anything_runs(
    field: str | None, cast: SimpleNamespace, small_model: Path, training: Dataset
) -> None:
    version = a_real_version(cast, small_model / "model")
    loans = builders.a_file((small_model / "loans-test.csv").read_bytes(), "loans.csv")
    asked = request_evaluation(
        version=version,
        dataset=builders.a_dataset(cast, "loans-test", file=loans, positive="1"),
        kind="performance",
        config={},
        requester=cast.dev,
        actor=actor_of_user(cast.dev),
        at=AT,
    )
    run = with_companions(asked, training, builders.a_version(cast, version.model, "2"))
    if field:
        EvaluationRun.objects.filter(pk=run.pk).update(**{field: "sha256:" + "0" * 64})
    run_evaluation(run.pk)
    run.refresh_from_db()
    if field is None:
        assert run.status == "succeeded", run.failure
        assert "  Predicting\n" in run.log
        assert set(run.provenance["digests"]) == {"artifact", "dataset", "reference", "against"}
        assert run.provenance["settings"]["seed"] == run.provenance["seed"]
    else:
        assert run.status == "failed"
        assert "another digest than when this run was asked for" in run.failure
