"""Writing a card in a browser: previews, gaps filled from the file, imports seen before they are saved."""

import json
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from registry.actions import revise_card
from registry.models import ModelVersion, RegisteredModel
from tests.builders import GOOD, a_card, a_dataset, a_measurement, a_tier, a_version
from tests.conftest import AT, actor_of_user
from tests.forms import forms_of, send

ClientOf = Callable[[User], Client]
CARD = "/models/credit-default/versions/1/card/"


@pytest.fixture
def version(cast: SimpleNamespace, model: RegisteredModel) -> ModelVersion:
    return a_version(cast, model)


@pytest.fixture
def dev(cast: SimpleNamespace, client_of: ClientOf) -> Client:
    return client_of(cast.dev)


def page(client: Client, address: str = CARD) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_preview_shows_one_text_and_keeps_nothing(
    cast: SimpleNamespace, version: ModelVersion, dev: Client
) -> None:
    run = a_measurement(cast, version, a_dataset(cast), "performance", GOOD)

    answer = dev.post(f"{CARD}preview/", {"caveats": "**AUC** {{ performance.roc_auc }} {{ x.y }}"})

    shown = answer.content.decode()
    assert "<strong>AUC</strong>" in shown
    assert f"run {run.pk}" in shown
    assert "1 value not measured" in shown
    assert "<html" not in shown
    assert "20,000" not in shown
    too_long = dev.post(f"{CARD}preview/", {"caveats": "x" * 20_005}).content.decode()
    assert "5 characters too many" in too_long
    assert not version.cards.exists()


def test_without_a_script_the_preview_is_a_button(
    cast: SimpleNamespace, version: ModelVersion, dev: Client
) -> None:
    answer = send(dev, f"{CARD}edit/", caveats="Some **bold** words here.", preview="1")

    shown = answer.content.decode()
    assert answer.status_code == 200
    assert "Nothing is saved yet." in shown
    assert "<strong>bold</strong>" in shown
    assert "Some **bold** words here.</textarea>" in shown
    assert not version.cards.exists()


def test_gaps_are_filled_from_the_file_when_asked(
    cast: SimpleNamespace, version: ModelVersion, dev: Client
) -> None:
    revise_card(
        version=version,
        sections={"caveats": "Never tested on the young."},
        author=cast.dev,
        actor=actor_of_user(cast.dev),
        at=AT,
    )

    plain, filled = page(dev, f"{CARD}edit/"), page(dev, f"{CARD}edit/?fill=missing")

    assert "Fill the gaps" in plain
    assert "Owner: Olga Lindqvist" not in plain
    assert "Owner: Olga Lindqvist" in filled
    assert "Never tested on the young.</textarea>" in filled


@pytest.mark.parametrize(("tier", "total"), [("low", 4), ("moderate", 9), ("high", 12)])
def test_the_card_says_how_much_of_what_the_tier_asks_is_there(
    tier: str, total: int, cast: SimpleNamespace, version: ModelVersion, dev: Client
) -> None:
    a_tier(cast, version.model, tier)
    a_card(cast, version, metrics="Short", oversight="")

    shown = page(dev)

    complete = total - (2 if tier == "high" else 1)
    assert f"{tier.capitalize()} asks for {total} sections, {complete} complete." in shown
    assert f'href="{CARD}edit/#s-metrics"' in shown
    assert (f'href="{CARD}edit/#s-oversight"' in shown) is (tier == "high")


def test_every_item_of_a_section_helps_while_writing(version: ModelVersion, dev: Client) -> None:
    shown = page(dev, f"{CARD}edit/")

    assert "Uses that are out of scope, and what would go wrong" in shown
    assert "When and how they overrule an answer" in shown


def test_any_two_revisions_stand_side_by_side(
    cast: SimpleNamespace, version: ModelVersion, dev: Client
) -> None:
    for text in ("The cut-off is 0.60 for all.", "Something in between.", "The cut-off is 0.55 for all."):
        a_card(cast, version, details=text)

    shown = page(dev, f"{CARD}?since=1&revision=3")

    assert "Revision 1 beside revision 3" in shown
    assert "0.<del>60</del> for all." in shown
    assert "0.<ins>55</ins> for all." in shown
    assert "Something in between" not in shown
    assert "1 of 12 sections differ" in shown
    assert "The same words" in page(dev, f"{CARD}?since=2&revision=2")


