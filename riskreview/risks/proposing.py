"""What failed checks of a run propose: risks of the catalogue and a finding each, taken in one step."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.urls import NoReverseMatch, reverse

from accounts.models import User
from accounts.refusals import Conflict, Invalid
from audit.actor import Actor
from evaluations.models import EvaluationRun
from policy.risk_catalogue import CatalogueRisk, risks_of_check
from registry.actions.locking import locked_model
from riskreview.checks_asked import FailedCheck, failed_checks
from riskreview.findings.due_dates import due_date
from riskreview.findings.raising import raise_finding
from riskreview.models import Finding, FindingOrigin, Risk, RiskState
from riskreview.risks.access import refuse_unless_assessor
from riskreview.risks.adding import add_from_catalogue

OFFERED = 3


@dataclass(frozen=True)
class Offered:
    """A risk that a failed check points at, and the open risk of the register that it is already, if any."""

    risk: CatalogueRisk
    standing: Risk | None
    first: bool  # the best fit, ticked


@dataclass(frozen=True)
class Proposal:
    """A failed check with what it proposes, and the finding that was raised about it, if one was."""

    check: FailedCheck
    risks: tuple[Offered, ...]
    finding: Finding | None
    finding_url: str = ""

    @property
    def done(self) -> bool:
        """Whether the finding is raised and a risk it points at stands in the register."""
        return self.finding is not None and any(offered.standing for offered in self.risks)

    @property
    def action(self) -> str:
        """What the button does."""
        if self.finding is not None:
            return "Add the risk"
        known = any(offered.standing for offered in self.risks)
        return "Raise the finding" if known else "Add the risk and raise the finding"


@dataclass(frozen=True)
class Taken:
    """What became of a proposal."""

    finding: Finding
    new_finding: bool
    added: tuple[Risk, ...]
    standing: tuple[Risk, ...]

    @property
    def sentence(self) -> str:
        """For the person who pressed the button."""
        parts = [f"F-{self.finding.pk} is {'raised' if self.new_finding else 'there already'}"]
        if self.added:
            parts.append(f"{', '.join(f'R-{risk.pk}' for risk in self.added)} added")
        if self.standing:
            parts.append(f"{', '.join(f'R-{risk.pk}' for risk in self.standing)} in the register already")
        return f"{'; '.join(parts)}. They are tied to each other and to this run."


def finding_url(finding: Finding) -> str:
    """The page of a finding; nothing while findings have none."""
    try:
        return reverse("riskreview:finding", args=[finding.pk])
    except NoReverseMatch:
        return ""


def proposals_of(run: EvaluationRun) -> list[Proposal]:
    """One for each failed check, in a fixed number of queries."""
    failed = failed_checks(run)
    if not failed:
        return []
    rows = run.version.model.risks.exclude(state=RiskState.CLOSED).exclude(catalogue_id="")
    standing = {risk.catalogue_id: risk for risk in rows}
    findings = {finding.check_failed: finding for finding in run.findings.order_by("-pk")}
    return [
        Proposal(
            check,
            tuple(
                Offered(risk, standing.get(risk.id), first=place == 0)
                for place, risk in enumerate(risks_of_check(run.kind, check.metric)[:OFFERED])
            ),
            finding := findings.get(check.name),
            finding_url(finding) if finding else "",
        )
        for check in failed
    ]


@transaction.atomic
def take_proposal(
    *, run: EvaluationRun, check: str, risks: Collection[str], taker: User, actor: Actor, at: datetime
) -> Taken:
    """Raise the finding of a failed check and add the risks, tied to each other and to the run; once only."""
    model = run.version.model
    refuse_unless_assessor(taker, model)
    model = locked_model(model)
    proposal = next((found for found in proposals_of(run) if found.check.name == check), None)
    if proposal is None:
        raise Conflict(f"Run {run.pk} has no such failed check.", "Open the run again.")
    offered = {item.risk.id for item in proposal.risks}
    if unknown := set(risks) - offered:
        raise Invalid(f"{min(unknown)[:16]} is not proposed by this check.", "Choose one of the list.")
    if not risks:
        raise Invalid("No risk is ticked.", "Tick the one that the check shows, or raise the finding alone.")
    finding = proposal.finding or _raised(run, proposal.check, taker, actor, at)
    taken = [
        add_from_catalogue(
            model=model, catalogue_id=name, runs=[run], findings=[finding], raiser=taker, actor=actor, at=at
        )
        for name in sorted(risks)
    ]
    return Taken(
        finding,
        proposal.finding is None,
        added=tuple(risk for risk, new in taken if new),
        standing=tuple(risk for risk, new in taken if not new),
    )


def _raised(run: EvaluationRun, check: FailedCheck, raiser: User, actor: Actor, at: datetime) -> Finding:
    model = run.version.model
    return raise_finding(
        model=model,
        version=run.version,
        origin=FindingOrigin.EVALUATION,
        severity=check.severity,
        title=check.title,
        description=f"{check.said} Run {run.pk} on {run.dataset}.",
        owner=model.owner,
        due_on=due_date(model, check.severity, at),
        run=run,
        check_failed=check.name,
        raiser=raiser,
        actor=actor,
        at=at,
    )
