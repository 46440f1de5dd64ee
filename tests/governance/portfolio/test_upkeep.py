"""The inventory's rows: never behind what the evidence says, whatever happens."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from accounts.actions import revoke_role
from accounts.models import Role
from audit.models import Event
from governance.portfolio import upkeep
from governance.portfolio.models import InventoryRow
from governance.portfolio.search import WORD, words
from governance.portfolio.standing import standing_of
from governance.portfolio.turns import record_turns
from governance.portfolio.upkeep import catch_up
from registry.actions import record_deployment, revise_card, suspend_model
from registry.models import ModelVersion
from riskreview.models import Decision, PolicyPack
from riskreview.policies.packs import activate_pack, import_pack
from tests import builders
from tests.conftest import AT, actor_of_user

pytestmark = pytest.mark.django_db


def stands() -> tuple[str, str, str]:
    """What the one row says."""
    row = InventoryRow.objects.get()
    return row.status, row.stage, row.production


def test_a_row_follows_each_step_of_a_life(cast: SimpleNamespace) -> None:
    builders.active_policy(cast)
    model = builders.a_model(cast)
    steps: list[tuple[Callable[[], object], str]] = [
        (lambda: None, "proposed"),
        (lambda: builders.a_version(cast, model), "in_development"),
    ]
    for step, stage in steps:
        step()
        assert catch_up(at=AT) == 1
        assert InventoryRow.objects.get().stage == stage
    assert catch_up(at=AT) == 0


def test_signing_suspending_and_deploying_reach_the_row(cast: SimpleNamespace, signed: ModelVersion) -> None:
    catch_up(at=AT)
    assert stands() == ("approved", "approved", "ok")
    record_deployment(
        version=signed, environment="production", decision_id="d-1", actor=actor_of_user(cast.dev), at=AT
    )
    assert catch_up(at=AT) == 1
    assert stands() == ("approved", "in_use", "ok")
    suspend_model(model=signed.model, reason="Complaints.", actor=actor_of_user(cast.ada), at=AT)
    assert catch_up(at=AT) == 1
    assert stands()[1:] == ("suspended", "no")


def test_a_veto_reaches_the_row(cast: SimpleNamespace, version: ModelVersion) -> None:
    catch_up(at=AT)
    builders.a_signature(version.reviews.get(), cast.ada, "risk_officer", Decision.REJECT)
    assert catch_up(at=AT) == 1
    assert stands()[0] == "rejected"


def test_time_alone_makes_a_row_old(cast: SimpleNamespace, signed: ModelVersion) -> None:
    catch_up(at=AT)
    row = InventoryRow.objects.get()
    assert row.holds_until is not None
    before, after = row.holds_until - timedelta(seconds=1), row.holds_until
    assert catch_up(at=before) == 0
    assert standing_of(signed, at=before).status == "approved"
    assert catch_up(at=after) == 1
    assert InventoryRow.objects.get().status == standing_of(signed, at=after).status != "approved"


def test_another_policy_makes_every_row_old(cast: SimpleNamespace, signed: ModelVersion) -> None:
    builders.ready_to_sign(cast, slug="other")
    catch_up(at=AT)
    active = PolicyPack.objects.get(active=True)
    text = active.source.replace(f"version: {active.version}\n", f"version: {active.version + 1}\n", 1)
    actor = actor_of_user(cast.carl)
    activate_pack(import_pack(text, source="next", actor=actor, at=AT), actor=actor, at=AT)
    assert catch_up(at=AT) == 2
    assert catch_up(at=AT) == 0


def test_a_change_while_rows_are_written_is_not_lost(cast: SimpleNamespace, signed: ModelVersion) -> None:
    """The stamps were read before; what moved since stays to be done."""
    catch_up(at=AT)
    seen = ModelVersion.objects.values_list("evidence_stamp", flat=True).get(pk=signed.pk)
    builders.a_card(cast, signed, caveats="Another caveat than before.")
    ModelVersion.objects.filter(pk=signed.pk).update(judged_stamp=seen)  # a slower process ends now
    assert catch_up(at=AT) == 1
    assert stands()[0] == "lapsed"


def test_a_role_that_is_taken_back_makes_rows_old(cast: SimpleNamespace, signed: ModelVersion) -> None:
    catch_up(at=AT)
    assert stands()[2] == "ok"
    for role in cast.viktor.grants.values_list("role", flat=True):
        revoke_role(user=cast.viktor, role=Role(role), actor=actor_of_user(cast.carl), at=AT)
    assert catch_up(at=AT) == 1
    assert stands()[2] != "ok"
    assert catch_up(at=AT) == 0


def test_a_slow_writer_leaves_the_row_of_a_faster_one(
    cast: SimpleNamespace, signed: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It read before the suspension and writes after somebody else wrote the row that knows of it."""
    catch_up(at=AT)
    builders.a_card(cast, signed, caveats="Another caveat than before.")
    read_on = upkeep._live

    def suspended_meanwhile(models: Sequence[int]) -> dict[int, list[str]]:
        monkeypatch.setattr(upkeep, "_live", read_on)
        suspend_model(model=signed.model, reason="Complaints.", actor=actor_of_user(cast.ada), at=AT)
        catch_up(at=AT)
        return read_on(models)

    monkeypatch.setattr(upkeep, "_live", suspended_meanwhile)
    catch_up(at=AT)
    assert stands()[1:] == ("suspended", "no")


def test_writing_rows_costs_the_same_for_many(cast: SimpleNamespace, signed: ModelVersion) -> None:
    with CaptureQueriesContext(connection) as one:
        catch_up(at=AT)
    for number in range(3):
        builders.ready_to_sign(cast, slug=f"other-{number}")
    with CaptureQueriesContext(connection) as three:
        assert catch_up(at=AT) == 3
    assert len(three) <= len(one) + 1


@given(st.lists(st.text(max_size=40), max_size=4))
def test_words_are_small_plain_and_each_once(texts: list[str]) -> None:
    made = words(texts).split(" ") if words(texts) else []
    assert len(made) == len(set(made))
    assert all(WORD.fullmatch(word) for word in made)
    assert words([words(texts)]) == words(texts)


def test_accents_and_capitals_do_not_matter() -> None:
    assert words(["Café-Ürün Straße", "cafe"]) == "cafe urun strasse"


def test_approvals_that_come_and_go_are_put_on_the_record_once(
    cast: SimpleNamespace, version: ModelVersion
) -> None:
    def turns() -> list[tuple[str, str]]:
        while catch_up(at=AT):
            pass
        record_turns(AT)
        assert record_turns(AT) == 0
        told = Event.objects.filter(verb__in=("version.approved", "version.lapsed")).order_by("id")
        return [(event.verb, event.detail["is"]) for event in told]

    assert turns() == []  # what is seen for the first time is only remembered
    review = version.reviews.get()
    builders.a_signature(review, cast.viktor, "validator")
    builders.a_signature(review, cast.ada, "risk_officer")
    assert turns() == [("version.approved", "approved")]
    sections = {"caveats": "It was never tested on people younger than twenty-one years, so ask somebody."}
    revise_card(version=version, sections=sections, author=cast.dev, actor=actor_of_user(cast.dev), at=AT)
    assert [verb for verb, _ in turns()] == ["version.approved", "version.lapsed"]
    assert Event.objects.get(verb="version.lapsed").subject == version.ref
