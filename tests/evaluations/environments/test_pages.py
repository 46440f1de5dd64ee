"""What people see of environments, who may have them built, and what a sweep does."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts.refusals import Conflict
from audit.models import Event
from audit.verbs import Verb
from evaluations.environments.actions import (
    TRIED_AGAIN_AFTER,
    bury_environment,
    end_build,
    rebuild_environment,
    want_environment,
)
from evaluations.environments.needs import needs_of
from evaluations.environments.places import folder_of, is_here, root
from evaluations.environments.tasks import sweep_environments
from evaluations.jobs import LOST, claim, sweep
from evaluations.models import Environment
from registry.about import About
from registry.actions.versions import register_upload
from registry.models import ModelVersion
from tests import builders
from tests.conftest import AT, actor_of_user

pytestmark = pytest.mark.django_db
ClientOf = Callable[..., Client]


@pytest.fixture
def asking(cast: SimpleNamespace) -> ModelVersion:
    """A version that wants what is not here."""
    return register_upload(
        model=builders.a_model(cast),
        version="1",
        files=[("model.ubj", BytesIO(b"{"))],
        registrant=cast.dev,
        actor=actor_of_user(cast.dev),
        at=AT,
        about=About(requirements=("numpy", "no-such-package==1")),
    )


@pytest.fixture
def environment(asking: ModelVersion) -> Environment:
    """It, asked for."""
    needs = needs_of(asking)
    assert needs is not None
    return want_environment(needs=needs, at=AT)


def page_of(version: ModelVersion, name: str = "environment") -> str:
    return reverse(f"evaluations:{name}", args=[version.model.slug, version.version])


def ended(environment: Environment, failure: str = "", *, passing: bool = False) -> Environment:
    """As a worker that claimed it leaves it."""
    claimed = claim(Environment, environment.pk, at=AT)
    assert claimed is not None
    folder = "" if failure else f"{claimed.short}-{claimed.lease_token}"
    if folder:
        (root() / folder).mkdir()
    found = {"failure": failure, "passing": passing, "requirement": "no-such-package==1" if failure else ""}
    found["installed"] = {} if failure else {"numpy": "2.0", "no_such.package": "1"}
    assert end_build(environment=claimed, folder=folder, found=found, log="12:00:00  Resolved", at=AT)
    return Environment.objects.get(pk=environment.pk)


def test_the_team_and_validators_have_it_built_and_others_do_not(
    cast: SimpleNamespace, client_of: ClientOf, asking: ModelVersion
) -> None:
    for other in (cast.aud, cast.carl):
        assert client_of(other).post(page_of(asking, "build_environment")).status_code == 403
        assert "Build now" not in client_of(other).get(page_of(asking)).content.decode()
    assert not Environment.objects.exists()
    assert "Build now" in client_of(cast.viktor).get(page_of(asking)).content.decode()
    assert client_of(cast.viktor).post(page_of(asking, "build_environment")).status_code == 302
    assert Event.objects.get(verb=Verb.ENVIRONMENT_ASKED).actor == cast.viktor.ref
    assert client_of(cast.dev).post(page_of(asking, "build_environment")).status_code == 409


def test_a_failure_is_shown_with_its_requirement_and_can_be_tried_again(
    cast: SimpleNamespace, client_of: ClientOf, asking: ModelVersion, environment: Environment
) -> None:
    ended(environment, "The requirement no-such-package==1 cannot be met: there is none.")
    for place in (page_of(asking), "/system/"):
        assert (
            "The requirement no-such-package==1 cannot be met"
            in client_of(cast.dev).get(place).content.decode()
        )
    assert "Log of the build" in client_of(cast.aud).get(page_of(asking)).content.decode()
    client_of(cast.dev).post(page_of(asking, "build_environment"))
    again = Environment.objects.get()
    assert (again.state, again.failure, again.attempt) == ("queued", "", 0)


def test_off_says_so_and_builds_nothing(
    cast: SimpleNamespace, client_of: ClientOf, asking: ModelVersion, settings: Settings
) -> None:
    settings.ENVIRONMENTS = "off"
    assert "Environments are switched off" in client_of(cast.dev).get(page_of(asking)).content.decode()
    assert client_of(cast.dev).post(page_of(asking, "build_environment")).status_code == 409
    assert not Environment.objects.exists()


def test_a_build_is_polled_until_it_has_ended(
    cast: SimpleNamespace, client_of: ClientOf, asking: ModelVersion, environment: Environment
) -> None:
    client = client_of(cast.aud)
    assert client.get(page_of(asking), headers={"HX-Request": "true"}).status_code == 200
    ended(environment)
    answer = client.get(page_of(asking), headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (286, "true")


def test_the_same_need_is_not_built_twice(asking: ModelVersion, environment: Environment) -> None:
    needs = needs_of(asking)
    assert needs is not None
    assert want_environment(needs=needs, at=AT) == ended(environment) == want_environment(needs=needs, at=AT)
    assert Event.objects.filter(verb=Verb.ENVIRONMENT_ASKED).count() == 1


@pytest.mark.parametrize(
    ("passing", "later", "state"),
    [
        (True, TRIED_AGAIN_AFTER * 2, "queued"),
        (True, TRIED_AGAIN_AFTER / 2, "failed"),
        (False, TRIED_AGAIN_AFTER * 2, "failed"),
    ],
)
def test_only_what_may_pass_is_tried_again_by_itself(
    asking: ModelVersion, environment: Environment, passing: bool, later: timedelta, state: str
) -> None:
    ended(environment, "The registry does not answer.", passing=passing)
    needs = needs_of(asking)
    assert needs is not None
    assert want_environment(needs=needs, at=AT + later).state == state


def test_a_lost_folder_is_built_again(asking: ModelVersion, environment: Environment) -> None:
    ready = ended(environment)
    folder_of(ready).rmdir()
    needs = needs_of(asking)
    assert needs is not None
    assert want_environment(needs=needs, at=AT).state == "queued"


def test_what_nobody_uses_is_removed_and_what_is_used_stays(
    asking: ModelVersion, environment: Environment, settings: Settings
) -> None:
    ready = ended(environment)
    place = folder_of(ready)
    needs = needs_of(asking)
    assert needs is not None
    month = AT + timedelta(days=settings.ENVIRONMENT_DAYS - 1)
    want_environment(needs=needs, at=month)
    sweep_environments(month + timedelta(days=2))
    assert is_here(Environment.objects.get()) and place.is_dir()
    sweep_environments(month + timedelta(days=settings.ENVIRONMENT_DAYS + 1))
    gone = Environment.objects.get()
    assert (gone.state, gone.folder) == ("removed", "")
    assert Event.objects.filter(verb=Verb.ENVIRONMENT_REMOVED).count() == 1
    assert want_environment(needs=needs, at=month).state == "queued"


def test_a_build_that_kills_its_workers_is_given_up(environment: Environment) -> None:
    late = AT
    for _ in range(3):
        assert claim(Environment, environment.pk, at=late) is not None
        late += timedelta(minutes=2)
        sweep(at=late)
    row = Environment.objects.get()
    assert (row.state, row.failure, row.passing) == ("failed", LOST, True)


def test_a_live_build_is_not_started_again(cast: SimpleNamespace, environment: Environment) -> None:
    with pytest.raises(Conflict):
        rebuild_environment(environment=environment, actor=actor_of_user(cast.dev), at=AT)
    bury_environment(environment.pk, "never claimed", AT)
    assert Environment.objects.get().state == "queued"
