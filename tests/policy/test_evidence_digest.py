"""The digest changes with the evidence, and with nothing else."""

from dataclasses import replace
from datetime import timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from policy.evidence import EvaluationFact, canonical_digest, changed, evidence_digest
from policy.metrics import EVALUATIONS
from policy.parts import components
from tests.policy.builders import NOW, YESTERDAY, run, unsigned
from tests.policy.exceptions import a_waiver

parts = st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=6)


def test_only_what_exists_is_a_component() -> None:
    bare = replace(unsigned(), artifact=None, card=None, tier=None, evaluations=(), risks=())
    assert components(bare, EVALUATIONS) == {}
    assert sorted(components(unsigned(), EVALUATIONS)) == [
        "artifact",
        "card",
        "evaluation.explainability",
        "evaluation.fairness",
        "evaluation.performance",
        "risks",
        "tier",
    ]


def test_the_digest_is_sha256_over_canonical_json() -> None:
    # printf '{"a":"1","b":"2"}' | sha256sum
    expected = "sha256:21f76dfbfe6dfe21f762080ef484112cf2952974cef30741fd1931e1c6d92112"
    assert evidence_digest({"b": "2", "a": "1"}) == expected


def test_a_part_of_several_runs_is_the_canonical_digest_of_theirs() -> None:
    odd = 'sha256:"quoted"\n\x1fé\u2028😀'
    runs = (run("fairness", 1, digest="b", dataset="one"), run("fairness", 2, digest=odd, dataset="two"))

    made = components(replace(unsigned(), evaluations=runs), EVALUATIONS)

    assert made["evaluation.fairness"] == canonical_digest(sorted(["b", odd]))


@given(parts, st.randoms())
def test_the_digest_does_not_depend_on_order(values: dict[str, str], random: Random) -> None:
    items = list(values.items())
    random.shuffle(items)
    assert evidence_digest(dict(items)) == evidence_digest(values)


@given(st.permutations(range(6)))
def test_components_do_not_depend_on_the_order_of_runs(order: list[int]) -> None:
    runs = [
        run(kind, number, dataset=f"data@{number % 2}", finished_at=YESTERDAY + timedelta(minutes=number))
        for number, kind in enumerate(["performance"] * 4 + ["fairness"] * 2)
    ]
    shuffled = replace(unsigned(), evaluations=tuple(runs[index] for index in order))
    assert components(shuffled, EVALUATIONS) == components(
        replace(unsigned(), evaluations=tuple(runs)), EVALUATIONS
    )


@given(parts, parts)
def test_changed_is_empty_exactly_when_the_digests_agree(before: dict[str, str], now: dict[str, str]) -> None:
    assert (changed(before, now) == ()) == (evidence_digest(before) == evidence_digest(now))
    assert changed(before, now) == changed(now, before)


def test_a_run_on_the_same_data_replaces_and_on_other_data_adds() -> None:
    first, again = run("performance", 1), run("performance", 2, finished_at=NOW)
    other = run("performance", 3, dataset="second@1", finished_at=NOW)

    def digest(*runs: EvaluationFact) -> str:
        return components(replace(unsigned(), evaluations=runs), EVALUATIONS)["evaluation.performance"]

    assert digest(first, again) == digest(again)
    assert digest(first, again) != digest(first)
    assert digest(first, other) not in (digest(first), digest(other))


def test_people_conditions_and_signatures_are_no_part_of_the_evidence() -> None:
    moved = replace(
        unsigned(),
        holders={},
        involved={},
        review_open=False,
        suspended="stopped",
        links={},
        waivers=(a_waiver(),),
    )
    assert components(moved, EVALUATIONS) == components(unsigned(), EVALUATIONS)


def test_only_what_the_policy_judges_is_a_part() -> None:
    """A run that merely informs may end after a signature without undoing it."""
    runs = unsigned().evaluations
    more = replace(unsigned(), evaluations=(*runs, replace(runs[0], run=99, kind="robustness")))
    judged = {fact.kind for fact in runs}
    assert components(more, judged) == components(unsigned(), judged)
    assert "evaluation.robustness" in components(more, {*judged, "robustness"})
