"""Adding to the risk register: a risk of the catalogue or one's own, tied to the evidence that shows it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from accounts.refusals import Invalid
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from evaluations.models import EvaluationRun
from policy.risk_catalogue import load_catalogue
from registry.models import RegisteredModel
from riskreview.models import Finding, Risk, RiskState
from riskreview.risks.access import refuse_unless_assessor
from riskreview.risks.held import LONGEST_TEXT, model_in_use

FIRST_REVIEW = timedelta(days=90)
LONGEST_TITLE = 160


@dataclass(frozen=True)
class OwnRisk:
    """A risk in words of one's own."""

    title: str
    category: str
    description: str


@transaction.atomic
def add_from_catalogue(
    *,
    model: RegisteredModel,
    catalogue_id: str,
    runs: Iterable[EvaluationRun] = (),
    findings: Iterable[Finding] = (),
    raiser: User,
    actor: Actor,
    at: datetime,
) -> tuple[Risk, bool]:
    """Add a risk of the catalogue, not rated yet; one that stands open already is kept and tied to the evidence.

    Answers the risk, and whether it is new.
    """
    refuse_unless_assessor(raiser, model)
    known = load_catalogue().risks.get(catalogue_id)
    if known is None:
        raise Invalid(
            f'The catalogue has no risk "{catalogue_id[:16]}".', "Choose one of the list.", field="risk"
        )
    model = model_in_use(model)
    standing = model.risks.filter(catalogue_id=known.id).exclude(state=RiskState.CLOSED).first()
    risk = standing or _added(
        model,
        OwnRisk(known.title, known.category, f"{known.description}."),
        catalogue_id=known.id,
        raiser=raiser,
        actor=actor,
        at=at,
    )
    _tie(risk, runs, findings, actor, at)
    return risk, standing is None


@transaction.atomic
def add_own(*, model: RegisteredModel, own: OwnRisk, raiser: User, actor: Actor, at: datetime) -> Risk:
    """Add a risk that the catalogue does not know."""
    refuse_unless_assessor(raiser, model)
    title, description = own.title.strip(), own.description.strip()
    if not 1 <= len(title) <= LONGEST_TITLE:
        raise Invalid(f"Name the risk in 1 to {LONGEST_TITLE} characters.", field="title")
    if not 1 <= len(description) <= LONGEST_TEXT:
        raise Invalid("Say what could happen, to whom, and why.", field="description")
    if own.category not in load_catalogue().categories:
        raise Invalid(
            f'There is no category "{own.category[:32]}".', "Choose one of the list.", field="category"
        )
    own = OwnRisk(title, own.category, description)
    return _added(model_in_use(model), own, catalogue_id="", raiser=raiser, actor=actor, at=at)


def _added(
    model: RegisteredModel, own: OwnRisk, *, catalogue_id: str, raiser: User, actor: Actor, at: datetime
) -> Risk:
    risk = Risk.objects.create(
        model=model,
        catalogue_id=catalogue_id,
        category=own.category,
        title=own.title,
        description=own.description,
        owner=model.owner,
        raised_by=raiser,
        raised_at=at,
        review_on=(at + FIRST_REVIEW).date(),
        changed_at=at,
    )
    detail = {"title": risk.title, "catalogue": catalogue_id, "category": risk.category}
    record(Verb.RISK_RAISED, subject=risk.ref, actor=actor, at=at, detail=detail)
    return risk


def _tie(
    risk: Risk, runs: Iterable[EvaluationRun], findings: Iterable[Finding], actor: Actor, at: datetime
) -> None:
    """Tie evidence to the risk that is not tied yet. It decides nothing and leaves the digest as it is."""
    new_runs = [run for run in runs if not risk.runs.filter(pk=run.pk).exists()]
    new_findings = [finding for finding in findings if not risk.findings.filter(pk=finding.pk).exists()]
    if not new_runs and not new_findings:
        return
    risk.runs.add(*new_runs)
    risk.findings.add(*new_findings)
    detail = {"runs": [run.pk for run in new_runs], "findings": [finding.pk for finding in new_findings]}
    record(Verb.RISK_LINKED, subject=risk.ref, actor=actor, at=at, detail=detail)
