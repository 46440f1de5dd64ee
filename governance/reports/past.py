"""What a report says of a moment in the past: everything rebuilt from the record, nothing of what came later."""

from datetime import datetime

from django.db.models import Q

from audit.checkpoints import newest_checkpoint
from audit.queries import trail_of
from evaluations.charts import charts_for
from evaluations.models import EvaluationRun, PredictionSource
from evaluations.queries import measurements_of
from governance.portfolio.panels import signatures
from governance.portfolio.standing import TARGET, Standing, status_of
from governance.reports.content import (
    AUDIT_LINES,
    DECISION_LINES,
    ORDER,
    Content,
    Evaluated,
    sections_of,
)
from governance.reports.models import Report
from governance.trail.telling import sentence, subject_words
from registry.measures import Measures, measures_of
from registry.models import ModelVersion
from riskreview.evidence.past import AsOf, as_of
from riskreview.exceptions.loud import banners_of
from riskreview.models import BreakGlass, SignOff, Waiver


def gather_past(report: Report, *, at: datetime) -> Content:
    """Rebuild everything about the report's version as of `at`. What cannot be rebuilt is in `gaps`."""
    then = as_of(ModelVersion.objects.get(pk=report.version_id), at=at)
    version, environment = then.version, report.environment
    standing = Standing(version, then.judged, status_of(version, then.judged[TARGET]))
    review = next((row for row in then.reviews if row.environment == environment), None)
    card, signoffs = then.rows.cards.get(version.pk), _signoffs(then, environment)
    events = trail_of(version.ref, limit=AUDIT_LINES, until=at)
    found = list(measurements_of(version).filter(finished_at__lte=at))
    runs: dict[str, EvaluationRun] = {}
    for run in found:
        if run.source != PredictionSource.REPORTED:
            runs.setdefault(run.kind, run)
    known = {run.pk for run in found}
    return Content(
        report=report,
        at=at,
        version=version,
        standing=standing,
        judged=standing.judged[environment],
        assessment=then.rows.tiers.get(version.model_id),
        review=review,
        signoffs=signoffs,
        states={
            state["id"]: state
            for state in signatures(standing, environment, at=at, rows=list(reversed(signoffs)))
        },
        evaluations=[
            Evaluated(run, charts_for(run.result or {}, run.kind, version.model.kind))
            for run in sorted(runs.values(), key=lambda run: ORDER.index(run.kind))
        ],
        card=card,
        sections=sections_of(card),
        measures=Measures(tuple(one for one in measures_of(version).found if one.run in known)),
        files=list(version.files.all()),
        loud=banners_of({environment: standing.judged[environment]}, at=at),
        waivers=_waivers(then, environment),
        break_glass=_break_glass(then, environment),
        decisions=list(
            version.decisions.filter(environment=environment, decided_at__lte=at)
            .select_related("policy")
            .order_by("-decided_at")[:DECISION_LINES]
        ),
        events=[(event, sentence(event), subject_words(event.subject)) for event in reversed(events)],
        checkpoint=newest_checkpoint(),
        gaps=then.gaps,
    )


def _signoffs(then: AsOf, environment: str) -> list[SignOff]:
    return sorted(
        then.rows.signoffs.get((then.version.pk, environment), ()), key=lambda row: (row.signed_at, row.pk)
    )


def _waivers(then: AsOf, environment: str) -> list[Waiver]:
    mine = Q(version=then.version) | Q(model=then.version.model_id, whole_model=True)
    rows = Waiver.objects.filter(mine, environment=environment, requested_at__lte=then.at)
    people = rows.select_related("model", "version", "requested_by", "ended_by").prefetch_related(
        "approvals__person"
    )
    return then.history.of(people)


def _break_glass(then: AsOf, environment: str) -> list[BreakGlass]:
    rows = BreakGlass.objects.filter(
        version=then.version, environment=environment, requested_at__lte=then.at
    ).select_related("requested_by", "ended_by", "finding")
    return then.history.of(rows.prefetch_related("people__person"))
