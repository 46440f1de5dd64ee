"""The inventory's page: what it shows, finds, sorts, keeps as views, changes in bulk and exports."""

import csv
import io
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from accounts.models import User
from audit.models import Event
from audit.verbs import Verb
from governance.portfolio.models import SavedView
from registry.models import ModelVersion
from riskreview.models import Decision
from tests import builders
from tests.downloads import streamed

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
BOTH = {"Credit default", "Tenant screening"}
DECLARED = "=cmd|' /C calc'!A0"
ALL = BOTH | {DECLARED}


@pytest.fixture
def portfolio(cast: SimpleNamespace, signed: ModelVersion) -> None:
    """One approved, one rejected, one declared without a version."""
    other = builders.ready_to_sign(cast, slug="tenant-screening")
    builders.a_signature(other.reviews.get(), cast.ada, "risk_officer", Decision.REJECT)
    builders.a_model(cast, "demand-forecast", name=DECLARED)


def shown(client: Client, **query: str) -> list[str]:
    """The names of the models on the page, in order."""
    return [row.model.name for row in client.get("/models/", query).context["rows"]]


FILTERS = [
    ({}, ALL),
    ({"q": "tenant"}, {"Tenant screening"}),
    ({"q": "TEN scr"}, {"Tenant screening"}),
    ({"q": "Lindqvist"}, ALL),
    ({"q": "enant"}, set()),
    ({"q": "!!"}, set()),
    ({"status": "rejected"}, {"Tenant screening"}),
    ({"stage": "proposed"}, {DECLARED}),
    ({"gate": "allow"}, {"Credit default"}),
    ({"gate": "deny"}, {"Tenant screening", DECLARED}),
    ({"tier": "low"}, set()),
    ({"owner": "dev"}, set()),
    ({"owner": "olga", "status": "approved"}, {"Credit default"}),
    ({"kind": "regression"}, set()),
    ({"line": "Retail"}, ALL),
    ({"view": "production"}, {"Credit default"}),
    ({"view": "nonsense", "sort": "nonsense"}, ALL),
]


@pytest.mark.parametrize(("query", "names"), FILTERS, ids=[str(row[0]) for row in FILTERS])
def test_the_inventory_shows_what_its_address_asks_for(
    query: dict[str, str], names: set[str], cast: SimpleNamespace, portfolio: None, client_of: ClientOf
) -> None:
    assert set(shown(client_of(cast.aud), **query)) == names


def test_rows_are_sorted_both_ways(cast: SimpleNamespace, portfolio: None, client_of: ClientOf) -> None:
    client = client_of(cast.aud)
    assert shown(client, sort="model") == sorted(ALL, key=str.casefold)
    assert shown(client, sort="-model") == sorted(ALL, key=str.casefold, reverse=True)
    assert shown(client)[-1] == DECLARED  # without a tier it comes last
    assert shown(client, sort="-tier")[0] == DECLARED


def test_mine_are_those_that_one_owns_or_develops(
    cast: SimpleNamespace, portfolio: None, client_of: ClientOf
) -> None:
    assert set(shown(client_of(cast.olga), view="mine")) == ALL
    assert shown(client_of(cast.viktor), view="mine") == []


def test_columns_are_chosen_in_the_address(
    cast: SimpleNamespace, portfolio: None, client_of: ClientOf
) -> None:
    page = client_of(cast.aud).get("/models/?col=kind&col=stage").content.decode()
    assert "Binary classification" in page
    assert "In development" in page or "Approved" in page
    assert ">Gate by environment</th>" not in page


def test_a_change_shows_at_once(cast: SimpleNamespace, signed: ModelVersion, client_of: ClientOf) -> None:
    client = client_of(cast.aud)
    assert shown(client, status="approved") == ["Credit default"]
    builders.a_card(cast, signed, caveats="Not for applicants below the age of twenty.")
    assert shown(client, status="approved") == []
    assert shown(client, status="lapsed") == ["Credit default"]


def test_the_page_asks_three_questions_more_than_a_bare_one(
    cast: SimpleNamespace, portfolio: None, client_of: ClientOf
) -> None:
    client = client_of(cast.aud)
    for address in ("/models/?q=t", "/password/"):  # what every page shows is counted in both
        client.get(address)
    with CaptureQueriesContext(connection) as bare:
        client.get("/password/")
    with CaptureQueriesContext(connection) as full:
        client.get("/models/?q=t&status=rejected&tier=high")
    assert len(full) - len(bare) <= 3


def test_the_search_box_offers_models_as_one_types(
    cast: SimpleNamespace, portfolio: None, client_of: ClientOf
) -> None:
    client = client_of(cast.aud)
    found = client.get("/inventory/search/?q=t").content.decode()
    assert "Tenant screening" in found
    assert "<html" not in found
    assert "No model has a word" in client.get("/inventory/search/?q=zebra").content.decode()
    assert client.get("/inventory/search/?q=").content.decode().strip() == ""


