"""Sentences that stay English in the record and are told in the reader's language."""

import copy
import json
import pickle

import pytest
from django.utils.translation import override

from accounts.models import Role
from accounts.refusals import Conflict, Invalid, NotAllowed, Refusal
from accounts.said import Inside, Said, either, label, told


def test_a_refusal_is_english_in_the_record_and_german_for_a_german_reader() -> None:
    refused = Invalid(
        "The user name {username} is taken.", "Choose another one.", field="username", username="ada"
    )
    with override("de"):
        assert str(refused) == "The user name ada is taken."
        assert refused.remedy == "Choose another one."
        assert json.dumps({"reason": str(refused), "remedy": refused.remedy}).isascii()
        assert refused.told() == "Der Benutzername ada ist vergeben."
        assert refused.said() == "Der Benutzername ada ist vergeben. Wählen Sie einen anderen."
    assert refused.said() == "The user name ada is taken. Choose another one."
    assert refused.field == "username"


def test_what_people_wrote_is_never_translated() -> None:
    with override("de"):
        assert label("Settings") == "Einstellungen"
        assert told("Settings") == "Settings"
        assert Said("{name} is {role} now.", name="Settings", role=Inside("Auditor")).told() == (
            "Settings hat jetzt die Rolle Revision."
        )


def test_braces_in_what_people_wrote_are_left_alone() -> None:
    refused = Conflict("A key named {name} exists already.", name="{oops}")
    assert str(refused) == "A key named {oops} exists already."
    with override("de"):
        assert refused.told() == "Ein Schlüssel namens {oops} besteht bereits."
    assert str(Refusal("Only {braces} and nothing to put in.")) == "Only {braces} and nothing to put in."


def test_a_sentence_that_nobody_marked_is_told_as_it_is() -> None:
    with override("de"):
        assert NotAllowed("You are the 3rd.", "Wait.").said() == "You are the 3rd. Wait."
        assert Refusal("Nothing to add.").said() == "Nothing to add."


def test_a_label_is_small_inside_an_english_sentence_only() -> None:
    roles = either(Inside(role.label) for role in (Role.OWNER, Role.RISK_OFFICER, Role.AUDITOR))
    assert roles == "owner or risk officer or auditor"
    with override("de"):
        assert roles.told() == "Modellverantwortung oder Risikocontrolling oder Revision"


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda said: pickle.loads(pickle.dumps(said))])  # noqa: S301
def test_a_copy_still_knows_how_it_was_made(again: object) -> None:
    said = again(Said("A key named {name} exists already.", name="ci"))  # type: ignore[operator]
    assert said == "A key named ci exists already."
    with override("de"):
        assert said.told() == "Ein Schlüssel namens ci besteht bereits."
