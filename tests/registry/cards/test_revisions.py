import time
from types import SimpleNamespace

import pytest

from accounts.refusals import Invalid
from audit.models import Event
from registry.actions import CardMoved, revise_card
from registry.cards import completed, shown_sections
from registry.differences import Piece, word_diff
from registry.drafts import draft_sections
from registry.measures import Measures
from registry.models import CardRevision, ModelVersion, RegisteredModel
from tests.builders import a_version
from tests.conftest import AT, actor_of_user


@pytest.fixture
def version(cast: SimpleNamespace, model: RegisteredModel) -> ModelVersion:
    return a_version(cast, model)


def save(
    cast: SimpleNamespace, version: ModelVersion, expected: int | None = None, **sections: str
) -> CardRevision:
    return revise_card(
        version=version,
        sections=sections,
        author=cast.dev,
        note="A note",
        expected_revision=expected,
        actor=actor_of_user(cast.dev),
        at=AT,
    )


def test_each_save_is_a_revision_with_a_digest_and_an_event(
    cast: SimpleNamespace, version: ModelVersion
) -> None:
    first = save(cast, version, details="One")
    second = save(cast, version, details="One", caveats="Two")

    assert [first.number, second.number] == [1, 2]
    assert first.digest != second.digest
    event = Event.objects.filter(verb="card.revised").latest("id")
    assert (event.detail["revision"], event.detail["changed"]) == (2, ["caveats"])


def test_the_digest_is_of_the_words_alone(cast: SimpleNamespace, version: ModelVersion) -> None:
    first = save(cast, version, details="One\r\ntwo  ", caveats="  ")
    save(cast, version, details="Other")
    third = save(cast, version, details="One\ntwo")

    assert first.digest == third.digest


def test_saving_the_same_words_is_refused_so_that_nothing_goes_stale(
    cast: SimpleNamespace, version: ModelVersion
) -> None:
    save(cast, version, details="One")

    with pytest.raises(Invalid, match="Nothing changed"):
        save(cast, version, details="One\r\n")
    assert version.cards.count() == 1


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"secret": "x"}, "A card has no section secret"),
        ({"details": "x" * 20_001}, "Details is longer than 20,000"),
        ({"details": " "}, "The card is empty"),
        ({}, "The card is empty"),
    ],
)
def test_a_card_that_makes_no_sense_is_refused(
    cast: SimpleNamespace, version: ModelVersion, sections: dict[str, str], said: str
) -> None:
    with pytest.raises(Invalid) as refused:
        save(cast, version, None, **sections)

    assert said in str(refused.value)
    assert not version.cards.exists()


def test_who_saves_second_is_told_and_overwrites_nobody(cast: SimpleNamespace, version: ModelVersion) -> None:
    save(cast, version, 0, details="By the first")

    with pytest.raises(CardMoved, match="Dev Menon saved revision 1 while you were writing") as moved:
        save(cast, version, 0, details="By the second")

    assert moved.value.current.sections == {"details": "By the first"}
    assert version.cards.count() == 1
    assert save(cast, version, 1, details="By the second").number == 2


def test_a_draft_says_what_is_on_file(cast: SimpleNamespace, version: ModelVersion) -> None:
    version.parameters = {"C": 0.5, "solver": "a|b"}
    version.signature = {"inputs": [{"name": "age", "type": "long"}], "outputs": []}
    draft = draft_sections(version, Measures())

    assert "Owner: Olga Lindqvist" in draft["details"]
    assert version.artifact_digest in draft["details"]
    assert version.model.purpose in draft["intended_use"]
    assert "| solver | a\\|b |" in draft["technical"]
    assert "| age | long |" in draft["technical"]
    assert "oversight" not in draft


def test_a_section_is_complete_when_it_says_enough() -> None:
    shown = shown_sections({"details": "Said in enough words to count.", "caveats": "n/a"})

    states = {item.section.id: item.state for item in shown}
    assert (states["details"], states["caveats"], states["oversight"]) == ("ok", "half", "todo")
    assert completed(shown) == 1


def test_a_difference_shows_words_that_came_and_went() -> None:
    assert word_diff("AUC is 0.81 today.", "AUC is 0.79 today.") == [
        Piece("same", "AUC is 0."),
        Piece("removed", "81"),
        Piece("added", "79"),
        Piece("same", " today."),
    ]
    assert word_diff("", "New") == [Piece("added", "New")]


def test_both_texts_can_be_read_out_of_a_difference_of_any_length() -> None:
    for size in (3, 6_000):
        before = " ".join(f"w{n}\n" for n in range(size))
        after = before.replace("w1\n", "x\n") + "end"
        pieces = word_diff(before, after)
        assert "".join(p.text for p in pieces if p.kind != "added") == before
        assert "".join(p.text for p in pieces if p.kind != "removed") == after


def test_thousands_of_equal_lines_are_compared_at_once() -> None:
    before, after = "same\n" * 9_000, "same\n" * 8_000 + "other\n" * 900
    start = time.monotonic()

    pieces = word_diff(before, after)

    assert "".join(p.text for p in pieces if p.kind != "removed") == after
    assert time.monotonic() - start < 2
