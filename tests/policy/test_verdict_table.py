"""The table of verdicts, sentence by sentence: tests/policy/verdicts.yaml against the default pack."""

from pathlib import Path

import pytest

from policy.lines import parse
from policy.verdict import judge
from tests.policy.builders import NOW, PACK, unmet
from tests.policy.further_situations import FACTS, SIGNED, SINCE, situation

FILE = Path(__file__).with_name("verdicts.yaml")


def _table() -> list[tuple[str, str]]:
    """Every sentence with its verdict; a sentence that stands twice in a group is refused as it is read."""
    groups = parse(FILE.read_text(encoding="utf-8"), source=FILE.name, what="the table").items()
    read = [group.fields(("group", "verdicts")) for group in groups]
    return [
        (sentence, verdict.text())
        for fields in read
        for sentence, verdict in fields["verdicts"].entries().items()
    ]


TABLE = _table()


@pytest.mark.parametrize(("sentence", "expected"), TABLE, ids=[sentence for sentence, _ in TABLE])
def test_the_gate_answers_as_the_table_says(sentence: str, expected: str) -> None:
    evidence, environment = situation(sentence)
    verdict = judge(PACK, evidence, environment, NOW)

    held_back = f"deny {', '.join(unmet(verdict))}"
    allowed = "allow" if verdict.basis == "policy" else f"allow by {verdict.basis}"
    assert (allowed if verdict.decision == "allow" else held_back) == expected, verdict.summary


def test_the_table_is_long_each_sentence_stands_once_and_each_word_is_used() -> None:
    sentences = [sentence for sentence, _ in TABLE]
    assert len(sentences) >= 150
    assert len(sentences) == len(set(sentences))
    said = "\n".join(sentences)
    assert [words for words in (*FACTS, *SIGNED, *SINCE) if words not in said] == []
    assert {verdict.partition(" ")[0] for _, verdict in TABLE} == {"allow", "deny"}
