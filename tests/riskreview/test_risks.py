"""The register: who adds, rates, accepts, closes and hands over risks, and what the gate makes of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Notice, Role, RoleGrant, User
from accounts.refusals import Conflict, Invalid, NotAllowed
from audit.models import Event
from policy.risk_catalogue import load_rules
from policy.risk_scales import default_scales
from policy.tiering import load_questionnaire
from registry.actions import change_model
from registry.entries import entry_of
from registry.models import ModelVersion, Origin, RegisteredModel
from registry.regulated import regulated_uses
from riskreview.judgement import judge_locked, judge_version
from riskreview.models import Finding, Risk, RiskState
from riskreview.risks.accepting import accept_risk, withdraw_acceptance
from riskreview.risks.access import reason_against_closing
from riskreview.risks.adding import OwnRisk, add_from_catalogue, add_own
from riskreview.risks.assessing import rate_risk, treat_risk
from riskreview.risks.closing import close_risk, reopen_risk
from riskreview.risks.handover import hand_over_risks
from riskreview.risks.proposing import proposals_of, take_proposal
from riskreview.risks.reminders import remind_risks
from riskreview.risks.scale_changes import level_changes, save_scales, scales_digest
from riskreview.risks.suggesting import suggestions_for
from riskreview.risks.waiting import risks_waiting
from tests.builders import (
    a_dataset,
    a_measurement,
    a_model,
    a_risk,
    a_signature,
    a_tier,
    a_version,
    a_version_of_viktor,
    active_policy,
)
from tests.conftest import AT, actor_of_user

WHY = "The use is small and a person looks at every case."
Did = Callable[..., Any]


@pytest.fixture
def model(cast: SimpleNamespace) -> RegisteredModel:
    return a_model(cast)


def by(user: User, name: str, **given: Any) -> dict[str, Any]:
    """What every action takes of the one who does it."""
    return {name: user, "actor": actor_of_user(user), "at": AT, **given}


def accept(risk: Risk, user: User, **given: Any) -> Risk:
    return accept_risk(risk=risk, **by(user, "acceptor", **({"reason": WHY, "until": None} | given)))


def treated(version: ModelVersion, at: Any = AT) -> tuple[str, str]:
    """What the requirement says of a version, by the gate's way of gathering."""
    with transaction.atomic():
        held = ModelVersion.objects.select_related("model").get(pk=version.pk)
        found = judge_locked(held, "production", at=at)
    result = next(item for item in found.verdict.requirements if item.id == "risks_treated")
    return result.result, result.reason


def test_a_risk_of_the_catalogue_is_added_once(cast: SimpleNamespace, model: RegisteredModel) -> None:
    first, new = add_from_catalogue(model=model, catalogue_id="FAI-01", **by(cast.olga, "raiser"))
    again, anew = add_from_catalogue(model=model, catalogue_id="FAI-01", **by(cast.viktor, "raiser"))

    assert (new, anew, first.pk) == (True, False, again.pk) and first.inherent is None
    assert Event.objects.filter(verb="risk.raised").count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        first.pk, first._state.adding = None, True
        first.save()


@pytest.mark.parametrize("name", ["aud", "adam", "bea", "etta", "carl"])
def test_only_the_team_validators_and_risk_officers_keep_the_register(
    cast: SimpleNamespace, model: RegisteredModel, name: str
) -> None:
    user = getattr(cast, name)
    with pytest.raises(NotAllowed):
        add_from_catalogue(model=model, catalogue_id="FAI-01", **by(user, "raiser"))
    with pytest.raises(NotAllowed):
        add_own(model=model, own=OwnRisk("A", "legal_regulatory", "B"), **by(user, "raiser"))
    risk = a_risk(cast, model)
    with pytest.raises(NotAllowed):
        rate_risk(risk=risk, inherent=(1, 1), residual=(1, 1), note="", **by(user, "rater"))
    risk.refresh_from_db()
    assert risk.residual == (2, 3)


