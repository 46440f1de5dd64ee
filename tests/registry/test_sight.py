"""Who sees a closed model: the condition in SQL, the check of one model and the list of people say the same."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from accounts.models import RoleGrant, User
from accounts.refusals import Conflict, Invalid
from audit.models import Event
from registry.actions import change_model, change_team, set_visibility
from registry.entries import entry_of
from registry.models import ModelVersion, RegisteredModel, Team
from registry.sight import (
    closed_models,
    hidden_from,
    people_by_ground,
    reasons_to_see,
    seen_by,
    sees,
    those_who_see,
    visible_to,
)
from riskreview.models import Delegation, Finding, Review, ReviewAssignment, Risk, SignOff
from tests import builders
from tests.conftest import AT, actor_of_user

pytestmark = pytest.mark.django_db
TEAM = "Fraud"
REASON = "It scores our own staff."
NO_GROUND = ("validator", "administrator", "owner", "developer", "ethics_committee", "business_approver")
"""Roles that do not answer for every model."""


@pytest.fixture
def model(cast: SimpleNamespace) -> RegisteredModel:
    """Olga's, developed by Dev, of a team, with a version that is being reviewed."""
    version = builders.a_version(cast, builders.a_model(cast, "fraud", team=TEAM))
    builders.a_review(cast, version)
    return version.model


@pytest.fixture
def pat(cast: SimpleNamespace) -> User:
    """Somebody who has nothing to do with it."""
    return User.objects.create_user(username="pat", first_name="Pat", last_name="Quist")


def delegated(holder: User, pat: User, *, role: str, days: int = 0) -> Delegation:
    """Pat stands in for the holder, from a week before to a week after, `days` moved."""
    day = timezone.now().date() + timedelta(days=days)
    week = timedelta(days=7)
    row = {"starts_on": day - week, "ends_on": day + week, "reason": "Away", "given_by": holder}
    return Delegation.objects.create(holder=holder, deputy=pat, role=role, given_at=AT, **row)


def assigned(model: RegisteredModel, person: User, *, over: bool = False) -> ReviewAssignment:
    """The person is to answer the review as a validator, or was."""
    review, ended = Review.objects.get(version__model=model), AT if over else None
    made, _ = ReviewAssignment.objects.get_or_create(
        review=review,
        role="validator",
        person=person,
        ended_at=ended,
        defaults={"assigned_by": person, "assigned_at": AT},
    )
    return made


def granted(role: str) -> Callable[[SimpleNamespace, RegisteredModel, User], object]:
    """Pat holds the role."""
    return lambda cast, model, pat: RoleGrant.objects.create(user=pat, role=role, granted_at=AT)


def on_team(cast: SimpleNamespace, model: RegisteredModel, pat: User) -> None:
    """Pat is of the team, whether or not anything else is said of it."""
    Team.objects.get_or_create(name=TEAM)[0].members.add(pat)


def signed(cast: SimpleNamespace, model: RegisteredModel, pat: User) -> None:
    """Pat signed it once."""
    fields = {
        "decision": "approve",
        "rationale": "Fine.",
        "evidence_digest": "x",
        "components": {},
        "statement": "x",
    }
    known = {field.name for field in SignOff._meta.fields}
    kept = {name: value for name, value in fields.items() if name in known}
    review = Review.objects.get(version__model=model)
    SignOff.objects.create(review=review, role="validator", signer=pat, signed_at=AT, **kept)


