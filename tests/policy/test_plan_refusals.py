"""A plan in a pack: what it adds, and how a wrong one is refused with its line."""

from datetime import timedelta

import pytest

from policy.pack import DEFAULT, Pack, PackError, load_pack

HEAD = DEFAULT.read_text().partition("\nplan:")[0]
LINE = HEAD.count("\n") + 2


def pack(plan: str) -> Pack:
    return load_pack(f"{HEAD}\nplan:\n{plan}", source="p.yaml")


REFUSED = [
    (
        "- {evaluation: horoscope, dataset_role: test}",
        1,
        '"horoscope" is not known as evaluation',
        "Write one of",
    ),
    ("- {evaluation: performance, dataset_role: tests}", 1, '"tests" is not known', 'Write "test"'),
    ("- {evaluation: performance}", 1, 'key "dataset_role" is missing', 'Write "dataset_role: …"'),
    ("- {evaluation: performance, dataset_role: test, tier: [low]}", 1, 'no key "tier"', 'Write "tiers"'),
    ("- {evaluation: performance, dataset_role: test, tiers: []}", 1, "is empty", "at least one"),
    (
        "- {evaluation: performance, dataset_role: test, tiers: [prohibited]}",
        1,
        "not known",
        "Write one of: low",
    ),
    (
        "- {evaluation: performance, dataset_role: test, max_age: 3 months}",
        1,
        "not a length of time",
        '"365d"',
    ),
    ("- {evaluation: performance, dataset_role: test, settings: {}}", 1, "settings are empty", "remove"),
    ("- {evaluation: performance, dataset_role: test, settings: [seed]}", 1, "not a mapping", "key: value"),
    (
        "- {evaluation: performance, dataset_role: test, applies_to: [astrology]}",
        1,
        "not known",
        "Write one of",
    ),
    (
        "- {evaluation: performance, dataset_role: test, tiers: [low]}\n"
        "- {evaluation: performance, dataset_role: test}",
        2,
        "planned twice for the same use",
        '"tiers" or "applies_to"',
    ),
    ("  []", 1, "Plan is empty", "at least one"),
]


@pytest.mark.parametrize(("plan", "line", "problem", "remedy"), REFUSED, ids=[row[2] for row in REFUSED])
def test_a_wrong_plan_is_refused_with_its_line_and_what_to_write(
    plan: str, line: int, problem: str, remedy: str
) -> None:
    with pytest.raises(PackError) as refused:
        pack(plan)
    assert problem in refused.value.problem
    assert remedy in refused.value.remedy
    assert refused.value.line == LINE + line


def test_settings_keep_their_types() -> None:
    settings = "{seed: 7, share: 0.5, deep: true, names: [a, b], by: {sex: f}, note: yes please}"
    planned = pack(f"- {{evaluation: performance, dataset_role: training, settings: {settings}}}").plan[0]
    assert planned.settings == {
        "seed": 7,
        "share": 0.5,
        "deep": True,
        "names": ["a", "b"],
        "by": {"sex": "f"},
        "note": "yes please",
    }
    assert type(planned.settings["seed"]) is int


def test_a_plan_may_ask_for_a_younger_result_than_the_requirement_never_for_an_older_one() -> None:
    for age, days in (("30d", 30), ("900d", 365)):
        found = pack(f"- {{evaluation: performance, dataset_role: test, max_age: {age}}}")
        first = found.planned("low", "regression")[0]
        assert (first.evaluation, first.max_age) == ("performance", timedelta(days=days))


def test_a_line_is_for_the_tiers_and_kinds_that_it_names() -> None:
    found = pack(
        "- {evaluation: explainability, dataset_role: validation, tiers: [low], applies_to: [regression]}"
    )

    def has(tier: str, kind: str) -> bool:
        return any(item.dataset_role == "validation" for item in found.planned(tier, kind))

    assert has("low", "regression")
    assert not has("low", "binary_classification")
    assert not has("high", "regression")


def test_the_plan_is_part_of_the_digest() -> None:
    one = pack("- {evaluation: performance, dataset_role: training}")
    other = pack("- {evaluation: performance, dataset_role: validation}")
    assert len({one.digest, other.digest, load_pack(HEAD, source="p.yaml").digest}) == 3