README = (
    "# Card\n\nA summary of the model.\n\n## Uses\n\nA clerk reads it.\n\n## Adventures\n\nWe had many.\n"
)


def test_an_import_is_seen_before_it_is_saved(
    cast: SimpleNamespace, version: ModelVersion, dev: Client
) -> None:
    before = a_card(cast, version, intended_use="A machine reads it.").sections
    file = SimpleUploadedFile("README.md", README.encode())

    answer = dev.post(f"{CARD}import/", {"revision": "1", "file": file})

    shown = answer.content.decode()
    assert answer.status_code == 200
    assert "A <del>machine</del> reads it." in shown
    assert "A <ins>clerk</ins> reads it." in shown
    assert "Adventures" in shown
    assert "10 sections; they stay as they are" in shown
    assert version.cards.count() == 1
    saved = dev.post(
        f"{CARD}import/",
        {"revision": "1", "text": README, "take": ["intended_use"], "place-0": "caveats", "save": "1"},
    )
    assert saved.status_code == 302
    newest = version.cards.first()
    assert newest is not None
    assert newest.note == "Imported from Markdown"
    assert newest.sections == before | {
        "intended_use": "A clerk reads it.",
        "caveats": f"{before['caveats']}\n\n### Adventures\n\nWe had many.",
    }


def test_the_page_of_an_import_sends_what_it_shows(version: ModelVersion, dev: Client) -> None:
    shown = dev.post(f"{CARD}import/", {"revision": "0", "text": README})
    form = forms_of(f"{CARD}import/", shown.content.decode())[-1]
    dev.post(form.action, {**form.values, "save": "1"})

    card = version.cards.get()
    assert card.sections["intended_use"] == "A clerk reads it."
    assert card.sections["details"].endswith("### Adventures\n\nWe had many.")


def test_an_import_overwrites_nobody(cast: SimpleNamespace, version: ModelVersion, dev: Client) -> None:
    a_card(cast, version)

    answer = dev.post(
        f"{CARD}import/", {"revision": "0", "text": README, "take": ["intended_use"], "save": "1"}
    )

    assert answer.status_code == 409
    assert "saved revision 1 while you were writing" in answer.content.decode()
    assert 'name="revision" value="1"' in answer.content.decode()
    assert version.cards.count() == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Choose a file, or paste the text below."),
        ({"text": '{"a": '}, "This is not JSON: line 1, column"),
        (
            {"text": '{"sections": {"details": 3.5, "caveats": {}}}'},
            "sections.caveats is an object; expected a text",
        ),
        ({"text": "---\na: [\n---\n# x"}, "The header is not YAML: line"),
        ({"text": "## Details\n\n" + "x" * 20_001, "take": "details", "save": "1"}, "longer than 20,000"),
        ({"text": "## Details\n\nhello", "save": "1"}, "The card is empty"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_with_the_place(
    given: dict[str, str], said: str, version: ModelVersion, dev: Client
) -> None:
    answer = dev.post(f"{CARD}import/", {"revision": "0"} | given)

    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not version.cards.exists()


def test_the_card_leaves_as_a_file_in_each_format(
    cast: SimpleNamespace, version: ModelVersion, dev: Client
) -> None:
    a_card(cast, version, details="The first words of the card.")
    a_card(cast, version, details="The second words of the card.")

    for name, ending in [
        ("json", ".json"),
        ("huggingface", "-README.md"),
        ("cyclonedx-1.7", ".cdx-1.7.json"),
    ]:
        answer = dev.get(f"{CARD}export/{name}/")
        assert answer["Content-Disposition"] == f'attachment; filename="credit-default-1-card-r2{ending}"'
        assert "The second words" in answer.content.decode()
    older = json.loads(dev.get(f"{CARD}export/json/?revision=1").content)
    assert older["sections"]["details"] == "The first words of the card."
    assert dev.get(f"{CARD}export/docx/").status_code == 404
    assert dev.get(f"{CARD}export/json/?revision=3").status_code == 404


def test_a_version_without_a_card_has_no_file(version: ModelVersion, dev: Client) -> None:
    for name in ("export/json/", "pdf/"):
        assert dev.get(f"{CARD}{name}").status_code == 404
    assert "can fill a first card" in page(dev)
