"""A tier holds for its use and for its time; answers outlive a questionnaire; people are told."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Notice, Role, RoleGrant, User
from accounts.refusals import Conflict
from policy.tiering import load_questionnaire
from registry.actions import change_model
from registry.entries import entry_of
from registry.models import ModelVersion, RegisteredModel
from riskreview.judgement import judge_version
from riskreview.models import TierAssessment
from riskreview.tiering.answers import answers_of, differences
from riskreview.tiering.assessing import QuestionnaireReplaced, assess_tier, confirm_tier
from riskreview.tiering.queries import months_after, tier_places, tier_rows, waiting_models
from riskreview.tiering.questionnaire_changes import activate_questionnaire
from riskreview.tiering.reminders import remind_tiers
from riskreview.tiering.use import use_digest
from tests.builders import a_model, a_questionnaire, a_signature, a_tier
from tests.conftest import AT, actor_of_user
from tests.downloads import streamed
from tests.forms import forms_of

Browser = Callable[[User], Client]
DAY = timedelta(days=1)
PAGE = "/models/credit-default/tier/"
CHECKED = re.compile(r'name="[qf]_[^>]* checked')


def change(cast: SimpleNamespace, model: RegisteredModel, **values: Any) -> None:
    entry = replace(entry_of(model), **values)
    change_model(model=model, entry=entry, actor=actor_of_user(cast.olga), at=AT)
    model.refresh_from_db()


def confirm(
    cast: SimpleNamespace, assessment: TierAssessment, at: Any = AT, tier: str = "high"
) -> TierAssessment:
    return confirm_tier(
        assessment=assessment, tier=tier, rationale="", officer=cast.ada, actor=actor_of_user(cast.ada), at=at
    )


def answers(level: int = 2) -> dict[str, Any]:
    return {f"q_{question.id}": level for question in load_questionnaire().questions}


def tier_said(version: ModelVersion) -> tuple[str, str]:
    fresh = ModelVersion.objects.get(pk=version.pk)
    found = judge_version(fresh, "production", at=AT).verdict.requirements
    tier = next(item for item in found if item.id == "tier_confirmed")
    return tier.result, tier.reason


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"purpose": "Decides who gets a loan, and now also at what price."}, "purpose"),
        ({"jurisdictions": ("EU",)}, "jurisdictions"),
        ({"decides": "The price of the loan", "expected_use": "Every branch"}, "decisions and expected use"),
    ],
)
def test_a_change_of_use_makes_the_gate_deny_until_an_officer_confirms_again(
    cast: SimpleNamespace, version: ModelVersion, values: dict[str, Any], words: str
) -> None:
    review = version.reviews.get()
    a_signature(review, cast.viktor, "validator")
    a_signature(review, cast.ada, "risk_officer")
    assert judge_version(version, "production", at=AT).allows

    change(cast, version.model, **values)

    said = tier_said(version)
    assert said[0] == "unsatisfied" and said[1].endswith(f"but the use changed since: {words}.")
    confirm(cast, version.model.tier_assessments.first())  # type: ignore[arg-type]
    assert judge_version(ModelVersion.objects.get(pk=version.pk), "production", at=AT).allows


def test_a_confirmation_ends_once_its_giver_takes_part(
    cast: SimpleNamespace, version: ModelVersion, client_of: Browser
) -> None:
    change(cast, version.model, developers=(cast.dev, cast.ada))
    said = "Ada Okafor develops this model, so that counts as unconfirmed."
    assert tier_said(version)[0] == "unsatisfied" and said in tier_said(version)[1]

    RoleGrant.objects.create(user=cast.bea, role=Role.RISK_OFFICER, granted_at=AT)
    page = client_of(cast.bea).get(PAGE).content.decode()
    assert "Ada Okafor, who confirmed it, has a part in the model by now." in page
    assert "Confirm it again" in page
    newest = version.model.tier_assessments.get()
    again = confirm_tier(
        assessment=newest, tier="high", rationale="", officer=cast.bea, actor=actor_of_user(cast.bea), at=AT
    )
    assert again.digest == newest.digest and tier_said(version)[0] == "satisfied"


def test_what_says_nothing_about_the_use_changes_nothing(
    cast: SimpleNamespace, version: ModelVersion
) -> None:
    model = version.model
    change(
        cast,
        model,
        team="Another team",
        business_line="Retail",
        purpose=f"  {model.purpose}\n",
        name="New name",
    )
    assert tier_said(version)[0] == "satisfied"
    with pytest.raises(Conflict, match="confirmed already"):
        confirm(cast, model.tier_assessments.first())  # type: ignore[arg-type]


def test_the_same_tier_is_confirmed_again_only_near_its_time(cast: SimpleNamespace) -> None:
    a_tier(cast, a_model(cast), "high")
    newest = TierAssessment.objects.get()
    with pytest.raises(Conflict):
        confirm(cast, newest, AT + timedelta(days=300))

    again = confirm(cast, newest, AT + timedelta(days=340))

    assert again.pk != newest.pk and again.digest == newest.digest
    assert tier_rows(AT + timedelta(days=341), None)[0].due == date(2028, 10, 27)


@pytest.mark.parametrize(
    ("day", "months", "found"),
    [(date(2026, 8, 31), 6, date(2027, 2, 28)), (date(2024, 2, 29), 12, date(2025, 2, 28)),
     (date(2026, 11, 21), 36, date(2029, 11, 21)), (date(2026, 12, 1), 1, date(2027, 1, 1))],
)  # fmt: skip
def test_months_are_counted_as_people_do(day: date, months: int, found: date) -> None:
    assert months_after(day, months) == found


def test_people_are_reminded_once_of_each_cause(cast: SimpleNamespace) -> None:
    model = a_model(cast)
    a_tier(cast, model, "critical")  # for six months: until 21 May 2027
    assert remind_tiers(AT) == 0 and not Notice.objects.exists()

    for _ in range(2):
        assert remind_tiers(AT + timedelta(days=160)) == 1
    assert {notice.person for notice in Notice.objects.all()} == {cast.olga, cast.dev}
    for _ in range(2):
        remind_tiers(AT + timedelta(days=200))
    assert Notice.objects.filter(text__contains="was to be looked at again").count() == 3
    change(cast, model, purpose="Another purpose, which is long enough.")
    remind_tiers(AT + DAY)
    told = Notice.objects.filter(text__contains="(purpose)")
    assert {notice.person for notice in told} == {cast.olga, cast.dev, cast.ada}


def test_the_page_says_what_changed_and_the_officer_confirms_there(
    cast: SimpleNamespace, client_of: Browser
) -> None:
    model = a_model(cast)
    a_tier(cast, model, "high")
    change(cast, model, decides="The price of the loan")
    ada = client_of(cast.ada)
    page = ada.get(PAGE).content.decode()
    assert "The use changed since the tier was confirmed" in page and "The price of the loan" in page
    assert "Confirm it again" in page

    data = {
        "assessment": TierAssessment.objects.get().pk,
        "tier": "moderate",
        "rationale": "Because it is so now.",
        "use": use_digest(model),
    }
    low = ada.post(PAGE + "confirm/", data)
    assert low.status_code == 400 and "cannot be lower than high" in low.content.decode()
    ada.post(PAGE + "confirm/", data | {"tier": "high"})
    assert "The use changed since" not in ada.get(PAGE).content.decode()


def test_a_tier_is_confirmed_for_the_use_that_was_read(cast: SimpleNamespace, client_of: Browser) -> None:
    model = a_model(cast)
    a_tier(cast, model, "high", confirmed=False)
    ada = client_of(cast.ada)
    shown = ada.get(PAGE).content.decode()
    read = next(form for form in forms_of(PAGE, shown) if form.action == PAGE + "confirm/")
    change(cast, model, decides="The price of the loan")

    late = ada.post(read.action, read.values | {"tier": "high"})

    page = late.content.decode()
    assert late.status_code == 409 and not TierAssessment.objects.get().is_confirmed
    assert "The entry changed while you read it: decisions. Read what it says now" in page
    assert "The use changed since the questions were answered" in page and "The price of the loan" in page
    again = next(form for form in forms_of(PAGE, page) if form.action == read.action)
    assert ada.post(again.action, again.values).status_code == 302
    confirmed = TierAssessment.objects.get()
    assert confirmed.is_confirmed and confirmed.use["decides"] == "The price of the loan"  # type: ignore[index]


def test_a_form_that_names_no_use_confirms_nothing(cast: SimpleNamespace, client_of: Browser) -> None:
    proposed = a_tier(cast, a_model(cast), "high", confirmed=False)
    sent = client_of(cast.ada).post(PAGE + "confirm/", {"assessment": proposed.pk, "tier": "high"})
    assert sent.status_code == 409 and not TierAssessment.objects.get().is_confirmed


def test_answers_come_back_when_the_questionnaire_was_replaced(
    cast: SimpleNamespace, client_of: Browser
) -> None:
    a_model(cast)
    before = load_questionnaire().digest
    row = a_questionnaire(cast)
    activate_questionnaire(row=row, officer=cast.ada, actor=actor_of_user(cast.ada), at=AT)

    sent = answers(1) | {"f_profiles_people": "on", "questionnaire": before, "keep": "1"}
    back = client_of(cast.olga).post(PAGE, sent)

    page = back.content.decode()
    assert (
        back.status_code == 409
        and "Version 2 of the questionnaire came into force while you answered" in page
    )
    assert "To answer: children." in page and len(CHECKED.findall(page)) == 13
    assert not TierAssessment.objects.exists()
    with pytest.raises(QuestionnaireReplaced):
        assess_tier(
            model=RegisteredModel.objects.get(), answers={}, flags=[], assessor=cast.olga,
            actor=actor_of_user(cast.olga), at=AT, questionnaire_digest=before,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"q_peopel": "1"}, "There is no question &quot;peopel&quot;. Write &quot;people&quot;."),
        ({"q_people": "7"}, "Select a valid choice"),
        ({"f_eu_annex_xx": "on"}, "There is no fact &quot;eu_annex_xx&quot;."),
    ],
)
def test_what_is_not_asked_is_refused_and_nothing_is_lost(
    cast: SimpleNamespace, client_of: Browser, sent: dict[str, str], said: str
) -> None:
    a_model(cast)
    back = client_of(cast.olga).post(PAGE, answers(1) | sent | {"keep": "1"})
    assert back.status_code == 400 and said in back.content.decode()
    assert len(CHECKED.findall(back.content.decode())) >= 11
    assert not TierAssessment.objects.exists()


def test_old_answers_are_shown_with_the_questions_that_they_answered(
    cast: SimpleNamespace, client_of: Browser
) -> None:
    model = a_model(cast)
    a_tier(cast, model, "moderate")
    text = a_questionnaire(cast)
    activate_questionnaire(row=text, officer=cast.ada, actor=actor_of_user(cast.ada), at=AT)
    assess_tier(
        model=model,
        answers={"children": 2, "people": 3},
        flags=[],
        assessor=cast.dev,
        actor=actor_of_user(cast.dev),
        at=AT,
    )
    newer, older = TierAssessment.objects.all()

    found = {item.what: (item.was, item.now) for item in differences(older, newer)}

    assert found["Do children meet the output?"] == ("not asked", "2: Now and then")
    assert found["Questionnaire"] == ("version 1", "version 2")
    assert answers_of(older).version == 1
    page = client_of(cast.aud).get(f"{PAGE}{newer.pk}/").content.decode()
    assert "Do children meet the output?" in page and "not asked" in page
    assert (
        "Do children meet"
        not in client_of(cast.aud).get(f"{PAGE}{older.pk}/?against={older.pk}").content.decode()
    )
    TierAssessment.objects.filter(pk=older.pk).update(questionnaire_digest="sha256:gone")
    assert "is not kept here" in client_of(cast.aud).get(f"{PAGE}{older.pk}/").content.decode()


def test_the_score_says_what_each_answer_adds_and_which_override_fired(
    cast: SimpleNamespace, client_of: Browser
) -> None:
    a_model(cast)
    sent = answers(0) | {"q_people": 4, "f_eu_annex_iii_use": "on"}
    page = client_of(cast.olga).post(PAGE + "preview/", sent).content.decode()
    assert "Low because people: materiality 20.0 (low), inherent risk 0.0 (low)." in page
    assert "Raised to critical by override life_liberty" in page
    assert "People is answered 4 or worse." in page and "“High-risk area of the EU AI Act” is ticked" in page
    assert "of 20.0" in page


def test_the_list_of_tiers_filters_and_exports(cast: SimpleNamespace, client_of: Browser) -> None:
    a_tier(cast, a_model(cast), "high")
    a_tier(cast, a_model(cast, "calm"), "low")
    changed = a_model(cast, "moved")
    a_tier(cast, changed, "moderate")
    change(cast, changed, purpose="Another purpose, which is long enough.")
    a_model(cast, "fresh")
    reader = client_of(cast.aud)

    for query, shown in (
        ("", 4), ("?tier=high", 1), ("?view=needs", 2), ("?state=changed", 1), ("?state=none", 1),
        ("?q=olga", 4), ("?q=nobody", 0), ("?view=nonsense&tier=nonsense", 0),
    ):  # fmt: skip
        page = reader.get(f"/tiers/{query}").content.decode()
        assert page.count('<th scope="row">') == shown, query
    rows = streamed(reader.get("/tiers/?format=csv&state=changed")).splitlines()
    assert len(rows) == 2 and ",moderate,yes,changed," in rows[1] and ",purpose," in rows[1]


def test_the_light_list_says_what_the_rows_say(cast: SimpleNamespace) -> None:
    a_tier(cast, a_model(cast, "calm"), "low")
    moved = a_model(cast, "moved")
    a_tier(cast, moved, "moderate")
    change(cast, moved, purpose="Another purpose, which is long enough.")
    spaced = a_model(cast, "spaced")
    a_tier(cast, spaced, "low")
    change(cast, spaced, purpose=f"  {spaced.purpose}\n")
    a_tier(cast, a_model(cast, "unconfirmed"), confirmed=False)
    a_model(cast, "fresh")

    for at in (AT, AT + timedelta(days=340), AT + timedelta(days=2000)):
        rows = tier_rows(at, None)
        said = [(row.model.pk, row.tier, row.state, row.due) for row in rows]
        assert [(row.model, row.tier, row.state, row.due) for row in tier_places(at, None)] == said
        waits = {row.model.pk for row in rows if row.state not in ("ok", "none")}
        assert waits <= waiting_models(at) and spaced.pk not in waiting_models(AT)


def test_the_list_takes_the_same_queries_for_one_and_for_many(cast: SimpleNamespace) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            tier_rows(AT, None)
        return len(captured)

    a_tier(cast, a_model(cast), "high")
    one = count()
    for name in ("a-b", "c-d", "e-f"):
        a_tier(cast, a_model(cast, name), "low")
    assert count() == one <= 4


def test_the_api_tells_questionnaire_tier_and_history(
    cast: SimpleNamespace, api: Callable[..., Client]
) -> None:
    model = a_model(cast)
    a_tier(cast, model, "high")
    change(cast, model, purpose="Another purpose, which is long enough.")
    row = a_questionnaire(cast)
    client = api("registry:read")

    active = client.get("/api/v1/tiering/questionnaire").json()
    assert (active["version"], active["active"], len(active["questions"])) == (1, True, 12)
    other = client.get(f"/api/v1/tiering/questionnaires/{row.version}").json()
    assert (other["version"], other["active"], len(other["questions"])) == (2, False, 13)
    assert client.get("/api/v1/tiering/questionnaires/9").status_code == 404
    tier = client.get("/api/v1/models/credit-default/tier").json()
    assert (tier["tier"], tier["state"], tier["due"]) == ("high", "changed", "2027-11-21")
    assert [change["field"] for change in tier["use_changed"]] == ["purpose"]
    assert tier["current"]["confirmed_by"] == "ada" and len(tier["history"]) == 1
    assert client.get("/api/v1/models/nothing/tier").status_code == 404