@pytest.mark.parametrize(
    ("inherent", "residual", "field"),
    [
        (None, (1, 1), "inherent"),
        ((3, 3), (4, 3), "residual"),
        ((3, 3), (3, 4), "residual"),
        ((6, 3), None, "inherent"),
        ((0, 3), None, "inherent"),
    ],
)
def test_ratings_that_make_no_sense_are_refused(
    cast: SimpleNamespace, model: RegisteredModel, inherent: Any, residual: Any, field: str
) -> None:
    risk = a_risk(cast, model, before=None)
    with pytest.raises(Invalid) as refused:
        rate_risk(risk=risk, inherent=inherent, residual=residual, note="", **by(cast.ada, "rater"))
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"treatment": "ignore"}, "treatment"),
        ({"controls": " \n "}, "controls"),
        ({"controls": "x\n" * 31}, "controls"),
        ({"review_on": AT.date() - timedelta(days=1)}, "review_on"),
        ({"review_on": AT.date() + timedelta(days=731)}, "review_on"),
    ],
)
def test_treatments_that_say_nothing_are_refused(
    cast: SimpleNamespace, model: RegisteredModel, changes: dict[str, Any], field: str
) -> None:
    given = {"treatment": "mitigate", "controls": "Weekly check", "review_on": AT.date() + timedelta(days=9)}
    with pytest.raises(Invalid) as refused:
        treat_risk(risk=a_risk(cast, model), **by(cast.olga, "treater", **(given | changes)))
    assert refused.value.field == field


def test_accepting_takes_the_role_that_the_level_asks_and_no_part_in_it(
    cast: SimpleNamespace, model: RegisteredModel
) -> None:
    risk = a_risk(cast, model, after=(3, 4))  # high: a compliance officer's
    for name in ("olga", "dev", "viktor", "ada", "etta", "adam", "aud"):
        with pytest.raises(NotAllowed):
            accept(risk, getattr(cast, name))
    RoleGrant.objects.create(user=cast.dev, role=Role.COMPLIANCE_OFFICER, granted_at=AT)
    with pytest.raises(NotAllowed, match="You develop this model"):
        accept(risk, User.objects.get(username="dev"))
    hand_over_risks(risks=[risk], owner=cast.carl, note="Moves on", **by(cast.ada, "changer"))
    with pytest.raises(NotAllowed, match="You own this risk"):
        accept(risk, cast.carl)
    hand_over_risks(risks=[Risk.objects.get()], owner=cast.bea, note="Moves on", **by(cast.ada, "changer"))
    with pytest.raises(Invalid, match="180 days"):
        accept(risk, cast.carl, until=AT.date() + timedelta(days=181))
    with pytest.raises(Invalid):
        accept(risk, cast.carl, until=AT.date() - timedelta(days=1))
    with pytest.raises(Invalid):
        accept(risk, cast.carl, reason="Fine.")

    accepted = accept(risk, cast.carl)

    assert (accepted.state, accepted.accepted_level, accepted.accepted_role) == (
        "accepted",
        "high",
        "compliance_officer",
    )
    assert accepted.accepted_until is not None and accepted.accepted_until.date() == date(2027, 5, 21)
    assert Event.objects.filter(verb="risk.accept_refused").count() == 12
    assert Event.objects.filter(verb="risk.accepted").count() == 1
    with pytest.raises(Conflict):
        accept(risk, cast.carl)


def test_what_is_not_rated_cannot_be_accepted(cast: SimpleNamespace, model: RegisteredModel) -> None:
    with pytest.raises(Conflict):
        accept(a_risk(cast, model, before=None), cast.carl)


def test_a_new_rating_ends_an_acceptance_and_so_does_owning_it(
    cast: SimpleNamespace, model: RegisteredModel
) -> None:
    risk = accept(a_risk(cast, model, after=(3, 4)), cast.carl)
    rated = rate_risk(risk=risk, inherent=(4, 4), residual=(4, 4), note="", **by(cast.ada, "rater"))
    assert (rated.state, rated.accepted_by, rated.accepted_until) == ("open", None, None)
    accept(rated, cast.carl)
    hand_over_risks(risks=[Risk.objects.get()], owner=cast.carl, note="His now", **by(cast.ada, "changer"))
    assert Risk.objects.get().state == RiskState.OPEN


