"""From a version's requirements to a measured model: the environment is built from the registry, once, and used."""

import subprocess
import sys
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from pytest_django.fixtures import Settings

from audit.models import Event
from audit.verbs import Verb
from evaluations.actions import request_evaluation
from evaluations.environments.needs import needs_of
from evaluations.environments.places import drafts, folder_of
from evaluations.environments.tasks import build_environment
from evaluations.models import Environment, EvaluationRun
from evaluations.tasks import run_evaluation
from registry.about import About
from registry.actions.versions import register_upload
from registry.models import Dataset, ModelVersion
from registry.storage import materialised_dataset
from tests import builders
from tests.conftest import AT, actor_of_user

pytestmark = [pytest.mark.django_db, pytest.mark.registry]
BOOSTERS = ("xgboost-cpu>=3,<4", "lightgbm>=4,<5")
TRAIN = """
import sys
import lightgbm, numpy, pandas, xgboost
rows = pandas.read_csv(sys.argv[1])
table, truth = rows[["age", "amount"]], (rows["credit"] == "good").astype(int)
boosted = xgboost.train({"objective": "binary:logistic", "max_depth": 3}, xgboost.DMatrix(table, label=truth), 8)
boosted.save_model(sys.argv[2] + "/model.ubj")
how = {"objective": "binary", "min_data_in_leaf": 5, "verbose": -1}
light = lightgbm.train(how, lightgbm.Dataset(table, truth), 8)
light.save_model(sys.argv[2] + "/model.lgb")
for said in (boosted.predict(xgboost.DMatrix(table)), light.predict(table)):
    print(((said > 0.5) == truth).mean())
"""


def a_version(
    cast: SimpleNamespace, slug: str, name: str, content: bytes, requirements: tuple[str, ...]
) -> ModelVersion:
    return register_upload(
        model=builders.a_model(cast, slug=slug, name=slug),
        version="1",
        files=[(name, BytesIO(content))],
        registrant=cast.dev,
        actor=actor_of_user(cast.dev),
        at=AT,
        about=About(requirements=requirements),
    )


def a_run(cast: SimpleNamespace, version: ModelVersion, dataset: Dataset) -> EvaluationRun:
    return request_evaluation(
        version=version,
        dataset=dataset,
        kind="performance",
        config={},
        requester=cast.dev,
        actor=actor_of_user(cast.dev),
        at=AT,
    )


def test_boosters_are_measured_in_an_environment_that_is_built_once(
    cast: SimpleNamespace,
    dataset: Dataset,
    tmp_path: Path,
) -> None:
    waiting = a_run(cast, a_version(cast, "waiting", "model.ubj", b"{", BOOSTERS), dataset)
    run_evaluation(waiting.pk)
    waiting.refresh_from_db()
    environment = Environment.objects.get()
    assert (waiting.status, waiting.attempt, waiting.awaits) == ("queued", 0, environment)
    assert f"Waiting for the environment {environment.short} to be built" in waiting.log

    build_environment(environment.pk)
    environment.refresh_from_db()
    assert environment.state == "ready", environment.failure
    assert {"xgboost-cpu", "lightgbm", "numpy", "pandas"} <= set(environment.installed)
    assert "Resolved" in environment.log and environment.size > 1_000_000

    run_evaluation(waiting.pk)
    waiting.refresh_from_db()
    assert (waiting.status, waiting.attempt) == ("failed", 1)
    assert waiting.failure.startswith("This artifact cannot be loaded: XGBoostError")

    accuracy = trained(dataset, folder_of(environment), tmp_path)

    for name, expected in accuracy.items():
        version = a_version(
            cast, name.replace(".", "-"), name, (tmp_path / name).read_bytes(), BOOSTERS[::-1]
        )
        run = a_run(cast, version, dataset)
        run_evaluation(run.pk)
        run.refresh_from_db()
        assert run.status == "succeeded", run.failure
        assert run.result is not None
        assert run.result["overall"]["accuracy"]["value"] == pytest.approx(expected, abs=1e-9)
        assert run.provenance["environment"]["digest"] == environment.digest
        assert run.provenance["environment_packages"] == environment.installed
        assert run.provenance["sandboxed"] is True
    assert Environment.objects.count() == 1
    verbs = Event.objects.filter(subject=environment.ref).order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == [Verb.ENVIRONMENT_ASKED, Verb.ENVIRONMENT_BUILT]


def trained(dataset: Dataset, packages: Path, into: Path) -> dict[str, float]:
    """Train a model of each kind with the packages that were built; its accuracy by its file's name."""
    with materialised_dataset(dataset) as data:
        command = [sys.executable, "-S", "-c", TRAIN, str(data), str(into)]
        surroundings = {"PYTHONPATH": str(packages)}
        said = subprocess.run(command, env=surroundings, check=True, capture_output=True, text=True)
    return dict(zip(("model.ubj", "model.lgb"), map(float, said.stdout.split()), strict=True))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            "countersign-has-no-such-package==1",
            "The requirement countersign-has-no-such-package==1 cannot be met: the registry has no package "
            "countersign-has-no-such-package. Correct its name, or add it to the registry.",
        ),
        (
            "numpy==99",
            "The requirement numpy==99 cannot be met: the registry has no numpy==99. State a version that it has.",
        ),
        (
            "docopt==0.6.2",
            "The requirement docopt==0.6.2 cannot be met: docopt==0.6.2 has no wheel for Python",
        ),
        (
            "idna @ https://example.org/idna-3.7-py3-none-any.whl",
            "The requirement idna @ https://example.org/idna-3.7-py3-none-any.whl names an address.",
        ),
    ],
)
def test_what_cannot_be_installed_fails_the_run_with_the_requirement(
    cast: SimpleNamespace, dataset: Dataset, asked: str, said: str
) -> None:
    version = a_version(cast, "wants", "model.ubj", b"{", ("packaging", asked))
    run = a_run(cast, version, dataset)
    run_evaluation(run.pk)
    environment = Environment.objects.get()
    build_environment(environment.pk)
    environment.refresh_from_db()
    assert (environment.state, environment.folder, environment.passing) == ("failed", "", False)
    assert environment.failure.startswith(said)
    assert environment.requirement == asked

    run_evaluation(run.pk)
    run.refresh_from_db()
    assert run.status == "failed" and run.result is None
    assert run.failure.startswith(f"The environment of {version} could not be built. {said}")
    assert not list(drafts().iterdir())


def test_too_large_an_environment_is_given_up(
    cast: SimpleNamespace, settings: Settings, dataset: Dataset
) -> None:
    settings.ENVIRONMENT_MB = 5
    version = a_version(cast, "large", "model.ubj", b"{", ("scipy>=1.10,<1.15",))
    assert needs_of(version) is not None
    run_evaluation(a_run(cast, version, dataset).pk)
    environment = Environment.objects.get()
    build_environment(environment.pk)
    environment.refresh_from_db()
    assert environment.failure.startswith("The environment needs more than 5 MB")
