"""Addresses that nobody means: no page breaks on them, on either database."""

import json
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils.http import urlencode

from accounts.models import User
from tests import builders

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
LISTS = [
    "/",
    "/models/",
    "/datasets/",
    "/evaluations/",
    "/reviews/",
    "/gate/decisions/",
    "/audit/",
    "/reports/",
    "/frameworks/",
    "/frameworks/fcra/",
    "/coverage/",
    "/coverage/gaps/",
    "/due/",
    "/glossary/",
    "/models/credit-default/bias-audit/",
    "/register/",
]
FILTERS = ["q", "page", "cursor", "who", "verb", "subject", "text", "since", "until", "status", "kind"]
FILTERS += [
    "tier",
    "owner",
    "gate",
    "view",
    "sort",
    "environment",
    "decision",
    "role",
    "format",
    "version",
    "env",
]
ODD = [
    "\0",
    "%",
    "_",
    "'\";--",
    "-1",
    "1e9",
    "9" * 40,
    "Ω" * 300,
    "<b>",
    "2026-99-99",
    "0001-01-01",
    "9999-12-31",
]
API_LISTS = ["/api/v1/models", "/api/v1/versions", "/api/v1/datasets", "/api/v1/audit/events"]
BIG = "9" * 30
NOWHERE = [
    f"/evaluations/{BIG}/",
    f"/evaluations/{BIG}/result.json",
    f"/reviews/{BIG}/",
    f"/reports/{BIG}/",
    f"/audit/{BIG}/",
    "/models/nothing/",
    "/models/credit-default/versions/%00/",
    "/models/credit-default/versions/1/card/?revision=999999",
    "/models/credit-default/versions/1/card/?revision=x",
    "/models/credit-default/versions/1/files/get/../../secret_key",
    "/models/credit-default/versions/1/files/get/%2e%2e/%2e%2e/secret_key",
    "/models/credit-default/versions/1/files/get/%00",
    "/datasets/%00/%00/",
    "/models/credit-default/bias-audit/?audit=999999",
    "/maturity/nothing/",
    "/people/nobody/",
    "/gate/decisions/00000000-0000-0000-0000-000000000000/",
    "/styleguide/",
    "/admin/",
]


@pytest.fixture(autouse=True)
def portfolio(cast: SimpleNamespace) -> None:
    """A little of everything."""
    builders.active_policy(cast)
    builders.ready_to_sign(cast)


def odd_addresses(places: list[str], names: list[str], value: str) -> list[str]:
    """Each place with everything odd at once; and page and cursor alone, which other filters would hide."""
    queries = [dict.fromkeys(names, value), {"page": value}, {"cursor": value}]
    return [f"{place}?{urlencode(query)}" for place in places for query in queries]


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_no_list_breaks_on_an_odd_filter(value: str, cast: SimpleNamespace, client_of: ClientOf) -> None:
    client = client_of(cast.ada)
    addresses = odd_addresses(LISTS, FILTERS, value)
    broken = {place: status for place in addresses if (status := client.get(place).status_code) >= 500}
    assert broken == {}


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_no_list_of_the_api_breaks_on_an_odd_filter(value: str, api: Callable[..., Client]) -> None:
    client = api()
    names = [*FILTERS, "page_size", "slug", "model", "name", "digest", "lifecycle", "business_line"]
    addresses = odd_addresses(API_LISTS, names, value)
    broken = {place: status for place in addresses if (status := client.get(place).status_code) >= 500}
    assert broken == {}


@pytest.mark.parametrize("address", NOWHERE)
def test_what_is_not_there_is_a_page_that_says_so(
    address: str, cast: SimpleNamespace, client_of: ClientOf
) -> None:
    answer = client_of(cast.adam).get(address)
    assert answer.status_code == 404
    assert "<h1" in answer.content.decode()


ODD_TEXT = ["\0", "a\0b", "\ud800", "\udfff", "\uffff", "\u202e"]
VERSION = {"model": "credit-default", "version": "1"}
BODIES: list[tuple[str, Callable[[str], dict[str, object]]]] = [
    (
        "gate/decisions",
        lambda text: {
            **VERSION,
            "environment": "production",
            "context": {"commit": text, text: {"a": [text]}},
        },
    ),
    ("gate/decisions", lambda text: {**VERSION, "environment": text}),
    (
        "evaluations",
        lambda text: {**VERSION, "dataset": f"{text}@1", "kind": "fairness", "config": {text: text}},
    ),
    ("models/credit-default/versions", lambda text: {"version": text, "predictions_only": True}),
    ("models/credit-default/versions", lambda text: {"version": "2", "parameters": {text: text}}),
    ("models/credit-default/versions", lambda text: {"version": "2", "mlflow_uri": f"models:/{text}/1"}),
    ("reports", lambda text: {**VERSION, "environment": text}),
]


@pytest.mark.parametrize("text", ODD_TEXT, ids=ascii)
def test_no_call_breaks_on_odd_text(text: str, api: Callable[..., Client]) -> None:
    client = api()
    answers = {}
    for number, (place, body) in enumerate(BODIES):
        answer = client.post(f"/api/v1/{place}", json.dumps(body(text)), content_type="application/json")
        answers[f"{number} {place}"] = answer.status_code
    assert {place: status for place, status in answers.items() if status >= 500} == {}


def test_no_form_breaks_on_odd_text(cast: SimpleNamespace, client_of: ClientOf) -> None:
    client = client_of(cast.dev)
    texts = {
        name: "a\0b" for name in ("subject", "environment", "text", "role", "decision", "version", "tier")
    }
    places = ["/reports/", "/models/new/", "/models/credit-default/tier/", "/settings/", "/password/"]
    places += ["/models/credit-default/versions/1/card/edit/", "/models/credit-default/versions/1/submit/"]
    places += ["/models/credit-default/versions/new/", "/models/credit-default/versions/1/evaluations/start/"]
    answers = {place: client.post(place, texts).status_code for place in places}
    assert {place: status for place, status in answers.items() if status >= 500} == {}
