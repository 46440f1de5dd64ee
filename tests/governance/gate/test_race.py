"""The gate against evidence that changes at the same moment: no allow is recorded after the change that undoes it."""

import random
import threading
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.actions import grant_role, revoke_role
from accounts.models import Role
from audit.actor import Actor
from audit.models import Event
from registry.actions.locking import locked_version
from registry.models import ModelVersion
from riskreview.judgement import judge_version
from riskreview.models import Review
from riskreview.reviews.withdrawing import withdraw
from tests import builders
from tests.conftest import AT, actor_of_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
ROUNDS = 25
ASKERS = 8  # two hundred trials
LATEST_CHANGE_SECONDS = 0.1
OPERATOR = Actor.system("operator")
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
    """Both write their event while they hold the version's row or the common ground, so the order of the events is
    that of the locks."""
    clients = [api("gate") for _ in range(ASKERS)]
    review = version.reviews.get()

    def ask(client: Client) -> None:
        answer = client.post("/api/v1/gate/decisions", QUESTION, content_type="application/json")
        assert answer.status_code == 200, answer.content

    def change(number: int) -> None:
        time.sleep(LATEST_CHANGE_SECONDS * number / ROUNDS)  # before, during and after the askers
        CHANGES[number % len(CHANGES)](cast, review, number)

    outcomes, wrong = set[str](), list[Event]()
    for number in range(ROUNDS):
        grant_role(user=cast.viktor, role=Role.VALIDATOR, granter=None, actor=OPERATOR, at=AT)
        for person, role in ((cast.viktor, "validator"), (cast.ada, "risk_officer")):
            builders.a_signature(review, person, role, rationale=f"Round {number}: I read it all and agree.")
        jobs: list[Callable[[], None]] = [partial(ask, client) for client in clients]
        jobs.insert(number % len(jobs), partial(change, number))
        random.Random(number).shuffle(jobs)
        at_once(jobs)
        changed = Event.objects.filter(verb__in=VERBS).latest("id")
        asked = Event.objects.filter(verb__startswith="gate.").order_by("-id")[:ASKERS]
        outcomes |= {event.verb for event in asked}
        wrong += [event for event in asked if event.verb == "gate.allowed" and event.id > changed.id]
        assert not judge_version(version, "production", at=AT).allows
    assert wrong == []
    assert outcomes == {"gate.allowed", "gate.denied"}  # else there was no race to win


def _card_changes(cast: SimpleNamespace, review: Review, number: int) -> None:
    builders.a_card(cast, review.version, caveats=f"Caveat number {number}, which nobody has signed.")


def _signature_is_withdrawn(cast: SimpleNamespace, review: Review, number: int) -> None:
    signoff = review.signoffs.filter(role="risk_officer").latest("pk")
    reason = f"Number {number}: I read the wrong table."
    withdraw(signoff=signoff, reason=reason, user=cast.ada, actor=actor_of_user(cast.ada), at=AT)


def _role_is_revoked(cast: SimpleNamespace, review: Review, number: int) -> None:
    revoke_role(user=cast.viktor, role=Role.VALIDATOR, actor=OPERATOR, at=AT)


CHANGES = (_card_changes, _signature_is_withdrawn, _role_is_revoked)
VERBS = ("card.revised", "signoff.withdrawn", "role.revoked")


def test_a_decision_is_not_older_than_the_change_that_it_waited_for(
    cast: SimpleNamespace, version: ModelVersion, api: Callable[..., Client]
) -> None:
    client, held, moments = api("gate"), threading.Event(), list[datetime]()

    def change() -> None:
        with transaction.atomic():
            locked_version(version)
            held.set()
            time.sleep(0.5)
            moments.append(timezone.now())  # as an action that signs would call it

    def ask() -> None:
        assert held.wait(10)
        assert (
            client.post("/api/v1/gate/decisions", QUESTION, content_type="application/json").status_code
            == 200
        )

    client.post(
        "/api/v1/gate/decisions", QUESTION, content_type="application/json"
    )  # the key's use is noted now
    at_once([change, ask])
    assert version.decisions.order_by("pk").latest("decided_at").decided_at >= moments[0]
