"""What leavers hold: found, told to whoever answers for it, and handed over by the rules of each thing."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.actions import set_active
from accounts.models import ApiKey, User
from audit.agreement import compare_rows
from audit.models import Event
from governance.compliance.gaps import open_gap
from governance.handover.actions import hand_over
from governance.handover.queries import held_by, holds_nothing, left_behind
from registry.models import ModelVersion, RegisteredModel
from riskreview.models import Condition, Decision, ReviewAssignment
from riskreview.reviews.assigning import assign
from riskreview.reviews.delegating import delegate
from tests import builders
from tests.conftest import AT, actor_of_user

pytestmark = pytest.mark.django_db
NOTE = "Olga left the bank; Bea takes over."


@pytest.fixture
def version(cast: SimpleNamespace, api: Callable[..., Client]) -> ModelVersion:
    """Olga owns the model, its risks, a finding, a condition, a gap and a key; then her account is disabled."""
    builders.active_policy(cast)
    version = builders.ready_to_sign(cast)
    builders.a_finding(cast, version)
    signoff = builders.a_signature(
        version.reviews.get(),
        cast.viktor,
        "validator",
        Decision.APPROVE_WITH_CONDITIONS,
        conditions=[("Watch the ratio every month.", AT.date() + timedelta(days=30))],
    )
    Condition.objects.filter(signoff=signoff).update(owner=cast.olga)
    open_gap(
        framework="eu-ai-act",
        control="EU-10.2c",
        model=version.model,
        owner=cast.olga,
        due_on=timezone.now().date() + timedelta(days=30),
        lacks="A record of how the data were labelled.",
        user=cast.carl,
        actor=actor_of_user(cast.carl),
        at=timezone.now(),
    )
    api("gate", owner=cast.olga)
    set_active(user=cast.olga, active=False, actor=actor_of_user(cast.adam), at=AT)
    return version


def handed(cast: SimpleNamespace, by: User, *sorts: str, to: User | None = None, **changes: Any) -> int:
    """This person hands over everything of these sorts."""
    names = [thing.name for thing in held_by(cast.olga, by, timezone.now()) if thing.sort.name in sorts]
    given: dict[str, Any] = {"to": to or cast.bea, "note": NOTE} | changes
    return hand_over(
        person=cast.olga, names=names, user=by, actor=actor_of_user(by), at=timezone.now(), **given
    )


def sorts_of(cast: SimpleNamespace) -> set[str]:
    return {thing.sort.name for thing in held_by(cast.olga, cast.carl, timezone.now())}


def test_everything_that_a_leaver_holds_is_found_and_told(
    cast: SimpleNamespace, version: ModelVersion, client_of: Callable[[User], Client]
) -> None:
    assert sorts_of(cast) == {"model", "finding", "risk", "obligation", "gap", "key"}
    assert [row.person for row in left_behind(cast.carl, timezone.now())] == [cast.olga]
    for teller in (cast.adam, cast.ada, cast.carl):
        page = client_of(teller).get("/").content.decode()
        assert "Left and not handed over" in page and "Olga Lindqvist" in page
    assert "Left and not handed over" not in client_of(cast.dev).get("/").content.decode()


def test_it_goes_to_somebody_else_by_the_rules_of_each_thing_until_nothing_is_left(
    cast: SimpleNamespace, version: ModelVersion, client_of: Callable[[User], Client]
) -> None:
    carl = client_of(cast.carl)
    mine = [thing for thing in held_by(cast.olga, cast.carl, timezone.now()) if thing.mine_to_give]
    assert {thing.sort.name for thing in mine} == {"model", "finding", "risk", "obligation", "gap"}
    body = {"things": [thing.name for thing in mine], "to": cast.bea.pk, "note": NOTE}
    assert carl.post("/handovers/olga/", body).status_code == 302
    version.model.refresh_from_db()
    assert version.model.owner == cast.bea
    assert {risk.owner for risk in version.model.risks.all()} == {cast.bea}
    assert version.model.findings.get().owner == Condition.objects.get().owner == cast.bea
    assert sorts_of(cast) == {"key"}
    key = ApiKey.objects.get(owner=cast.olga)
    adam = client_of(cast.adam)
    assert adam.post("/handovers/olga/", {"things": [f"key:{key.pk}"], "note": NOTE}).status_code == 302
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert holds_nothing(cast.olga, timezone.now()) and left_behind(cast.carl, timezone.now()) == []
    verbs = set(Event.objects.values_list("verb", flat=True))
    assert {"model.changed", "finding.reassigned", "risk.assigned", "condition.handed_over"} <= verbs
    summary = Event.objects.filter(verb="user.handed_over", subject="user:olga").order_by("at", "pk")
    assert [len(event.detail["given"]) for event in summary] == [len(mine), 0]
    assert summary[0].detail["to"] == "user:bea"


def test_nobody_hands_over_what_their_role_does_not_give(
    cast: SimpleNamespace, version: ModelVersion
) -> None:
    with pytest.raises(Exception, match="You cannot hand over"):
        handed(cast, cast.adam, "model", "key")
    version.model.refresh_from_db()
    assert version.model.owner == cast.olga  # all or nothing
    assert ApiKey.objects.get(owner=cast.olga).revoked_at is None


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"note": "Too short."}, "A reason is needed"),
        ({"to": None}, "Choose who takes it over"),
        ({"to": "olga"}, "Choose who takes it over"),
    ],
)
def test_a_hand_over_needs_a_reason_and_somebody_who_can_log_in(
    cast: SimpleNamespace, version: ModelVersion, changes: dict[str, Any], complaint: str
) -> None:
    names = [thing.name for thing in held_by(cast.olga, cast.carl, timezone.now())]
    given: dict[str, Any] = {"to": cast.bea, "note": NOTE} | changes
    if given["to"] == "olga":
        given["to"] = cast.olga
    with pytest.raises(Exception, match=complaint):
        hand_over(
            person=cast.olga, names=names, user=cast.carl, actor=actor_of_user(cast.carl), at=AT, **given
        )
    assert not Event.objects.filter(verb="user.handed_over").exists()


def test_what_is_about_a_closed_model_is_told_to_those_who_see_it(
    cast: SimpleNamespace, version: ModelVersion
) -> None:
    RegisteredModel.objects.filter(pk=version.model_id).update(closed=True)
    now = timezone.now()
    assert {thing.sort.name for thing in held_by(cast.olga, cast.adam, now)} == {"key"}
    assert [row.count for row in left_behind(cast.adam, now)] == [1]
    assert {thing.sort.name for thing in held_by(cast.olga, cast.carl, now)} == sorts_of(cast)
    assert left_behind(cast.carl, now)[0].count > 5


def test_assignments_and_stand_ins_end(cast: SimpleNamespace) -> None:
    builders.active_policy(cast)
    review = builders.ready_to_sign(cast).reviews.get()
    ada, now = actor_of_user(cast.ada), timezone.now()
    assign(review=review, role="risk_officer", person=cast.ada, assigner=cast.ada, actor=ada, at=AT)
    delegate(
        holder=cast.ada,
        deputy=cast.carl,
        role="risk_officer",
        starts_on=now.date(),
        ends_on=now.date() + timedelta(days=5),
        reason="Away in January.",
        giver=cast.ada,
        actor=ada,
        at=now,
    )
    set_active(user=cast.ada, active=False, actor=actor_of_user(cast.adam), at=now)
    things = held_by(cast.ada, cast.adam, now)
    assert {(thing.sort.name, thing.mine_to_give) for thing in things} == {
        ("assignment", True),
        ("stand-in-of", True),
    }
    hand_over(
        person=cast.ada,
        names=[thing.name for thing in things],
        to=None,
        note=NOTE,
        user=cast.adam,
        actor=actor_of_user(cast.adam),
        at=now,
    )
    assert ReviewAssignment.objects.get().ended_reason == NOTE
    assert holds_nothing(cast.ada, now)


def test_the_tables_agree_with_the_record_afterwards(cast: SimpleNamespace) -> None:
    model = builders.a_model(cast)
    names = [thing.name for thing in held_by(cast.olga, cast.carl, AT)]
    before = compare_rows().disagreements
    hand_over(
        person=cast.olga,
        names=names,
        to=cast.bea,
        note=NOTE,
        user=cast.carl,
        actor=actor_of_user(cast.carl),
        at=AT,
    )
    model.refresh_from_db()
    assert model.owner == cast.bea and compare_rows().disagreements == before