def test_an_acceptance_is_taken_back_by_its_giver_or_an_independent_holder(
    cast: SimpleNamespace, model: RegisteredModel
) -> None:
    risk = accept(a_risk(cast, model, after=(3, 4)), cast.carl)
    for name in ("olga", "ada", "aud"):
        with pytest.raises(NotAllowed):
            withdraw_acceptance(risk=risk, reason=WHY, **by(getattr(cast, name), "user"))
    assert withdraw_acceptance(risk=risk, reason=WHY, **by(cast.carl, "user")).state == RiskState.OPEN
    with pytest.raises(Conflict):
        withdraw_acceptance(risk=risk, reason=WHY, **by(cast.carl, "user"))


def test_who_answers_for_a_risk_does_not_declare_it_gone(
    cast: SimpleNamespace, model: RegisteredModel
) -> None:
    risk = a_risk(cast, model)
    for name in ("olga", "dev", "carl", "adam", "aud"):
        with pytest.raises(NotAllowed):
            close_risk(risk=risk, reason=WHY, **by(getattr(cast, name), "closer"))
    with pytest.raises(Invalid):
        close_risk(risk=risk, reason="Gone", **by(cast.viktor, "closer"))
    closed = close_risk(risk=risk, reason=WHY, **by(cast.viktor, "closer"))
    with pytest.raises(Conflict):
        rate_risk(risk=closed, inherent=(1, 1), residual=(1, 1), note="", **by(cast.ada, "rater"))
    twin, new = add_from_catalogue(model=model, catalogue_id="ACC-01", **by(cast.olga, "raiser"))
    assert new
    with pytest.raises(Conflict, match=f"R-{twin.pk}"):
        reopen_risk(risk=closed, reason=WHY, **by(cast.olga, "opener"))
    close_risk(risk=twin, reason=WHY, **by(cast.viktor, "closer"))
    assert reopen_risk(risk=closed, reason=WHY, **by(cast.olga, "opener")).state == RiskState.OPEN


def test_whoever_made_a_version_or_owns_its_data_neither_accepts_nor_closes_risks(
    cast: SimpleNamespace, model: RegisteredModel
) -> None:
    risk = a_risk(cast, model, after=(3, 4))
    Risk.objects.update(treatment="accept")
    assert [item.action for item in risks_waiting(cast.carl, AT)] == ["Decide"]
    a_version_of_viktor(cast, model)
    a_version(cast, model, "2", registrant=cast.carl)

    for person, said in ((cast.viktor, "You registered version 1"), (cast.ada, "You own the training data")):
        with pytest.raises(NotAllowed, match=said):
            close_risk(risk=risk, reason=WHY, **by(person, "closer"))
    with pytest.raises(NotAllowed, match="You registered version 2"):
        accept(risk, cast.carl)
    assert risks_waiting(cast.carl, AT) == []
    RoleGrant.objects.create(user=cast.bea, role=Role.VALIDATOR, granted_at=AT)
    assert close_risk(risk=risk, reason=WHY, **by(cast.bea, "closer")).is_closed


def test_whoever_left_the_team_closes_only_what_was_registered_later(
    cast: SimpleNamespace, model: RegisteredModel
) -> None:
    a_risk(cast, model)
    RegisteredModel.objects.update(former_team={"viktor": AT.isoformat()})
    risk = Risk.objects.get()
    assert reason_against_closing(cast.viktor, risk) == ""
    a_version(cast, model)
    with pytest.raises(NotAllowed, match="team when version 1 was registered"):
        close_risk(risk=risk, reason=WHY, **by(cast.viktor, "closer"))


