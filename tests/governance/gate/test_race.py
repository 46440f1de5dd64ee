"""The gate against evidence that changes at the same moment: no allow is recorded after the change that undoes it."""

import random
import threading
import time
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client

from audit.models import Event
from registry.models import ModelVersion
from riskreview.judgement import judge_version
from tests import builders
from tests.conftest import AT

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
ROUNDS = 20
ASKERS = 3
LATEST_CHANGE_SECONDS = 0.1
QUESTION = {"model": "credit-default", "version": "1", "environment": "production"}


@pytest.fixture
def version(cast: SimpleNamespace) -> ModelVersion:
    """Ready for production but for two signatures."""
    builders.active_policy(cast)
    return builders.ready_to_sign(cast)


def at_once(jobs: list[Callable[[], None]]) -> None:
    """Run each in a thread of its own, started together. Raises what they raise."""
    barrier, failures = threading.Barrier(len(jobs)), list[BaseException]()

    def work(job: Callable[[], None]) -> None:
        try:
            barrier.wait(10)
            job()
        except BaseException as error:  # noqa: BLE001  (raised again below, in the test's own thread)
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for failure in failures:
        raise failure


def test_no_allow_is_recorded_after_the_change_that_undoes_it(
    cast: SimpleNamespace, version: ModelVersion, api: Callable[..., Client]
) -> None:
    """Both write their event while they hold the version's row, so the order of the events is that of the locks."""
    clients = [api("gate") for _ in range(ASKERS)]
    review = version.reviews.get()

    def ask(client: Client) -> None:
        answer = client.post("/api/v1/gate/decisions", QUESTION, content_type="application/json")
        assert answer.status_code == 200, answer.content

    def change(number: int) -> None:
        time.sleep(LATEST_CHANGE_SECONDS * number / ROUNDS)  # before, during and after the askers
        builders.a_card(cast, version, caveats=f"Caveat number {number}, which nobody has signed.")

    outcomes, wrong = set[str](), list[Event]()
    for number in range(ROUNDS):
        builders.a_signature(review, cast.viktor, "validator")
        builders.a_signature(review, cast.ada, "risk_officer")
        jobs: list[Callable[[], None]] = [partial(ask, client) for client in clients]
        jobs.insert(number % len(jobs), partial(change, number))
        random.Random(number).shuffle(jobs)
        at_once(jobs)
        changed = Event.objects.filter(verb="card.revised").latest("id")
        asked = Event.objects.filter(verb__startswith="gate.").order_by("-id")[:ASKERS]
        outcomes |= {event.verb for event in asked}
        wrong += [event for event in asked if event.verb == "gate.allowed" and event.id > changed.id]
        assert not judge_version(version, "production", at=AT).allows
    assert wrong == []
    assert outcomes == {"gate.allowed", "gate.denied"}  # else there was no race to win
