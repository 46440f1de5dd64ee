"""A first draft of a card from what the registry knows, so that nobody types what is on file."""

from collections.abc import Iterable, Mapping

from policy.cards import load_card_schema
from registry.models import Dataset, ModelVersion

MOST_ROWS = 60


def draft_sections(version: ModelVersion) -> dict[str, str]:
    """Section id → Markdown, for the sections about which something is known."""
    known = {
        "details": _details(version),
        "intended_use": _intended_use(version),
        "training_data": _training_data(version.trained_on) if version.trained_on else "",
        "quantitative_analysis": _results(version),
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
    if version.predictions_only:
        lines.append("The model itself is not held here; it is known by its predictions only.")
    else:
        lines.append(f"Artifact: {version.artifact_format}, `{version.artifact_digest}`.")
    if version.code_repository:
        commit = f" at `{version.code_commit}`" if version.code_commit else ""
        lines.append(f"Code: {version.code_repository}{commit}.")
    return "\n\n".join(lines)


def _intended_use(version: ModelVersion) -> str:
    model = version.model
    lines = [model.purpose]
    if model.decides:
        lines.append(f"What it decides: {model.decides}.")
    if model.business_line:
        lines.append(f"Business line: {model.business_line}.")
    return "\n\n".join(lines)


def _training_data(dataset: Dataset) -> str:
    lines = [f"{dataset}: {dataset.rows:,} rows, {len(dataset.columns)} columns, `{dataset.digest}`."]
    if dataset.description:
        lines.append(dataset.description)
    if dataset.label:
        lines.append(f"Label: {dataset.label}.")
    if dataset.sensitive:
        lines.append(f"Sensitive columns: {', '.join(dataset.sensitive)}.")
    return "\n\n".join(lines)


def _results(version: ModelVersion) -> str:
    if not version.training_metrics:
        return ""
    table = _table(("Measure", "Value"), version.training_metrics.items())
    return f"Reported by the developers' training run; not measured here.\n\n{table}"


def _technical(version: ModelVersion) -> str:
    parts = []
    if version.parameters:
        parts.append("Parameters:\n\n" + _table(("Parameter", "Value"), version.parameters.items()))
    for side in ("inputs", "outputs"):
        columns: list[Mapping[str, str]] = version.signature.get(side, [])
        if columns:
            rows = [(column["name"] or "(unnamed)", column["type"]) for column in columns]
            parts.append(f"{side.capitalize()}:\n\n" + _table(("Name", "Type"), rows))
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
