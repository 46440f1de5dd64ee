"""What differs between two packs, and which way."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.diff import diff, direction_of
from policy.pack import DEFAULT, Pack, load_pack
from policy.requirement import Check, Requirement
from tests.policy.builders import PACK

TEXT = DEFAULT.read_text(encoding="utf-8")
DAYS = timedelta(days=1)
AUC = Check("roc_auc", at_least=0.7)
BASE = Requirement(
    "evaluation.x", "evaluation", "X", evaluation="performance", dataset_role="test", checks=(AUC,)
)
SIGN = Requirement("signoff.x", "signoff", "X", role="validator", valid_for=90 * DAYS, survives=("card",))


def changed(before: str, after: str) -> Pack:
    assert before in TEXT
    return load_pack(TEXT.replace(before, after), source="changed.yaml")


@pytest.mark.parametrize(
    ("base", "changes", "direction"),
    [
        (BASE, {"max_age": 30 * DAYS}, "tightened"),
        (BASE, {"checks": (replace(AUC, at_least=0.8),)}, "tightened"),
        (BASE, {"checks": (replace(AUC, at_least=0.6),)}, "loosened"),
        (BASE, {"checks": (AUC, Check("brier", at_most=0.2))}, "tightened"),
        (BASE, {"checks": (Check("brier", at_most=0.2),)}, "either"),
        (BASE, {"checks": (replace(AUC, at_most=0.99),)}, "tightened"),
        (BASE, {"checks": (replace(AUC, bound="low"),)}, "either"),
        (BASE, {"checks": (replace(AUC, at_least=0.8), replace(AUC, at_least=0.9))}, "either"),
        (BASE, {"applies_to": ("regression",)}, "loosened"),
        (BASE, {"when_sensitive": True}, "loosened"),
        (BASE, {"accept_reported": True}, "loosened"),
        (BASE, {"dataset_role": "validation"}, "either"),
        (BASE, {"title": "Y"}, "same"),
        (BASE, {"title": "Y", "max_age": 30 * DAYS}, "tightened"),
        (SIGN, {"count": 2}, "tightened"),
        (SIGN, {"valid_for": None}, "loosened"),
        (SIGN, {"valid_for": 30 * DAYS}, "tightened"),
        (SIGN, {"survives": ()}, "tightened"),
        (SIGN, {"survives": ("card", "tier")}, "loosened"),
        (SIGN, {"survives": ("tier",)}, "either"),
        (SIGN, {"independence": False}, "loosened"),
        (SIGN, {"independence": False, "count": 2}, "either"),
        (SIGN, {"role": "risk_officer"}, "either"),
    ],
)
def test_a_change_of_a_requirement_is_tighter_looser_or_neither(
    base: Requirement, changes: dict[str, Any], direction: str
) -> None:
    after = replace(base, **changes)
    back = {"tightened": "loosened", "loosened": "tightened"}.get(direction, direction)
    assert (direction_of(base, after), direction_of(after, base)) == (direction, back)


def test_the_same_pack_under_another_version_differs_in_nothing() -> None:
    assert not diff(PACK, changed("version: 3\n", "version: 4\n"))
    assert not diff(PACK, PACK)


def test_a_stricter_limit_is_told_in_words_for_each_tier_that_it_is_asked_of() -> None:
    found = diff(
        PACK,
        changed(
            "metric: selection_rate_ratio, bound: value, at_least: 0.80",
            "metric: selection_rate_ratio, at_least: 0.85",
        ),
    )
    assert [(place.environment, place.tier) for place in found.places] == [
        *(("staging", tier) for tier in ("high", "critical")),
        *(("production", tier) for tier in ("moderate", "high", "critical")),
    ]
    [change] = found.places[0].changes
    assert (change.id, change.kind, change.direction) == ("evaluation.fairness", "changed", "tightened")
    assert change.gone == ("Lowest selection ratio: at least 0.80.",)
    assert change.new == ("Lowest selection ratio: at least 0.85.",)
    assert found.counts == {"tightened": 5, "loosened": 0, "either": 0, "same": 0}


def test_added_and_removed_requirements_settings_and_what_signers_notice() -> None:
    after = changed("    low: [artifact_verified]\n", "    low: [tier_confirmed]\n")
    [place] = diff(PACK, after).places
    assert [(item.id, item.kind, item.direction) for item in place.changes] == [
        ("tier_confirmed", "added", "tightened"),
        ("artifact_verified", "removed", "loosened"),
    ]
    other = replace(after, decision_valid_for=timedelta(minutes=5), formats=("onnx",), plan=())
    told = {item.name: item.direction for item in diff(PACK, other).settings}
    assert told == {
        "An answer holds": "tightened",
        "Formats that may be loaded": "tightened",
        "Measured beside": "same",
    }
    no_fairness = {name: item for name, item in PACK.requirements.items() if item.evaluation != "fairness"}
    [note] = diff(PACK, replace(PACK, requirements=no_fairness)).notes
    assert "fairness is no longer part of the evidence" in note and "go stale" in note


@given(st.data())
def test_looking_back_what_was_tightened_is_loosened(data: st.DataObject) -> None:
    """Whatever of two sign-off requirements differs."""
    way = st.builds(
        Requirement,
        id=st.just("signoff.x"),
        kind=st.just("signoff"),
        title=st.sampled_from(["A", "B"]),
        role=st.sampled_from(["validator", "risk_officer"]),
        count=st.integers(1, 3),
        valid_for=st.sampled_from([None, DAYS, 2 * DAYS]),
        survives=st.sampled_from([(), ("card",), ("tier",), ("card", "tier")]),
        independence=st.booleans(),
    )
    one, other = data.draw(way), data.draw(way)
    back = {"tightened": "loosened", "loosened": "tightened"}
    found = direction_of(one, other)
    assert direction_of(other, one) == back.get(found, found)
    assert (found == "same") == (replace(one, title="") == replace(other, title=""))