TIES: dict[str, tuple[bool, Callable[[SimpleNamespace, RegisteredModel, User], object]]] = {
    "owns it": (True, lambda cast, model, pat: RegisteredModel.objects.filter(pk=model.pk).update(owner=pat)),
    "develops it": (True, lambda cast, model, pat: model.developers.add(pat)),
    "is of the team": (True, on_team),
    "is of another team": (
        False,
        lambda cast, model, pat: Team.objects.create(name="Other").members.add(pat),
    ),
    "is assigned": (True, lambda cast, model, pat: assigned(model, pat)),
    "was assigned": (False, lambda cast, model, pat: assigned(model, pat, over=True)),
    "signed": (True, signed),
    "owns a finding": (
        True,
        lambda cast, model, pat: Finding.objects.filter(
            pk=builders.a_finding(cast, model.versions.get()).pk
        ).update(owner=pat),
    ),
    "owns a risk": (
        True,
        lambda cast, model, pat: Risk.objects.filter(pk=builders.a_risk(cast, model).pk).update(owner=pat),
    ),
    "stands in for an officer": (
        True,
        lambda cast, model, pat: delegated(cast.ada, pat, role="risk_officer"),
    ),
    "will stand in": (
        False,
        lambda cast, model, pat: delegated(cast.ada, pat, role="risk_officer", days=30),
    ),
    "stood in": (False, lambda cast, model, pat: delegated(cast.ada, pat, role="risk_officer", days=-30)),
    "stands in for a reviewer": (
        True,
        lambda cast, model, pat: (
            assigned(model, cast.viktor),
            delegated(cast.viktor, pat, role="validator"),
        ),
    ),
    "stands in for somebody in another role": (
        False,
        lambda cast, model, pat: (
            assigned(model, cast.viktor),
            delegated(cast.viktor, pat, role="ethics_committee"),
        ),
    ),
    "raised a finding that another owns": (
        False,
        lambda cast, model, pat: Finding.objects.filter(
            pk=builders.a_finding(cast, model.versions.get()).pk
        ).update(raised_by=pat),
    ),
    **{f"is {role}": (False, granted(role)) for role in NO_GROUND},
    **{f"is {role}": (True, granted(role)) for role in ("auditor", "risk_officer", "compliance_officer")},
}
"""What ties Pat to the model, and whether it lets them see it when it is closed."""
CLOSED = {(True, None): True, (True, False): True, (True, True): True, (None, True): True}
"""What the model says and what its team says (None: no row) → closed. Whatever is not here is open."""


def all_say(pat: User, model: RegisteredModel, expected: bool) -> None:
    """Each form of the rule gives the same answer."""
    pat = User.objects.get(pk=pat.pk)  # whose roles nobody has asked for yet
    said = {
        "the list": visible_to(pat).filter(pk=model.pk).exists(),
        "the check": sees(pat, model),
        "what is hidden": not hidden_from(pat).filter(pk=model.pk).exists(),
        "rows of it": ModelVersion.objects.filter(seen_by(pat, "model"), model=model).exists(),
        "the people": User.objects.filter(those_who_see(model), pk=pat.pk).exists(),
    }
    assert set(said.values()) == {expected}, said
    if closed_models().filter(pk=model.pk).exists():
        assert bool(reasons_to_see(pat, model)) is expected
        assert any(pat in people for _, people in people_by_ground(model)) is expected


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    own=st.sampled_from([None, True, False]),
    team=st.sampled_from([None, True, False]),
    ties=st.sets(st.sampled_from(sorted(TIES)), max_size=3),
)
def test_list_check_and_people_agree_whatever_ties_them(
    cast: SimpleNamespace,
    model: RegisteredModel,
    pat: User,
    own: bool | None,
    team: bool | None,
    ties: set[str],
) -> None:
    model = RegisteredModel.objects.get(pk=model.pk)  # as it is, not as the example before left the object
    with transaction.atomic():
        RegisteredModel.objects.filter(pk=model.pk).update(closed=own)
        if team is not None:
            Team.objects.create(name=TEAM, closed=team)
        for name in sorted(ties, key=lambda name: name == "owns it"):  # last: Olga does the rest
            TIES[name][1](cast, model, pat)
        model.refresh_from_db()
        closed = CLOSED.get((own, team), False)
        assert closed_models().filter(pk=model.pk).exists() is closed
        all_say(pat, model, not closed or any(TIES[name][0] for name in ties))
        transaction.set_rollback(True)


@pytest.mark.parametrize("tie", TIES)
def test_each_tie_by_itself(cast: SimpleNamespace, model: RegisteredModel, pat: User, tie: str) -> None:
    RegisteredModel.objects.filter(pk=model.pk).update(closed=True)
    expected, make = TIES[tie]
    make(cast, model, pat)
    all_say(pat, RegisteredModel.objects.get(pk=model.pk), expected)


def test_an_installation_that_says_nothing_is_open(
    cast: SimpleNamespace, model: RegisteredModel, pat: User
) -> None:
    assert (model.closed, Team.objects.count()) == (None, 0)
    all_say(pat, model, True)


