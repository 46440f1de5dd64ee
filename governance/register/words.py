"""The words of a model that may be published, chosen part by part, and nothing else of it."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from policy.cards import complete, load_card_schema
from policy.evidence import canonical_digest
from registry.measures import REFERENCE, Measures, measures_of, replaced
from registry.models import CardRevision, ModelVersion, RegisteredModel

SECTIONS = (
    *("intended_use", "caveats", "oversight", "ethical_considerations", "factors"),
    *("training_data", "evaluation_data", "instructions"),
)
"""Sections of a card that may be published. The technical ones may not: they help those who would trick the model."""
TITLES = {section.id: section.title for section in load_card_schema().sections}
HEADLINES = ("performance", "calibration", "fairness", "robustness")
"""Kinds of evaluation whose figures may be published."""
MOST_FIGURES = 60
KEPT_BACK = "(a figure that is not published)"


@dataclass(frozen=True)
class Part:
    """A section of the card."""

    id: str
    title: str
    text: str


@dataclass(frozen=True)
class Figure:
    """A measured value, with the interval and the number of records that it rests on."""

    id: str  # "performance.roc_auc"
    label: str
    value: str  # "0.810 [0.780, 0.840]"
    records: int | None


@dataclass(frozen=True)
class Words:
    """All that is published of a model in words."""

    name: str
    purpose: str
    decides: str
    kind: str
    team: str
    business_line: str
    version: str
    parts: tuple[Part, ...]
    figures: tuple[Figure, ...]
    contact: str

    @property
    def digest(self) -> str:
        """What a preview is bound to."""
        return canonical_digest(self.document())

    def document(self) -> dict[str, Any]:
        """As plain values, for keeping."""
        told: dict[str, Any] = asdict(self)
        return told


def from_document(told: Mapping[str, Any]) -> Words:
    """The words that document() wrote."""
    return Words(
        **{
            **told,
            "parts": tuple(Part(**row) for row in told["parts"]),
            "figures": tuple(Figure(**row) for row in told["figures"]),
        }
    )


@dataclass(frozen=True)
class Material:
    """What there is to choose from: a version, its card, what was measured of it."""

    model: RegisteredModel
    version: ModelVersion | None
    card: CardRevision | None
    measures: Measures

    @property
    def sections(self) -> list[tuple[str, str]]:
        """Sections that say enough to be published, with their titles."""
        said = self.card.sections if self.card else {}
        return [(name, TITLES[name]) for name in SECTIONS if complete(str(said.get(name, "")))]

    @property
    def figures(self) -> list[Figure]:
        """The figures of the newest run of each kind on test data."""
        rows = [row for kind in HEADLINES for row in self.measures.newest(kind) if row.value is not None]
        return [
            Figure(f"{row.kind}.{row.name}", f"{row.kind_label}: {row.label}", row.said, row.n)
            for row in rows[:MOST_FIGURES]
        ]

    def words(self, *, sections: Collection[str], figures: Collection[str], contact: str) -> Words:
        """What would be published by this choice."""
        chosen = tuple(row for row in self.figures if row.id in figures)
        said = self.card.sections if self.card else {}
        parts = tuple(
            Part(name, title, self._without_other_figures(str(said[name]), {row.id for row in chosen}))
            for name, title in self.sections
            if name in sections
        )
        model = self.model
        return Words(
            name=model.name,
            purpose=model.purpose,
            decides=model.decides,
            kind=model.get_kind_display(),
            team=model.team,
            business_line=model.business_line,
            version=self.version.version if self.version else "",
            parts=parts,
            figures=chosen,
            contact=contact.strip(),
        )

    def _without_other_figures(self, text: str, published: Collection[str]) -> str:
        """A section names measured values; those that are not published stay out of its text, too."""

        def one(token: str) -> str:
            match = REFERENCE.fullmatch(token)
            known = (
                match is not None and not match["dataset"] and f"{match['kind']}.{match['name']}" in published
            )
            return self.measures.resolve(token).text or KEPT_BACK if known else KEPT_BACK

        return replaced(text, one)


def material_of(model: RegisteredModel, version: ModelVersion | None) -> Material:
    """What may be chosen of the version that counts."""
    if version is None:
        return Material(model, None, None, Measures())
    card = CardRevision.objects.filter(version=version).order_by("-number").first()
    return Material(model, version, card, measures_of(version))
