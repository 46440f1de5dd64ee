"""The risk register as a file. Who took it stands in the record."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime

from django.db.models import Count, QuerySet
from django.http.response import HttpResponseBase

from audit.actor import Actor
from audit.verbs import Verb
from policy.risk_scales import RiskScales
from registry.spreadsheets import Export
from riskreview.models import Risk
from riskreview.risks.queries import RiskFilters
from riskreview.risks.rows import Score, show

HEADER = (
    *("risk", "catalogue", "title", "category", "model", "model_name", "state"),
    *("inherent_likelihood", "inherent_impact", "inherent_score", "inherent_level"),
    *("residual_likelihood", "residual_impact", "residual_score", "residual_level"),
    *("treatment", "controls", "owner", "owner_name", "review_on", "review_overdue"),
    *("accepted_by", "accepted_role", "accepted_until", "acceptance", "closed_reason"),
    *("evaluations", "findings", "raised_at", "changed_at", "description"),
)
EXPORT = Export(Verb.RISKS_EXPORTED, name="risks", sheet="Risks", header=HEADER)


def download(
    kind: str, rows: QuerySet[Risk], filters: RiskFilters, scales: RiskScales, *, actor: Actor, at: datetime
) -> HttpResponseBase:
    """All risks that match, not only the page."""
    counted = rows.annotate(
        run_count=Count("runs", distinct=True), finding_count=Count("findings", distinct=True)
    )
    told = _cells(counted.iterator(chunk_size=500), scales, at)
    return EXPORT.taken(kind, told, count=rows.count(), filters=asdict(filters), actor=actor, at=at)


def _cells(rows: Iterable[Risk], scales: RiskScales, at: datetime) -> Iterator[list[str]]:
    for risk in rows:
        row = show(risk, scales, at=at)
        yield [
            *(f"R-{risk.pk}", risk.catalogue_id, risk.title, risk.category, risk.model.slug, risk.model.name),
            row.state,
            *_rating(risk.inherent, row.inherent),
            *_rating(risk.residual, row.residual),
            *(risk.treatment, "; ".join(risk.control_list), risk.owner.username, risk.owner.name),
            *(risk.review_on.isoformat(), "yes" if row.overdue else "no"),
            *(risk.accepted_by.username if risk.accepted_by else "", risk.accepted_role),
            *(risk.accepted_until.isoformat() if risk.accepted_until else "", risk.acceptance),
            *(
                risk.closed_reason,
                str(getattr(risk, "run_count", "")),
                str(getattr(risk, "finding_count", "")),
            ),
            *(risk.raised_at.isoformat(), risk.changed_at.isoformat(), risk.description),
        ]


def _rating(rating: tuple[int, int] | None, score: Score) -> list[str]:
    if rating is None:
        return ["", "", "", ""]
    return [str(rating[0]), str(rating[1]), str(score.value), score.level]
