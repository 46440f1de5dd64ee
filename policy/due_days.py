"""How many days a finding may stand, by its severity and the tier of the model."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import yaml

from policy.tiering import Tier
from policy.words import SEVERITIES

TIERS = (Tier.CRITICAL, Tier.HIGH, Tier.MODERATE, Tier.LOW)
LONGEST = 3650

Days = Mapping[str, Mapping[str, int]]
"""Severity → tier → days."""


@lru_cache(maxsize=1)
def default_days() -> Days:
    """The table that counts until somebody sets another one."""
    read: Days = yaml.safe_load(Path(__file__).with_name("due_days.yaml").read_text(encoding="utf-8"))
    return read


def days_for(days: Days, severity: str, tier: str) -> int:
    """The days that the table gives. A prohibited use, or one whose tier nobody knows, counts as critical."""
    row = days[severity]
    return row.get(tier, row[Tier.CRITICAL])


def problem_with(days: Days) -> str:
    """Why this cannot be the table; empty when it can. A worse finding never has longer, nor does a higher tier."""
    if set(days) != set(SEVERITIES) or any(set(row) != set(TIERS) for row in days.values()):
        return "Each severity needs its days for each tier."
    if any(not 1 <= count <= LONGEST for row in days.values() for count in row.values()):
        return f"Days run from 1 to {LONGEST:,}."
    for worse, milder in zip(SEVERITIES, SEVERITIES[1:], strict=False):
        for tier in TIERS:
            if days[worse][tier] > days[milder][tier]:
                return f"Tier {tier}: a {worse} finding may not stand longer than a {milder} one."
    for severity, row in days.items():
        for higher, lower in zip(TIERS, TIERS[1:], strict=False):
            if row[higher] > row[lower]:
                return f"A {severity} finding may not stand longer at tier {higher} than at tier {lower}."
    return ""
