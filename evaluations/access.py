"""Finding runs, and who may start one."""

from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404

from accounts.models import Role, User
from accounts.refusals import NotAllowed
from evaluations.models import EvaluationRun, EvaluationSchedule
from registry.models import Lifecycle, ModelVersion, RegisteredModel
from registry.sight import seen_by, visible_to


def run_for_reader(user: User, number: int) -> EvaluationRun:
    """The run, or 404."""
    rows = EvaluationRun.objects.select_related(
        "version__model", "dataset", "reference", "against", "requested_by", "awaits"
    )
    run = rows.filter(seen_by(user, "version__model"), pk=number).first()
    if run is None:
        raise Http404(f"There is no run {number}.")
    return run


def run_by_uuid(user: User, uuid: str | UUID) -> EvaluationRun:
    """The run as the API names it, or 404."""
    rows = EvaluationRun.objects.select_related("version__model", "dataset", "reference", "against")
    run = rows.filter(seen_by(user, "version__model"), uuid=uuid).first()
    if run is None:
        raise Http404("There is no such run.")
    return run


def may_evaluate(user: User, version: ModelVersion) -> bool:
    """The model's owner and developers, and every validator."""
    return may_measure(user, version.model)


def may_measure(user: User, model: RegisteredModel) -> bool:
    """The same for every version of a model."""
    return (
        user.holds(Role.VALIDATOR)
        or user.pk == model.owner_id
        or model.developers.filter(pk=user.pk).exists()
    )


def models_to_measure(user: User) -> QuerySet[RegisteredModel]:
    """The models in use whose versions the person may evaluate."""
    rows = visible_to(user).exclude(lifecycle=Lifecycle.RETIRED).order_by("name")
    if not user.holds(Role.VALIDATOR):
        rows = rows.filter(Q(owner=user) | Q(developers=user)).distinct()
    return rows


def refuse_unless_may_evaluate(user: User, version: ModelVersion) -> None:
    """Say who may."""
    refuse_unless_may_measure(user, version.model)


def refuse_unless_may_measure(user: User, model: RegisteredModel) -> None:
    """Say who may."""
    if not may_measure(user, model):
        raise NotAllowed(
            "You cannot start evaluations of this model.",
            "Its owner, its developers and validators can.",
        )


def schedule_for_changer(user: User, number: int) -> EvaluationSchedule:
    """A schedule that the person may pause or remove, or 404."""
    rows = EvaluationSchedule.objects.select_related("model", "version")
    schedule = rows.filter(seen_by(user, "model"), pk=number).first()
    if schedule is None:
        raise Http404(f"There is no schedule {number}.")
    refuse_unless_may_measure(user, schedule.model)
    return schedule