def test_a_version_is_found_by_its_digest(
    cast: SimpleNamespace, signed: ModelVersion, client_of: ClientOf
) -> None:
    builders.ready_to_sign(cast, slug="other")
    assert shown(client_of(cast.aud), q=signed.artifact_digest[:20]) == ["Credit default"]


def test_a_view_is_kept_shared_and_given_up(
    cast: SimpleNamespace, portfolio: None, client_of: ClientOf
) -> None:
    carl, aud = client_of(cast.carl), client_of(cast.aud)
    kept = {"name": "Rejected", "query": "status=rejected", "shared": "on"}
    assert carl.post("/inventory/views/", kept)["Location"] == "/models/?status=rejected"
    assert ">Rejected" in aud.get("/models/").content.decode()
    view = SavedView.objects.get()
    assert aud.post(f"/inventory/views/{view.pk}/delete/").status_code == 404
    assert carl.post(f"/inventory/views/{view.pk}/delete/").status_code == 302
    assert not SavedView.objects.exists()


def test_a_view_of_ones_own_stays_ones_own(
    cast: SimpleNamespace, portfolio: None, client_of: ClientOf
) -> None:
    client_of(cast.carl).post("/inventory/views/", {"name": "Secret plans", "query": "tier=high"})
    assert "Secret plans" not in client_of(cast.aud).get("/models/").content.decode()
    answer = client_of(cast.carl).post("/inventory/views/", {"name": " ", "query": ""}, follow=True)
    assert "needs a name" in answer.content.decode()


def change(client: Client, *models: str, **given: str) -> Any:
    """Post the bar that changes many."""
    return client.post("/inventory/change/", {"model": models, **given}, follow=True)


def test_models_change_hands_together_and_each_remembers_why(
    cast: SimpleNamespace, portfolio: None, client_of: ClientOf
) -> None:
    answer = change(
        client_of(cast.carl), "credit-default", "demand-forecast",
        do="hand_over", owner="bea", note="Olga leaves the team.",
    )  # fmt: skip
    assert "2 models now belong to Bea" in answer.content.decode()
    assert shown(client_of(cast.aud), owner="bea", sort="model") == [DECLARED, "Credit default"]
    told = Event.objects.filter(verb=Verb.MODEL_CHANGED).order_by("pk").last()
    assert told is not None
    assert told.detail["owner"] == {"was": "olga", "is": "bea"}
    assert told.detail["note"] == "Olga leaves the team."


REFUSED = [
    ({"do": "hand_over", "owner": "bea", "note": " "}, "A reason is needed"),
    ({"do": "hand_over", "owner": "nobody", "note": "Why not."}, "Choose who takes them over"),
    ({"do": "tag", "tag": "Ünsinn!", "note": "Why not."}, "cannot be a tag"),
]


@pytest.mark.parametrize(("given", "said"), REFUSED, ids=[row[1] for row in REFUSED])
def test_what_is_wrong_changes_nothing(
    given: dict[str, str], said: str, cast: SimpleNamespace, portfolio: None, client_of: ClientOf
) -> None:
    before = Event.objects.count()
    assert said in change(client_of(cast.carl), "credit-default", **given).content.decode()
    assert (
        "No model is selected"
        in change(client_of(cast.carl), do="tag", tag="new", note="Why not.").content.decode()
    )
    assert Event.objects.count() == before


def test_nobody_changes_the_models_of_others(
    cast: SimpleNamespace, portfolio: None, client_of: ClientOf
) -> None:
    given = {"do": "tag", "tag": "new", "note": "Why not."}
    answer = change(client_of(cast.viktor), "credit-default", "tenant-screening", **given)
    assert answer.status_code == 403
    assert shown(client_of(cast.aud), tag="new") == []
    assert change(client_of(cast.dev), "credit-default", **given).status_code == 200
    assert shown(client_of(cast.aud), tag="new") == ["Credit default"]
    change(client_of(cast.dev), "credit-default", **given | {"do": "untag"})
    assert shown(client_of(cast.aud), tag="new") == []


def test_the_export_holds_every_row_that_matches_and_no_formula(
    cast: SimpleNamespace, portfolio: None, client_of: ClientOf
) -> None:
    client = client_of(cast.aud)
    answer: Any = client.get("/models/?format=csv")
    assert answer["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(streamed(answer))))
    statuses = {row["model"]: (row["status"], row["stage"]) for row in rows}
    assert statuses == {
        "credit-default": ("approved", "approved"),
        "tenant-screening": ("rejected", "in_development"),
        "demand-forecast": ("", "proposed"),
    }
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    book = load_workbook(io.BytesIO(client.get("/models/?format=xlsx&status=approved").content))
    assert [row[0].value for row in book["Models"]] == ["model", "credit-default"]
    taken = Event.objects.filter(verb=Verb.INVENTORY_EXPORTED).order_by("pk").last()
    assert taken is not None
    assert (taken.actor_name, taken.detail["rows"]) == ("Aud Helle", 1)
