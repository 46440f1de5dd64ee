"""Finding runs, and who may start one."""

from django.http import Http404

from accounts.models import Role, User
from accounts.refusals import NotAllowed
from evaluations.models import EvaluationRun
from registry.models import ModelVersion


def run_for_reader(user: User, number: int) -> EvaluationRun:
    """The run, or 404."""
    found = EvaluationRun.objects.select_related("version__model", "dataset", "requested_by").filter(
        pk=number
    )
    run = found.first()
    if run is None:
        raise Http404(f"There is no run {number}.")
    return run


def may_evaluate(user: User, version: ModelVersion) -> bool:
    """The model's owner and developers, and every validator."""
    model = version.model
    return (
        user.holds(Role.VALIDATOR)
        or user.pk == model.owner_id
        or model.developers.filter(pk=user.pk).exists()
    )


def refuse_unless_may_evaluate(user: User, version: ModelVersion) -> None:
    """Say who may."""
    if not may_evaluate(user, version):
        raise NotAllowed(
            "You cannot start an evaluation of this version.",
            "Its owner, its developers and validators can.",
        )
