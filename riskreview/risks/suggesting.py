"""Which risks of the catalogue to look at for a model, and why: what failed, what is declared, what kind it is."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from evaluations.models import EvaluationKind, EvaluationRun, JobStatus
from policy.risk_catalogue import CatalogueRisk, Use, best_risks_of_check, load_catalogue, suggested_for
from registry.models import ModelVersion, RegisteredModel
from riskreview.checks_asked import failed_checks
from riskreview.models import RiskState


@dataclass(frozen=True)
class Suggestion:
    """A risk to look at. `failed` are runs whose checks point at it; `reasons` are sentences."""

    risk: CatalogueRisk
    reasons: tuple[str, ...]
    failed: tuple[EvaluationRun, ...] = ()

    @property
    def category(self) -> str:
        """The category in words."""
        return load_catalogue().categories[self.risk.category]


def suggestions_for(model: RegisteredModel) -> list[Suggestion]:
    """What is not in the register yet, most pressing first: failed checks, declared facts, the kind of model."""
    standing = model.risks.exclude(state=RiskState.CLOSED).exclude(catalogue_id="")
    known = set(standing.values_list("catalogue_id", flat=True))
    newest = model.versions.select_related("model", "trained_on").order_by("-pk").first()
    failed, runs = _from_checks(newest)
    reasons = suggested_for(use_of(model, newest))
    catalogue = load_catalogue().risks
    return [
        Suggestion(
            catalogue[name], (*failed.get(name, ()), *reasons.get(name, ())), tuple(runs.get(name, ()))
        )
        for name in dict.fromkeys([*failed, *reasons])
        if name not in known
    ]


def use_of(model: RegisteredModel, version: ModelVersion | None) -> Use:
    """What is declared about a use, as the catalogue's rules read it."""
    assessment = model.tier_assessments.first()
    sensitive = version is not None and version.trained_on is not None and bool(version.trained_on.sensitive)
    if version is not None and not sensitive:
        sensitive = version.evaluations.exclude(dataset__sensitive=[]).exists()
    return Use(
        kind=model.kind,
        facts={
            "flag": assessment.flags if assessment else [],
            "use": model.regulated_uses,
            "origin": [model.origin],
            "sensitive": ["declared"] if sensitive else [],
        },
    )


def worrying_runs(version: ModelVersion) -> list[EvaluationRun]:
    """The newest finished run of each kind and data set, which is what a check can have failed in."""
    rows = version.evaluations.filter(status=JobStatus.SUCCEEDED).select_related("dataset", "version__model")
    newest: dict[tuple[str, int], EvaluationRun] = {}
    for run in rows.defer("log", "provenance").order_by("-finished_at", "-pk"):
        newest.setdefault((run.kind, run.dataset_id), run)
    return list(newest.values())


def _from_checks(
    version: ModelVersion | None,
) -> tuple[dict[str, Sequence[str]], dict[str, list[EvaluationRun]]]:
    """Risk id → sentences, and risk id → runs."""
    sentences: dict[str, list[str]] = defaultdict(list)
    runs: dict[str, list[EvaluationRun]] = defaultdict(list)
    for run in worrying_runs(version) if version else ():
        for check in failed_checks(run):
            for risk in best_risks_of_check(run.kind, check.metric):
                kind = EvaluationKind(run.kind).label
                sentences[risk.id].append(f"{kind}, run {run.pk}: {check.title[:1].lower()}{check.title[1:]}")
                if run not in runs[risk.id]:
                    runs[risk.id].append(run)
    return dict(sentences), dict(runs)
