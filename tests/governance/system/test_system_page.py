"""The system page says what stands around models."""

from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from evaluations.models import WorkerSandbox
from evaluations.sandbox import ladder, probe
from evaluations.standing import record_walls

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client: Client, cast: SimpleNamespace) -> Client:
    client.force_login(cast.viktor)
    return client


def test_before_a_worker_started_nothing_is_claimed(page: Client) -> None:
    assert "No worker has started yet" in page.get("/system/").content.decode()


def test_it_tells_of_each_wall_whether_it_holds(page: Client) -> None:
    record_walls(at=timezone.now())
    said = page.get("/system/").content.decode()
    assert all(tried.isolation.name in said for tried in ladder())
    assert f"runs get <b>{probe().name}</b>" in said
    assert said.count("does not hold") == sum(not tried.works for tried in ladder())


def test_it_is_loud_where_the_sandbox_is_off(page: Client, settings: Settings) -> None:
    settings.SANDBOX = "off"
    record_walls(at=timezone.now())
    assert "The sandbox is switched off" in page.get("/system/").content.decode()


def test_it_says_what_to_install_where_nothing_works(page: Client) -> None:
    wall = {
        "name": "landlock",
        "detail": "",
        "works": False,
        "why": "No Landlock.",
        "remedy": "Use Linux 5.13.",
    }
    WorkerSandbox.objects.create(
        machine="mac", setting="auto", used="none", tried=[wall], tried_at=timezone.now()
    )
    said = page.get("/system/").content.decode()
    assert "Only the demo" in said and "Use Linux 5.13." in said