def test_whoever_sees_all_is_asked_nothing(
    cast: SimpleNamespace, model: RegisteredModel, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert cast.aud.roles
    with django_assert_num_queries(1):
        assert list(visible_to(cast.aud)) == [model]


def test_the_rule_is_one_question_however_many_models(
    cast: SimpleNamespace,
    model: RegisteredModel,
    pat: User,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(5):
        builders.a_model(cast, f"m-{number}")
    assert not pat.roles
    with django_assert_num_queries(1):
        assert len(visible_to(pat)) == 6


def close(cast: SimpleNamespace, model: RegisteredModel, closed: bool | None = True) -> RegisteredModel:
    return set_visibility(model=model, closed=closed, reason=REASON, actor=actor_of_user(cast.olga), at=AT)


def test_closing_says_why_on_the_record_and_not_twice(cast: SimpleNamespace, model: RegisteredModel) -> None:
    close(cast, model)
    event = Event.objects.get(verb="model.visibility_changed")
    assert (event.subject, event.detail) == (
        model.ref,
        {"visible_to": {"was": "as its team", "is": "its own people"}, "reason": REASON},
    )
    with pytest.raises(Conflict, match="set so already"):
        close(cast, model)
    with pytest.raises(Invalid, match="Say why"):
        set_visibility(model=model, closed=False, reason="no", actor=actor_of_user(cast.olga), at=AT)


def test_a_team_closes_its_models_and_a_model_can_say_otherwise(
    cast: SimpleNamespace, model: RegisteredModel, pat: User
) -> None:
    ada = actor_of_user(cast.ada)
    change_team(name=TEAM, closed=True, members=[], reason=REASON, actor=ada, at=AT)
    all_say(pat, model, False)
    change_team(name=TEAM, closed=True, members=[pat], reason=REASON, actor=ada, at=AT)
    all_say(pat, model, True)
    change_team(name=TEAM, closed=True, members=[], reason=REASON, actor=ada, at=AT)
    all_say(pat, close(cast, model, closed=False), True)
    told = list(Event.objects.filter(verb="team.changed").order_by("pk").values_list("detail", flat=True))
    assert [(row["joined"], row["left"]) for row in told] == [([], []), (["pat"], []), ([], ["pat"])]


def test_correcting_the_entry_never_opens_a_model(
    cast: SimpleNamespace, model: RegisteredModel, pat: User
) -> None:
    """A developer may name another team; that must not be a way to show the model to everybody."""
    change_team(name=TEAM, closed=True, members=[], reason=REASON, actor=actor_of_user(cast.ada), at=AT)
    entry = entry_of(model)
    fields = {name: getattr(entry, name) for name in entry.__dataclass_fields__} | {"team": "fraud"}
    moved = change_model(model=model, entry=type(entry)(**fields), actor=actor_of_user(cast.dev), at=AT)
    assert (moved.team, moved.closed) == ("fraud", True)
    all_say(pat, moved, False)


def test_who_says_who_sees_it(
    cast: SimpleNamespace, model: RegisteredModel, client_of: Callable[[User], Client]
) -> None:
    page, given = "/models/fraud/visibility/", {"visible_to": "own_people", "reason": REASON}
    allowed = []
    for name in ("dev", "viktor", "adam", "aud", "ada", "olga"):
        with transaction.atomic():
            if client_of(getattr(cast, name)).post(page, given).status_code == 302:
                allowed.append(name)
            transaction.set_rollback(True)
    assert allowed == ["ada", "olga"]
    olga = client_of(cast.olga)
    assert "Everybody in the organisation." in olga.get(page).content.decode()
    olga.post(page, given)
    shown = olga.get(page).content.decode()
    assert "Its own people only" in shown and "you are one of those below: owns it" in shown
    assert client_of(cast.viktor).get(page).status_code == client_of(cast.adam).get(page).status_code == 404


def test_an_administrator_does_not_let_anybody_into_a_team(
    cast: SimpleNamespace, model: RegisteredModel, client_of: Callable[[User], Client]
) -> None:
    given = {"visible_to": "own_people", "members": [cast.adam.pk], "reason": REASON}
    page = f"/teams/{TEAM}/"
    assert client_of(cast.adam).post(page, given).status_code == 403
    assert client_of(cast.aud).get(page).status_code == 200
    assert client_of(cast.aud).post(page, given).status_code == 403
    assert client_of(cast.ada).post("/teams/Nobody/", given).status_code == 404
    assert client_of(cast.ada).post(page, {**given, "members": [cast.viktor.pk]}).status_code == 302
    assert list(Team.objects.get().members.all()) == [cast.viktor]
    assert client_of(cast.viktor).get("/models/fraud/").status_code == 200
    assert client_of(cast.bea).get("/models/fraud/").status_code == 404
