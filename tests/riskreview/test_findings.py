"""The life of a finding: who may do what, what the gate makes of it, and who is told when its date comes near."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Notice, Role, RoleGrant, User
from accounts.refusals import Conflict, Invalid, NotAllowed
from audit.models import Event
from policy.due_days import default_days
from registry.models import ModelVersion
from riskreview.findings.answering import ask_extension, remediate, respond
from riskreview.findings.escalation import escalate_findings
from riskreview.findings.judging import close, decide_extension, judge_rebuttal, override, reopen, verify
from riskreview.findings.queries import findings_for
from riskreview.findings.raising import raise_finding, reassign, set_due_days
from riskreview.findings.rules import Deed, parts_in, why_not_you
from riskreview.judgement import judge_version
from riskreview.models import Finding
from tests.builders import (
    a_dataset,
    a_finding,
    a_measurement,
    a_model,
    a_tier,
    a_version,
    a_version_of_viktor,
    broken_glass,
)
from tests.conftest import AT, actor_of_user

WHY = "A reason that is long enough to stand in the record."
LATER = AT + timedelta(days=1)
Do = Callable[..., Any]


@pytest.fixture
def model_version(cast: SimpleNamespace) -> ModelVersion:
    """A version of a high-tier model that nobody has measured."""
    model = a_model(cast)
    a_tier(cast, model)
    return a_version(cast, model)


@pytest.fixture
def found(cast: SimpleNamespace, model_version: ModelVersion) -> Finding:
    """Viktor's medium finding against it; Olga answers for it."""
    return raised(cast, model_version)


def raised(cast: SimpleNamespace, version: ModelVersion, by: str = "viktor", **changes: Any) -> Finding:
    return a_finding(cast, version, raiser=getattr(cast, by), **changes)


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


STEPS: dict[str, tuple[Do, dict[str, Any]]] = {
    "plan": (respond, {"response": "plan", "answer": WHY}),
    "rebut": (respond, {"response": "rebuttal", "answer": WHY}),
    "remediate": (remediate, {"evidence": WHY}),
    "accept": (judge_rebuttal, {"accepted": True, "note": WHY}),
    "refuse": (judge_rebuttal, {"accepted": False, "note": WHY}),
    "verify": (verify, {"holds": True, "note": WHY}),
    "doubt": (verify, {"holds": False, "note": WHY}),
    "close": (close, {"note": ""}),
    "override": (override, {"reason": WHY}),
    "reopen": (reopen, {"reason": WHY}),
    "ask": (ask_extension, {"until": (AT + timedelta(days=200)).date(), "reason": WHY}),
    "grant": (decide_extension, {"granted": True, "note": WHY}),
    "keep": (decide_extension, {"granted": False, "note": WHY}),
}


def step(finding: Finding, name: str, person: User, **changes: Any) -> Any:
    """One step of the table by this person, a day after it was raised."""
    act, given = STEPS[name]
    return act(finding=finding, user=person, actor=actor_of_user(person), at=LATER, **(given | changes))


def walk(cast: SimpleNamespace, finding: Finding, *steps: str) -> Finding:
    """Steps such as "olga plan", one after another."""
    for line in steps:
        name, what = line.split()
        step(finding, what, getattr(cast, name))
    finding.refresh_from_db()
    return finding


MENDED = ("olga plan", "dev remediate")


@pytest.mark.parametrize(
    ("steps", "state", "verbs"),
    [
        (
            [*MENDED, "viktor verify", "ada close"],
            "closed",
            ["finding.responded", "finding.remediated", "finding.verified", "finding.closed"],
        ),
        (["olga rebut", "viktor accept"], "closed", ["finding.rebutted", "finding.rebuttal_accepted"]),
        (["olga rebut", "ada refuse"], "open", ["finding.rebutted", "finding.rebuttal_refused"]),
        (
            [*MENDED, "ada doubt"],
            "responded",
            ["finding.responded", "finding.remediated", "finding.not_verified"],
        ),
        (["ada override"], "overridden", ["finding.overridden"]),
        (["ada override", "viktor reopen"], "open", ["finding.overridden", "finding.reopened"]),
        ([*MENDED, "ada verify", "viktor reopen", "olga plan"], "responded", None),
    ],
)
def test_the_ways_from_raised_to_ended(
    cast: SimpleNamespace, found: Finding, steps: list[str], state: str, verbs: list[str] | None
) -> None:
    walk(cast, found, *steps)

    events = Event.objects.filter(subject=found.ref).order_by("id")
    assert found.state == state and (found.ended_at is None) == found.is_open
    assert found.steps.count() == len(steps) + 1 == events.count()
    if verbs is not None:
        assert [event.verb for event in events] == ["finding.raised", *verbs]


