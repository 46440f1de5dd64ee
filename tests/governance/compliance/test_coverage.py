"""What applies to a model, what the record holds, and what people conclude of it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role, RoleGrant, User
from accounts.refusals import Conflict, Invalid, NotAllowed
from audit.agreement import compare_rows
from audit.models import Event
from governance.compliance.attaching import attach, detach
from governance.compliance.concluding import conclude, take_back
from governance.compliance.coverage import Standing
from governance.compliance.expiring import conclusions_waiting
from governance.compliance.gaps import close_gap, gaps_waiting, open_gap
from governance.compliance.importing import import_framework
from governance.compliance.library import frameworks
from governance.compliance.models import Conclusion, Gap
from governance.compliance.queries import ModelCoverage, coverage_of, left_behind, programme_coverage
from governance.compliance.scoping import decide_scope
from registry.models import RegisteredModel
from riskreview.queue_items import OVERDUE
from tests import builders
from tests.conftest import AT, actor_of_user
from tests.governance.compliance.test_frameworks import HOUSE, NOTE

ClientOf = Callable[[User], Client]
WHY = "I read the card and the runs, and they show it."
UNTIL = date(2027, 11, 1)
EU, CONTROL = "eu-ai-act", "EU-10.2b"


def covered(model: RegisteredModel, today: date | None = None) -> ModelCoverage:
    return coverage_of([RegisteredModel.objects.get(pk=model.pk)], today=today or AT.date())[0]


def standing(model: RegisteredModel, control: str = CONTROL, framework: str = EU, **more: Any) -> Standing:
    return next(row for row in covered(model, **more).standings[framework] if row.control.id == control)


def concluded(cast: SimpleNamespace, model: RegisteredModel | None, **changes: Any) -> list[Conclusion]:
    person = changes.get("user", cast.carl)
    given: dict[str, Any] = {
        "framework": EU,
        "controls": [CONTROL],
        "verdict": "satisfied",
        "rationale": WHY,
        "until": UNTIL,
        "user": person,
        "at": AT,
    }
    return conclude(model=model, actor=actor_of_user(person), **(given | changes))


def scoped(cast: SimpleNamespace, model: RegisteredModel | None, **changes: Any) -> None:
    given: dict[str, Any] = {"framework": "iso-42001", "stance": "applies", "rationale": WHY, "at": AT}
    decide_scope(model=model, user=cast.carl, actor=actor_of_user(cast.carl), **(given | changes))


def assert_the_record_agrees() -> None:
    """Each row of these tables is as the last event about it says."""
    assert [one.text for one in compare_rows().told if one.row.startswith("compliance.")] == []


def test_use_and_place_say_what_applies(lender: RegisteredModel) -> None:
    answers = covered(lender).applicable
    assert {name for name, answer in answers.items() if answer.applies} == {
        *("eu-ai-act", "ecoa-reg-b", "fcra"),
    }
    assert "credit to people" in answers[EU].why and "Germany" in answers[EU].why
    assert not answers["sr-11-7"].applies and "superseded" in answers["sr-11-7"].why
    assert not answers["ccpa-admt"].applies and "California" in answers["ccpa-admt"].why
    lender.jurisdictions = []
    lender.save()
    assert "no jurisdiction is named, it counts" in covered(lender).applicable["ccpa-admt"].why


def test_the_organisation_follows_from_a_tier_on(cast: SimpleNamespace, lender: RegisteredModel) -> None:
    scoped(cast, None, from_tier="critical")
    assert "from tier critical on; this one is high" in covered(lender).applicable["iso-42001"].why
    scoped(cast, None, from_tier="high")
    assert covered(lender).applicable["iso-42001"].applies


def test_a_decision_by_hand_is_recorded_and_reversible(
    cast: SimpleNamespace, lender: RegisteredModel
) -> None:
    scoped(cast, lender, framework=EU, stance="does_not")
    answer = covered(lender).applicable[EU]
    assert not answer.applies and answer.by_rules and "Carl Brandt decided so" in answer.why
    with pytest.raises(Conflict):
        scoped(cast, lender, framework=EU, stance="does_not")
    scoped(cast, lender, framework=EU, stance="by_rules")
    assert covered(lender).applicable[EU].applies
    assert Event.objects.filter(verb="framework.scoped", subject=f"{lender.ref}/framework:{EU}").count() == 2


def test_evidence_that_is_there_is_never_called_satisfied(lender: RegisteredModel) -> None:
    rows = [row for found in covered(lender).standings.values() for row in found]
    assert {row.state for row in rows} == {"missing", "ready"}
    ready = next(row for row in rows if row.state == "ready")
    assert ready.word == "To conclude" and not ready.lacks


def test_each_kind_is_found_where_the_record_holds_it(cast: SimpleNamespace, lender: RegisteredModel) -> None:
    builders.a_finding(cast, lender.versions.get())
    builders.a_signature(lender.versions.get().reviews.get(), cast.viktor, "validator")
    held = covered(lender).held
    there = {kind for kind, found in held.items() if found.state == "present"}
    assert {"inventory", "card.details", "risk.tier", "risk.register", "eval.fairness"} <= there
    assert {"signoff.validation", "finding", "audit_trail", "change"} <= there
    assert not there & {"signoff.approval", "incident", "document.external", "eval.generative"}
    later = coverage_of([lender], today=AT.date() + timedelta(days=4000))[0].held["signoff.validation"]
    assert later.state == "stale"  # it expired


def test_a_conclusion_goes_out_of_date_with_its_evidence(
    cast: SimpleNamespace, lender: RegisteredModel
) -> None:
    concluded(cast, lender)
    assert standing(lender).state == "satisfied"
    assert standing(lender, today=UNTIL).state == "satisfied"
    over = standing(lender, today=UNTIL + timedelta(days=1))
    assert over.state == "outdated" and "until 2027-11-01" in over.outdated[0]
    builders.a_card(cast, lender.versions.get(), training_data="Another year of loans, labelled by hand.")
    moved = standing(lender)
    assert moved.state == "outdated"
    assert moved.outdated == ("Evidence changed since: Model card: training data and provenance.",)


def test_that_it_does_not_apply_rests_on_the_use(cast: SimpleNamespace, lender: RegisteredModel) -> None:
    concluded(cast, lender, verdict="not_applicable")
    builders.a_card(cast, lender.versions.get(), training_data="Another year of loans, labelled by hand.")
    assert standing(lender).state == "not_applicable"
    lender.purpose = "Something else altogether."
    lender.save()
    assert standing(lender).state == "outdated"


def test_only_an_independent_compliance_officer_concludes(
    cast: SimpleNamespace, lender: RegisteredModel
) -> None:
    for person in (cast.olga, cast.ada, cast.aud, cast.viktor):
        with pytest.raises(NotAllowed):
            concluded(cast, lender, user=person)
    RoleGrant.objects.create(user=cast.dev, role=Role.COMPLIANCE_OFFICER, granted_at=AT)
    with pytest.raises(NotAllowed, match="You develop"):
        concluded(cast, lender, user=User.objects.get(pk=cast.dev.pk))
    assert not Conclusion.objects.exists()
    assert Event.objects.filter(verb="control.refused").count() == 5


@pytest.mark.parametrize(
    "changes",
    [
        {"verdict": "taken_back"},
        {"rationale": "Fine."},
        {"until": AT.date()},
        {"until": AT.date() + timedelta(days=800)},
        {"controls": []},
        {"controls": [CONTROL, "nothing"]},
        {"framework": "nothing"},
        {"framework": "sr-11-7", "controls": ["SR117-III.1"]},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_not_concluded(
    cast: SimpleNamespace, lender: RegisteredModel, changes: dict[str, Any]
) -> None:
    with pytest.raises(Invalid):
        concluded(cast, lender, **changes)
    assert not Conclusion.objects.exists()


def test_nobody_concludes_on_evidence_that_they_have_not_seen(
    cast: SimpleNamespace, lender: RegisteredModel, client_of: ClientOf
) -> None:
    client, place = client_of(cast.carl), reverse("compliance:model_control", args=[lender.slug, EU, CONTROL])
    seen = client.get(place).context["form"].fields["seen"].initial
    typed = {"verdict": "partly", "rationale": WHY, "until": "2027-06-01", "seen": seen}
    builders.a_card(
        cast, lender.versions.get(), training_data="A text that nobody has seen on that page yet."
    )
    answer = client.post(place, typed)
    assert answer.status_code == 409 and WHY in answer.content.decode()
    assert not Conclusion.objects.exists()
    typed["seen"] = answer.context["form"].data["seen"]
    assert client.post(place, typed).status_code == 302
    assert standing(lender).state == "partly"


def test_a_conclusion_is_taken_back_and_stays_in_the_history(
    cast: SimpleNamespace, lender: RegisteredModel
) -> None:
    concluded(cast, lender)
    carl = actor_of_user(cast.carl)
    told: dict[str, Any] = {"framework": EU, "control": CONTROL, "model": lender, "rationale": WHY}
    take_back(user=cast.carl, actor=carl, at=AT, **told)
    assert standing(lender).conclusion is None and Conclusion.objects.count() == 2
    with pytest.raises(Conflict):
        take_back(user=cast.carl, actor=carl, at=AT, **told)
    verbs = Event.objects.filter(subject=f"{lender.ref}/control:{EU}.{CONTROL}").values_list(
        "verb", flat=True
    )
    assert sorted(verbs) == ["control.concluded", "control.taken_back"]


def test_a_new_version_of_a_framework_loses_no_conclusion(
    cast: SimpleNamespace, lender: RegisteredModel
) -> None:
    adam = actor_of_user(cast.adam)

    def bring(text: str) -> None:
        import_framework(text, source="x", note=NOTE, importer=cast.adam, actor=adam, at=AT)

    bring(HOUSE)
    scoped(cast, lender, framework="house-rules")
    concluded(cast, lender, framework="house-rules", controls=["HR-1"])
    second = HOUSE.replace("version: '1'", "version: '2'")
    bring(second)
    assert standing(lender, "HR-1", "house-rules").state == "satisfied"  # it reads as before
    bring(second.replace("version: '2'", "version: '3'").replace("are named", "are named and dated"))
    assert "says it differently since 1" in standing(lender, "HR-1", "house-rules").outdated[0]
    bring(second.replace("version: '2'", "version: '4'").replace("HR-1", "HR-9"))
    assert [row.control for row in left_behind(frameworks()["house-rules"], lender)] == ["HR-1"]


def test_the_organisation_is_concluded_once_and_its_evidence_counts_for_models(
    cast: SimpleNamespace, lender: RegisteredModel
) -> None:
    sr = {"framework": "sr-11-7", "controls": ["SR117-III.1"]}
    concluded(cast, None, **sr)
    found = programme_coverage(today=AT.date()).standings["sr-11-7"]
    assert {row.control.id: row.state for row in found}["SR117-III.1"] == "satisfied"
    with pytest.raises(Invalid, match="on the page of a model"):
        concluded(cast, None)
    carl = actor_of_user(cast.carl)
    paper = attach(
        model=None, kind="document.external", title="Certificate 12", place="https://example.org/12",
        holds_until=UNTIL, user=cast.carl, actor=carl, at=AT,
    )  # fmt: skip
    assert covered(lender).held["document.external"].state == "present"
    assert covered(lender, UNTIL + timedelta(days=1)).held["document.external"].state == "stale"
    detach(evidence=paper, reason="It was withdrawn by its issuer.", user=cast.carl, actor=carl, at=AT)
    assert covered(lender).held["document.external"].state == "missing"
    with pytest.raises(NotAllowed):
        attach(
            model=None, kind="document.external", title="x", place="y", user=cast.olga, actor=carl, at=AT
        )  # fmt: skip


def test_conclusions_that_run_out_wait_for_compliance_until_somebody_concludes_anew(
    cast: SimpleNamespace, lender: RegisteredModel
) -> None:
    def waiting(person: User, days: int) -> list[tuple[str, str]]:
        """`days` after the last day of the first conclusions."""
        found = conclusions_waiting(person, datetime.combine(UNTIL, time(9), UTC) + timedelta(days=days))
        return [(item.title, item.urgency == OVERDUE and "overdue" or "") for item in found]

    concluded(cast, lender, controls=[CONTROL, "EU-9.2a"])
    assert waiting(cast.carl, -31) == []
    assert waiting(cast.carl, -30) == [(f"2 conclusions to run out: {lender.name}", "")]
    assert waiting(cast.carl, 1) == [(f"2 conclusions ran out: {lender.name}", "overdue")]
    assert waiting(cast.olga, 1) == waiting(cast.aud, 1) == []

    concluded(cast, lender, controls=["EU-9.2a"], until=UNTIL + timedelta(days=200))
    assert waiting(cast.carl, 1) == [(f"1 conclusion ran out: {lender.name}", "overdue")]
    lender.lifecycle, lender.lifecycle_reason = "retired", WHY
    lender.save()
    assert waiting(cast.carl, 1) == []


def test_a_gap_is_a_task_of_its_owner_until_it_is_closed(
    cast: SimpleNamespace, lender: RegisteredModel
) -> None:
    carl = actor_of_user(cast.carl)
    told: dict[str, Any] = {"framework": EU, "control": CONTROL, "model": lender, "lacks": WHY}
    due = AT.date() + timedelta(days=30)
    gap = open_gap(owner=cast.dev, due_on=due, user=cast.carl, actor=carl, at=AT, **told)
    assert [item.title for item in gaps_waiting(cast.dev, AT)] == [str(gap)]
    handed = open_gap(owner=cast.olga, due_on=due, user=cast.ada, actor=carl, at=AT, **told)
    assert handed.pk == gap.pk and not gaps_waiting(cast.dev, AT) and Gap.objects.count() == 1
    assert standing(lender).gap == gap
    with pytest.raises(NotAllowed):
        close_gap(gap=gap, note=WHY, user=cast.dev, actor=carl, at=AT)
    close_gap(gap=gap, note=WHY, user=cast.olga, actor=carl, at=AT)
    assert not gaps_waiting(cast.olga, AT) and standing(lender).state != "satisfied"
    with pytest.raises(NotAllowed):
        open_gap(owner=cast.dev, due_on=due, user=cast.olga, actor=carl, at=AT, **told)
    assert_the_record_agrees()


def test_several_controls_are_concluded_at_once(
    cast: SimpleNamespace, lender: RegisteredModel, client_of: ClientOf
) -> None:
    place = reverse("compliance:model_framework", args=[lender.slug, EU])
    typed = {"verdict": "not_applicable", "rationale": WHY, "until": "2027-06-01"}
    client = client_of(cast.carl)
    assert client.post(place, typed | {"control": ["EU-10.2a", CONTROL]}).status_code == 302
    assert Conclusion.objects.count() == 2
    assert Event.objects.filter(verb="control.concluded").count() == 2
    assert client_of(cast.ada).post(place, typed | {"control": [CONTROL]}).status_code == 403
    assert_the_record_agrees()
