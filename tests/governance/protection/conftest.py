"""GitHub on this machine, an App of ours on it, and a rule with an environment that waits."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from pytest_django.fixtures import Settings

from governance.pipelines.models import TrustRule
from governance.protection import github as client
from governance.protection.app import GitHubApp
from governance.protection.models import Guard
from registry.about import About
from registry.models import ModelVersion
from tests import builders
from tests.governance.protection.github import APP_ID, COMMIT, PEM, SECRET, GitHub


@pytest.fixture(scope="session")
def running() -> Iterator[GitHub]:
    """One server for all."""
    made = GitHub()
    yield made
    made.stop()


@pytest.fixture
def github(running: GitHub, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> GitHub:
    """GitHub, where our App is installed; the operator allowed its address."""
    running.fresh()
    settings.CI_ALLOW = frozenset({running.url})
    settings.GITHUB_APP = GitHubApp(APP_ID, running.url, PEM, SECRET)
    monkeypatch.setattr(client, "SECONDS", 0.4)
    return running


@pytest.fixture
def version(cast: SimpleNamespace) -> ModelVersion:
    """Version 1 of credit-default, of the commit that runs, with nothing that speaks for it."""
    builders.active_policy(cast)
    return builders.a_version(cast, builders.a_model(cast), about=About(code_commit=COMMIT))


@pytest.fixture
def ready(cast: SimpleNamespace, version: ModelVersion) -> ModelVersion:
    """It lacks nothing but signatures."""
    return builders.made_ready(cast, version)


@pytest.fixture
def rule(cast: SimpleNamespace, version: ModelVersion, github: GitHub) -> TrustRule:
    """Protected branches of acme/credit may ask about credit-default in production."""
    return builders.a_trust_rule(cast, kind="github_server", issuer=f"{github.url}/_services/token")


@pytest.fixture
def guard(cast: SimpleNamespace, rule: TrustRule) -> Guard:
    """Its environment production waits."""
    return builders.a_guard(cast, rule)