@pytest.mark.parametrize(
    ("before", "deed", "who"),
    [
        ((), "plan", {"olga", "dev"}),
        (("olga plan",), "remediate", {"olga", "dev"}),
        (("olga rebut",), "accept", {"viktor", "ada"}),
        (MENDED, "verify", {"viktor", "ada"}),
        ((*MENDED, "viktor verify"), "close", {"viktor", "ada"}),
        ((), "ask", {"olga", "dev"}),
        (("olga ask",), "grant", {"viktor", "ada"}),
        ((), "override", {"ada"}),
        (("ada override",), "reopen", {"viktor", "ada"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_who_may_do_what(
    cast: SimpleNamespace, found: Finding, before: tuple[str, ...], deed: str, who: set[str]
) -> None:
    state = walk(cast, found, *before).state
    done = set()

    for name in vars(cast):
        with undone():
            try:
                step(found, deed, getattr(cast, name))
                done.add(name)
            except NotAllowed:
                assert Event.objects.filter(verb="finding.step_refused").count() == 1
                found.refresh_from_db()
                assert found.state == state

    assert done == who


def test_nobody_verifies_what_they_mended_own_or_develop(cast: SimpleNamespace, found: Finding) -> None:
    for person in (cast.olga, cast.dev):
        RoleGrant.objects.create(user=person, role=Role.VALIDATOR, granted_at=AT)
        person.__dict__.pop("roles", None)
    reassign(
        finding=found, to=cast.viktor, reason=WHY, user=cast.ada, actor=actor_of_user(cast.ada), at=LATER
    )
    walk(cast, found, "viktor plan", "viktor remediate")

    for name, said in (
        ("viktor", "You remediated it"),
        ("olga", "You own this model"),
        ("dev", "You develop this model"),
    ):
        with pytest.raises(NotAllowed, match=said):
            step(found, "verify", getattr(cast, name))
    reassign(finding=found, to=cast.dev, reason=WHY, user=cast.olga, actor=actor_of_user(cast.olga), at=LATER)
    with pytest.raises(NotAllowed, match="You remediated it"):
        step(found, "verify", cast.viktor)

    assert walk(cast, found, "ada verify").verified_by == cast.ada


def test_whoever_left_the_team_since_does_not_verify(cast: SimpleNamespace, found: Finding) -> None:
    walk(cast, found, *MENDED)
    Finding.objects.update(raised_at=LATER)  # after Ada left, who was there when the version was registered
    for left, barred in ((AT, True), (AT - timedelta(days=1), False)):
        found.model.former_team = {"ada": left.isoformat()}
        found.model.save(update_fields=["former_team"])
        said = why_not_you(Deed.VERIFY, Finding.objects.get(), cast.ada)
        assert said.startswith("You belonged to this model's team") == bool(said) == barred
    assert walk(cast, found, "ada verify").verified_by == cast.ada


def test_whoever_made_a_version_or_owns_its_data_judges_nothing_found_in_it(
    cast: SimpleNamespace, found: Finding, model_version: ModelVersion
) -> None:
    made = raised(cast, a_version_of_viktor(cast, model_version.model, "2"), by="carl")
    every = against_every_version(cast, model_version)
    for finding in (found, made, every):
        walk(cast, finding, *MENDED)

    for finding, viktor, ada in (
        (made, "You registered this version.", "You own the training data."),
        (every, "You registered version 2.", "You own the training data."),
        (found, "", ""),
    ):
        fresh = Finding.objects.get(pk=finding.pk)
        for person, said in ((cast.viktor, viktor), (cast.ada, ada)):
            rest = f" So somebody else judges {finding.name}." if said else ""
            assert why_not_you(Deed.VERIFY, fresh, person) == said + rest
            assert (fresh in findings_for(person)) == (not said)
    with pytest.raises(NotAllowed, match="You registered this version"):
        step(made, "verify", cast.viktor)


def test_who_took_part_is_read_at_once_for_however_many_versions(
    cast: SimpleNamespace, found: Finding, model_version: ModelVersion
) -> None:
    def asked() -> int:
        finding = Finding.objects.select_related("model__owner", "version").get(pk=every.pk)
        with CaptureQueriesContext(connection) as captured:
            assert set(parts_in(finding)) == {"olga", "dev"}
        return len(captured)

    every = against_every_version(cast, model_version)
    one = asked()
    for number in "234":
        a_version(cast, model_version.model, number)
    assert asked() == one == 2


def test_those_who_broke_the_glass_judge_nothing_that_follows(
    cast: SimpleNamespace, version: ModelVersion
) -> None:
    broken_glass(cast, version)
    found = Finding.objects.get()

    def refused(deed: str, *people: User) -> None:
        for person in people:
            with pytest.raises(NotAllowed, match="You took responsibility for BG-"):
                step(found, deed, person)

    both = (cast.ada, cast.carl)
    refused("override", cast.ada)
    walk(cast, found, "olga rebut", "olga ask")
    refused("refuse", *both)
    refused("grant", cast.ada)
    walk(cast, found, "viktor refuse", "viktor grant", *MENDED)
    refused("verify", *both)
    assert found not in [*findings_for(cast.ada), *findings_for(cast.carl)]
    assert found in findings_for(cast.viktor)
    told = Notice.objects.filter(kind="finding.remediated")
    assert [notice.person for notice in told] == [cast.viktor]
    walk(cast, found, "viktor verify")
    refused("close", *both)
    walk(cast, found, "viktor close")
    refused("reopen", *both)


def test_the_database_itself_refuses_a_verdict_by_whoever_mended_it(
    cast: SimpleNamespace, found: Finding
) -> None:
    walk(cast, found, *MENDED)

    with pytest.raises(IntegrityError), transaction.atomic():
        Finding.objects.filter(pk=found.pk).update(state="verified", verified_by=cast.dev, ended_at=LATER)


@pytest.mark.parametrize(
    ("before", "deed"),
    [((), "remediate"), ((), "verify"), ((), "close"), ((), "accept"), ((), "grant"), ((), "reopen")]
    + [(("olga plan",), "plan"), (("olga ask",), "ask"), (("ada override",), "override")],
)
def test_a_step_that_does_not_fit_is_a_conflict_and_changes_nothing(
    cast: SimpleNamespace, found: Finding, before: tuple[str, ...], deed: str
) -> None:
    walk(cast, found, *before)
    person = cast.olga if deed in ("plan", "remediate", "ask") else cast.ada

    with pytest.raises(Conflict):
        step(found, deed, person)

    assert found.steps.count() == len(before) + 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "x" * 161}, "title"),
        ({"description": "Short."}, "description"),
        ({"severity": "grave"}, "severity"),
        ({"origin": "gossip"}, "origin"),
        ({"due_on": (AT - timedelta(days=1)).date()}, "due_on"),
        ({"due_on": (AT + timedelta(days=121)).date()}, "due_on"),
        ({"owner": "aud"}, "owner"),
        ({"incident_kinds": ["death"]}, "incident_kinds"),  # it is no incident
        ({"known_on": AT.date()}, "known_on"),
        ({"origin": "incident", "incident_kinds": ["mishap"]}, "incident_kinds"),
        ({"origin": "incident", "incident_kinds": ["none"]}, "incident_kinds"),  # not for the team to say
        ({"origin": "incident", "incident_kinds": ["none", "death"]}, "incident_kinds"),
        ({"origin": "incident", "known_on": (AT + timedelta(days=1)).date()}, "known_on"),
    ],
)
def test_what_makes_no_sense_is_not_raised(
    cast: SimpleNamespace, model_version: ModelVersion, changes: dict[str, Any], field: str
) -> None:
    if "owner" in changes:
        changes = {"owner": getattr(cast, changes["owner"])}

    with pytest.raises(Invalid) as refused:
        raised(cast, model_version, **changes)

    assert refused.value.field == field and not Finding.objects.exists()


