"""The file of a model as of a moment in the past: every version rebuilt from the record, nothing of what came later."""

from datetime import datetime

from audit.checkpoints import newest_checkpoint
from audit.queries import trail_of
from governance.reports.content import AUDIT_LINES, told
from governance.reports.model_file import MOST_PARTS, ModelFile, eventful, in_order
from governance.reports.models import Report
from governance.reports.past import content_then, standing_then
from registry.models import Deployment, RegisteredModel
from riskreview.evidence.history import history_of
from riskreview.evidence.past import as_of
from riskreview.risks.rows import shown
from riskreview.risks.scales import current_scales


def gather_then(report: Report, *, at: datetime) -> ModelFile:
    """Rebuild everything about the report's model as of `at`. What cannot be rebuilt is in `gaps`."""
    model = RegisteredModel.objects.select_related("owner").get(pk=report.its_model.pk)
    history = history_of(model, at=at)
    history.of([model])
    versions = model.versions.filter(registered_at__lte=at).order_by("-pk")
    thens = {version.pk: as_of(version, at=at, history=history) for version in versions}
    standings = [standing_then(then) for then in thens.values()]
    pairs = eventful(model, standings, until=at)
    scales = next((then.rows.risk_scales for then in thens.values()), None)
    deployed = Deployment.objects.filter(version__model=model, deployed_at__lte=at)
    tiers = model.tier_assessments.filter(assessed_at__lte=at)
    risks = model.risks.filter(raised_at__lte=at).select_related("model", "owner", "accepted_by")
    findings = model.findings.filter(raised_at__lte=at).select_related("model", "version__model", "owner")
    return ModelFile(
        report=report,
        at=at,
        model=model,
        standings=standings,
        parts=[
            content_then(report, thens[standing.version.pk], where) for standing, where in pairs[:MOST_PARTS]
        ],
        left_out=max(len(pairs) - MOST_PARTS, 0),
        tiers=history.of(tiers.select_related("assessed_by", "confirmed_by")),
        risks=shown(history.of(risks), scales or current_scales(), at=at),
        findings=in_order(history.of(findings)),
        deployments=history.of(deployed.select_related("version__model")),
        events=told(trail_of(model.ref, limit=AUDIT_LINES, until=at)),
        checkpoint=newest_checkpoint(),
        gaps=tuple(dict.fromkeys(history.gaps)),
    )
