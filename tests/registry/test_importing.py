"""Bringing in an inventory: tried first, then kept as a whole or not at all."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from accounts.refusals import Invalid
from audit.models import Event
from audit.verbs import Verb
from registry.importing import MOST_ROWS, rows_of_csv
from registry.models import RegisteredModel
from tests import builders

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
Api = Callable[..., Client]
PLACE = "/inventory/import/"
PURPOSE = "Foretells how many people will call tomorrow."
GOOD = f"""name,purpose,kind,business_line,tags,owner
Call volume,{PURPOSE},regression,Service,phone daily,
Churn,{PURPOSE},binary_classification,Retail,,olga
"""


def send(client: Client, content: str | bytes, **given: str) -> Any:
    """Choose a file and try it."""
    raw = content.encode() if isinstance(content, str) else content
    return client.post(PLACE, {"file": SimpleUploadedFile("models.csv", raw), **given})


def test_a_trial_tells_and_keeps_nothing(cast: SimpleNamespace, client_of: ClientOf) -> None:
    before = Event.objects.count()
    page = send(client_of(cast.dev), GOOD).content.decode()
    assert "The trial found no problem" in page
    assert "2 new" in page
    assert not RegisteredModel.objects.exists()
    assert Event.objects.count() == before


def test_what_was_tried_can_be_kept(cast: SimpleNamespace, client_of: ClientOf) -> None:
    answer = client_of(cast.dev).post(PLACE, {"text": GOOD, "keep": "yes"})
    assert answer.status_code == 302
    calls = RegisteredModel.objects.get(slug="call-volume")
    assert (calls.owner.username, calls.business_line) == ("dev", "Service")
    assert {tag.name for tag in calls.tags.all()} == {"phone", "daily"}
    assert RegisteredModel.objects.get(slug="churn").owner.username == "olga"
    told = Event.objects.filter(verb=Verb.INVENTORY_IMPORTED).get()
    assert (told.detail["rows"], told.detail["created"]) == (2, 2)


def test_the_same_again_changes_nothing(cast: SimpleNamespace, client_of: ClientOf) -> None:
    client = client_of(cast.dev)
    client.post(PLACE, {"text": GOOD.replace(",olga", ",dev"), "keep": "yes"})
    before = Event.objects.count()
    page = send(client, GOOD.replace(",olga", ",dev")).content.decode()
    assert "2 unchanged" in page
    assert Event.objects.count() == before
    assert "1 changed" in send(client, "slug,team\nchurn,Retention\ncall-volume,\n").content.decode()


def test_one_bad_row_keeps_all_the_others_out(cast: SimpleNamespace, client_of: ClientOf) -> None:
    text = GOOD + f"Bad,{PURPOSE},magic,,,\n" + f"Worse,{PURPOSE},regression,,,nobody\n"
    page = client_of(cast.dev).post(PLACE, {"text": text, "keep": "yes"}).content.decode()
    assert "2 rows need correction" in page
    assert "magic" in page
    assert "There is nobody with the user name nobody" in page
    assert not RegisteredModel.objects.exists()


def test_models_of_others_stay_as_they_are(cast: SimpleNamespace, client_of: ClientOf) -> None:
    builders.a_model(cast)
    cast.dev.developed_models.clear()
    page = send(client_of(cast.dev), "slug,team\ncredit-default,Mine\n").content.decode()
    assert "another" in page
    assert "1 row needs correction" in page


def test_a_developer_does_not_leave_the_team_by_a_file(cast: SimpleNamespace, client_of: ClientOf) -> None:
    """The own signature would count as independent from then on."""
    model = builders.a_model(cast)
    client = client_of(cast.dev)
    for row in ("slug,developers\ncredit-default,viktor\n", "slug,owner\ncredit-default,bea\n"):
        page = send(client, row).content.decode()
        assert "changes the team" in page
        assert "1 row needs correction" in page
    same = "slug,developers,team\ncredit-default,dev,Scoring\n"
    assert "1 changed" in send(client, same).content.decode()
    assert list(model.developers.all()) == [cast.dev]
    handed = client.post(
        "/inventory/change/", {"do": "hand_over", "model": "credit-default", "owner": "bea", "note": "Mine."}
    )
    assert handed.status_code == 403
    assert model.owner == cast.olga


REFUSED = [
    ("", "file is empty"),
    ("\n\n", "is empty"),
    ("name,colour\nA,red\n", "There is no column colour"),
    ("name,name\nA,B\n", "Two columns are called name"),
    (f"purpose\n{PURPOSE}\n", "which model it is"),
    (f"name,purpose\nA,{PURPOSE},more\n", "Line 2 has 3 values; the first line names 2"),
    ('name,purpose\n"A,B\n', "cannot be read as CSV"),
    ("name,purpose\nA,Gr\xf6\xdfe\n".encode("latin-1"), "Line 2 is not UTF-8"),
    (b"name\n" + b"x" * (2 << 20), "larger than 2 MB"),
    ("name\n" + "x\n" * (MOST_ROWS + 1), "fit into one go"),
]


@pytest.mark.parametrize(("content", "said"), REFUSED, ids=[row[1] for row in REFUSED])
def test_what_cannot_be_read_is_told(
    content: str | bytes, said: str, cast: SimpleNamespace, client_of: ClientOf
) -> None:
    answer = send(client_of(cast.dev), content)
    assert answer.status_code == 400
    assert said.casefold() in answer.content.decode().casefold()


def test_an_export_can_be_edited_and_brought_in_again(cast: SimpleNamespace, client_of: ClientOf) -> None:
    builders.a_model(cast, name="=Credit; default")
    client = client_of(cast.olga)
    exported: Any = client.get("/models/?format=csv")
    text = b"".join(exported.streaming_content).decode()
    assert "1 unchanged" in send(client, text).content.decode()


def test_semicolons_of_a_spreadsheet_are_read(cast: SimpleNamespace, client_of: ClientOf) -> None:
    assert (
        "1 new"
        in send(
            client_of(cast.dev), f"\ufeffname;purpose;kind\nCalls;{PURPOSE};regression\n"
        ).content.decode()
    )


def test_many_models_in_one_call(cast: SimpleNamespace, api: Api) -> None:
    client = api("registry:read", "registry:write")
    many = [{"slug": f"m-{n}", "name": f"M {n}", "purpose": PURPOSE, "kind": "regression"} for n in range(3)]

    def put(models: list[dict[str, str]], **more: object) -> Any:
        return client.put("/api/v1/models", {"models": models, **more}, content_type="application/json")

    tried = put(many, dry_run=True).json()
    assert (tried["applied"], [row["outcome"] for row in tried["outcomes"]]) == (False, ["created"] * 3)
    assert not RegisteredModel.objects.exists()
    assert put(many).json()["applied"] is True
    again = put([*many[:2], many[2] | {"name": "Other"}]).json()
    assert [row["outcome"] for row in again["outcomes"]] == ["unchanged", "unchanged", "changed"]
    broken = put([many[0] | {"name": "New"}, {"slug": "m-1", "kind": "magic"}, many[0]])
    assert broken.status_code == 422
    assert [row["outcome"] for row in broken.json()["outcomes"]] == ["changed", "problem", "problem"]
    assert RegisteredModel.objects.get(slug="m-0").name == "M 0"
    assert put([]).status_code == 400


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        rows = rows_of_csv(text)
    except Invalid as refused:
        assert str(refused)
    else:
        assert all("slug" in row for row in rows)
