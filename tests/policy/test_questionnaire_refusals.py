"""A questionnaire that does not say exactly what it means is refused with file, line and what to write instead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.lines import PackError
from policy.questionnaire import Questionnaire, Tier
from policy.questionnaire_changes import changes
from policy.questionnaire_file import DEFAULT, load_questionnaire, read_questionnaire
from policy.tiering import assess, fitting, tier_of

TEXT = DEFAULT.read_text(encoding="utf-8")
SHIPPED = load_questionnaire()


def changed(old: str, new: str, count: int = 1) -> str:
    assert old in TEXT
    return TEXT.replace(old, new, count)


def line_of(words: str) -> int:
    return next(number for number, line in enumerate(TEXT.splitlines(), 1) if words in line)


def row_of(band: str) -> int:
    """The line where a row of the matrix begins."""
    return TEXT.splitlines().index(f"  {band}:") + 1


FIRST_ANSWERS = TEXT[TEXT.index("  answers:\n") : TEXT.index("  sources:\n")]
PEOPLE = "- id: people\n"
REFUSED: list[tuple[str, str, int, str]] = [
    ("an unknown key", changed("  axis: materiality", "  axes: materiality"), line_of(PEOPLE.strip()) + 1,
     'There is no key "axes" in an entry of questions. Write "axis".'),
    ("a missing key", changed("  weight: 3\n", ""), line_of(PEOPLE.strip()), 'The key "weight" is missing'),
    ("an id twice", changed("- id: money", "- id: people"), line_of("- id: money"),
     f'The id "people" stands twice. Write another id; the first is on line {line_of(PEOPLE.strip())}.'),
    ("an id that is none", changed("- id: money", "- id: Money!"), line_of("- id: money"),
     '"Money!" is not an id. Write small letters'),
    ("a weight of nothing", changed("  weight: 3", "  weight: 0"), line_of("  weight: 3"),
     "Weight is not a whole number from 1 to 100."),
    ("a negative weight", changed("  weight: 3", "  weight: -3"), line_of("  weight: 3"),
     "Weight is not a whole number from 1 to 100."),
    ("a question without answers", changed(FIRST_ANSWERS, "  answers: {}\n"), line_of("  answers:"),
     "A question without answers asks nothing. Write two to five lines"),
    ("one answer", changed(FIRST_ANSWERS, "  answers: {4: Always}\n"), line_of("  answers:"),
     "1 answer is no choice."),
    ("no worst answer", changed(FIRST_ANSWERS, "  answers: {0: Never, 1: Rarely}\n"), line_of("  answers:"),
     "The worst answer, 4, is missing in the answers of people."),
    ("an answer off the scale", changed(FIRST_ANSWERS, "  answers: {0: Never, 5: Always}\n"),
     line_of("  answers:"), "The number before the colon is not a whole number from 0 to 4."),
    ("an answer twice", changed(FIRST_ANSWERS, "  answers: {0: Never, 0: Rarely, 4: Always}\n"),
     line_of("  answers:"), "0 stands twice in the answers of people."),
    ("bands that begin above 0", changed("from_score: 0", "from_score: 5"), line_of("from_score: 0"),
     "The first band begins at 5, so lower scores have none. Begin at 0."),
    ("bands out of order", changed("from_score: 50", "from_score: 20"), line_of("from_score: 50"),
     "20 does not come after 25 and before 100."),
    ("a band at the end", changed("from_score: 70", "from_score: 100"), line_of("from_score: 70"),
     "100 does not come after 50 and before 100."),
    ("a hole in a row", changed("    very_high: critical\n", ""), row_of("high") + 1,
     'The key "very_high" is missing in the row high of the matrix.'),
    ("a row that is missing", changed("- id: very_high\n  from_score: 70", "- id: top\n  from_score: 70"),
     row_of("very_high"), 'There is no key "very_high" in the matrix.'),
    ("a matrix that forgives", changed("    high: high\n", "    high: low\n"), line_of("    high: high"),
     "A worse score gives low, where a better one gives high. Write high or higher."),
    ("a matrix that forbids", changed("    very_high: critical", "    very_high: prohibited"),
     line_of("    very_high: critical"), '"prohibited" is not known as very_high.'),
    ("an override to an unknown tier", changed("floor: high", "floor: hihg"), line_of("floor: high"),
     '"hihg" is not known as floor. Write "high".'),
    ("an override that raises nothing", changed("floor: high", "floor: low"), line_of("floor: high"),
     "A floor of low raises nothing, and an override only raises."),
    ("an override that lowers", changed("  floor: high", "  ceiling: low"), line_of("  floor: high"),
     'There is no key "ceiling"'),
    ("an override on an unknown fact", changed("flag: eu_annex_i_safety", "flag: eu_annex_x_safety"),
     line_of("flag: eu_annex_i_safety"), 'Write "eu_annex_i_safety_component".'),
    ("an override on an unknown question", changed("    people: 4\n", "    peopel: 4\n"),
     line_of("    people: 4"), 'There is no question "peopel". Write "people".'),
    ("an override that always applies", changed("  flag: eu_prohibited_practice\n", ""),
     line_of("- id: eu_art5"), "The override names nothing that makes it apply."),
    ("an axis without questions", TEXT.replace("axis: inherent", "axis: materiality"),
     line_of("- id: people"), "No question is about inherent."),
    ("text that is not YAML", changed("questions:\n", "questions: [\n"), 0, "This is not YAML"),
    ("nothing", "", 1, "The file is empty. Write what the questionnaire asks for."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "said"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_it_is_refused_with_its_line_and_a_remedy(text: str, line: int, said: str) -> None:
    with pytest.raises(PackError) as refused:
        read_questionnaire(text, source="mine.yaml")
    assert said in f"{refused.value.problem} {refused.value.remedy}"
    assert refused.value.remedy and str(refused.value).startswith(f"mine.yaml:{refused.value.line}:")
    if line:
        assert refused.value.line == line


def test_a_yaml_bomb_is_refused_and_not_unfolded() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"b{n}: &b{n} [*{'a' if n == 0 else f'b{n - 1}'}, *a]\n" for n in range(40)
    )
    with pytest.raises(PackError, match='no key "a"'):
        read_questionnaire(bomb, source="bomb.yaml")
    with pytest.raises(PackError, match="contains itself"):
        read_questionnaire(
            changed("  sources:\n  - EU", "  sources: &s\n  - [*s]\n  - EU"), source="bomb.yaml"
        )


def test_every_question_that_ships_has_help_and_a_source() -> None:
    assert all(question.help and question.sources for question in SHIPPED.questions)
    assert dict(SHIPPED.months) == {"low": 36, "moderate": 24, "high": 12, "critical": 6}


answer_sets = st.dictionaries(st.sampled_from([item.id for item in SHIPPED.questions]), st.integers(0, 4))
flag_sets = st.sets(st.sampled_from([item.id for item in SHIPPED.flags]))


@given(answer_sets, flag_sets)
def test_each_answer_adds_its_part_of_the_score(answers: dict[str, int], flags: set[str]) -> None:
    found = assess(SHIPPED, answers, flags)
    for axis, score in (("materiality", found.materiality), ("inherent", found.inherent)):
        parts = [item.points for item in found.contributions if item.question.axis == axis]
        assert sum(parts) == pytest.approx(score, abs=0.1)
    assert tier_of(SHIPPED, answers, flags)[0] == found.tier
    assert tier_of(SHIPPED, answers, flags)[1].order <= found.tier.order


FLOORS = read_questionnaire(changed("  floor: moderate", "  floor: high", 2), source="floors.yaml")
MATRIX = read_questionnaire(
    changed("    very_high: moderate\n", "    very_high: high\n"), source="matrix.yaml"
)
LONGER = read_questionnaire(
    changed("questions:\n", "questions:\n- id: more\n  axis: inherent\n  weight: 9\n"
            "  question: More?\n  answers: {0: Never, 4: Always}\n"), source="longer.yaml",
)  # fmt: skip


@given(answer_sets, flag_sets, st.sampled_from([FLOORS, MATRIX]))
def test_a_higher_floor_or_a_harder_matrix_never_lowers_a_tier(
    answers: dict[str, int], flags: set[str], stricter: Questionnaire
) -> None:
    assert tier_of(stricter, answers, flags)[0].order >= tier_of(SHIPPED, answers, flags)[0].order


@given(answer_sets, flag_sets)
def test_a_question_that_is_new_counts_as_the_worst_until_it_is_answered(
    answers: dict[str, int], flags: set[str]
) -> None:
    silent = tier_of(LONGER, answers, flags)[0]
    assert silent == tier_of(LONGER, {**answers, "more": 4}, flags)[0]
    assert silent.order >= tier_of(LONGER, {**answers, "more": 0}, flags)[0].order


def test_answers_outlive_a_version_as_far_as_it_still_asks() -> None:
    text = changed(FIRST_ANSWERS, "  answers: {0: Never, 4: Always}\n").replace("id: money", "id: capital")
    text = text.replace("    people: 3\n", "    people: 4\n")
    newer = read_questionnaire(text, source="newer.yaml")
    kept = fitting(newer, {"people": 2, "money": 3, "reach": 1}, ["profiles_people", "gone_flag"])
    assert (kept.answers, kept.flags) == ({"reach": 1}, ("profiles_people",))
    assert kept.gone == ("people", "money", "gone_flag")


def test_changes_are_told_from_the_rules_and_not_from_the_layout() -> None:
    assert changes(SHIPPED, read_questionnaire("# a remark\n" + TEXT, source="same.yaml")) == []
    text = changed("  weight: 3", "  weight: 5")
    text = text.replace("    very_high: moderate\n", "    very_high: high\n", 1)
    text = text.replace("- id: credit_hiring\n", "- id: credit_work\n").replace(
        "critical: 6}", "critical: 3}"
    )
    told = [(item.kind, item.what) for item in changes(SHIPPED, read_questionnaire(text, source="new.yaml"))]
    assert told == [
        ("changed", "Question people, weight"),
        ("added", "Override credit_work"),
        ("removed", "Override credit_hiring"),
        ("changed", "Matrix, materiality low, inherent risk very high"),
        ("changed", "A tier of critical is looked at again after"),
    ]


def test_an_override_says_in_words_when_it_applies() -> None:
    said = {rule.id: SHIPPED.why(rule) for rule in SHIPPED.overrides}
    assert said["eu_annex3"] == (
        "“High-risk area of the EU AI Act” is ticked, “Narrow task in a high-risk area” is not ticked"
    )
    assert (
        said["agent_irreversible"] == "autonomy is answered 4 or worse, reversibility is answered 3 or worse"
    )
    assert Tier.PROHIBITED in [rule.floor for rule in SHIPPED.overrides]
