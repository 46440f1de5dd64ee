"""What people see and send in the browser."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Role, RoleGrant, User
from audit.models import Event
from policy.tiering import load_questionnaire
from registry.actions import change_model
from registry.entries import entry_of
from registry.models import ModelVersion, RegisteredModel
from riskreview.evidence import involved
from riskreview.judgement import judge_version
from riskreview.models import Comment, Condition, Decision, Review, SignOff, TierAssessment
from riskreview.tiering.use import use_digest
from tests.builders import RATIONALE, a_card, a_model, a_signature, a_tier
from tests.conftest import AT, PASSWORD, actor_of_user

Browser = Callable[[User], Client]


def body(review: Review, role: str, **changes: Any) -> dict[str, Any]:
    judged = judge_version(review.version, review.environment, at=timezone.now())
    given = {
        "role": role,
        "evidence_digest": judged.digest,
        "seen_parts": json.dumps(judged.components),
        "decision": "approve",
        "rationale": RATIONALE,
        "password": PASSWORD,
    }
    return given | changes


def text_of(response: Any) -> str:
    without_tags = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", without_tags)


def test_a_reviewer_signs_and_is_told_what_production_still_waits_for(
    cast: SimpleNamespace, review: Review, client_of: Browser
) -> None:
    page = client_of(cast.ada).get(f"/reviews/{review.pk}/")
    assert "You decide as risk officer" in text_of(page) and "Your password, again" in text_of(page)

    answer = client_of(cast.ada).post(
        f"/reviews/{review.pk}/sign/", body(review, "risk_officer"), follow=True
    )

    assert "Signed. Production still waits for: Validator signs." in text_of(answer)
    signed = SignOff.objects.get()
    assert (signed.signer, signed.role, signed.decision) == (cast.ada, "risk_officer", "approve")


def test_after_signing_comes_the_next_in_the_queue(
    cast: SimpleNamespace, review: Review, client_of: Browser
) -> None:
    from_other = Review.objects.create(
        version=review.version,
        environment="staging",
        opened_by=cast.dev,
        opened_at=AT,
        due_on=AT.date(),
    )

    answer = client_of(cast.ada).post(f"/reviews/{review.pk}/sign/", body(review, "risk_officer"))

    assert from_other.pk != review.pk  # staging asks for no signature, so it is nobody's next
    assert (answer.status_code, answer["Location"]) == (302, f"/reviews/{review.pk}/")


def test_the_developer_sees_every_reason_and_who_can_sign(
    cast: SimpleNamespace, review: Review, client_of: Browser
) -> None:
    page = text_of(client_of(cast.dev).get(f"/reviews/{review.pk}/"))

    for words in (
        "You cannot sign this review",
        "You develop this model.",
        "You registered this version.",
        "You asked for this review.",
        "Viktor Sahl (validator)",
        "Ada Okafor (risk officer)",
    ):
        assert words in page
    assert "Your password" not in page


def test_leaving_the_team_makes_nobody_independent(
    cast: SimpleNamespace, review: Review, client_of: Browser
) -> None:
    model = review.version.model
    entry = replace(entry_of(model), owner=cast.bea, developers=[cast.ada])
    change_model(model=model, entry=entry, actor=actor_of_user(cast.olga), at=timezone.now())
    joined = replace(entry, developers=[cast.dev])
    change_model(model=model, entry=joined, actor=actor_of_user(cast.bea), at=timezone.now())

    page = text_of(client_of(cast.ada).get(f"/reviews/{review.pk}/"))
    assert "team when the version was registered." in page
    assert "Your password" not in page
    assert RegisteredModel.objects.get().former_team.keys() == {"olga", "ada", "dev"}


def test_who_left_before_a_version_was_registered_had_no_hand_in_it(review: Review) -> None:
    version = review.version
    for days, counts in ((-1, False), (1, True)):
        left = version.registered_at + timedelta(days=days)
        version.model.former_team = {"ada": left.isoformat()}
        assert ("ada" in involved(version, [], [])) == counts


@pytest.mark.parametrize("sent", [{}, {"rationale": "", "password": ""}])
def test_a_post_by_the_developer_is_refused_and_recorded(
    cast: SimpleNamespace, review: Review, client_of: Browser, sent: dict[str, str]
) -> None:
    answer = client_of(cast.dev).post(f"/reviews/{review.pk}/sign/", body(review, "validator", **sent))

    assert answer.status_code == 403 and "You develop this model." in text_of(answer)
    assert not SignOff.objects.exists()
    event = Event.objects.get(verb="review.sign_refused")
    assert (event.actor, event.subject) == ("user:dev", review.ref)


def test_evidence_that_moved_answers_409_with_the_text_kept(
    cast: SimpleNamespace, review: Review, client_of: Browser
) -> None:
    stale = body(review, "risk_officer", rationale="A rationale that took me an hour to write.")
    a_card(cast, review.version, caveats="Not for applicants with less than 6 months of history.")

    answer = client_of(cast.ada).post(f"/reviews/{review.pk}/sign/", stale)

    assert answer.status_code == 409
    page = answer.content.decode()
    assert "The card changed after you opened this page, so nothing was signed." in text_of(answer)
    assert "A rationale that took me an hour to write." in page and PASSWORD not in page
    assert judge_version(review.version, "production", at=timezone.now()).digest in page
    assert not SignOff.objects.exists()


def test_parts_that_do_not_fit_their_digest_are_not_believed(
    cast: SimpleNamespace, review: Review, client_of: Browser
) -> None:
    forged = body(review, "risk_officer", evidence_digest="sha256:" + "0" * 64)

    answer = client_of(cast.ada).post(f"/reviews/{review.pk}/sign/", forged)

    assert answer.status_code == 409 and "Something in it changed" in text_of(answer)


def test_a_wrong_password_is_said_beside_the_field(
    cast: SimpleNamespace, review: Review, client_of: Browser
) -> None:
    answer = client_of(cast.ada).post(
        f"/reviews/{review.pk}/sign/", body(review, "risk_officer", password="wrong")
    )

    assert answer.status_code == 400 and "This is not your password or code." in text_of(answer)
    assert RATIONALE in answer.content.decode() and not SignOff.objects.exists()


def test_conditions_are_signed_row_by_row_and_blank_rows_mean_nothing(
    cast: SimpleNamespace, review: Review, client_of: Browser
) -> None:
    due = (timezone.now() + timedelta(days=9)).date()
    sent = body(
        review,
        "validator",
        decision="approve_with_conditions",
        condition_text=["Weekly ratio", "", "Retest"],
        condition_due=[due.isoformat(), "", due.isoformat()],
    )

    client_of(cast.viktor).post(f"/reviews/{review.pk}/sign/", sent)

    assert sorted(Condition.objects.values_list("text", "due_on")) == [("Retest", due), ("Weekly ratio", due)]


@pytest.mark.parametrize(
    ("text", "due", "complaint"),
    [
        ("Weekly ratio", "", "Say by which date"),
        ("Weekly ratio", "2026-02-31", "Say by which date"),
        ("Weekly ratio", "2020-01-01", "lies in the past"),
        ("", "2099-01-01", "Say what must be done"),
        ("", "", "No condition is written"),
    ],
)
def test_a_condition_that_is_not_complete_is_said_and_kept(
    cast: SimpleNamespace, review: Review, client_of: Browser, text: str, due: str, complaint: str
) -> None:
    sent = body(
        review,
        "validator",
        decision="approve_with_conditions",
        condition_text=[text],
        condition_due=[due],
    )

    answer = client_of(cast.viktor).post(f"/reviews/{review.pk}/sign/", sent)

    assert answer.status_code == 400 and complaint in text_of(answer)
    assert text in answer.content.decode() and not SignOff.objects.exists()


def test_the_page_says_word_by_word_what_changed_since_my_signature(
    cast: SimpleNamespace, review: Review, client_of: Browser
) -> None:
    a_signature(review, cast.ada, "risk_officer")
    a_card(cast, review.version, author=cast.olga, caveats="Caveats of this model, said in other words.")

    page = client_of(cast.ada).get(f"/reviews/{review.pk}/")

    assert "Changed since you signed on 21 Nov" in text_of(page)
    assert "Revision 1 to 2, by Olga Lindqvist." in text_of(page)
    assert re.search(r"<del>[^<]+</del><ins>[^<]*other[^<]*</ins>|<ins>[^<]*other", page.content.decode())
    assert "Artifact, tier, risks, explainability, fairness and performance" in text_of(page)


def test_somebody_with_two_roles_chooses_one(
    cast: SimpleNamespace, review: Review, client_of: Browser
) -> None:
    RoleGrant.objects.create(user=cast.viktor, role=Role.RISK_OFFICER, granted_at=AT)

    first = text_of(client_of(cast.viktor).get(f"/reviews/{review.pk}/"))
    other = text_of(client_of(cast.viktor).get(f"/reviews/{review.pk}/?role=risk_officer"))

    assert "You decide as validator" in first and "You decide as risk officer" in other


def test_a_prohibited_use_offers_no_approval(
    cast: SimpleNamespace, review: Review, client_of: Browser
) -> None:
    a_tier(cast, review.version.model, "prohibited")

    page = client_of(cast.ada).get(f"/reviews/{review.pk}/").content.decode()

    assert 'value="reject"' in page and 'value="approve"' not in page
    assert "It can never be approved or waived." in page


def test_a_veto_is_withdrawn_from_its_certificate(
    cast: SimpleNamespace, review: Review, client_of: Browser
) -> None:
    vetoed = a_signature(review, cast.carl, "compliance_officer", Decision.REJECT)
    tab = "/models/credit-default/versions/1/sign-offs/"
    action = f"/signoffs/{vetoed.pk}/withdraw/"
    assert action in client_of(cast.carl).get(tab).content.decode()
    assert action not in client_of(cast.ada).get(tab).content.decode()

    short = client_of(cast.carl).post(action, {"reason": "Oops"})
    assert short.status_code == 400 and "Oops" in short.content.decode()
    assert client_of(cast.ada).post(action, {"reason": RATIONALE}).status_code == 403
    vetoed.refresh_from_db()
    assert vetoed.withdrawn_at is None

    done = client_of(cast.carl).post(action, {"reason": RATIONALE}, follow=True)
    assert "Withdrawn. It stays in the record" in text_of(done)
    vetoed.refresh_from_db()
    assert vetoed.withdrawn_by == cast.carl


def test_a_condition_is_met_from_its_certificate(
    cast: SimpleNamespace, review: Review, client_of: Browser
) -> None:
    conditions = [("Weekly ratio", AT.date() + timedelta(days=30))]
    a_signature(review, cast.viktor, "validator", Decision.APPROVE_WITH_CONDITIONS, conditions=conditions)
    action = f"/conditions/{Condition.objects.get().pk}/met/"

    assert client_of(cast.dev).post(action, {"note": ""}).status_code == 400
    assert client_of(cast.viktor).post(action, {"note": "Done."}).status_code == 403
    client_of(cast.dev).post(action, {"note": "Report 12 is out."})

    assert Condition.objects.get().met_note == "Report 12 is out."


def test_a_comment_is_kept_and_an_empty_one_is_not(
    cast: SimpleNamespace, review: Review, client_of: Browser
) -> None:
    action = f"/reviews/{review.pk}/comment/"

    client_of(cast.dev).post(action, {"text": "<b>Look</b> at run 2."})
    assert client_of(cast.dev).post(action, {"text": " "}).status_code == 400
    assert client_of(cast.aud).post(action, {"text": "Hm."}).status_code == 403

    assert Comment.objects.count() == 1
    assert "&lt;b&gt;Look" in client_of(cast.aud).get(f"/reviews/{review.pk}/").content.decode()


def test_a_version_is_submitted_once_for_each_environment(
    cast: SimpleNamespace, version: ModelVersion, client_of: Browser
) -> None:
    action = "/models/credit-default/versions/1/submit/"
    due = (timezone.now() + timedelta(days=5)).date().isoformat()
    browser = client_of(cast.dev)

    assert browser.get(action).status_code == 200
    first = browser.post(action, {"environment": "staging", "due_on": due, "note": "Look."})
    again = browser.post(action, {"environment": "staging", "due_on": due}, follow=True)

    opened = Review.objects.get(environment="staging")
    assert first["Location"] == f"/reviews/{opened.pk}/"
    assert "has a review already" in text_of(again) and opened.note == "Look."
    assert client_of(cast.viktor).get(action).status_code == 403
    assert browser.post(action, {"environment": "moon", "due_on": due}).status_code == 400


def test_the_list_is_filtered_by_its_address(
    cast: SimpleNamespace, review: Review, client_of: Browser
) -> None:
    browser = client_of(cast.ada)
    for address, shown in [
        ("", True),
        ("?view=mine", True),
        ("?view=approved", False),
        ("?view=all&tier=high&environment=production&role=validator&q=credit", True),
        ("?tier=low", False),
        ("?environment=staging", False),
        ("?role=ethics_committee", False),
        ("?q=nothing-like-it", False),
        ("?view=nonsense", True),
    ]:
        page = browser.get(f"/reviews/{address}")
        assert (f"/reviews/{review.pk}/" in page.content.decode()) is shown, address
    assert f"/reviews/{review.pk}/" not in client_of(cast.dev).get("/reviews/?view=mine").content.decode()


def test_the_tab_of_signatures_takes_the_same_queries_for_one_and_for_many(
    cast: SimpleNamespace, review: Review, client_of: Browser
) -> None:
    browser, tab = client_of(cast.carl), "/models/credit-default/versions/1/sign-offs/"

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get(tab)
        return len(captured)

    conditions = [("Report", AT.date() + timedelta(days=30))]
    given = {"conditions": conditions}
    a_signature(review, cast.viktor, "validator", Decision.APPROVE_WITH_CONDITIONS, **given)
    browser.get(tab)
    one = count()
    a_signature(review, cast.ada, "risk_officer", Decision.APPROVE_WITH_CONDITIONS, **given)
    a_signature(review, cast.carl, "compliance_officer", Decision.REJECT)
    browser.get(tab)

    assert count() == one


def answers(level: int = 2) -> dict[str, Any]:
    return {f"q_{question.id}": level for question in load_questionnaire().questions}


def test_the_questionnaire_is_scored_before_it_is_kept(cast: SimpleNamespace, client_of: Browser) -> None:
    a_model(cast)
    browser = client_of(cast.olga)
    page = browser.get("/models/credit-default/tier/").content.decode()
    assert all(question.text in page for question in load_questionnaire().questions)

    live = browser.post(
        "/models/credit-default/tier/preview/", answers(0) | {"f_eu_prohibited_practice": "on"}
    )
    plain = browser.post("/models/credit-default/tier/", answers(1) | {"preview": "1"})

    assert "Prohibited" in text_of(live) and "EU AI Act Art. 5" in text_of(live)
    assert "Moderate" in text_of(plain) and "These answers would give" in text_of(plain)
    assert not TierAssessment.objects.exists()


def test_kept_answers_wait_for_a_risk_officer_who_confirms_them(
    cast: SimpleNamespace, client_of: Browser
) -> None:
    model = a_model(cast)
    sent = client_of(cast.olga).post("/models/credit-default/tier/", answers() | {"keep": "1"}, follow=True)
    assert "A risk officer confirms it." in text_of(sent)
    proposed = TierAssessment.objects.get(model=model)
    confirm = "/models/credit-default/tier/confirm/"
    data = {"assessment": proposed.pk, "use": use_digest(model), "tier": "high"}

    assert client_of(cast.viktor).post(confirm, data).status_code == 403
    lowered = client_of(cast.ada).post(confirm, data | {"tier": "low"})
    assert lowered.status_code == 400 and "needs a rationale" in text_of(lowered)
    assert not TierAssessment.objects.get().is_confirmed

    done = client_of(cast.ada).post(confirm, data, follow=True)
    assert "High is confirmed for Credit default." in text_of(done)


def test_readers_see_the_answers_and_cannot_change_them(cast: SimpleNamespace, client_of: Browser) -> None:
    a_tier(cast, a_model(cast))
    reader = client_of(cast.aud)

    page = reader.get("/models/credit-default/tier/")
    assert "General public" in text_of(page) and "Keep these answers" not in text_of(page)
    assert reader.post("/models/credit-default/tier/", answers()).status_code == 403
    bad = client_of(cast.olga).post("/models/credit-default/tier/", answers(9))
    assert bad.status_code == 400
    assert TierAssessment.objects.count() == 1


def test_the_policy_reads_as_sentences(cast: SimpleNamespace, review: Review, client_of: Browser) -> None:
    page = text_of(client_of(cast.aud).get("/policy/"))

    for words in (
        "default v3",
        "AUC, low end of its 95% interval: at least 0.65 (binary classification).",
        "Lowest selection ratio: at least 0.80.",
        "One person signs as validator.",
        "A prohibited use takes no list",
        "decision_valid_for: 1h",
    ):
        assert words in page


def test_without_a_policy_the_page_says_that_everything_is_denied(
    cast: SimpleNamespace, client_of: Browser
) -> None:
    assert "No policy is in force" in text_of(client_of(cast.aud).get("/policy/"))


@pytest.mark.parametrize("address", ["/reviews/999/", "/models/nothing/tier/"])
def test_what_does_not_exist_answers_404(cast: SimpleNamespace, client_of: Browser, address: str) -> None:
    assert client_of(cast.ada).get(address).status_code == 404
