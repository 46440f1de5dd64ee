"""The card asks for more as the tier rises, and a word is not a section."""

import pytest

from policy.cards import load_card_schema, missing_sections

SCHEMA = load_card_schema()
SAID = "Enough is said about this."


def test_the_card_has_its_twelve_sections() -> None:
    assert [section.id for section in SCHEMA.sections] == [
        "details",
        "intended_use",
        "factors",
        "metrics",
        "evaluation_data",
        "training_data",
        "quantitative_analysis",
        "ethical_considerations",
        "caveats",
        "technical",
        "instructions",
        "oversight",
    ]
    assert all(section.title and section.help for section in SCHEMA.sections)


@pytest.mark.parametrize(("tier", "asked"), [("low", 4), ("moderate", 9), ("high", 12), ("critical", 12)])
def test_an_empty_card_misses_what_its_tier_asks_for(tier: str, asked: int) -> None:
    assert len(missing_sections(SCHEMA, {}, tier)) == asked


@pytest.mark.parametrize(
    ("text", "missing"),
    [("", True), ("n/a", True), (" " * 40, True), ("x" * 19, True), ("x" * 20, False), (SAID, False)],
)
def test_a_section_counts_from_twenty_characters_on(text: str, missing: bool) -> None:
    sections = {section.id: SAID for section in SCHEMA.sections} | {"oversight": text}
    assert [section.id for section in missing_sections(SCHEMA, sections, "high")] == ["oversight"] * missing
