"""Break-glass: two authorised people, some hours, and a finding that opens by itself."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Notice, RoleGrant, User
from accounts.refusals import Conflict, Invalid, NotAllowed, Refusal
from audit.models import Event
from policy.result import Verdict
from registry.actions import change_model
from registry.actions.models import suspend_model
from registry.entries import entry_of
from registry.models import ModelVersion
from riskreview.exceptions.break_glass import end_break_glass
from riskreview.judgement import judge_version
from riskreview.models import BreakGlass, BreakGlassState, Decision, Finding, Review
from riskreview.reviews.given import WrongPassword
from tests.builders import a_signature, a_tier, an_emergency, broken_glass, consent, step_back
from tests.conftest import AT, PASSWORD, actor_of_user

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
REASON = "The batch has run, so nothing is urgent any more."


def verdict(version: ModelVersion, hours: float = 0) -> Verdict:
    return judge_version(version, "production", at=AT + hours * HOUR).verdict


def verbs() -> list[str]:
    rows = Event.objects.filter(verb__regex="^(break_glass|finding)").order_by("id")
    return list(rows.values_list("verb", flat=True))


def test_two_people_open_the_gate_for_hours_and_a_finding_follows(
    cast: SimpleNamespace, version: ModelVersion
) -> None:
    found = an_emergency(cast, version)
    assert verdict(version).decision == "deny"
    opened = consent(found, cast.carl, "compliance_officer")
    assert (opened.began_at, opened.ends_at) == (AT, AT + 8 * HOUR)
    assert (verdict(version).decision, verdict(version).basis) == ("allow", "break_glass")
    assert judge_version(version, "staging", at=AT).verdict.basis == "policy"
    assert verdict(version, 7.99).decision == "allow"
    assert verdict(version, 8).decision == "deny"
    finding = Finding.objects.get()
    assert (finding.origin, finding.severity, finding.owner) == ("break_glass", "high", cast.olga)
    assert (finding.due_on, opened.finding) == ((AT + timedelta(days=30)).date(), finding)
    assert "signoff.validator" in finding.description
    assert verbs() == ["break_glass.requested", "finding.raised", "break_glass.activated"]


def test_it_approves_no_review_and_of_the_evidence_only_its_finding_is_new(
    cast: SimpleNamespace, version: ModelVersion, review: Review
) -> None:
    a_signature(review, cast.viktor, "validator")
    before = judge_version(version, "production", at=AT)
    broken_glass(cast, version)
    after = judge_version(version, "production", at=AT)
    assert (after.allows, after.meets_policy) == (True, False)
    assert {**before.components, "findings": after.components["findings"]} == after.components
    a_signature(review, cast.ada, "risk_officer", Decision.REQUEST_CHANGES)
    review.refresh_from_db()
    assert review.approved_at is None


def test_ending_it_shuts_the_gate_at_once(cast: SimpleNamespace, version: ModelVersion) -> None:
    found = broken_glass(cast, version)
    with pytest.raises(NotAllowed):
        end_break_glass(found=found, reason=REASON, user=cast.aud, actor=actor_of_user(cast.aud), at=AT)
    ended = end_break_glass(found=found, reason=REASON, user=cast.olga, actor=actor_of_user(cast.olga), at=AT)
    assert (ended.state, verdict(version).decision) == (BreakGlassState.ENDED, "deny")
    assert Finding.objects.get().state == "open"
    with pytest.raises(Conflict):
        end_break_glass(found=found, reason=REASON, user=cast.ada, actor=actor_of_user(cast.ada), at=AT)


def test_what_the_clock_ended_is_not_ended_again(cast: SimpleNamespace, version: ModelVersion) -> None:
    found = broken_glass(cast, version)
    with pytest.raises(Conflict, match="ended by the clock"):
        end_break_glass(
            found=found, reason=REASON, user=cast.ada, actor=actor_of_user(cast.ada), at=AT + 9 * HOUR
        )


Try = Callable[[SimpleNamespace, ModelVersion], object]
BAD_WISHES: list[tuple[str, Try, type[Refusal], str]] = [
    ("by the owner", lambda c, v: an_emergency(c, v, by=c.olga), NotAllowed, "you hold none of these roles"),
    ("by a validator", lambda c, v: an_emergency(c, v, by=c.viktor, role="validator"), NotAllowed, "not authorised"),
    ("in another's role", lambda c, v: an_emergency(c, v, role="compliance_officer"), NotAllowed, "not authorised"),
    ("without a reason", lambda c, v: an_emergency(c, v, reason="Now!"), Invalid, "A reason is needed"),
    ("for too long", lambda c, v: an_emergency(c, v, hours=25), Invalid, "from 1 to 24 hours"),
    ("for no time", lambda c, v: an_emergency(c, v, hours=0), Invalid, "from 1 to 24 hours"),
    ("with a wrong password", lambda c, v: an_emergency(c, v, password="x"), WrongPassword, "not your"),
    ("where the gate allows", lambda c, v: an_emergency(c, v, environment="development"), Conflict, "allow already"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "attempt", "kind", "said"), BAD_WISHES, ids=[row[0] for row in BAD_WISHES])
def test_who_cannot_ask_and_for_what(
    cast: SimpleNamespace, version: ModelVersion, name: str, attempt: Try, kind: type[Refusal], said: str
) -> None:
    with pytest.raises(kind, match=said):
        attempt(cast, version)
    assert not BreakGlass.objects.exists()
    assert verbs() == ["break_glass.denied"]


def vetoed(cast: SimpleNamespace, version: ModelVersion) -> None:
    a_signature(version.reviews.get(), cast.viktor, "validator", Decision.REJECT)


def suspended(cast: SimpleNamespace, version: ModelVersion) -> None:
    suspend_model(model=version.model, reason="Drift in the incomes.", actor=actor_of_user(cast.ada), at=AT)


def prohibited(cast: SimpleNamespace, version: ModelVersion) -> None:
    a_tier(cast, version.model, "prohibited", confirmed=False)


def spoiled(cast: SimpleNamespace, version: ModelVersion) -> None:
    ModelVersion.objects.filter(pk=version.pk).update(artifact_problem="model.skops differs")
    version.refresh_from_db()


def used_otherwise(cast: SimpleNamespace, version: ModelVersion) -> None:
    entry = replace(entry_of(version.model), decides="The price of the loan")
    change_model(model=version.model, entry=entry, actor=actor_of_user(cast.olga), at=AT)


NEVER: list[tuple[Callable[[SimpleNamespace, ModelVersion], None], str]] = [
    (vetoed, "a rejection stands"),
    (suspended, "is suspended"),
    (prohibited, "prohibited"),
    (spoiled, "match their digests"),
    (used_otherwise, r"since the tier was confirmed \(decisions\), so nobody can say"),
]


@pytest.mark.parametrize(("spoil", "said"), NEVER, ids=[spoil.__name__ for spoil, _ in NEVER])
def test_what_no_emergency_opens(
    cast: SimpleNamespace,
    version: ModelVersion,
    spoil: Callable[[SimpleNamespace, ModelVersion], None],
    said: str,
) -> None:
    asked = an_emergency(cast, version)
    spoil(cast, version)
    with pytest.raises(Conflict, match=said):
        consent(asked, cast.carl, "compliance_officer")
    end_break_glass(found=asked, reason=REASON, user=cast.ada, actor=actor_of_user(cast.ada), at=AT)
    with pytest.raises(Conflict, match=said):
        an_emergency(cast, version)
    assert not Finding.objects.exists()


def by_carl(found: BreakGlass, cast: SimpleNamespace, **changes: object) -> BreakGlass:
    return consent(found, cast.carl, "compliance_officer", **changes)


BAD_WORDS: list[tuple[str, Callable[[SimpleNamespace, BreakGlass], object], type[Refusal], str]] = [
    ("by who asked", lambda c, f: consent(f, c.ada, "risk_officer"), NotAllowed, "You took responsibility already"),
    ("by the developer", lambda c, f: consent(f, c.dev, "risk_officer"), NotAllowed, "not authorised"),
    ("with a wrong password", lambda c, f: by_carl(f, c, password="x"), WrongPassword, "not"),
    ("a day later", lambda c, f: by_carl(f, c, at=AT + 24 * HOUR), Conflict, "more than a day"),
    ("a refusal without a reason", lambda c, f: by_carl(f, c, agrees=False), Invalid, "A reason"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "word", "kind", "said"), BAD_WORDS, ids=[row[0] for row in BAD_WORDS])
def test_consents_that_do_not_count(
    cast: SimpleNamespace,
    version: ModelVersion,
    name: str,
    word: Callable[[SimpleNamespace, BreakGlass], object],
    kind: type[Refusal],
    said: str,
) -> None:
    found = an_emergency(cast, version)
    with pytest.raises(kind, match=said):
        word(cast, found)
    assert verdict(version).decision == "deny"
    assert verbs() == ["break_glass.requested", "break_glass.denied"]


def test_a_refusal_ends_the_wish(cast: SimpleNamespace, version: ModelVersion) -> None:
    found = an_emergency(cast, version)
    refused = consent(found, cast.carl, "compliance_officer", agrees=False, reason=REASON)
    assert refused.state == BreakGlassState.REFUSED
    with pytest.raises(Conflict, match="refused already"):
        consent(found, cast.bea, "business_approver")


def test_somebody_who_loses_the_role_shuts_the_gate(cast: SimpleNamespace, version: ModelVersion) -> None:
    broken_glass(cast, version)
    RoleGrant.objects.filter(user=cast.carl).delete()
    assert verdict(version).decision == "deny"


def test_whoever_stepped_back_from_the_review_takes_no_part_in_it(
    cast: SimpleNamespace, version: ModelVersion
) -> None:
    broken_glass(cast, version)
    step_back(version, cast.carl)
    assert verdict(version).decision == "deny"
    found = an_emergency(cast, version)
    with pytest.raises(NotAllowed, match="You are recused from this review: My sister built it."):
        consent(found, cast.carl, "compliance_officer")
    asked = Notice.objects.filter(key=f"break-glass-{found.pk}-asked")
    assert [notice.person for notice in asked] == [cast.bea]


def joined(cast: SimpleNamespace, version: ModelVersion) -> None:
    entry = replace(entry_of(version.model), developers=(cast.dev, cast.bea))
    change_model(model=version.model, entry=entry, actor=actor_of_user(cast.olga), at=AT)


def demoted(cast: SimpleNamespace, version: ModelVersion) -> None:
    RoleGrant.objects.filter(user=cast.bea).delete()


def stepped_back(cast: SimpleNamespace, version: ModelVersion) -> None:
    step_back(version, cast.bea)


@pytest.mark.parametrize(
    ("lose", "why"),
    [
        (joined, "Bea Castellano develops this model."),
        (demoted, "Bea Castellano does not hold the role business approver."),
        (stepped_back, "Bea Castellano is recused from this review: My sister built it."),
    ],
)
def test_it_opens_only_once_enough_people_count_at_that_moment(
    cast: SimpleNamespace,
    version: ModelVersion,
    client_of: Callable[[User], Client],
    lose: Callable[[SimpleNamespace, ModelVersion], None],
    why: str,
) -> None:
    found = an_emergency(cast, version, by=cast.bea, role="business_approver", at=timezone.now())
    lose(cast, version)
    given = {"role": "compliance_officer", "do": "agree", "password": PASSWORD}

    page = client_of(cast.carl).post(f"/break-glass/{found.pk}/consent/", given, follow=True)

    said = f"Agreed. It waits for 1 more person. Not counted: {why} Who can: Ada Okafor (risk officer)."
    assert said in page.content.decode()
    found.refresh_from_db()
    assert (found.state, Finding.objects.count()) == (BreakGlassState.REQUESTED, 0)
    assert verbs() == ["break_glass.requested", "break_glass.consented"]
    opened = consent(found, cast.ada, "risk_officer", at=timezone.now())
    assert opened.state == BreakGlassState.ACTIVE
    assert judge_version(version, "production", at=timezone.now()).verdict.basis == "break_glass"


def test_the_database_holds_an_emergency_to_its_finding(cast: SimpleNamespace, version: ModelVersion) -> None:
    found = an_emergency(cast, version)
    for changes in (
        {"state": "active", "began_at": AT, "ends_at": AT + HOUR},
        {"hours": 73},
        {"state": "ended"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            BreakGlass.objects.filter(pk=found.pk).update(**changes)


def test_owner_and_officers_are_told(cast: SimpleNamespace, version: ModelVersion) -> None:
    found = broken_glass(cast, version)
    people = Notice.objects.filter(key=f"break-glass-{found.pk}-opened").values_list(
        "person__username", flat=True
    )
    assert set(people) == {"olga", "ada", "carl"}
    asked = Notice.objects.filter(key=f"break-glass-{found.pk}-asked").values_list(
        "person__username", flat=True
    )
    assert set(asked) == {"carl", "bea"}
