"""The questionnaire changes by two people; what it would move is shown before and told after."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Notice, Role, RoleGrant, User
from accounts.refusals import Conflict, Invalid, NotAllowed, Unavailable
from audit.models import Event
from registry.models import RegisteredModel
from riskreview.models import QuestionnaireVersion, TierAssessment
from riskreview.tiering.questionnaire_changes import activate_questionnaire, propose_questionnaire
from riskreview.tiering.questionnaires import in_force, questions_of
from riskreview.tiering.retiering import preview_of
from tests.builders import a_model, a_questionnaire, a_tier, changed_questionnaire
from tests.conftest import AT, actor_of_user

Browser = Callable[[User], Client]
HARSH = ("    very_high: moderate\n", "    very_high: high\n")
"""A cell of the matrix that is stricter."""


@pytest.fixture
def model(cast: SimpleNamespace) -> RegisteredModel:
    """A model of a confirmed moderate tier."""
    model = a_model(cast)
    a_tier(cast, model, "moderate")
    return model


def activate(row: QuestionnaireVersion, officer: User) -> None:
    activate_questionnaire(row=row, officer=officer, actor=actor_of_user(officer), at=AT)


def test_what_ships_becomes_version_1_when_it_is_first_answered(cast: SimpleNamespace) -> None:
    assert in_force().row is None and not QuestionnaireVersion.objects.exists()

    assessment = a_tier(cast, a_model(cast), "moderate")

    row = QuestionnaireVersion.objects.get()
    assert (row.version, row.active, row.made_by) == (1, True, None)
    assert assessment.questionnaire_digest == row.digest == questions_of(row).digest


def test_an_administrator_proposes_and_a_risk_officer_activates(
    cast: SimpleNamespace, model: RegisteredModel
) -> None:
    row = a_questionnaire(cast)
    assert (row.version, row.active) == (2, False) and in_force().questions.version == 1
    assert Notice.objects.get(kind="questionnaire.proposed").person == cast.ada

    activate(row, cast.ada)

    assert in_force().questions.version == 2
    assert list(QuestionnaireVersion.objects.filter(active=True).values_list("version", flat=True)) == [2]
    verbs = list(
        Event.objects.filter(verb__startswith="questionnaire.").order_by("id").values_list("verb", flat=True)
    )
    assert verbs == ["questionnaire.proposed", "questionnaire.activated"]


@pytest.mark.parametrize("name", ["olga", "dev", "viktor", "ada", "carl", "aud"])
def test_only_an_administrator_proposes(cast: SimpleNamespace, name: str) -> None:
    person = getattr(cast, name)
    with pytest.raises(NotAllowed):
        propose_questionnaire(
            text=changed_questionnaire(HARSH),
            note="It is time.",
            proposer=person,
            actor=actor_of_user(person),
            at=AT,
        )
    assert not QuestionnaireVersion.objects.exclude(version=1).exists()


@pytest.mark.parametrize("name", ["olga", "viktor", "carl", "aud", "adam"])
def test_only_a_risk_officer_activates(cast: SimpleNamespace, name: str) -> None:
    row = a_questionnaire(cast)
    with pytest.raises(NotAllowed):
        activate(row, getattr(cast, name))
    assert in_force().questions.version == 1


def test_nobody_activates_what_they_proposed_themselves(cast: SimpleNamespace) -> None:
    RoleGrant.objects.create(user=cast.adam, role=Role.RISK_OFFICER, granted_at=AT)
    row = a_questionnaire(cast)
    with pytest.raises(NotAllowed, match="You proposed this version"):
        activate(row, cast.adam)
    with pytest.raises(IntegrityError), transaction.atomic():
        QuestionnaireVersion.objects.filter(pk=row.pk).update(activated_by=cast.adam)


@pytest.mark.parametrize(
    ("text", "note", "said"),
    [
        ("id: [", "It is time.", "questionnaire.yaml:1"),
        (
            ("\nversion: 2\n", "\nversion: 7\n"),
            "It is time.",
            "Version 7 is not the next one. Write version: 2.",
        ),
        (("  weight: 3\n", "  weight: 0\n"), "It is time.", "Weight is not a whole number"),
        (HARSH, "Why", "Say why it changes"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_kept(
    cast: SimpleNamespace, text: str | tuple[str, str], note: str, said: str
) -> None:
    source = text if isinstance(text, str) else changed_questionnaire(text)
    with pytest.raises(Invalid, match=said):
        propose_questionnaire(
            text=source, note=note, proposer=cast.adam, actor=actor_of_user(cast.adam), at=AT
        )
    assert not QuestionnaireVersion.objects.exclude(version=1).exists()


def test_a_version_in_which_nothing_differs_is_refused(cast: SimpleNamespace) -> None:
    with pytest.raises(Conflict, match="Nothing differs"):
        a_questionnaire(cast, changed_questionnaire() + "# a remark\n")


def test_the_preview_says_who_would_move_and_what_runs_of_it(
    cast: SimpleNamespace, model: RegisteredModel
) -> None:
    calm = a_model(cast, "calm")
    a_tier(cast, calm, "low")
    found = preview_of(questions_of(a_questionnaire(cast)))

    assert (found.models, found.incomplete) == (2, 2)
    assert {move.model.slug: (move.was, move.now) for move in found.up} == {
        "credit-default": ("moderate", "high"), "calm": ("low", "moderate"),
    }  # fmt: skip
    assert found.up[0].unanswered == ("children",) and found.down == []


def test_confirmed_tiers_stay_and_their_owners_are_told_by_when_to_answer(
    cast: SimpleNamespace, model: RegisteredModel
) -> None:
    activate(a_questionnaire(cast), cast.ada)

    kept = TierAssessment.objects.get()
    assert (kept.tier, kept.retier_to, str(kept.retier_by)) == ("moderate", "high", "2026-12-21")
    told = Notice.objects.filter(kind="tier.redo")
    assert {notice.person for notice in told} == {cast.olga, cast.dev}
    assert "would give high instead of moderate" in told[0].text

    activate(QuestionnaireVersion.objects.get(version=1), cast.ada)
    kept.refresh_from_db()
    assert (kept.retier_to, kept.retier_by) == ("", None)


def test_a_text_that_was_changed_behind_our_back_is_not_answered(
    cast: SimpleNamespace, model: RegisteredModel, client_of: Browser
) -> None:
    row = QuestionnaireVersion.objects.get()
    QuestionnaireVersion.objects.update(source=row.source.replace("floor: prohibited", "floor: moderate"))
    with pytest.raises(Unavailable, match="not what was proposed"):
        in_force()
    with pytest.raises(Unavailable):
        a_tier(cast, model, "low")
    reader = client_of(cast.ada)
    assert [reader.get(path).status_code for path in ("/", "/tiers/", f"/models/{model.slug}/")] == [
        200,
        200,
        200,
    ]
    assert reader.get(f"/models/{model.slug}/tier/").status_code == 503


def test_the_pages_propose_preview_and_activate(
    cast: SimpleNamespace, model: RegisteredModel, client_of: Browser
) -> None:
    adam, ada = client_of(cast.adam), client_of(cast.ada)
    new = "/tiers/questionnaire/new/"
    assert "version: 2" in adam.get(new).content.decode()
    text = changed_questionnaire(("questions:\n", "questions:\n- id: children\n  axis: materiality\n  weight: 20\n"
                                  "  question: Do children meet it?\n  answers: {0: Never, 4: Always}\n"))  # fmt: skip

    wrong = adam.post(new, {"source": text.replace("weight: 20", "weight: 0"), "look": "1"})
    assert wrong.status_code == 400 and "Line 51: Weight is not" in wrong.content.decode()
    seen = adam.post(new, {"source": text.replace("\n", "\r\n"), "look": "1"}).content.decode()
    assert "1 rise, 0 fall" in seen and "Do children meet it? Weight 20." in seen
    assert QuestionnaireVersion.objects.filter(version=2).count() == 0

    sent = adam.post(new, {"source": text, "note": "Children were forgotten.", "propose": "1"})
    assert sent.headers["Location"] == "/tiers/questionnaire/2/"
    assert client_of(cast.viktor).post("/tiers/questionnaire/2/activate/").status_code == 403
    assert "Activate version 2" in ada.get("/tiers/questionnaire/2/").content.decode()
    done = ada.post("/tiers/questionnaire/2/activate/", follow=True).content.decode()
    assert "Version 2 is in force. 1 model to be tiered again, and told." in done
    due = timezone.now() + timedelta(days=30)
    page = client_of(cast.olga).get(f"/models/{model.slug}/tier/").content.decode()
    assert f"To be tiered again by {due.day}" in page


def test_the_command_checks_previews_imports_and_activates_by_two_people(
    cast: SimpleNamespace, model: RegisteredModel, tmp_path: Path
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(changed_questionnaire(("floor: high", "floor: hihg")))

    def tiering(*words: str) -> str:
        said = StringIO()
        call_command("tiering", *words, stdout=said)
        return said.getvalue()

    with pytest.raises(CommandError, match=r"mine.yaml:\d+: .* Write \"high\"."):
        tiering("check", str(file))
    file.write_text(changed_questionnaire(("questions:\n", "questions:\n- id: children\n  axis: materiality\n"
                    "  weight: 20\n  question: Children?\n  answers: {0: Never, 4: Always}\n")))  # fmt: skip
    assert "credit-default: moderate → high" in tiering("preview", str(file))
    with pytest.raises(CommandError, match="administrator"):
        tiering("import", str(file), "--by", "ada", "--note", "Children were forgotten.")
    tiering("import", str(file), "--by", "adam", "--note", "Children were forgotten.")
    with pytest.raises(CommandError, match="risk officer"):
        tiering("activate", "2", "--by", "adam")
    assert "Version 2 is in force; 1 models" in tiering("activate", "2", "--by", "ada")
    assert "* 2" in tiering("show")