def test_who_raises_one(cast: SimpleNamespace, model_version: ModelVersion) -> None:
    done = set()
    for name in vars(cast):
        try:
            raised(cast, model_version, by=name)
            done.add(name)
        except NotAllowed:
            continue

    assert done == {"olga", "dev", "viktor", "ada", "carl", "etta", "bea"}
    assert raised(cast, model_version, by="adam", origin="break_glass").raised_by == cast.adam


def test_the_date_follows_severity_and_tier_and_the_table_in_force(
    cast: SimpleNamespace, model_version: ModelVersion
) -> None:
    days = {name: dict(row) for name, row in default_days().items()}
    days["medium"]["high"] = 100
    before = raised(cast, model_version)
    for person in (cast.viktor, cast.olga, cast.aud):
        with pytest.raises(NotAllowed):
            set_due_days(days=days, note=WHY, user=person, actor=actor_of_user(person), at=AT)
    made = set_due_days(days=days, note=WHY, user=cast.ada, actor=actor_of_user(cast.ada), at=AT)

    after = raised(cast, model_version)
    untiered = raised(cast, a_version(cast, a_model(cast, "new-one")), severity="high")

    left = [(row.due_on - AT.date()).days for row in (before, after, untiered)]
    assert (made.number, left) == (1, [120, 100, 30])
    assert Event.objects.get(verb="finding.due_days_set").detail["days"]["medium"]["high"] == 100


