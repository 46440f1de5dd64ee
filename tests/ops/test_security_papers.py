"""THREAT_MODEL.md and docs/security.md: what they name as proof exists."""

import re

import pytest

from tests.ops.processes import ROOT

NAMED = re.compile(r"`(tests/[\w/.]+)`")


@pytest.mark.parametrize("paper", ["THREAT_MODEL.md", "docs/security.md"])
def test_every_test_that_is_named_exists(paper: str) -> None:
    named = set(NAMED.findall((ROOT / paper).read_text()))
    assert len(named) > 20
    assert {path for path in named if not (ROOT / path).exists()} == set()


def test_every_threat_is_met_and_shown() -> None:
    table = (ROOT / "THREAT_MODEL.md").read_text().split("## Threats")[1].split("## What remains")[0]
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("| ")][2:]
    threats = [cells for cells in rows if not cells[0].strip().startswith("**")]
    assert len(threats) > 25
    assert [threat for threat, met, shown in threats if not met.strip() or not NAMED.search(shown)] == []


def test_each_chapter_of_the_standard_is_answered() -> None:
    text = (ROOT / "docs" / "security.md").read_text()
    assert re.findall(r"^\| \*\*V(\d+)\*\*", text, re.M) == [str(number) for number in range(1, 18)]
    assert all(f"**{number}**" in text for number in ("2.3.5", "4.1.5", "7.5.3", "15.2.5", "15.4.2"))
