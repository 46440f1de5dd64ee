"""How a version stood at a moment in the past, rebuilt from the record: the same verdict as the gate gave then."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from accounts.actions import grant_role, revoke_role, set_active
from accounts.models import Role, User
from evaluations.schedules import remove_schedule
from governance.gate.actions import decide
from governance.gate.models import GateDecision
from registry.actions import resume_model, suspend_model
from registry.models import ModelVersion, RegisteredModel
from riskreview.evidence.history import history_of
from riskreview.evidence.past import as_of
from riskreview.models import Finding, Review, Risk, SignOff
from riskreview.policies.packs import activate_pack
from riskreview.risks.assessing import rate_risk, treat_risk
from riskreview.tiering.assessing import confirm_tier
from tests import builders
from tests.audit.test_log import tamper
from tests.conftest import AT, actor_of_user

pytestmark = pytest.mark.django_db
STEP = timedelta(minutes=2)
Step = tuple[str, Callable[[], object]]


class Story:
    """Steps two minutes apart; a minute after each of them the gate is asked."""

    def __init__(self, cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cast, self.monkeypatch, self.at = cast, monkeypatch, AT
        revoke_role(
            user=cast.etta, role=Role.ETHICS_COMMITTEE, **self.given("adam")
        )  # attests the cast as well
        builders.active_policy(cast)
        self.version = builders.a_version(cast, builders.a_model(cast))
        self.decisions: dict[str, GateDecision] = {}

    @property
    def model(self) -> RegisteredModel:
        return RegisteredModel.objects.get(pk=self.version.model_id)

    def given(self, name: str) -> dict[str, Any]:
        """The person who acts and the moment."""
        return {"actor": actor_of_user(getattr(self.cast, name)), "at": self.at}

    def live(self) -> None:
        """All of it."""
        for name, step in self.steps():
            self.at += STEP
            self.monkeypatch.setattr("tests.builders.AT", self.at)
            step()
            self.decisions[name] = decide(
                version=self.version,
                environment="production",
                context={},
                dry_run=False,
                actor=actor_of_user(self.cast.dev),
                at=self.at + STEP / 2,
            )

    def steps(self) -> Iterator[Step]:
        cast, version = self.cast, self.version
        yield "registered", lambda: None
        yield "tiered", lambda: builders.a_tier(cast, self.model, confirmed=False)
        yield "confirmed", self._confirm
        yield "documented", lambda: builders.a_card(cast, version)
        yield "risky", lambda: [builders.a_risk(cast, self.model, name) for name in builders.RISKS]
        yield "controlled", self._treat
        dataset = builders.a_dataset(cast)
        for kind, figures in (
            ("performance", builders.GOOD),
            ("fairness", builders.FAIR),
            ("explainability", builders.EXPLAINED),
        ):
            yield kind, partial(builders.a_measurement, cast, version, dataset, kind, figures)
        yield "submitted", lambda: builders.a_review(cast, version)
        review = Review.objects.get()
        yield "validated", lambda: builders.a_signature(review, cast.viktor, "validator")
        yield "approved", lambda: builders.a_signature(review, cast.ada, "risk_officer")
        yield (
            "suspended",
            lambda: suspend_model(model=self.model, reason="It drifts too far.", **self.given("olga")),
        )
        yield (
            "resumed",
            lambda: resume_model(model=self.model, reason="It was the data.", **self.given("olga")),
        )
        yield "revoked", lambda: revoke_role(user=cast.viktor, role=Role.VALIDATOR, **self.given("adam"))
        yield (
            "granted",
            lambda: grant_role(
                user=cast.viktor, role=Role.VALIDATOR, granter=cast.adam, **self.given("adam")
            ),
        )
        yield "disabled", lambda: set_active(user=cast.ada, active=False, **self.given("adam"))
        yield "enabled", lambda: set_active(user=cast.ada, active=True, **self.given("adam"))
        yield "watched", lambda: builders.a_schedule(cast, self.model)
        yield (
            "unwatched",
            lambda: remove_schedule(schedule=self.model.evaluation_schedules.get(), **self.given("dev")),
        )
        yield "unexplained", lambda: builders.unexplained(cast, version)
        yield "broken open", lambda: builders.broken_glass(cast, version)
        yield "waived", lambda: builders.a_waiver(cast, version)
        yield "found wanting", lambda: builders.a_finding(cast, version, severity="high")
        yield (
            "rewritten",
            lambda: builders.a_card(cast, version, caveats="Not for those under eighteen years."),
        )
        yield "riskier", self._rate
        yield "stricter", lambda: activate_pack(builders.another_pack(cast), **self.given("adam"))

    def _confirm(self) -> None:
        confirm_tier(
            assessment=self.model.tier_assessments.get(),
            tier="high",
            rationale="Fits the use.",
            officer=self.cast.ada,
            **self.given("ada"),
        )

    def _treat(self) -> None:
        treat_risk(
            risk=Risk.objects.order_by("pk")[0],
            treatment="mitigate",
            controls="Monthly report, quarterly recalculation. " * 6,
            review_on=self.at.date() + timedelta(days=90),
            treater=self.cast.olga,
            **self.given("olga"),
        )

    def _rate(self) -> None:
        risk = Risk.objects.order_by("pk")[0]
        rate_risk(
            risk=risk, inherent=(5, 5), residual=(5, 5), note="", rater=self.cast.olga, **self.given("olga")
        )


@pytest.fixture
def story(cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Story:
    story = Story(cast, monkeypatch)
    story.live()
    return story


def grounds(requirements: Any) -> list[dict[str, Any]]:
    """Of each requirement what was found, and why."""
    names = ("id", "result", "reason", "stale")
    return [
        {name: item[name] if isinstance(item, dict) else getattr(item, name) for name in names}
        for item in requirements
    ]


def test_every_decision_of_the_gate_is_found_again_as_of_its_moment(story: Story) -> None:
    answers = set()
    for name, decision in story.decisions.items():
        found = as_of(story.version, at=decision.decided_at)
        judged = found.judged["production"]
        assert grounds(judged.verdict.requirements) == grounds(decision.requirements), name
        assert (judged.verdict.decision, judged.verdict.basis, judged.verdict.tier or "") == (
            decision.decision,
            decision.basis,
            decision.tier,
        ), name
        assert (judged.digest, judged.policy) == (decision.evidence_digest, decision.policy), name
        assert found.gaps == (), name
        answers.add((decision.decision, decision.basis))
    assert answers == {("deny", "policy"), ("allow", "policy"), ("allow", "break_glass")}


def test_the_page_and_the_api_tell_how_it_stood(
    story: Story, client_of: Callable[[User], Client], api: Callable[..., Client]
) -> None:
    decision = story.decisions["approved"]
    place = "/models/credit-default/versions/1/as-of/"
    page = client_of(story.cast.aud).get(place, {"at": decision.decided_at.isoformat(), "env": "production"})
    assert (page.status_code, page.context["recorded"]) == (200, decision)
    assert [row.signer for row in page.context["signoffs"]] == ["viktor", "ada"]
    shown = next(panel for panel in page.context["panels"] if panel["current"])
    assert (shown["environment"], shown["verdict"].decision) == ("production", "allow")
    assert "nothing here counts today" in page.content.decode()

    address = "/api/v1/models/credit-default/versions/1/as-of"
    answer = api("registry:read").get(address, {"at": decision.decided_at.isoformat()}).json()
    [there] = [row for row in answer["environments"] if row["environment"] == "production"]
    assert (there["decision"], there["recorded_decision"], answer["gaps"]) == ("allow", str(decision.pk), [])
    assert there["evidence_digest"] == decision.evidence_digest
    before = (decision.decided_at - STEP).isoformat()
    assert api("registry:read").get(address, {"at": before}).json()["environments"][-1]["decision"] == "deny"

    for wrong in ("", "yesterday", "2999-01-01T00:00:00Z", "2001-01-01T00:00:00Z"):
        assert api("registry:read").get(address, {"at": wrong}).status_code == 400
        assert client_of(story.cast.aud).get(place, {"at": wrong or "x"}).status_code == 400


def test_what_the_record_cannot_tell_is_said(story: Story) -> None:
    approved = story.decisions["approved"]
    risk = Risk.objects.order_by("pk")[0]
    Risk.objects.filter(pk=risk.pk).update(title="Rewritten behind the product", residual_impact=1)
    found = as_of(story.version, at=approved.decided_at)
    assert (found.gaps, found.judged["production"].digest) == ((), approved.evidence_digest)
    Risk.objects.filter(pk=risk.pk).update(controls="None.")
    assert as_of(story.version, at=approved.decided_at).gaps == (
        f"Risk {risk.pk}: controls has changed since, and the record keeps only the digest of what it was. "
        "It is shown as it is today.",
    )

    tamper("UPDATE audit_event SET attests = NULL")
    gaps = as_of(story.version, at=approved.decided_at).gaps
    assert (
        f"Model version {story.version.pk} was recorded before events attested rows. It is shown as it is today."
        in gaps
    )


def test_a_look_back_changes_nothing(story: Story) -> None:
    before = [
        list(model.objects.order_by("pk").values())
        for model in (ModelVersion, RegisteredModel, SignOff, Finding)
    ]
    as_of(story.version, at=story.decisions["suspended"].decided_at)
    after = [
        list(model.objects.order_by("pk").values())
        for model in (ModelVersion, RegisteredModel, SignOff, Finding)
    ]
    assert before == after
    assert history_of(story.model, at=story.at).gaps == []
