"""A version that production waits to sign."""

from types import SimpleNamespace

import pytest

from registry.models import ModelVersion
from tests import builders


@pytest.fixture
def version(cast: SimpleNamespace) -> ModelVersion:
    """Of high tier; lacks nothing but two signatures. Dev submitted it."""
    builders.active_policy(cast)
    return builders.ready_to_sign(cast)


@pytest.fixture
def signed(cast: SimpleNamespace, version: ModelVersion) -> ModelVersion:
    """Signed by the validator and the risk officer."""
    review = version.reviews.get()
    builders.a_signature(review, cast.viktor, "validator")
    builders.a_signature(review, cast.ada, "risk_officer")
    return version
