"""What a report says of a version in an environment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from audit.checkpoints import newest_checkpoint
from audit.models import Checkpoint, Event
from audit.queries import trail_of
from evaluations.charts import Chart, charts_for
from evaluations.models import EvaluationKind, EvaluationRun
from governance.gate.models import GateDecision
from governance.portfolio.panels import newest_runs, signatures
from governance.portfolio.standing import Standing, standing_of
from governance.reports.glossary import Entry, glossary_of
from governance.reports.models import Report
from governance.trail.telling import sentence, subject_words
from policy.cards import load_card_schema
from registry.measures import Measures, measures_of
from registry.models import ArtifactFile, CardRevision, ModelVersion
from riskreview.evidence import UNREAD, VERSION_RELATIONS
from riskreview.exceptions.loud import Banner, banners_of
from riskreview.judgement import Judged
from riskreview.models import BreakGlass, Review, ReviewKind, SignOff, TierAssessment, Waiver

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
    """A version in an environment, with everything that a report tells of it."""

    report: Report
    at: datetime
    version: ModelVersion
    environment: str
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
    loud: list[Banner]
    waivers: list[Waiver]
    break_glass: list[BreakGlass]
    decisions: list[GateDecision]
    events: list[tuple[Event, str, str]]
    checkpoint: Checkpoint | None
    gaps: tuple[str, ...] = ()
    """Of a moment in the past: what could not be rebuilt and is shown as it is today."""

    @property
    def glossary(self) -> tuple[Entry, ...]:
        """What the measures mean and how they were computed."""
        return glossary_of(item.run for item in self.evaluations)


def gather(report: Report, *, at: datetime) -> Content:
    """Read everything about the report's version as it stands."""
    version = (
        ModelVersion.objects.select_related("model", *VERSION_RELATIONS)
        .defer(*UNREAD)
        .get(pk=report.its_version.pk)
    )
    return content_of(report, standing_of(version, at=at), report.environment, at=at)


def content_of(report: Report, standing: Standing, environment: str, *, at: datetime) -> Content:
    """Read everything about a version in an environment as it stands."""
    version = standing.version
    running = Review.objects.exclude(kind=ReviewKind.RETIREMENT)
    review = running.filter(version=version, environment=environment).first()
    card = version.cards.select_related("author").first()
    rows = SignOff.objects.filter(review__version=version, review__environment=environment)
    rows = rows.exclude(review__kind=ReviewKind.RETIREMENT)
    return Content(
        report=report,
        at=at,
        version=version,
        environment=environment,
        standing=standing,
        judged=standing.judged[environment],
        assessment=version.model.tier_assessments.select_related("confirmed_by", "assessed_by").first(),
        review=review,
        signoffs=list(
            rows.select_related("signer", "acting_for").prefetch_related("conditions").order_by("signed_at")
        ),
        states={state["id"]: state for state in signatures(standing, environment, at=at)},
        evaluations=evaluated(version),
        card=card,
        sections=sections_of(card),
        measures=measures_of(version),
        files=list(version.files.all()),
        loud=banners_of({environment: standing.judged[environment]}, at=at),
        waivers=list(waivers_of(version, environment)),
        break_glass=list(break_glass_of(version, environment)),
        decisions=list(decisions_of(version, environment)[:DECISION_LINES]),
        events=told(trail_of(version.ref, limit=AUDIT_LINES)),
        checkpoint=newest_checkpoint(),
    )


def evaluated(version: ModelVersion, until: datetime | None = None) -> list[Evaluated]:
    """The newest run of each kind with its charts; `until` leaves out what ended later."""
    runs = sorted(newest_runs(version, until).values(), key=lambda run: ORDER.index(run.kind))
    return [Evaluated(run, charts_for(run.result or {}, run.kind, version.model.kind)) for run in runs]


def waivers_of(version: ModelVersion, environment: str) -> QuerySet[Waiver]:
    """Everything that was asked to be waived for the version, or for its model as a whole."""
    mine = Q(version=version) | Q(model=version.model, whole_model=True)
    return waivers_told(Waiver.objects.filter(mine, environment=environment))


def waivers_told(rows: QuerySet[Waiver]) -> QuerySet[Waiver]:
    """With everybody and everything that a report names of them."""
    related = rows.select_related("model", "version__model", "requested_by", "ended_by")
    return related.prefetch_related("approvals__person")


def break_glass_of(version: ModelVersion, environment: str) -> QuerySet[BreakGlass]:
    """Every emergency that was asked for."""
    return break_glass_told(BreakGlass.objects.filter(version=version, environment=environment))


def break_glass_told(rows: QuerySet[BreakGlass]) -> QuerySet[BreakGlass]:
    """With everybody and everything that a report names of them."""
    related = rows.select_related("version__model", "requested_by", "ended_by", "finding")
    return related.prefetch_related("people__person")


def decisions_of(version: ModelVersion, environment: str) -> QuerySet[GateDecision]:
    """What the gate answered, newest first."""
    rows = version.decisions.filter(environment=environment)
    return rows.select_related("policy").order_by("-decided_at")


def told(events: list[Event]) -> list[tuple[Event, str, str]]:
    """Events, given newest first, in the order in which they happened, each with its sentence and its subject."""
    return [(event, sentence(event), subject_words(event.subject)) for event in reversed(events)]


def sections_of(card: CardRevision | None) -> list[CardSection]:
    """The sections of a card that say something."""
    if card is None:
        return []
    return [
        CardSection(section.title, card.sections[section.id])
        for section in load_card_schema().sections
        if card.sections.get(section.id, "").strip()
    ]
