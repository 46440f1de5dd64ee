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


def test_the_items_cover_mitchell_and_others() -> None:
    """The words of each item of Mitchell et al. 2019, table 1, and of what no public card asks."""
    asked = {
        "details": [
            "person or organisation",
            "version",
            "type",
            "training algorithm",
            "paper",
            "cite",
            "licence",
            "ask",
        ],
        "intended_use": ["what it is for", "who uses", "out of scope"],
        "factors": ["could make a difference", "examined"],
        "metrics": ["performance", "cut-off", "variation"],
        "evaluation_data": ["data sets", "why", "prepared"],
        "training_data": ["come from", "cleaned"],
        "quantitative_analysis": ["on its own", "meet"],
        "ethical_considerations": ["sensitive data", "health", "lower the risk", "harms", "delicate"],
        "caveats": ["advised"],
        "technical": ["inputs and outputs"],
        "instructions": ["before it runs", "read what comes out"],
        "oversight": ["watches", "overrule", "stop"],
    }
    items = {section.id: " ".join(section.items).lower() for section in SCHEMA.sections}
    assert {name: [word for word in words if word not in items[name]] for name, words in asked.items()} == {
        name: [] for name in asked
    }