def test_more_time_is_granted_by_somebody_else_and_recorded(cast: SimpleNamespace, found: Finding) -> None:
    due = found.due_on
    with pytest.raises(Invalid):
        step(found, "ask", cast.olga, until=due)
    walk(cast, found, "olga ask")
    assert found.due_on == due

    walk(cast, found, "ada keep", "dev ask", "viktor grant")

    assert found.due_on == (AT + timedelta(days=200)).date()
    assert [row.granted for row in found.extensions.order_by("pk")] == [False, True]


def test_evidence_is_a_run_of_the_same_model(cast: SimpleNamespace, found: Finding) -> None:
    other = a_version(cast, a_model(cast, "another"))
    figures = {"roc_auc": {"value": 0.8, "low": 0.7, "high": 0.9, "n": 60}}
    run = a_measurement(cast, other, a_dataset(cast), "performance", figures)
    walk(cast, found, "olga plan")

    with pytest.raises(Invalid, match="shows nothing about"):
        step(found, "remediate", cast.dev, run=run)


def test_the_gate_denies_for_a_high_finding_until_it_is_verified(
    cast: SimpleNamespace, version: ModelVersion
) -> None:
    def held_back() -> list[str]:
        judged = judge_version(version, "production", at=LATER)
        return [item.id for item in judged.verdict.requirements if item.result == "unsatisfied"]

    before = held_back()
    every = against_every_version(cast, version)
    assert set(held_back()) - set(before) == {"findings_closed.high"}

    walk(cast, every, *MENDED)
    assert "findings_closed.high" in held_back()
    walk(cast, every, "viktor verify")
    assert held_back() == before

    walk(cast, every, "viktor reopen", "ada override")
    judged = judge_version(version, "production", at=LATER)
    told = next(item for item in judged.verdict.requirements if item.id == "findings_closed.high")
    assert (told.result, "overridden by Ada Okafor" in told.reason) == ("satisfied", True)
    assert "findings" not in judged.components


def against_every_version(cast: SimpleNamespace, version: ModelVersion) -> Finding:
    return raise_finding(
        model=version.model,
        origin="incident",
        severity="high",
        title="Scores were swapped for a day",
        description="Two columns changed places in the feed, and nobody noticed.",
        owner=cast.olga,
        raiser=cast.viktor,
        actor=actor_of_user(cast.viktor),
        at=AT,
    )


def test_a_finding_against_one_version_leaves_the_others_alone(
    cast: SimpleNamespace, model_version: ModelVersion
) -> None:
    other = a_version(cast, model_version.model, "2")
    raised(cast, model_version, severity="high")

    parts = [judge_version(one, "production", at=LATER).components for one in (model_version, other)]

    assert ["findings" in part for part in parts] == [True, False]


def test_people_are_told_as_its_date_comes_near_once_each(cast: SimpleNamespace, found: Finding) -> None:
    Notice.objects.all().delete()
    reassign(finding=found, to=cast.dev, reason=WHY, user=cast.ada, actor=actor_of_user(cast.ada), at=AT)
    Notice.objects.all().delete()
    told = {}
    for days in (-8, -7, -6, 0, 1, 14, 15):
        at = AT + timedelta(days=120 + days)
        escalate_findings(at)
        escalate_findings(at)
        told[days] = sorted(Notice.objects.values_list("person__username", flat=True))
        Notice.objects.all().delete()

    assert told == {-8: [], -7: ["dev"], -6: [], 0: ["dev", "olga"], 1: [], 14: ["ada"], 15: []}
    assert Event.objects.filter(verb="finding.escalated", actor="system:scheduler").count() == 3


def test_a_scheduler_that_was_away_tells_everybody_at_once_and_never_of_what_has_ended(
    cast: SimpleNamespace, found: Finding, model_version: ModelVersion
) -> None:
    walk(cast, raised(cast, model_version), "ada override")
    Notice.objects.all().delete()

    assert escalate_findings(AT + timedelta(days=150)) == 1

    notices = Notice.objects.order_by("person__username")
    assert [row.person.username for row in notices] == ["ada", "olga"]
    assert "30 days overdue" in notices[0].text and notices[0].url == f"/findings/{found.pk}/"


def test_a_later_date_begins_the_escalation_anew(cast: SimpleNamespace, found: Finding) -> None:
    escalate_findings(AT + timedelta(days=120))
    walk(cast, found, "olga ask", "ada grant")
    assert found.escalated == 0

    assert escalate_findings(AT + timedelta(days=194)) == 1


def test_the_other_side_is_told_of_each_step(cast: SimpleNamespace, found: Finding) -> None:
    walk(cast, found, *MENDED, "viktor verify")

    told = Notice.objects.filter(key__startswith="finding-step:").order_by("pk")
    assert [(row.person.username, row.kind) for row in told] == [
        ("olga", "finding.raised"),
        ("viktor", "finding.responded"),
        ("viktor", "finding.remediated"),
        ("olga", "finding.verified"),
    ]
