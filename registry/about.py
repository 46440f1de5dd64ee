"""What the person who registers a version says about how it was made, and what of that is refused."""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from accounts.refusals import Invalid
from audit.canonical import clean, plain
from registry.environment import MOST_LINES, python_version, requirement
from registry.models import Dataset, DatasetRole, ModelVersion, RegisteredModel

MOST_ENTRIES = 500
LARGEST_JSON = 1 << 16  # bytes
LONGEST_NAME = 200
LARGEST_SEED = 2**63 - 1
SEED = re.compile(r"-?[0-9]{1,19}")
SEED_NAMES = ("random_seed", "random_state", "seed")


@dataclass(frozen=True)
class About:
    """How a version was made, as far as its registrant says; what is left out is read from the files and the run."""

    trained_on: Dataset | None = None
    evaluated_on: Sequence[Dataset] = ()
    parent: ModelVersion | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)
    hyperparameters: Mapping[str, object] = field(default_factory=dict)
    training_metrics: Mapping[str, object] = field(default_factory=dict)
    random_seed: int | None = None
    python_version: str = ""
    requirements: Sequence[str] = ()
    code_repository: str = ""
    code_commit: str = ""


def sound(about: About, model: RegisteredModel) -> About:
    """The same with plain values. Raises Invalid naming the field that cannot be."""
    refuse_test_set(about.trained_on)
    if about.parent is not None and about.parent.model_id != model.pk:
        raise Invalid(
            f"{about.parent} is a version of another model.",
            f"Name the version of {model.name} that this one was made from.",
            field="parent",
        )
    if about.random_seed is not None and not -LARGEST_SEED - 1 <= about.random_seed <= LARGEST_SEED:
        raise Invalid("The random seed has more than 64 bits.", field="random_seed")
    if about.python_version and not python_version(about.python_version):
        raise Invalid(
            f"{about.python_version[:40]} is not a version of Python.",
            "Write it like 3.11.4.",
            field="python_version",
        )
    return replace(
        about,
        evaluated_on=tuple(dict.fromkeys(about.evaluated_on)),
        hyperparameters=_bounded(about.hyperparameters, "hyperparameters"),
        parameters=_bounded(about.parameters, "parameters"),
        training_metrics=_numbers(about.training_metrics),
        requirements=_requirements(about.requirements),
    )


def refuse_test_set(trained_on: Dataset | None) -> None:
    """Raises Invalid for a data set that is kept for testing."""
    if trained_on is not None and trained_on.role == DatasetRole.TEST:
        raise Invalid(
            f"{trained_on} is a test set; a model that has seen it cannot be judged on it.",
            "Name the training set.",
            field="trained_on",
        )


def seed_among(values: Mapping[str, object]) -> int | None:
    """The random seed that stands among parameters under one of its usual names."""
    for name in SEED_NAMES:
        said = str(values.get(name, "")).strip()
        if SEED.fullmatch(said) and abs(int(said)) <= LARGEST_SEED:
            return int(said)
    return None


def _bounded(given: Mapping[str, object], where: str) -> Mapping[str, object]:
    try:
        values = {clean(str(name)): plain(value) for name, value in given.items()}
        size = len(json.dumps(values))
    except RecursionError:
        raise Invalid(f"The {where} are nested too deeply.", field=where) from None
    if len(values) > MOST_ENTRIES or size > LARGEST_JSON:
        raise Invalid(
            f"The {where} have more than {MOST_ENTRIES} entries or {LARGEST_JSON // 1024} KiB.",
            "Keep them in a file of the version, and give the ones that matter.",
            field=where,
        )
    if any(not name.strip() or len(name) > LONGEST_NAME for name in values):
        raise Invalid(
            f"A name among the {where} is empty or longer than {LONGEST_NAME} characters.", field=where
        )
    return values


def _numbers(given: Mapping[str, object]) -> Mapping[str, object]:
    for name, value in given.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(float(str(value))):
            raise Invalid(
                f"The training metric {name[:80]} is not a number.",
                "Give an object of names and numbers.",
                field="training_metrics",
            )
    return _bounded(given, "training_metrics")


def _requirements(lines: Iterable[str]) -> tuple[str, ...]:
    found: list[str] = []
    written = [line for given in lines for line in given.splitlines()]
    if len(written) > MOST_LINES:
        raise Invalid(f"There are more than {MOST_LINES:,} requirements.", field="requirements")
    for number, line in enumerate(written, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        cleaned = requirement(line)
        if not cleaned:
            raise Invalid(
                f"Line {number} of the requirements is not one: {line.strip()[:80]}",
                "Write each like scikit-learn==1.9.0, without options of pip.",
                field="requirements",
            )
        found.append(cleaned)
    return tuple(dict.fromkeys(found))
