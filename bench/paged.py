"""`python -m bench.paged`: every page of the door table in the database of DATABASE_URL, filled and measured."""

import os
import statistics
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from audit.checkpoints import make_checkpoint  # noqa: E402
from audit.models import Event  # noqa: E402
from audit.sequencer import sequence_pending  # noqa: E402
from bench.portfolio import fill, fill_trail, make  # noqa: E402
from registry.models import ModelVersion  # noqa: E402
from tests import builders  # noqa: E402
from tests.doors import PAGES, Door  # noqa: E402

MODELS, EVENTS = (
    int(os.environ.get(name, many)) for name, many in (("MODELS", "10000"), ("EVENTS", "1000000"))
)
ROUNDS, LIMIT_MS = int(os.environ.get("ROUNDS", "15")), 100.0
SEE_MOST = ("ada", "dev", "adam", "carl", "viktor", "olga")
FILES = ("/file/", "/bundle/", "/pdf/", "/export/", "/export/json/", ".csv", "/source/", "model.skops")
"""Files are made by workers, or streamed whatever they weigh; they are no pages."""
OTHERS = [
    "/models/?q=fraud+9",
    "/models/?sort=-model&page=20",
    "/audit/?q=credit",
    "/audit/?who=Person+7",
    "/search/?q=fraud",
]
"""Addresses more that people ask of large lists."""


@dataclass(frozen=True)
class Measured:
    """A page's times in milliseconds, and how many statements it sent to the database.

    `work` is the processor's time of this process alone, which says most where the machine is busy with other things.
    """

    address: str
    times: list[float]
    work: list[float]
    statements: int

    @property
    def median(self) -> float:
        """Half of the calls were faster."""
        return statistics.median(self.times)

    @property
    def p95(self) -> float:
        """All but one of twenty were faster."""
        return statistics.quantiles(self.times, n=20)[-1]


def main() -> int:
    """Fill, measure, print the table, judge it."""
    settings.ALLOWED_HOSTS = ["testserver"]
    make()
    names = world()
    fill(MODELS)
    fill_trail(EVENTS)
    while sequence_pending():
        pass
    make_checkpoint(timezone.now())
    clients = {name: client_of(name) for name in SEE_MOST}
    found, left = [], []
    for address, person in addresses(names):
        if "{" in address:
            left.append(address)
            continue
        found.append(measure(clients[person], address))
    title = f"{MODELS:,} models, {MODELS * 10:,} versions, {EVENTS:,} events"
    print(f"{title:<72}{'median':>8}{'p95':>8}{'CPU':>8}{'SQL':>6}")
    for row in sorted(found, key=lambda row: -row.median):
        print(
            f"{row.address:<72}{row.median:>8.1f}{row.p95:>8.1f}{statistics.median(row.work):>8.1f}{row.statements:>6}"
        )
    slow = [row for row in found if row.median > LIMIT_MS]
    if left:
        print(f"not measured, because the portfolio has none: {', '.join(left)}")
    print(f"{len(found)} pages, {len(slow)} over {LIMIT_MS:g} ms")
    print("MISSED" if slow else "met")
    return int(bool(slow))


def world() -> Mapping[str, str]:
    """What the addresses call by name, of the portfolio's first model that nobody signed yet."""
    cast = SimpleNamespace(**{user.username: user for user in User.objects.all()})
    version = ModelVersion.objects.select_related("model").get(model__slug="model-1")
    decision = builders.a_decision(cast, version)
    runs = {run.kind: run for run in version.evaluations.all()}
    return {
        "run": str(runs["fairness"].pk),
        "explained": str(runs["explainability"].pk),
        "review": str(version.reviews.get().pk),
        "finding": str(builders.a_finding(cast, version).pk),
        "risk": str(version.model.risks.order_by("pk")[0].pk),
        "decision": str(decision.pk),
        "assessment": str(version.model.tier_assessments.get().pk),
        "event": str(Event.objects.order_by("pk")[0].pk),
        "field": builders.a_field(cast).key,
        "pipeline": builders.a_trust_rule(cast, models=("model-1",)).name,
        "questionnaire": str(builders.a_questionnaire(cast).version),
    }


def addresses(names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Each page with who looks at it; a name that the portfolio lacks stays in braces."""
    pages: list[Door] = [door for door in PAGES if door.passed == 200 and not door.path.endswith(FILES)]
    known = _Known(names)
    found = [
        (
            door.path.replace("credit-default", "model-1").format_map(known),
            next(name for name in SEE_MOST if name in door.who),
        )
        for door in pages
        if not door.path.startswith("/mlflow/research")
    ]
    return found + [(address, "ada") for address in OTHERS]


class _Known(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"


def client_of(username: str) -> Client:
    """A browser in which this person is logged in."""
    client = Client()
    client.force_login(User.objects.get(username=username))
    return client


def measure(client: Client, address: str) -> Measured:
    """Open the page once to warm up, then as often as it counts."""
    statements = 0

    def count(execute: Any, *given: Any) -> Any:
        nonlocal statements
        statements += 1
        return execute(*given)

    with connection.execute_wrapper(count):
        _open(client, address)
    times, work = [], []
    for _ in range(ROUNDS):
        began, worked = time.perf_counter(), time.process_time()
        _open(client, address)
        times.append((time.perf_counter() - began) * 1000)
        work.append((time.process_time() - worked) * 1000)
    return Measured(address, times, work, statements)


def _open(client: Client, address: str) -> None:
    answer = client.get(address)
    if answer.status_code != 200:
        raise SystemExit(f"{address} answers {answer.status_code}")


if __name__ == "__main__":
    sys.exit(main())
