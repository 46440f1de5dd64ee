"""A first draft of a card from what the registry knows, so that nobody types what is on file."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from policy.cards import load_card_schema
from registry.measures import Measure, Measures
from registry.models import Dataset, ModelVersion

MOST_ROWS = 60
MOST_GROUPS = 10


def draft_sections(version: ModelVersion, measures: Measures) -> dict[str, str]:
    """Section id → Markdown, for the sections about which something is known."""
    tested = _tested_on(version, measures)
    known = {
        "details": _details(version),
        "intended_use": _intended_use(version),
        "factors": _factors(tested),
        "metrics": _metrics(measures),
        "evaluation_data": "\n\n".join(_dataset(dataset) for dataset in tested),
        "training_data": _dataset(version.trained_on) if version.trained_on else "",
        "quantitative_analysis": _results(version, measures),
        "technical": _technical(version),
    }
    sections = {section.id for section in load_card_schema().sections}
    return {name: text for name, text in known.items() if text and name in sections}


def _details(version: ModelVersion) -> str:
    model = version.model
    lines = [
        f"{model.name}, version {version.version}, {model.get_kind_display().lower()}.",
        f"Owner: {model.owner.name}.",
        f"Registered by {version.registered_by.name} on {version.registered_at:%d %B %Y}.",
    ]
    developers = ", ".join(user.name for user in model.developers.all())
    if developers:
        lines.append(f"Developed by {developers}.")
    if model.supplier:
        lines.append(f"Supplied by {model.supplier}.")
    if version.predictions_only:
        lines.append("The model itself is not held here; it is known by its predictions only.")
    else:
        lines.append(f"Artifact: {version.artifact_format}, `{version.artifact_digest}`.")
    if version.code_repository:
        commit = f" at `{version.code_commit}`" if version.code_commit else ""
        lines.append(f"Code: {version.code_repository}{commit}.")
    if version.parent:
        lines.append(f"Made from version {version.parent.version}.")
    return "\n\n".join(lines)


def _intended_use(version: ModelVersion) -> str:
    model = version.model
    parts = [
        model.purpose,
        f"What it decides: {model.decides}." if model.decides else "",
        f"Products: {model.products}." if model.products else "",
        f"Business line: {model.business_line}." if model.business_line else "",
        f"Expected use: {model.expected_use}" if model.expected_use else "",
        f"Out of scope: {model.restrictions}" if model.restrictions else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _tested_on(version: ModelVersion, measures: Measures) -> list[Dataset]:
    """The data sets that the version says it was tested on, and those of its runs on test data."""
    found = {str(dataset): dataset for dataset in version.evaluated_on.all()}
    for on in {row.on for row in measures.found if row.on_test_data} - found.keys():
        name, _, number = on.partition("@")
        found.update((on, row) for row in Dataset.objects.filter(name=name, version=number))
    return [found[on] for on in sorted(found)]


def _factors(tested: Iterable[Dataset]) -> str:
    columns = sorted({column for dataset in tested for column in dataset.sensitive})
    return f"Examined by group: {', '.join(columns)}." if columns else ""


def _metrics(measures: Measures) -> str:
    kinds: dict[str, list[str]] = {}
    for row in _newest(measures):
        kinds.setdefault(row.kind_label, []).append(row.label)
    return "\n".join(f"- {label}: {', '.join(names)}" for label, names in kinds.items())


def _dataset(dataset: Dataset) -> str:
    lines = [f"{dataset}: {dataset.rows:,} rows, {len(dataset.columns)} columns, `{dataset.digest}`."]
    if dataset.description:
        lines.append(dataset.description)
    if dataset.label:
        lines.append(f"Label: {dataset.label}.")
    if dataset.sensitive:
        lines.append(f"Sensitive columns: {', '.join(dataset.sensitive)}.")
    if dataset.legal_basis:
        lines.append(f"Legal basis: {dataset.legal_basis}.")
    return "\n\n".join([*lines, *_profile(dataset)])


def _profile(dataset: Dataset) -> Iterator[str]:
    """Shares of the label and of each group, and what is missing. Everybody reads cards: no confidential value."""
    counted: dict[str, list[Mapping[str, Any]]] = dict(dataset.profile.get("groups", {}))
    if dataset.label:
        counted = {dataset.label: dataset.profile.get("balance", [])} | counted
    for column, groups in counted.items():
        if groups and dataset.rows and column not in dataset.confidential:
            shares = [
                f"{group['value']} {group['count'] / dataset.rows:.1%}" for group in groups[:MOST_GROUPS]
            ]
            yield f"Rows by {column}: {', '.join(shares)}."
    missing = {
        row["name"]: row["missing"] for row in dataset.profile.get("columns", []) if row.get("missing")
    }
    if missing:
        yield f"Missing values: {', '.join(f'{name} {count:,}' for name, count in missing.items())}."


def _results(version: ModelVersion, measures: Measures) -> str:
    parts = []
    rows = [(row.label, row.token) for row in _newest(measures)]
    if rows:
        parts.append("Measured here:\n\n" + _table(("Measure", "Value and 95% interval"), rows))
    if version.training_metrics:
        table = _table(("Measure", "Value"), version.training_metrics.items())
        parts.append(f"Reported by the developers' training run; not measured here.\n\n{table}")
    return "\n\n".join(parts)


def _newest(measures: Measures) -> list[Measure]:
    """The figures of the newest run of each kind, those that there are."""
    kinds = dict.fromkeys(row.kind for row in measures.found)
    return [row for kind in kinds for row in measures.newest(kind) if row.value is not None]


def _technical(version: ModelVersion) -> str:
    parts = []
    for head, values in (("Hyperparameters", version.hyperparameters), ("Parameters", version.parameters)):
        if values:
            parts.append(f"{head}:\n\n" + _table((head.removesuffix("s"), "Value"), values.items()))
    for side in ("inputs", "outputs"):
        columns: list[Mapping[str, str]] = version.signature.get(side, [])
        if columns:
            rows = [(column["name"] or "(unnamed)", column["type"]) for column in columns]
            parts.append(f"{side.capitalize()}:\n\n" + _table(("Name", "Type"), rows))
    if version.python_version:
        parts.append(f"Python {version.python_version}.")
    if version.requirements:
        listed = "\n".join(version.requirements[:MOST_ROWS])
        parts.append(f"Requirements:\n\n```\n{listed}\n```")
    if version.random_seed is not None:
        parts.append(f"Random seed: {version.random_seed}.")
    return "\n\n".join(parts)


def _table(heads: tuple[str, str], rows: Iterable[tuple[object, object]]) -> str:
    rows = list(rows)
    lines = [f"| {heads[0]} | {heads[1]} |", "| --- | --- |"]
    lines += [f"| {_cell(name)} | {_cell(value)} |" for name, value in rows[:MOST_ROWS]]
    more = f"\n\nAnd {len(rows) - MOST_ROWS:,} more." if len(rows) > MOST_ROWS else ""
    return "\n".join(lines) + more


def _cell(value: object) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
