"""What the record says of a published model at the moment of reading: status, tier, rules that apply, last review."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings

from governance.compliance.applying import applicability
from governance.compliance.library import frameworks
from governance.compliance.queries import newest_tiers, scopings_of
from governance.portfolio.models import InventoryRow
from governance.portfolio.stages import STAGES
from governance.register.models import Publication
from governance.register.words import Words, from_document
from policy.tiering import Tier
from registry.models import RegisteredModel
from registry.places import place_names
from registry.regulated import use_names
from riskreview.models import SignOff

TIERS = {tier.value: tier.value.capitalize() for tier in Tier}
NOT_SAID = "Not yet classified"


@dataclass(frozen=True)
class Entry:
    """A row of the register."""

    slug: str
    words: Words
    status: str
    tier: str
    published_on: date

    @property
    def status_label(self) -> str:
        """The status in words."""
        return STAGES.get(self.status, "In development")

    @property
    def tier_label(self) -> str:
        """The tier in words."""
        return TIERS.get(self.tier, NOT_SAID)

    @property
    def department(self) -> str:
        """Who in the organisation answers for it: a team, never a person."""
        return ", ".join(filter(None, [self.words.team, self.words.business_line]))

    def told(self) -> dict[str, Any]:
        """For machines."""
        return {
            "id": self.slug,
            "name": self.words.name,
            "organisation": settings.COUNTERSIGN_ORGANISATION,
            "department": self.department or None,
            "description": self.words.purpose,
            "type": self.words.kind,
            "status": self.status_label,
            "risk_tier": self.tier or None,
            "contact": self.words.contact,
            "published_on": self.published_on.isoformat(),
            "url": f"{settings.COUNTERSIGN_URL}/register/{self.slug}/",
        }


@dataclass(frozen=True)
class Rule:
    """A framework that applies."""

    name: str
    issuer: str
    state: str


@dataclass(frozen=True)
class Page:
    """A model's page: its row, and what takes more looking."""

    entry: Entry
    rules: tuple[Rule, ...]
    uses: tuple[str, ...]
    places: tuple[str, ...]
    reviewed_on: date | None

    def told(self) -> dict[str, Any]:
        """For machines."""
        words = self.entry.words
        return self.entry.told() | {
            "decisions": words.decides or None,
            "areas": list(self.places),
            "regulated_uses": list(self.uses),
            "rules": [{"name": row.name, "issuer": row.issuer, "status": row.state} for row in self.rules],
            "last_reviewed_on": self.reviewed_on.isoformat() if self.reviewed_on else None,
            "version": words.version or None,
            "sections": [{"id": row.id, "title": row.title, "text": row.text} for row in words.parts],
            "figures": [
                {"id": row.id, "label": row.label, "value": row.value, "records": row.records}
                for row in words.figures
            ],
        }


def entries_of(publications: list[Publication]) -> list[Entry]:
    """The rows of these publications, in one query more."""
    rows = {
        row.model_id: row
        for row in InventoryRow.objects.filter(model__in=[one.model_id for one in publications])
    }
    return [_entry(one, rows.get(one.model_id)) for one in publications]


def page_of(publication: Publication) -> Page:
    """Everything about one model."""
    entry = entries_of([publication])[0]
    return shown(publication.model, entry)


def shown(model: RegisteredModel, entry: Entry) -> Page:
    """The page of a model under this entry, published or only previewed."""
    return Page(
        entry=entry,
        rules=_rules(model),
        uses=tuple(use_names(model.regulated_uses)),
        places=tuple(place_names(model.jurisdictions)),
        reviewed_on=_reviewed(model),
    )


def preview_of(model: RegisteredModel, words: Words, on: date) -> Page:
    """The page as it would be published."""
    made = Publication(model=model, words=words.document())
    row = InventoryRow.objects.filter(model=model).first()
    return shown(model, _entry(made, row, on))


def _entry(publication: Publication, row: InventoryRow | None, on: date | None = None) -> Entry:
    model = publication.model
    stopped = model.lifecycle if model.lifecycle != "active" else ""
    return Entry(
        slug=model.slug,
        words=from_document(publication.words),
        status=stopped or (row.stage if row else ""),
        tier=row.tier if row and row.tier_confirmed else "",
        published_on=on or publication.published_at.date(),
    )


def _rules(model: RegisteredModel) -> tuple[Rule, ...]:
    followed, decided = scopings_of([model.pk])
    tier = newest_tiers([model.pk]).get(model.pk)
    answers = [
        applicability(
            framework, model, tier, followed=followed.get(name), decided=decided.get((model.pk, name))
        )
        for name, framework in frameworks().items()
    ]
    return tuple(
        Rule(one.framework.name, one.framework.issuer, one.framework.state_label)
        for one in answers
        if one.applies
    )


def _reviewed(model: RegisteredModel) -> date | None:
    """The day of the newest signature that nobody withdrew."""
    rows = SignOff.objects.filter(review__version__model=model, withdrawn_at=None)
    newest = rows.order_by("-signed_at").values_list("signed_at", flat=True).first()
    return newest.date() if newest else None
