"""JSON of Google's Model Card Toolkit, schema 0.0.2. What it has no field for stands in `documentation`."""

from typing import Any

from registry.card_formats.document import CardDocument, Imported
from registry.card_formats.headings import place_by_headings
from registry.card_formats.marked import is_marked, marked, place_marked
from registry.card_formats.reading import Reading, as_list, reported, sentence
from registry.models import Dataset

SCHEMA_VERSION = "0.0.2"


def content(document: CardDocument) -> dict[str, Any]:
    """The document as JSON values. `documentation` holds every section, so that nothing is lost on the way."""
    version, model = document.version, document.version.model
    details: dict[str, Any] = {
        "name": model.name,
        "overview": model.purpose,
        "documentation": marked(document),
        "owners": [{"name": model.owner.name}],
        "version": {"name": version.version, "date": version.registered_at.date().isoformat()},
    }
    if document.licence:
        details["licenses"] = [{"custom_text": document.licence}]
    if version.code_repository.startswith(("https://", "http://")):
        details["references"] = [{"reference": version.code_repository}]
    return {
        "schema_version": SCHEMA_VERSION,
        "model_details": details,
        "model_parameters": _parameters(document),
        "quantitative_analysis": {"performance_metrics": _metrics(document)},
        "considerations": _considerations(document),
    }


def _parameters(document: CardDocument) -> dict[str, Any]:
    rows = [(document.trained_on, "training_data")] if document.trained_on else []
    rows += [(dataset, "evaluation_data") for dataset in document.tested_on]
    said = document.resolved
    parameters: dict[str, Any] = {
        "data": [_data(dataset, said.get(section, "")) for dataset, section in rows]
    }
    if said.get("technical"):
        parameters["model_architecture"] = said["technical"]
    for side, name in (("inputs", "input_format"), ("outputs", "output_format")):
        if columns := document.version.signature.get(side):
            parameters[name] = ", ".join(
                f"{row.get('name') or '(unnamed)'}: {row.get('type')}" for row in columns
            )
    return parameters


def _data(dataset: Dataset, said: str) -> dict[str, Any]:
    row: dict[str, Any] = {"name": str(dataset), "description": said or f"{dataset.rows:,} rows"}
    if dataset.sensitive:
        row["sensitive"] = {"sensitive_data": list(dataset.sensitive)}
    return row


def _metrics(document: CardDocument) -> list[dict[str, Any]]:
    found = []
    for row in document.reported:
        metric: dict[str, Any] = {"type": row.name, "value": row.value, "slice": row.on}
        if row.low is not None and row.high is not None:
            metric["confidence_interval"] = {"lower_bound": row.low, "upper_bound": row.high}
        found.append(metric)
    return found


def _considerations(document: CardDocument) -> dict[str, Any]:
    said = document.resolved
    found: dict[str, Any] = {}
    for section, name in (("intended_use", "use_cases"), ("caveats", "limitations")):
        if said.get(section):
            found[name] = [{"description": said[section]}]
    if said.get("ethical_considerations"):
        found["ethical_considerations"] = [{"name": said["ethical_considerations"]}]
    return found


def read(document: Reading) -> Imported:
    """Our own sections out of `documentation`, or else each field where it belongs. Raises Invalid."""
    imported = Imported("Google Model Card")
    document.take("schema_version")
    details = document.inner("model_details")
    text = details.text("documentation").replace("\r\n", "\n")
    if is_marked(text):
        place_marked(text, imported)
        imported.notes.append("The other fields repeat what the sections say, so they are left out.")
        return imported
    _details(details, text, imported)
    _read_parameters(document.inner("model_parameters"), imported)
    _read_analysis(document.inner("quantitative_analysis"), imported)
    considerations = document.inner("considerations")
    imported.place("intended_use", sentence("Users", considerations.texts("users")))
    imported.place("intended_use", as_list(considerations.texts("use_cases") or [""]))
    imported.place("caveats", as_list(considerations.texts("limitations") or [""]))
    imported.place("caveats", as_list(considerations.texts("tradeoffs") or [""]))
    imported.place(
        "ethical_considerations", risks(considerations, "ethical_considerations", "mitigation_strategy")
    )
    for part in (considerations, document):
        part.leave(imported)
    return imported


def risks(considerations: Reading, name: str, mitigation: str) -> str:
    """Each risk with what is done about it, as a list."""
    rows = [(row.text("name"), row.text(mitigation)) for row in considerations.rows(name)]
    return "\n".join(f"- {risk}" + (f": {answer}" if answer else "") for risk, answer in rows)


def _details(details: Reading, documentation: str, imported: Imported) -> None:
    imported.place("details", sentence("Name", details.texts("name")))
    imported.place("details", details.text("overview"))
    version = details.inner("version")
    imported.place("details", sentence("Version", [*version.texts("name"), *version.texts("date")]))
    imported.place("details", version.text("diff"))
    owners = [(row.text("name"), row.text("contact")) for row in details.rows("owners")]
    imported.place("details", sentence("Owners", [" ".join(filter(None, owner)) for owner in owners]))
    licences = [row.text("identifier") or row.text("custom_text") for row in details.rows("licenses")]
    imported.place("details", sentence("Licence", [*licences, *details.texts("license")]))
    imported.place("details", sentence("References", details.texts("references", "reference")))
    imported.place("details", as_list(details.texts("citations", "citation") or [""]))
    imported.place("details", sentence("Path", details.texts("path")))
    place_by_headings(documentation, imported)
    details.leave(imported)


def _read_parameters(parameters: Reading, imported: Imported) -> None:
    imported.place("technical", parameters.text("model_architecture"))
    for side in ("input", "output"):
        imported.place(
            "technical", sentence(f"{side.capitalize()} format", parameters.texts(f"{side}_format"))
        )
        pairs = [f"{row.text('key')}: {row.text('value')}" for row in parameters.rows(f"{side}_format_map")]
        imported.place("technical", sentence(f"{side.capitalize()}s", pairs))
    for row in parameters.rows("data"):
        name, said = row.text("name"), row.text("description")
        tested = any(word in f"{name} {said[:80]}".lower() for word in ("test", "eval", "valid"))
        sensitive = row.inner("sensitive").texts("sensitive_data")
        parts = [f"{name}: {said}" if name and said else name or said, *row.texts("link")]
        parts.append(sentence("Sensitive", sensitive))
        imported.place("evaluation_data" if tested else "training_data", "\n\n".join(filter(None, parts)))
        _leave_pictures(row, imported)
        row.leave(imported)
    parameters.leave(imported)


def _read_analysis(analysis: Reading, imported: Imported) -> None:
    rows = []
    for metric in analysis.rows("performance_metrics"):
        interval = metric.inner("confidence_interval")
        low, high = interval.text("lower_bound"), interval.text("upper_bound")
        value = metric.text("value") + (f" [{low}, {high}]" if low and high else "")
        rows.append((metric.text("type"), value, metric.text("slice")))
        metric.leave(imported)
    imported.place("quantitative_analysis", reported(rows))
    _leave_pictures(analysis, imported)
    analysis.leave(imported)


def _leave_pictures(part: Reading, imported: Imported) -> None:
    """A card holds no pictures; what is said about them is kept and the pictures are counted."""
    graphics = part.inner("graphics")
    imported.place("quantitative_analysis", graphics.text("description"))
    names = [row.text("name") or "without a name" for row in graphics.rows("collection")]
    if names:
        imported.notes.append(f"Pictures are not taken: {', '.join(names)}.")
