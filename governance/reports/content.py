"""What a report says, gathered once and told twice: as HTML for the PDF and as JSON for machines."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from audit.canonical import canonical
from audit.checkpoints import newest_checkpoint
from audit.models import Checkpoint, Event
from audit.queries import trail_of
from evaluations.charts import Chart, charts_for
from evaluations.models import EvaluationKind, EvaluationRun
from governance.gate.models import GateDecision
from governance.portfolio.panels import newest_runs, signatures
from governance.portfolio.standing import Standing, standing_of
from governance.reports.models import Report
from governance.trail.telling import sentence, subject_words
from policy.cards import load_card_schema
from registry.measures import Measures, measures_of
from registry.models import ArtifactFile, CardRevision, ModelVersion
from riskreview.evidence import UNREAD, VERSION_RELATIONS
from riskreview.judgement import Judged
from riskreview.models import Review, SignOff, TierAssessment

AUDIT_LINES = 200
ORDER = EvaluationKind.values
DECISION_LINES = 25


@dataclass(frozen=True)
class Evaluated:
    """A run with its charts."""

    run: EvaluationRun
    charts: list[Chart]


@dataclass(frozen=True)
class CardSection:
    """One section of the model card."""

    title: str
    text: str


@dataclass(frozen=True)
class Content:
    """Everything in the report."""

    report: Report
    at: datetime
    version: ModelVersion
    standing: Standing
    judged: Judged
    assessment: TierAssessment | None
    review: Review | None
    signoffs: list[SignOff]
    states: dict[int, dict[str, Any]]
    evaluations: list[Evaluated]
    card: CardRevision | None
    sections: list[CardSection]
    measures: Measures
    files: list[ArtifactFile]
    decisions: list[GateDecision]
    events: list[tuple[Event, str, str]]
    checkpoint: Checkpoint | None


def gather(report: Report, *, at: datetime) -> Content:
    """Read everything about the report's version as it stands."""
    version = (
        ModelVersion.objects.select_related("model", *VERSION_RELATIONS)
        .defer(*UNREAD)
        .get(pk=report.version_id)
    )
    standing = standing_of(version, at=at)
    review = Review.objects.filter(version=version, environment=report.environment).first()
    card = version.cards.select_related("author").first()
    rows = SignOff.objects.filter(review__version=version, review__environment=report.environment)
    events = trail_of(version.ref, limit=AUDIT_LINES)
    return Content(
        report=report,
        at=at,
        version=version,
        standing=standing,
        judged=standing.judged[report.environment],
        assessment=version.model.tier_assessments.select_related("confirmed_by", "assessed_by").first(),
        review=review,
        signoffs=list(rows.select_related("signer").prefetch_related("conditions").order_by("signed_at")),
        states={state["id"]: state for state in signatures(standing, report.environment, at=at)},
        evaluations=[
            Evaluated(run, charts_for(run.result or {}, run.kind, version.model.kind))
            for run in sorted(newest_runs(version).values(), key=lambda run: ORDER.index(run.kind))
        ],
        card=card,
        sections=_sections(card),
        measures=measures_of(version),
        files=list(version.files.all()),
        decisions=list(
            version.decisions.filter(environment=report.environment)
            .select_related("policy")
            .order_by("-decided_at")[:DECISION_LINES]
        ),
        events=[(event, sentence(event), subject_words(event.subject)) for event in reversed(events)],
        checkpoint=newest_checkpoint(),
    )


def _sections(card: CardRevision | None) -> list[CardSection]:
    if card is None:
        return []
    return [
        CardSection(section.title, card.sections[section.id])
        for section in load_card_schema().sections
        if card.sections.get(section.id, "").strip()
    ]


def to_html(content: Content) -> str:
    """The document that WeasyPrint lays out."""
    context = {"c": content, "organisation": settings.COUNTERSIGN_ORGANISATION, "product": settings.VERSION}
    return render_to_string("reports/pdf/report.html", context)


def to_json(content: Content) -> str:
    """The same facts as RFC 8785 JSON, attached to the PDF."""
    version, judged = content.version, content.judged
    return canonical(
        {
            "report": str(content.report.uuid),
            "as_of": content.at,
            "model": version.model.slug,
            "version": version.version,
            "environment": content.report.environment,
            "tier": judged.verdict.tier,
            "decision": judged.verdict.decision,
            "summary": judged.verdict.summary,
            "requirements": [asdict(result) for result in judged.verdict.requirements],
            "policy": judged.policy.digest if judged.policy else None,
            "evidence_digest": judged.digest,
            "components": judged.components,
            "artifact": [{"path": f.path, "sha256": f.sha256, "size": f.size} for f in content.files],
            "evaluations": [
                {
                    "run": item.run.pk,
                    "kind": item.run.kind,
                    "digest": item.run.result_digest,
                    "result": item.run.result,
                }
                for item in content.evaluations
            ],
            "signoffs": [
                {
                    "role": row.role,
                    "signer": row.signer.username,
                    "decision": row.decision,
                    "at": row.signed_at,
                    "evidence_digest": row.evidence_digest,
                }
                for row in content.signoffs
            ],
            "decisions": [
                {"id": row.id, "decision": row.decision, "at": row.decided_at, "attestation": row.attestation}
                for row in content.decisions
            ],
            "checkpoint": content.checkpoint.note if content.checkpoint else None,
        }
    )
