"""The packs that people start from: sourced, sound, and answered by people who exist."""

import re

import pytest

from policy.evidence import Person
from policy.metrics import NOT_FOR
from policy.pack import DEFAULT, TIERS, load_pack
from policy.reach import unreachable
from policy.requirement import SIGNING_ROLES
from policy.words import KINDS

SOURCES = {
    "sr-26-2-bank": re.compile(r"SR 26-2, sections? [IV]+|12 CFR 1002\.4"),
    "eu-ai-act-provider": re.compile(r"Art\. \d+|Annex IV"),
}
VIKTOR, VERA = Person("viktor", "Viktor Sahl"), Person("vera", "Vera Novak")


@pytest.mark.parametrize("name", SOURCES)
def test_every_requirement_names_the_rule_that_it_answers_to(name: str) -> None:
    text = (DEFAULT.parent / f"{name}.yaml").read_text()
    comments: dict[str, str] = {}
    above: list[str] = []
    for line in text.splitlines():
        found = re.fullmatch(r"- id: (\S+)", line)
        if found:
            comments[found[1]] = " ".join(above)
        above = [*above, line] if line.startswith("#") else []
    assert {*comments} == {*load_pack(text, source=name).requirements}
    assert [item for item, comment in comments.items() if not SOURCES[name].search(comment)] == []


@pytest.mark.parametrize("name", SOURCES)
def test_no_requirement_asks_for_what_nothing_can_measure(name: str) -> None:
    """Such a requirement would deny for ever, whatever a model is."""
    pack = load_pack((DEFAULT.parent / f"{name}.yaml").read_text(), source=name)
    asked = [item for item in pack.requirements.values() if item.evaluation]
    assert asked
    for item in asked:
        assert not {*(item.applies_to or KINDS)} & NOT_FOR.get(item.evaluation, frozenset()), item.id


@pytest.mark.parametrize("name", SOURCES)
def test_a_higher_tier_is_never_asked_for_less(name: str) -> None:
    """Compared by kind, because a pack may ask the same of several tiers in different words."""
    pack = load_pack((DEFAULT.parent / f"{name}.yaml").read_text(), source=name)
    for environment, by_tier in pack.environments.items():
        for lower, higher in zip(TIERS, TIERS[1:], strict=False):
            below = {item.role or item.evaluation or item.kind for item in by_tier[lower]}
            above = {item.role or item.evaluation or item.kind for item in by_tier[higher]}
            missing = (
                below - above - {"business_approver"}
            )  # in the AI Act's pack others answer for high risk
            assert not missing, (environment, lower, higher, missing)


def test_a_role_that_too_few_hold_is_named_with_its_people_and_places() -> None:
    pack = load_pack((DEFAULT.parent / "sr-26-2-bank.yaml").read_text(), source="bank")
    everybody = {role: (VIKTOR, VERA) for role in SIGNING_ROLES}
    assert unreachable(pack, everybody) == ()
    [short] = unreachable(pack, everybody | {"validator": (VIKTOR,)})
    assert short.text == (
        "2 people must sign as validator in production (critical), and only Viktor Sahl holds the role."
    )
    [nobody] = unreachable(
        pack, {role: people for role, people in everybody.items() if role != "risk_officer"}
    )
    assert nobody.text.startswith("Nobody is a risk officer, so nothing can be allowed in production (high)")
