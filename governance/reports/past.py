"""What a report says of a moment in the past: everything rebuilt from the record, nothing of what came later."""

from datetime import datetime

from audit.checkpoints import newest_checkpoint
from audit.queries import trail_of
from evaluations.queries import measurements_of
from governance.portfolio.panels import signatures
from governance.portfolio.standing import TARGET, Standing, status_of
from governance.reports.content import (
    AUDIT_LINES,
    DECISION_LINES,
    Content,
    break_glass_of,
    decisions_of,
    evaluated,
    sections_of,
    told,
    waivers_of,
)
from governance.reports.models import Report
from registry.measures import Measures, measures_of
from registry.models import ModelVersion
from riskreview.evidence.past import AsOf, as_of
from riskreview.exceptions.loud import banners_of
from riskreview.models import SignOff


def gather_past(report: Report, *, at: datetime) -> Content:
    """Rebuild everything about the report's version as of `at`. What cannot be rebuilt is in `gaps`."""
    then = as_of(ModelVersion.objects.get(pk=report.its_version.pk), at=at)
    return content_then(report, then, report.environment)


def standing_then(then: AsOf) -> Standing:
    """How the version stood."""
    return Standing(then.version, then.judged, status_of(then.version, then.judged[TARGET]))


def content_then(report: Report, then: AsOf, environment: str) -> Content:
    """The same from evidence that was rebuilt already, for an environment."""
    version, at, standing = then.version, then.at, standing_then(then)
    review = next((row for row in then.reviews if row.environment == environment), None)
    card, signoffs = then.rows.cards.get(version.pk), _signoffs(then, environment)
    known = {*measurements_of(version).filter(finished_at__lte=at).values_list("pk", flat=True)}
    return Content(
        report=report,
        at=at,
        version=version,
        environment=environment,
        standing=standing,
        judged=standing.judged[environment],
        assessment=then.rows.tiers.get(version.model_id),
        review=review,
        signoffs=signoffs,
        states={
            state["id"]: state
            for state in signatures(standing, environment, at=at, rows=list(reversed(signoffs)))
        },
        evaluations=evaluated(version, until=at),
        card=card,
        sections=sections_of(card),
        measures=Measures(tuple(one for one in measures_of(version).found if one.run in known)),
        files=list(version.files.all()),
        loud=banners_of({environment: standing.judged[environment]}, at=at),
        waivers=then.history.of(waivers_of(version, environment).filter(requested_at__lte=at)),
        break_glass=then.history.of(break_glass_of(version, environment).filter(requested_at__lte=at)),
        decisions=list(decisions_of(version, environment).filter(decided_at__lte=at)[:DECISION_LINES]),
        events=told(trail_of(version.ref, limit=AUDIT_LINES, until=at)),
        checkpoint=newest_checkpoint(),
        gaps=then.gaps,
    )


def _signoffs(then: AsOf, environment: str) -> list[SignOff]:
    return sorted(
        then.rows.signoffs.get((then.version.pk, environment), ()), key=lambda row: (row.signed_at, row.pk)
    )
