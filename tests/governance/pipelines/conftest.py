"""An issuer that runs, and a rule that trusts it."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from pytest_django.fixtures import Settings

from governance.pipelines.models import TrustRule
from tests import builders
from tests.governance.pipelines.issuer import AUDIENCE, Issuer


@pytest.fixture(scope="session")
def running() -> Iterator[Issuer]:
    """One server for all."""
    issuer = Issuer()
    yield issuer
    issuer.close()


@pytest.fixture
def issuer(running: Issuer, settings: Settings) -> Issuer:
    """An issuer on this machine, which the operator allowed."""
    running.fresh()
    settings.CI_ALLOW = frozenset({running.url})
    settings.CI_AUDIENCE = AUDIENCE
    return running


@pytest.fixture
def rule(cast: SimpleNamespace, issuer: Issuer) -> TrustRule:
    """Protected branches of acme/credit may ask about credit-default in production."""
    builders.a_model(cast)
    return builders.a_trust_rule(cast, kind="github_server", issuer=issuer.url)
