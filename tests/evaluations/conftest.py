"""A version and a data set that can be measured."""

from types import SimpleNamespace

import pytest

from evaluations.actions import request_evaluation
from evaluations.models import EvaluationRun
from registry.models import Dataset, ModelVersion
from tests import builders
from tests.conftest import AT, actor_of_user


@pytest.fixture
def version(cast: SimpleNamespace) -> ModelVersion:
    """The first version of Olga's credit model. Its file is no real model."""
    return builders.a_version(cast, builders.a_model(cast))


@pytest.fixture
def dataset(cast: SimpleNamespace) -> Dataset:
    """Sixty loans of Viktor's."""
    return builders.a_dataset(cast)


@pytest.fixture
def run(cast: SimpleNamespace, version: ModelVersion, dataset: Dataset) -> EvaluationRun:
    """A measurement that Dev asked for and nobody has begun."""
    return request_evaluation(
        version=version,
        dataset=dataset,
        kind="performance",
        config={},
        requester=cast.dev,
        actor=actor_of_user(cast.dev),
        at=AT,
    )
