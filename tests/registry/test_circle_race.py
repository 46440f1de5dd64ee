"""Two changes that are harmless alone and close a circle together."""

import threading
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.db import connection

from accounts.refusals import Invalid
from registry.actions import set_dependencies
from registry.dependencies import edges_upward, routes
from registry.models import RegisteredModel
from tests.builders import a_model
from tests.conftest import AT, actor_of_user

pytestmark = [pytest.mark.django_db(transaction=True)]
ROUNDS = 8


def at_once(*jobs: Callable[[], None]) -> list[BaseException]:
    """Run each in a thread of its own, started together; what they raise."""
    barrier, failures = threading.Barrier(len(jobs)), list[BaseException]()

    def work(job: Callable[[], None]) -> None:
        try:
            barrier.wait(10)
            job()
        except BaseException as error:  # noqa: BLE001  (answered to the test)
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def test_of_changes_that_close_a_circle_together_one_is_refused(cast: SimpleNamespace) -> None:
    ring = [a_model(cast, slug) for slug in ("one", "two", "three")]

    def depend(place: int) -> Callable[[], None]:
        wanted = {ring[(place + 1) % 3].slug: ""}
        return lambda: set_dependencies(
            model=ring[place], depends_on=wanted, actor=actor_of_user(cast.olga), at=AT
        )

    for _ in range(ROUNDS):
        failures = at_once(depend(0), depend(1), depend(2))
        assert [type(failure) for failure in failures] == [Invalid]
        assert "closes a circle" in str(failures[0])
        edges = edges_upward()
        assert sum(map(len, edges.values())) == 2
        assert all(model.pk not in _reached(edges, model) for model in ring)
        for model in ring:
            set_dependencies(model=model, depends_on={}, actor=actor_of_user(cast.olga), at=AT)


def _reached(edges: dict[int, list[int]], model: RegisteredModel) -> set[int]:
    return {pk for first in edges.get(model.pk, []) for pk in (first, *routes(edges, first))}
