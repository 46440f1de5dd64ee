"""The parts of a version's page, as values for the templates."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from accounts.models import User
from evaluations.models import EvaluationRun, PredictionSource
from evaluations.queries import measurements_of
from evaluations.tiles import shown_of
from governance.portfolio.standing import Standing
from governance.templatetags.wording import count_of
from policy.metrics import OF_KIND, label_of
from registry.models import Environment, ModelVersion
from registry.signing import in_words
from riskreview.exceptions.emergency import reason_against_opening
from riskreview.exceptions.waiving import may_ask, waivable
from riskreview.judgement import Judged
from riskreview.models import ReviewKind, SignOff

FIGURES_OF_A_KIND = 4


def gate_panel(standing: Standing, environment: str, *, reader: User, at: datetime) -> dict[str, Any]:
    """What the gate panel shows to this reader."""
    version = standing.version
    current = standing.judged[environment]
    names = [version.model.slug, version.version]
    return {
        "environment": environment,
        "panels": environment_panels(standing.judged, environment, lambda name: f"?env={name}#gate"),
        "policy_label": str(current.policy) if current.policy else "",
        "policy_url": reverse("riskreview:policy"),
        "evidence_digest": current.digest,
        "judged_at": at,
        "version_url": reverse("portfolio:version", args=names),
        "waivable": waivable(current) if may_ask(reader, version.model) else frozenset(),
        "waiver_url": f"{reverse('riskreview:waiver_new', args=names)}?environment={environment}",
        "break_glass_url": ""
        if reason_against_opening(current)
        else f"{reverse('riskreview:break_glass_new', args=names)}?environment={environment}",
    }


def environment_panels(
    judged: Mapping[str, Judged], current: str, address: Callable[[str], str]
) -> list[dict[str, Any]]:
    """The verdict of each environment, as the tabs of the gate panel show it."""
    return [
        {
            "environment": name,
            "label": label,
            "verdict": judged[name].verdict,
            "current": name == current,
            "href": address(name),
        }
        for name, label in Environment.choices
    ]


def facts(version: ModelVersion) -> list[dict[str, Any]]:
    """The facts beside the panel."""
    model = version.model
    rows: list[dict[str, Any]] = [
        {"term": "Purpose", "value": model.purpose},
        {"term": "Decides", "value": model.decides},
        {"term": "Kind", "value": model.get_kind_display()},
        {"term": "Business line", "value": model.business_line},
        {"term": "Source", "value": version.get_source_display(), "note": version.source_uri},
        {"term": "Format", "value": version.artifact_format},
        *_made(version),
        {"term": "Code", "value": version.code_repository, "note": version.code_commit, "mono": True},
    ]
    if version.trained_on is not None:
        data = version.trained_on
        href = reverse("registry:dataset", args=[data.name, data.version])
        rows.append({"term": "Trained on", "value": str(data), "href": href, "note": f"{data.rows:,} rows"})
    return [row for row in rows if row["value"]]


def _made(version: ModelVersion) -> list[dict[str, Any]]:
    """How it was made, in one line each; the page of its files has the whole."""
    files = reverse("registry:files", args=[version.model.slug, version.version])
    parent, seed, asked = version.parent, version.random_seed, len(version.requirements)
    from_page = reverse("portfolio:version", args=[version.model.slug, parent.version]) if parent else ""
    signed = version.signing.get("state", "none") != "none"
    return [
        {"term": "Made from", "value": f"Version {parent.version}" if parent else "", "href": from_page},
        {"term": "Random seed", "value": "" if seed is None else str(seed)},
        {
            "term": "Python",
            "value": version.python_version,
            "note": count_of(asked, "requirement") if asked else "",
        },
        {"term": "MLflow run", "value": version.run.get("name", ""), "href": f"{files}#run"},
        {
            "term": "Model signature",
            "value": in_words(version.signing) if signed else "",
            "href": f"{files}#oms",
        },
    ]


@dataclass(frozen=True)
class Measure:
    """One line of the evaluation table."""

    name: str
    label: str
    value: float | None
    low: float | None
    high: float | None
    run: EvaluationRun

    @property
    def decimals(self) -> int:
        """Counts are whole, figures have three decimals."""
        return 0 if self.value is not None and self.value >= 50 and self.value.is_integer() else 3


def newest_runs(version: ModelVersion, until: datetime | None = None) -> dict[str, EvaluationRun]:
    """The newest finished run of each kind; `until` leaves out what ended later."""
    found: dict[str, EvaluationRun] = {}
    rows = measurements_of(version)
    for run in rows if until is None else rows.filter(finished_at__lte=until):
        if run.source != PredictionSource.REPORTED:  # never among what was measured here
            found.setdefault(run.kind, run)
    return found


def measures(version: ModelVersion) -> list[Measure]:
    """The headline figures of the newest runs."""
    rows = []
    runs = newest_runs(version)
    for kind in (kind for kind in OF_KIND if kind in runs):
        run = runs[kind]
        overall: Mapping[str, Any] = (run.result or {}).get("overall", {})
        names = [name for name in shown_of(kind) if overall.get(name, {}).get("value") is not None]
        for name in names[:FIGURES_OF_A_KIND]:
            found = overall[name]
            rows.append(
                Measure(name, label_of(name), found["value"], found.get("low"), found.get("high"), run)
            )
    return rows


def signatures(
    standing: Standing, environment: str, *, at: datetime, rows: Iterable[SignOff] | None = None
) -> list[dict[str, Any]]:
    """Each person's newest word in this environment's review, and whether it still counts.

    `rows` are the sign-offs, newest first, where they are known already.
    """
    judged = standing.judged[environment]
    stale = {
        name
        for result in judged.verdict.requirements
        if result.stale
        for name in (result.id.split(".", 1)[-1],)
    }
    if rows is None:
        rows = (
            SignOff.objects.filter(review__version=standing.version, review__environment=environment)
            .exclude(review__kind=ReviewKind.RETIREMENT)
            .select_related("signer", "acting_for")
            .prefetch_related("conditions")
        )
    seen: set[tuple[str, int]] = set()
    shown = []
    for row in rows:
        voice = (row.role, row.acting_for_id or row.signer_id)
        if voice in seen:
            continue
        seen.add(voice)
        shown.append(_signature(row, row.components != judged.components and row.role in stale, at))
    return shown


def _signature(row: SignOff, is_stale: bool, at: datetime) -> dict[str, Any]:
    shape, note = "ok", ""
    if row.withdrawn_at is not None:
        shape, note = "na", "Withdrawn"
    elif row.decision in ("reject", "request_changes"):
        shape = "no"
    elif is_stale:
        shape, note = "stale", "Stale: the evidence changed since"
    elif row.expires_at is not None and row.expires_at <= at:
        shape, note = "stale", "Expired"
    elif conditions := row.conditions.all():
        note = f"{len(conditions)} condition{'s' if len(conditions) > 1 else ''}"
    return {
        "id": row.pk,
        "shape": shape,
        "name": row.signer.name,
        "role": row.signed_as,
        "decision": row.get_decision_display(),
        "at": row.signed_at,
        "note": note,
    }
