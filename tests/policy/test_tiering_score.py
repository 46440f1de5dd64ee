"""The questionnaire gives the tiers that its published vectors say, and silence never helps."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from policy.tiering import QuestionnaireError, Tier, assess, load_questionnaire

QUESTIONNAIRE = load_questionnaire()
QUESTIONS = [question.id for question in QUESTIONNAIRE.questions]
FLAGS = [flag.id for flag in QUESTIONNAIRE.flags]
VECTORS = yaml.safe_load(Path(__file__).with_name("tiering_vectors.yaml").read_text(encoding="utf-8"))

answer_sets = st.dictionaries(st.sampled_from(QUESTIONS), st.integers(0, 4))
flag_sets = st.sets(st.sampled_from(FLAGS))


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_the_score_matches_the_published_vector(vector: dict[str, Any]) -> None:
    found = assess(QUESTIONNAIRE, vector["answers"], vector["flags"])
    assert {
        "materiality": found.materiality,
        "inherent": found.inherent,
        "base_tier": found.base_tier,
        "tier": found.tier,
        "overrides": [override.id for override in found.overrides],
    } == vector["expect"]


def test_there_are_ten_vectors_and_twelve_questions() -> None:
    assert len(VECTORS) == 10
    assert len(QUESTIONS) == len(set(QUESTIONS)) == 12


@given(answer_sets, flag_sets)
def test_the_tier_is_never_below_the_base_or_any_override_floor(
    answers: dict[str, int], flags: set[str]
) -> None:
    found = assess(QUESTIONNAIRE, answers, flags)
    assert found.tier.order == max(
        [found.base_tier.order, *(override.floor.order for override in found.overrides)]
    )


@given(answer_sets, flag_sets, st.data())
def test_leaving_a_question_unanswered_never_lowers_the_tier(
    answers: dict[str, int], flags: set[str], data: st.DataObject
) -> None:
    silent = dict(answers)
    if answers:
        del silent[data.draw(st.sampled_from(sorted(answers)))]
    before, after = assess(QUESTIONNAIRE, answers, flags), assess(QUESTIONNAIRE, silent, flags)
    assert after.tier.order >= before.tier.order
    assert after.materiality >= before.materiality
    assert after.inherent >= before.inherent


@given(answer_sets, flag_sets, st.sampled_from(QUESTIONS))
def test_a_worse_answer_never_lowers_the_tier(
    answers: dict[str, int], flags: set[str], question: str
) -> None:
    better = answers | {question: min(answers.get(question, 4), 3)}
    worse = better | {question: better[question] + 1}
    assert assess(QUESTIONNAIRE, worse, flags).tier.order >= assess(QUESTIONNAIRE, better, flags).tier.order


def test_a_score_on_the_edge_belongs_to_the_higher_band() -> None:
    calm = dict.fromkeys(QUESTIONS, 0) | {"autonomy": 4, "explainability": 3, "novelty": 2, "data": 1}
    edge = calm | {"people": 2, "money": 3}  # 15 of 60 points: 25.0, where medium begins
    below = edge | {"people": 1}
    assert assess(QUESTIONNAIRE, edge, []).materiality == 25.0
    assert assess(QUESTIONNAIRE, edge, []).bands[0].id == "medium"
    assert assess(QUESTIONNAIRE, below, []).bands[0].id == "low"


@given(answer_sets, flag_sets)
def test_a_forbidden_practice_is_prohibited_whatever_else_is_said(
    answers: dict[str, int], flags: set[str]
) -> None:
    assert assess(QUESTIONNAIRE, answers, {*flags, "eu_prohibited_practice"}).tier is Tier.PROHIBITED


def test_the_explanation_names_the_bands_the_rule_and_what_is_unanswered() -> None:
    answers = VECTORS[6]["answers"] | {}
    del answers["third_party"]
    found = assess(QUESTIONNAIRE, answers, ["eu_annex_iii_use", "profiles_people"])
    assert found.unanswered == ("third_party",)
    assert found.explanation == (
        "Low because regulatory × third party: materiality 16.7 (low), inherent risk 26.9 (medium). "
        "Raised to high by overrides eu_annex3 (EU AI Act Art. 6(2)) and eu_annex3_profiling (EU AI Act Art. 6(3) "
        "last subparagraph: the exception never covers profiling). "
        "1 question is unanswered and counted as the worst answer."
    )


@pytest.mark.parametrize(
    ("answers", "flags", "said"),
    [
        ({"peopel": 1}, [], 'There is no question "peopel". Write "people".'),
        ({"xyz": 1}, [], "Write one of: people, money"),
        ({"people": 5}, [], '"5" does not answer "people". Write 0 = No effect on people'),
        ({"people": -1}, [], "Write 0 = "),
        ({"people": True}, [], '"True" does not answer "people"'),
        ({}, ["profile_people"], 'There is no flag "profile_people". Write "profiles_people".'),
    ],
)
def test_answers_that_do_not_fit_are_refused_with_what_to_write(
    answers: dict[str, int], flags: list[str], said: str
) -> None:
    with pytest.raises(QuestionnaireError) as refusal:
        assess(QUESTIONNAIRE, answers, flags)
    assert said in str(refusal.value)


def test_every_flag_speaks_plainly_and_every_rule_uses_known_flags_and_questions() -> None:
    assert all(flag.label and flag.help and "_" not in flag.label for flag in QUESTIONNAIRE.flags)
    for override in QUESTIONNAIRE.overrides:
        assert {*override.flags, *filter(None, [override.unless])} <= set(FLAGS)
        assert set(override.when) <= set(QUESTIONS)
        assert override.flags or override.when


def test_tiers_are_ordered() -> None:
    assert [tier.order for tier in (Tier.LOW, Tier.MODERATE, Tier.HIGH, Tier.CRITICAL, Tier.PROHIBITED)] == [
        1, 2, 3, 4, 5,
    ]  # fmt: skip
