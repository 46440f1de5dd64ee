"""What a model's tier asks of a card, and how much of it is there."""

from collections.abc import Iterable
from dataclasses import dataclass

from policy.cards import load_card_schema
from policy.tiering import Tier
from registry.cards import ShownSection
from registry.models import ModelVersion
from riskreview.models import TierAssessment


@dataclass(frozen=True)
class SectionAsked:
    """A section of the card, and whether the tier asks for it."""

    item: ShownSection
    asked: bool


@dataclass(frozen=True)
class CardAsked:
    """Every section, and the sum of them in words."""

    tier: str
    confirmed: bool
    rows: list[SectionAsked]

    @property
    def total(self) -> int:
        """How many sections are asked for."""
        return sum(row.asked for row in self.rows)

    @property
    def complete(self) -> int:
        """How many of those say enough."""
        return sum(row.asked and row.item.state == "ok" for row in self.rows)

    @property
    def sentence(self) -> str:
        """`High asks for 12 sections, 10 complete.`"""
        who = f"{self.tier.capitalize()} asks" if self.tier else "No tier is proposed yet; the highest asks"
        return f"{who} for {self.total} sections, {self.complete} complete."


def card_asked(version: ModelVersion, shown: Iterable[ShownSection]) -> CardAsked:
    """The sections of a card, with those that the tier asks for. Without a tier, all of them."""
    assessment = TierAssessment.objects.filter(model=version.model_id).first()
    tier = assessment.tier if assessment else ""
    asked = {section.id for section in load_card_schema().required(tier or Tier.CRITICAL)}
    rows = [SectionAsked(item, item.section.id in asked) for item in shown]
    return CardAsked(tier, assessment is not None and assessment.is_confirmed, rows)
