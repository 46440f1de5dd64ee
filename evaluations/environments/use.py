"""What a run has to do with environments: which it waits for, which its models predict in, what its result says."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings

from accounts.refusals import Refusal
from evaluations.environments.actions import want_environment
from evaluations.environments.needs import Needs, needs_of, python_differs, unmet
from evaluations.environments.places import folder_of
from evaluations.models import LIVE, Environment, EvaluationKind, EvaluationRun, PredictionSource
from registry.models import ModelVersion

WITHOUT_MODEL = frozenset({EvaluationKind.SECURITY, EvaluationKind.DATA_QUALITY})
"""These never load it."""


class EnvironmentFailed(Refusal):
    """A version's environment cannot be built, so its model cannot be asked."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where the models of a run predict: fields of the sandbox's job, and what the provenance says."""

    fields: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


def loaded_by(run: EvaluationRun) -> list[ModelVersion]:
    """The versions whose models a run loads, its own first."""
    if run.source != PredictionSource.MODEL or run.kind in WITHOUT_MODEL or run.version.predictions_only:
        return []
    return [run.version, *([run.against] if run.against is not None else [])]


def awaited(run: EvaluationRun, *, at: datetime) -> Environment | None:
    """The environment that a run has to wait for; its build is asked for. None where nothing is missing."""
    rows = [
        want_environment(needs=needs, at=at) for version in loaded_by(run) if (needs := needed_by(version))
    ]
    return next((row for row in rows if row.status in LIVE), None)


def needed_by(version: ModelVersion) -> Needs | None:
    """What must be built for a version; nothing where that is switched off."""
    return None if settings.ENVIRONMENTS == "off" else needs_of(version)


def environment_of(version: ModelVersion) -> Environment | None:
    """The environment of a version, where one was asked for."""
    needs = needs_of(version)
    return None if needs is None else Environment.objects.filter(digest=needs.digest).first()


def surroundings_of(run: EvaluationRun) -> Surroundings:
    """Raises EnvironmentFailed where the run's own model has none; the other version's absence is only said."""
    fields: dict[str, Any] = {"notes": ()}
    facts: dict[str, Any] = {}
    for version in loaded_by(run):
        is_own = version == run.version
        needs = needed_by(version)
        if needs is not None:
            row = environment_of(version)
            if row is None or not row.is_ready:
                said = row.failure if row is not None else "It was removed while the run waited."
                if is_own:
                    raise EnvironmentFailed(f"The environment of {version} could not be built. {said}")
                fields["against_refused"] = f"its environment could not be built. {said}"
                continue
            fields["packages_path" if is_own else "against_packages_path"] = str(folder_of(row))
        else:
            row = None
        name = "environment" if is_own else "against_environment"
        facts[name] = facts_of(version, row)
        if row is not None:
            facts[f"{name}_packages"] = row.installed
        if is_own:
            fields["notes"] = notes_on(version, row)
    return Surroundings(fields, facts)


def facts_of(version: ModelVersion, row: Environment | None) -> dict[str, Any]:
    """For the provenance: where the model predicts, and with what."""
    if row is not None:
        return {"where": "its own", "digest": row.digest, "python": row.python}
    missing = unmet(version.requirements)
    if missing:
        return {"where": "the product's, not as stated", "differs": [str(each) for each in missing]}
    said = "meets what it states" if version.requirements else "it states nothing"
    return {"where": f"the product's, {said}"}


def notes_on(version: ModelVersion, row: Environment | None) -> tuple[str, ...]:
    """Sentences that stand with the result."""
    notes = []
    if row is None and (missing := unmet(version.requirements)):
        listed = ", ".join(str(each) for each in missing[:5])
        notes.append(
            "Environments are switched off (COUNTERSIGN_ENVIRONMENTS=off): the model ran with the packages installed "
            f"here, not with those that it states: {listed}{' and others' if len(missing) > 5 else ''}."
        )
    if stated := python_differs(version):
        notes.append(f"The version states Python {stated}; it was run by the Python that is installed here.")
    return tuple(notes)