def test_an_acceptance_outlives_the_role_and_not_the_independence_of_its_giver(
    cast: SimpleNamespace, version: ModelVersion
) -> None:
    risk = version.model.risks.get(catalogue_id="FAI-01")
    rate_risk(risk=risk, inherent=(4, 4), residual=(3, 4), note="", **by(cast.viktor, "rater"))
    accept(risk, cast.carl)
    RoleGrant.objects.filter(user=cast.carl).delete()
    assert treated(version)[0] == "satisfied"

    entry = replace(entry_of(version.model), developers=(cast.dev, cast.carl))
    change_model(model=version.model, entry=entry, actor=actor_of_user(cast.olga), at=AT)

    said = "Carl Brandt, who accepted it as compliance officer, develops this model."
    assert treated(version)[0] == "unsatisfied" and said in treated(version)[1]


def test_handing_over_is_all_or_none(cast: SimpleNamespace, model: RegisteredModel) -> None:
    risks = [a_risk(cast, model, name) for name in ("ACC-01", "FAI-01")]
    with pytest.raises(NotAllowed):
        hand_over_risks(risks=risks, owner=cast.bea, note="Moves", **by(cast.viktor, "changer"))
    with pytest.raises(Invalid):
        hand_over_risks(risks=risks, owner=cast.bea, note=" ", **by(cast.ada, "changer"))
    with pytest.raises(Invalid):
        hand_over_risks(risks=[], owner=cast.bea, note="Moves", **by(cast.ada, "changer"))
    assert hand_over_risks(risks=risks, owner=cast.bea, note="Moves", **by(cast.carl, "changer")) == 2
    assert set(Risk.objects.values_list("owner__username", flat=True)) == {"bea"}
    assert Event.objects.filter(verb="risk.assigned").count() == 2


def test_the_gate_follows_the_register(cast: SimpleNamespace, version: ModelVersion) -> None:
    assert treated(version)[0] == "satisfied"
    assert treated(version, AT + timedelta(days=91))[0] == "unsatisfied"
    risk = version.model.risks.get(catalogue_id="FAI-01")
    before = judge_version(version, "production", at=AT).components["risks"]
    hand_over_risks(risks=[risk], owner=cast.bea, note="Moves", **by(cast.ada, "changer"))
    assert judge_version(version, "production", at=AT).components["risks"] == before

    rate_risk(risk=risk, inherent=(4, 4), residual=(3, 4), note="", **by(cast.viktor, "rater"))
    assert treated(version)[0] == "unsatisfied" and "nobody accepted it" in treated(version)[1]
    assert judge_version(version, "production", at=AT).components["risks"] != before
    accept(risk, cast.carl, until=AT.date())
    assert treated(version)[0] == "satisfied"
    assert "expired" in treated(version, AT + timedelta(days=1))[1]


def test_a_change_of_risks_makes_signatures_stale_and_says_so(
    cast: SimpleNamespace, version: ModelVersion
) -> None:
    review = version.reviews.get()
    a_signature(review, cast.viktor, "validator")
    risk = version.model.risks.get(catalogue_id="ACC-01")
    rate_risk(risk=risk, inherent=(3, 4), residual=(1, 3), note="", **by(cast.ada, "rater"))
    found = judge_version(version, "production", at=AT).verdict
    signed = next(item for item in found.requirements if item.id == "signoff.validator")
    assert signed.stale and "risks" in signed.reason


def test_new_scales_count_at_once_and_are_seen_first(cast: SimpleNamespace, version: ModelVersion) -> None:
    assert treated(version)[0] == "satisfied"  # remembered by the gate from here on
    content = default_scales().plain() | {"version": 2}
    content["matrix"][1][2] = "high"  # unlikely and serious, where the three risks stand
    content["matrix"][1][3] = "high"
    content["matrix"][2][2] = content["matrix"][3][2] = "high"
    from policy.risk_scales import read_scales

    seen = scales_digest(read_scales(content))
    assert len(level_changes(default_scales(), read_scales(content))) == 3
    for name in ("olga", "viktor", "carl", "aud"):
        with pytest.raises(NotAllowed):
            save_scales(content=content, note=WHY, seen=seen, **by(getattr(cast, name), "keeper"))
    with pytest.raises(Conflict, match="not seen"):
        save_scales(content=content, note=WHY, seen="", **by(cast.ada, "keeper"))

    save_scales(content=content, note=WHY, seen=seen, **by(cast.ada, "keeper"))

    assert treated(version)[0] == "unsatisfied"
    assert len(Event.objects.get(verb="risk.scales_changed").detail["moves"]) == 3
    with pytest.raises(Conflict):
        save_scales(content=content, note=WHY, seen=seen, **by(cast.ada, "keeper"))


