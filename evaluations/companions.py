"""What a run compares with: a second data set, and another version of the same model."""

from dataclasses import dataclass

from accounts.refusals import Invalid
from evaluations.kinds import Rules
from evaluations.models import EvaluationKind
from registry.models import RUNNING, Dataset, Deployment, Environment, ModelVersion, VersionSource

NEAREST_TO_PEOPLE = (Environment.PRODUCTION, Environment.STAGING)


@dataclass(frozen=True, slots=True)
class Companions:
    """The data set and the version that a run compares with; None where there is none."""

    reference: Dataset | None = None
    against: ModelVersion | None = None


NOTHING = Companions()


def companions_for(
    version: ModelVersion, dataset: Dataset, kind: str, rules: Rules, asked: Companions
) -> Companions:
    """What was asked for, completed by what follows from lineage and deployments. Raises Invalid."""
    label = EvaluationKind(kind).label
    return Companions(
        reference=_reference(version, dataset, label, rules, asked.reference),
        against=_against(version, label, rules, asked.against),
    )


def champion_of(version: ModelVersion) -> ModelVersion | None:
    """The other version that runs, nearest to people first; else the one registered last before this one."""
    others = ModelVersion.objects.filter(model=version.model_id).exclude(pk=version.pk)
    others = others.exclude(source=VersionSource.PREDICTIONS).order_by("-pk")
    for environment in NEAREST_TO_PEOPLE:
        running = Deployment.objects.filter(RUNNING, environment=environment, version__in=others)
        newest = running.select_related("version__model").order_by("-deployed_at", "-pk").first()
        if newest is not None:
            return newest.version
    return others.filter(pk__lt=version.pk).first()


def _reference(
    version: ModelVersion, dataset: Dataset, label: str, rules: Rules, asked: Dataset | None
) -> Dataset | None:
    if asked is not None:
        if not (rules.reference or rules.may_reference):
            raise Invalid(f"{label} compares with no second data set.", "Leave it out.", field="reference")
        if asked.pk == dataset.pk:
            raise Invalid(
                f"{dataset} would be compared with itself.", "Choose another data set.", field="reference"
            )
        return asked
    if not (rules.reference or rules.may_reference):
        return None
    trained_on = version.trained_on
    if trained_on is not None and trained_on.pk != dataset.pk:
        return trained_on
    if not rules.reference:
        return None
    if trained_on is None:
        why = (
            f"{label} compares with a second data set, and this version does not say what it was trained on."
        )
    else:
        why = f"{label} compares with a second data set, and {dataset} is the one that this version was trained on."
    raise Invalid(why, "Name the data set to compare with.", field="reference")


def _against(
    version: ModelVersion, label: str, rules: Rules, asked: ModelVersion | None
) -> ModelVersion | None:
    if asked is None:
        return champion_of(version) if rules.against else None
    if not rules.against:
        raise Invalid(f"{label} compares with no other version.", "Leave it out.", field="against")
    if asked.model_id != version.model_id:
        raise Invalid(f"{asked} is a version of another model.", field="against")
    if asked.pk == version.pk:
        raise Invalid("A version is not compared with itself.", "Choose another version.", field="against")
    if asked.predictions_only:
        raise Invalid(
            f"{asked} is known only by its predictions, so it cannot be run beside this one.", field="against"
        )
    return asked
