"""Webhooks: signed so that the standard's own library takes them, repeated under one identifier, never sent inside."""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings
from standardwebhooks import Webhook

from accounts.models import Notice, User
from audit.actions import record
from audit.actor import Actor
from audit.agreement import compare_rows
from audit.models import Event
from audit.sequencer import sequence_pending
from audit.verbs import Verb
from governance.siem import posting
from governance.webhooks import delivering
from governance.webhooks.actions import change_secret
from governance.webhooks.delivering import LONGEST_FAILING, WAITS, deliver_next, forget_old
from governance.webhooks.models import Delivery, Endpoint
from governance.webhooks.queueing import queue_events
from governance.webhooks.signing import secret_of, signature
from tests import builders
from tests.conftest import actor_of_user
from tests.governance.webhooks.receiver import Receiver

pytestmark = pytest.mark.django_db
CI = Actor("key:ci", "CI", "api key")
HOUR = timedelta(hours=1)


@pytest.fixture
def now() -> datetime:
    """The library takes nothing older than five minutes."""
    return timezone.now()


@pytest.fixture
def receiver(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    made = Receiver()
    settings.WEBHOOKS_ALLOW = frozenset({made.origin})
    monkeypatch.setattr(delivering, "SECONDS", 0.3)
    yield made
    made.stop()


@pytest.fixture
def endpoint(cast: SimpleNamespace, receiver: Receiver) -> Endpoint:
    sequence_pending()
    return builders.an_endpoint(cast, url=receiver.url)


@pytest.fixture
def adam(cast: SimpleNamespace, client_of: Callable[[User], Client]) -> Client:
    return client_of(cast.adam)


def happen(at: datetime, *verbs: Verb) -> None:
    """Each verb once, on the record and in the log; messages are made."""
    with transaction.atomic():
        for verb in verbs:
            detail = {"unmet": ["signoff.validator"], "why": "<b>&"}
            record(verb, subject="model:credit-default/version:3", actor=CI, at=at, detail=detail)
    sequence_pending()
    queue_events(at)


def deliver_all(at: datetime) -> int:
    count = 0
    while deliver_next(at):
        count += 1
    return count


def test_signatures_are_those_of_the_standard() -> None:
    """The vector of the standard's own libraries."""
    made = signature(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "1614265330",
        b'{"test": 2432232314}',
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    )
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_was_chosen_is_told_once_and_in_order(
    endpoint: Endpoint, receiver: Receiver, now: datetime
) -> None:
    happen(now, Verb.GATE_DENIED, Verb.GATE_ALLOWED, Verb.GATE_DENIED)
    assert queue_events(now) == 0
    assert deliver_all(now) == 2 and not deliver_next(now)
    first, second = receiver.received
    told = Webhook(secret_of(endpoint, 1)).verify(first.body, dict(first.headers))
    assert told["type"] == "gate.denied"
    assert told["data"]["subject"] == "model:credit-default/version:3"
    assert told["data"]["summary"].startswith("Gate denied: credit-default v3. unmet: signoff.validator")
    assert told["data"]["detail"]["why"] == "<b>&"
    assert first.headers["webhook-id"] != second.headers["webhook-id"]
    assert told["data"]["seq"] < json.loads(second.body)["data"]["seq"]
    assert [row.text for row in compare_rows().told if row.row.startswith("webhooks.")] == []


def test_what_fails_is_tried_again_with_the_same_identifier_and_longer_pauses(
    endpoint: Endpoint, receiver: Receiver, now: datetime, adam: Client
) -> None:
    receiver.plan = [500, 302, 0, 404, 500]
    happen(now, Verb.GATE_DENIED)
    at, waits = now, list[timedelta]()
    for _ in range(5):
        assert deliver_next(at)
        row = Delivery.objects.get()
        waits.append(row.try_at - at)
        assert not deliver_next(row.try_at - timedelta(seconds=1))
        at = row.try_at
    assert all(0.8 * plan <= wait <= 1.2 * plan for wait, plan in zip(waits, WAITS, strict=False))
    assert deliver_next(at) and not deliver_next(at + HOUR)
    row.refresh_from_db()
    assert (row.state, row.tries, len(receiver.received)) == ("delivered", 6, 6)
    assert len({(one.headers["webhook-id"], one.body) for one in receiver.received}) == 1
    problems = [one.problem for one in row.attempts.order_by("pk")]
    assert "500" in problems[0] and "302" in problems[1] and "did not confirm within" in problems[2]
    assert problems[5] == ""
    page = adam.get(f"/webhooks/channel/messages/{row.pk}/").content.decode()
    assert "It answered 404" in page and row.message_id in page
    assert adam.post(f"/webhooks/channel/messages/{row.pk}/again/").status_code == 302
    assert deliver_next(timezone.now() + HOUR)
    assert receiver.received[-1].headers["webhook-id"] == row.message_id
    assert forget_old(now + timedelta(days=60)) > 0 and not Delivery.objects.exists()


def test_who_is_gone_or_fails_too_long_is_switched_off_and_administrators_hear_of_it(
    cast: SimpleNamespace, endpoint: Endpoint, receiver: Receiver, now: datetime, adam: Client
) -> None:
    receiver.plan = [410]
    happen(now, Verb.GATE_DENIED)
    assert deliver_all(now) == 1
    endpoint.refresh_from_db()
    assert endpoint.off_at == now and "410" in endpoint.off_reason
    assert Notice.objects.filter(person=cast.adam, kind="webhook.off").count() == 1
    happen(now, Verb.GATE_DENIED)  # nobody is told while it is off, nor afterwards
    adam.post("/webhooks/channel/switch/", {"do": "on"})
    assert queue_events(now) == 0 and Delivery.objects.count() == 1
    receiver.plan = [500] * 20
    happen(now, Verb.GATE_DENIED)
    at, tries = now, 0
    while Endpoint.objects.filter(off_at=None).exists():
        assert deliver_next(at)
        at, tries = at + timedelta(hours=30), tries + 1
    assert tries * timedelta(hours=30) >= LONGEST_FAILING
    verbs = list(
        Event.objects.filter(subject="webhook:channel").order_by("id").values_list("verb", flat=True)
    )
    assert verbs == [
        *("webhook.added", "webhook.switched_off", "webhook.switched_on", "webhook.switched_off")
    ]


def test_a_message_is_given_up_after_its_last_wait_and_sent_again_by_hand(
    endpoint: Endpoint, receiver: Receiver, now: datetime
) -> None:
    happen(now, Verb.GATE_DENIED)
    Delivery.objects.update(tries=len(WAITS))
    receiver.plan = [500]
    assert deliver_all(now) == 1
    assert Delivery.objects.get().state == "given_up"


def test_a_new_secret_and_the_one_before_both_sign_for_a_day(
    cast: SimpleNamespace, endpoint: Endpoint, receiver: Receiver, now: datetime
) -> None:
    old = secret_of(endpoint, 1)
    changed = change_secret(endpoint=endpoint, actor=actor_of_user(cast.adam), at=now - timedelta(hours=23))
    new = secret_of(changed, 2)
    assert len(base64.b64decode(new.removeprefix("whsec_"))) == 32 and new != old
    happen(now, Verb.GATE_DENIED)
    deliver_all(now)
    for secret in (old, new):
        Webhook(secret).verify(receiver.received[0].body, dict(receiver.received[0].headers))
    happen(now, Verb.GATE_DENIED)
    deliver_all(now + 2 * HOUR)
    assert len(receiver.received[1].headers["webhook-signature"].split()) == 1


def test_it_never_goes_inside_unless_an_operator_listed_the_place(
    cast: SimpleNamespace, receiver: Receiver, settings: Settings, now: datetime, adam: Client
) -> None:
    settings.WEBHOOKS_ALLOW = frozenset()
    given = {"name": "inside", "form": "standard", "happenings": ["gate.denied"], "url": receiver.url}
    refused = adam.post("/webhooks/new/", given)
    assert refused.status_code == 400 and "must begin with https://" in refused.content.decode()
    for name, url in (("loop", "https://127.0.0.1:1/"), ("cloud", "https://169.254.169.254/latest")):
        builders.an_endpoint(cast, name, url)
    sequence_pending()
    happen(now, Verb.GATE_DENIED)
    assert deliver_all(now) == 2
    problems = [row.attempts.get().problem for row in Delivery.objects.all()]
    assert all("where Countersign does not go" in problem for problem in problems)
    assert receiver.received == []


def test_only_one_worker_sends_a_message(
    endpoint: Endpoint, receiver: Receiver, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    happen(now, Verb.GATE_DENIED)
    seen = list[bool]()
    genuine = posting.posted

    def meanwhile(*args: Any, **kwargs: Any) -> Any:
        seen.append(deliver_next(now))  # another worker, at the same time
        return genuine(*args, **kwargs)

    monkeypatch.setattr(delivering, "posted", meanwhile)
    assert deliver_next(now)
    assert seen == [False] and len(receiver.received) == 1


def test_chat_tools_get_a_line_that_they_can_show(
    cast: SimpleNamespace, endpoint: Endpoint, receiver: Receiver, now: datetime
) -> None:
    builders.an_endpoint(cast, "slack", receiver.url, form="slack", happenings=["finding.raised"])
    builders.an_endpoint(cast, "teams", receiver.url, form="teams", happenings=["finding.raised"])
    sequence_pending()
    with transaction.atomic():
        detail = {"title": "Ratio <0.8 & falling"}
        record(Verb.FINDING_RAISED, subject="model:credit-default/finding:7", actor=CI, at=now, detail=detail)
    sequence_pending()
    queue_events(now)
    deliver_all(now)
    bodies = [json.loads(one.body) for one in receiver.received]
    slack = next(body["text"] for body in bodies if "text" in body)
    assert slack.startswith("*Finding raised*: credit-default, finding 7. Ratio &lt;0.8 &amp; falling\n<http")
    card = next(body["attachments"][0]["content"] for body in bodies if "attachments" in body)
    assert card["body"][1]["text"] == "credit-default, finding 7. Ratio <0.8 & falling"
    assert card["actions"][0]["url"].endswith("/findings/7/")


def test_an_administrator_adds_tries_and_changes_an_endpoint(
    receiver: Receiver, cast: SimpleNamespace, adam: Client
) -> None:
    given = {"name": "channel", "form": "standard", "happenings": ["gate.denied"], "url": receiver.url}
    page = adam.post("/webhooks/new/", given).content.decode()
    secret = secret_of(Endpoint.objects.get(), 1)
    assert secret in page and secret not in adam.get("/webhooks/channel/").content.decode()
    assert adam.post("/webhooks/new/", given).status_code == 409
    assert (
        adam.post("/webhooks/new/", given | {"name": "b", "happenings": ["audit.exported"]}).status_code
        == 400
    )
    adam.post("/webhooks/channel/try/")
    assert deliver_all(timezone.now()) == 1
    told = Webhook(secret).verify(receiver.received[0].body, dict(receiver.received[0].headers))
    assert told["type"] == "webhook.test"
    assert (
        adam.post("/webhooks/channel/", given | {"happenings": ["gate.denied", "review.opened"]}).status_code
        == 302
    )
    assert "Webhooks" in adam.get("/").content.decode()
    assert "secret-path" not in adam.get("/webhooks/").content.decode()
    assert "secret-path" not in "".join(Event.objects.values_list("payload", flat=True))