def test_rules_name_only_facts_that_the_product_knows() -> None:
    known = {
        "flag": {flag.id for flag in load_questionnaire().flags},
        "use": set(regulated_uses()),
        "origin": set(Origin.values),
        "sensitive": {"declared"},
    }
    for rule in load_rules():
        assert not rule.fact or rule.values <= known[rule.fact], rule


@pytest.fixture
def failed(cast: SimpleNamespace, model: RegisteredModel) -> Any:
    """A fairness run under the four-fifths, of a high-tier model."""
    active_policy(cast)
    a_tier(cast, model)
    overall = {"selection_rate_ratio": {"value": 0.61, "low": 0.5, "high": 0.7, "n": 400}}
    return a_measurement(cast, a_version(cast, model), a_dataset(cast), "fairness", overall)


def test_a_failed_check_proposes_a_risk_and_a_finding_once(
    cast: SimpleNamespace, model: RegisteredModel, failed: Any
) -> None:
    [proposal] = proposals_of(failed)
    assert proposal.check.title.endswith(" 0.610, asked at least 0.800")
    assert proposal.risks[0].risk.id == "FAI-01" and not proposal.done
    assert next(iter(suggestions_for(model))).risk.id == "FAI-01"
    given = {"run": failed, "check": proposal.check.name}
    with pytest.raises(NotAllowed):
        take_proposal(risks=["FAI-01"], **given, **by(cast.aud, "taker"))
    for bad in (["LLM-01"], []):
        with pytest.raises(Invalid):
            take_proposal(risks=bad, **given, **by(cast.viktor, "taker"))
    with pytest.raises(Conflict):
        take_proposal(run=failed, check="policy:other", risks=["FAI-01"], **by(cast.viktor, "taker"))

    taken = take_proposal(risks=["FAI-01"], **given, **by(cast.viktor, "taker"))
    again = take_proposal(risks=["FAI-01"], **given, **by(cast.olga, "taker"))

    assert taken.new_finding and not again.new_finding and again.finding == taken.finding
    risk, finding = Risk.objects.get(), Finding.objects.get()
    assert [*risk.runs.all()] == [failed] and [*risk.findings.all()] == [finding]
    assert (finding.run, finding.severity, finding.due_on) == (failed, "high", date(2027, 1, 20))
    assert proposals_of(failed)[0].done
    assert "FAI-01" not in [suggestion.risk.id for suggestion in suggestions_for(model)]


def test_people_are_reminded_once_for_each_date(cast: SimpleNamespace, model: RegisteredModel) -> None:
    risk = accept(a_risk(cast, model, after=(3, 4)), cast.carl, until=AT.date() + timedelta(days=40))

    def told() -> list[tuple[str, str]]:
        return sorted(Notice.objects.values_list("person__username", "key"))

    assert remind_risks(AT) == 0 and not told()
    for days in (12, 12, 35, 40):
        remind_risks(AT + timedelta(days=days))
    assert len(told()) == 6  # 30, 7 and 1 days before: the owner and who accepted it
    remind_risks(AT + timedelta(days=80))
    assert Notice.objects.filter(person=cast.olga, key__endswith=":ahead").count() == 1
    remind_risks(AT + timedelta(days=91))
    assert Notice.objects.filter(person=cast.ada, key__endswith=":passed").count() == 1
    before = told()
    remind_risks(AT + timedelta(days=91))
    assert told() == before and risk.pk
