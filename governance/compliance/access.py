"""Fetching is the permission check. Everybody who is logged in reads frameworks, and of models what they see."""

from django.http import Http404

from accounts.models import User
from governance.compliance.framework import Control, Framework
from governance.compliance.library import every
from governance.compliance.models import BiasAudit, Gap, OutsideEvidence
from registry.models import RegisteredModel
from registry.sight import seen_by


def framework_for_reader(user: User, name: str) -> Framework:
    """The framework, checklist or maturity model that counts under this id. Raises Http404."""
    found = every().get(name)
    if found is None:
        raise Http404(f"There is no framework {name[:64]}.")
    return found


def framework_of_model(user: User, name: str) -> Framework:
    """The framework or checklist that counts under this id; a team's practices are not a model's. Raises Http404."""
    found = framework_for_reader(user, name)
    if found.kind == "maturity":
        raise Http404(f"{found.name} is about teams.")
    return found


def control_of(framework: Framework, name: str, level: str) -> Control:
    """A control of this level. Raises Http404."""
    found = framework.by_id.get(name)
    if found is None or found.level != level:
        raise Http404(f"{framework.name} has no control {name[:80]} here.")
    return found


def gap_for_reader(user: User, pk: int) -> Gap:
    """The gap, with what it is about. Raises Http404."""
    found = Gap.objects.select_related("model__owner", "owner").filter(seen_by(user, "model"), pk=pk).first()
    if found is None:
        raise Http404(f"There is no gap {pk}.")
    return found


def outside_for_reader(user: User, pk: int) -> OutsideEvidence:
    """Evidence that is kept elsewhere. Raises Http404."""
    found = (
        OutsideEvidence.objects.select_related("model__owner").filter(seen_by(user, "model"), pk=pk).first()
    )
    if found is None:
        raise Http404(f"There is no evidence {pk}.")
    return found


def audits_for_reader(user: User, model: RegisteredModel) -> list[BiasAudit]:
    """The bias audits of a model, those that stand first, newest first."""
    rows = BiasAudit.objects.filter(model=model).select_related(
        "model", "recorded_by", "withdrawn_by", "run__version__model", "run__dataset"
    )
    return sorted(rows, key=lambda row: (row.withdrawn_at is not None, -row.pk))


def audit_for_reader(user: User, model: RegisteredModel, pk: int) -> BiasAudit:
    """One bias audit of a model. Raises Http404."""
    found = next((row for row in audits_for_reader(user, model) if row.pk == pk), None)
    if found is None:
        raise Http404(f"{model.name} has no bias audit {pk}.")
    return found
