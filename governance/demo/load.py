"""Load the demo portfolio through the product's own actions: nothing in it is written past a rule."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from django.conf import settings
from django.core.files.base import File
from django.db import connection, transaction
from django.utils import timezone

from audit.actions import record
from audit.actor import Actor
from audit.checkpoints import make_checkpoint
from audit.sequencer import sequence_pending
from audit.verbs import Verb
from evaluations.actions import request_evaluation
from evaluations.made_here import record_made_here
from evaluations.models import EvaluationKind
from evaluations.tasks import run_evaluation
from governance.demo import portfolio as contract
from governance.demo.cast import Cast, create_cast, create_keys, write_accounts
from governance.demo.story import tell
from governance.demo.ties import tie_to_store
from governance.demo.uses import define_fields, entry_in_demo, tie
from registry.about import About
from registry.actions import (
    create_model,
    register_dataset,
    register_fetched,
    register_predictions_only,
    revise_card,
)
from registry.models import Classification, Dataset, DatasetRole, ModelVersion, RegisteredModel
from registry.storage import staging
from registry.tracking import Fetched, fetch_all
from riskreview.policies.packs import activate_pack, import_pack
from riskreview.tiering.assessing import assess_tier, confirm_tier

LOADER = Actor.system("demo_loader")
DEFAULT_PACK = settings.BASE_DIR / "policy" / "packs" / "default.yaml"
REFERENCE_GROUPS = {
    "adult-census": {"sex": "Male", "race": "White"},
    "german-credit": {"sex": "male"},
    "mortgages": {"nonwhite": "no"},
    "vendor-affordability": {"sex": "male"},
}
TRAINING_SECONDS = 600
WORKERS = 2
Described = tuple[contract.Model, contract.Version]
Say = Callable[[str], None]
Given = TypeVar("Given")
Made = TypeVar("Made")
MEASURED_IN_FULL = (contract.Story.DEPLOYED, contract.Story.AWAITING_SIGNOFFS)
FURTHER = (
    EvaluationKind.STABILITY,
    EvaluationKind.ROBUSTNESS,
    EvaluationKind.DATA_QUALITY,
    EvaluationKind.PRIVACY,
    EvaluationKind.SECURITY,
)


class TrainingFailed(RuntimeError):
    """The training process ended badly; the message holds the end of what it said."""


@dataclass
class Loaded:
    """What has been registered so far."""

    datasets: dict[str, Dataset] = field(default_factory=dict)
    models: dict[str, RegisteredModel] = field(default_factory=dict)
    versions: dict[tuple[str, str], ModelVersion] = field(default_factory=dict)


def load(say: Say) -> None:
    """The whole portfolio; needs an empty database."""
    started = monotonic()
    with tempfile.TemporaryDirectory(prefix="demo-", dir=settings.VAR_DIR) as folder:
        say("Training the demo models on German credit, Adult, mortgages and scikit-learn's sets …")
        trained = train(Path(folder))
        say(f"Trained {len(trained.models)} models in {monotonic() - started:.0f} s. Registering them …")
        cast = _people()
        _activate_default_policy()
        loaded = _register(trained, Path(folder), cast)
        say(f"Registered after {monotonic() - started:.0f} s. Evaluating them in the sandbox …")
        runs = _evaluate(trained, loaded, cast, say)
        say(f"{runs} evaluations after {monotonic() - started:.0f} s. Reviews, sign-offs, gate …")
        tell(trained, loaded.versions, cast)
    with transaction.atomic():
        detail = {"models": len(loaded.models), "versions": len(loaded.versions), "evaluations": runs}
        record(Verb.DEMO_LOADED, subject="portfolio:demo", actor=LOADER, at=timezone.now(), detail=detail)
    while sequence_pending():
        pass
    make_checkpoint(timezone.now())
    say(f"Demo portfolio ready in {monotonic() - started:.0f} s.")


def train(folder: Path) -> contract.Portfolio:
    """Run the training in a process of its own, so that none of its libraries stays in this one."""
    tracking = settings.MLFLOW_TRACKING_URI
    if tracking.startswith("sqlite:///"):
        Path(tracking.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "governance.demo.training", str(folder), "--tracking-uri", tracking]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=TRAINING_SECONDS, check=False
    )
    if done.returncode != 0:
        raise TrainingFailed(done.stderr[-2000:] or done.stdout[-2000:])
    return contract.load_portfolio(folder / "portfolio.json")


@transaction.atomic
def _people() -> Cast:
    now = timezone.now()
    cast = create_cast(actor=LOADER, at=now)
    keys = create_keys(owner=cast["dev"].user, actor=LOADER, at=now)
    write_accounts(settings.VAR_DIR / "demo.json", url=settings.COUNTERSIGN_URL, cast=cast, keys=keys)
    return cast


def _activate_default_policy() -> None:
    now = timezone.now()
    pack = import_pack(DEFAULT_PACK.read_text(), source="policy/packs/default.yaml", actor=LOADER, at=now)
    activate_pack(pack, actor=LOADER, at=now)


def _register(trained: contract.Portfolio, folder: Path, cast: Cast) -> Loaded:
    loaded = Loaded()
    for described in trained.datasets:
        loaded.datasets[described.ref] = _dataset(described, folder, cast)
    define_fields(cast, timezone.now())
    for model in trained.models:
        loaded.models[model.slug] = _model(model, cast)
    tie(loaded.models, cast, timezone.now())
    wanted = [(model, version) for model in trained.models for version in model.versions]
    _versions(wanted, loaded, cast)
    for model, version in wanted:
        revise_card(
            version=loaded.versions[model.slug, version.version],
            sections=dict(version.card),
            author=cast["dev"].user,
            note="First card",
            expected_revision=None,
            actor=cast["dev"].actor,
            at=timezone.now(),
        )
    return loaded


def _dataset(described: contract.Dataset, folder: Path, cast: Cast) -> Dataset:
    with (folder / described.file).open("rb") as file:
        return register_dataset(
            name=described.name,
            version=described.version,
            role=DatasetRole(described.role),
            file=File(file, name=Path(described.file).name),
            label=described.label,
            positive=described.positive or "",
            prediction=described.prediction or "",
            score=described.score or "",
            sensitive=list(described.sensitive),
            reference_groups=REFERENCE_GROUPS.get(described.name.rpartition("-")[0], {}),
            classification=Classification.PUBLIC,
            description=f"{described.description} Source: {described.source} Licence: {described.licence}",
            owner=cast["dev"].user,
            actor=cast["dev"].actor,
            at=timezone.now(),
        )


def _model(described: contract.Model, cast: Cast) -> RegisteredModel:
    now, olga, ada = timezone.now(), cast["olga"], cast["ada"]
    model = create_model(
        slug=described.slug,
        entry=entry_in_demo(described, owner=olga.user, developers=[cast["dev"].user]),
        actor=olga.actor,
        at=now,
    )
    assessment = assess_tier(
        model=model,
        answers=dict(described.answers),
        flags=list(described.flags),
        assessor=olga.user,
        actor=olga.actor,
        at=now,
    )
    confirm_tier(
        assessment=assessment,
        tier=assessment.computed_tier,
        rationale="The answers fit the use as its owner described it.",
        officer=ada.user,
        actor=ada.actor,
        at=now,
    )
    return model


def _versions(wanted: list[Described], loaded: Loaded, cast: Cast) -> None:
    """Register every version. MLflow is asked once for all of them, because loading its client takes seconds."""
    with staging() as stage:
        uris = {version.mlflow_uri for _, version in wanted if version.mlflow_uri is not None}
        folders = {uri: stage / str(number) for number, uri in enumerate(sorted(uris))}
        for folder in folders.values():
            folder.mkdir()
        fetched = dict(zip(folders, fetch_all(list(folders.items())), strict=True))
        for model, version in wanted:
            uri = version.mlflow_uri
            took = (uri, folders[uri], fetched[uri]) if uri is not None else None
            loaded.versions[model.slug, version.version] = _version(model, version, took, loaded, cast)
    tie_to_store(loaded.versions.values())


def _version(
    model: contract.Model,
    version: contract.Version,
    took: tuple[str, Path, Fetched] | None,
    loaded: Loaded,
    cast: Cast,
) -> ModelVersion:
    dev = cast["dev"]
    common: dict[str, Any] = {
        "model": loaded.models[model.slug],
        "version": version.version,
        "registrant": dev.user,
        "actor": dev.actor,
        "at": timezone.now(),
    }
    data = [loaded.datasets[ref] for ref in version.datasets]
    tests = [dataset for dataset in data if dataset.role == DatasetRole.TEST]
    earlier = [row for (slug, _), row in loaded.versions.items() if slug == model.slug]
    parent = earlier[-1] if earlier else None
    if took is None:
        return register_predictions_only(about=About(evaluated_on=tests, parent=parent), **common)
    uri, folder, fetched = took
    training = next((dataset for dataset in data if dataset.role == DatasetRole.TRAINING), None)
    about = About(trained_on=training, evaluated_on=tests, parent=parent)
    made = register_fetched(mlflow_uri=uri, folder=folder, fetched=fetched, about=about, **common)
    record_made_here(version=made, actor=LOADER, at=timezone.now())
    return made


def _evaluate(trained: contract.Portfolio, loaded: Loaded, cast: Cast, say: Say) -> int:
    """Queue every measurement that applies and run the queue here, because no worker runs yet."""
    runs = []
    for model in trained.models:
        for version in model.versions:
            if version.story == contract.Story.DRAFT or version.story == contract.Story.RETIRED:
                continue
            registered = loaded.versions[model.slug, version.version]
            tests = [loaded.datasets[ref] for ref in version.datasets if loaded.datasets[ref].role == "test"]
            for dataset in tests[:1]:
                runs += [_queued(registered, dataset, kind, cast) for kind in _kinds(model, version, dataset)]
    for done, _ in enumerate(_in_parallel(run_evaluation, runs), start=1):
        if done % 5 == 0:
            say(f"  {done} of {len(runs)} evaluations")
    return len(runs)


def _kinds(model: contract.Model, version: contract.Version, dataset: Dataset) -> list[str]:
    kinds = [EvaluationKind.PERFORMANCE]
    if version.story == contract.Story.PROHIBITED:
        return [kind.value for kind in kinds]  # no figure can change the answer
    if model.kind == "binary_classification" and dataset.sensitive:
        kinds.append(EvaluationKind.FAIRNESS)
    if version.mlflow_uri is not None:
        kinds.append(EvaluationKind.EXPLAINABILITY)
    if version.story in MEASURED_IN_FULL:
        kinds += [kind for kind in FURTHER if dataset.sensitive or kind != EvaluationKind.PRIVACY]
    return [kind.value for kind in kinds]


def _queued(version: ModelVersion, dataset: Dataset, kind: str, cast: Cast) -> int:
    dev = cast["dev"]
    run = request_evaluation(
        version=version,
        dataset=dataset,
        kind=kind,
        config={},
        requester=dev.user,
        actor=dev.actor,
        at=timezone.now(),
    )
    return run.pk


def _in_parallel(work: Callable[[Given], Made], items: list[Given]) -> Iterator[Made]:
    """Two at a time, answered as they end: the heavy part of each is a process of its own."""

    def one(item: Given) -> Made:
        try:
            return work(item)
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        yield from pool.map(one, items)
