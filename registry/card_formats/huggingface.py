"""README of the Hugging Face Hub: a YAML header and the sections under the headings of its template."""

import re
from typing import Any

import yaml

from accounts.refusals import Invalid
from registry.card_formats.document import CardDocument, Imported
from registry.card_formats.headings import place_by_headings
from registry.card_formats.licences import spdx
from registry.card_formats.marked import is_marked, marked, place_marked
from registry.card_formats.reading import Reading, read_yaml, reported, sentence
from registry.models import ModelKind

HEADINGS = {
    "details": "Model Details",
    "intended_use": "Uses",
    "factors": "Factors",
    "metrics": "Metrics",
    "evaluation_data": "Testing Data",
    "training_data": "Training Data",
    "quantitative_analysis": "Evaluation Results",
    "ethical_considerations": "Bias, Risks, and Limitations",
    "caveats": "Recommendations",
    "technical": "Technical Specifications",
    "instructions": "How to Get Started with the Model",
    "oversight": "Human Oversight",
}
TASKS = {
    ModelKind.BINARY: "tabular-classification",
    ModelKind.MULTICLASS: "tabular-classification",
    ModelKind.MULTILABEL: "tabular-classification",
    ModelKind.REGRESSION: "tabular-regression",
    ModelKind.FORECASTING: "time-series-forecasting",
    ModelKind.GENERATIVE: "text-generation",
}
HEADER = re.compile(r"\A\ufeff?---[ \t]*\n([\s\S]*?)(?:\n|(?<=\n))---[ \t]*(?:\n|\Z)")
OPENED = re.compile(r"\A\ufeff?---[ \t]*\n")
MOST_HEADER = 100_000


def write(document: CardDocument) -> str:
    """The README, from which `read` finds the very same sections."""
    model = document.version.model
    header = yaml.safe_dump(_header(document), sort_keys=False, allow_unicode=True)
    return f"---\n{header}---\n\n# Model Card for {model.name}\n\n{marked(document, HEADINGS)}"


def _header(document: CardDocument) -> dict[str, Any]:
    version, model = document.version, document.version.model
    header: dict[str, Any] = {}
    if document.licence:
        header |= _licence(document.licence)
    if document.languages:
        header["language"] = document.languages
    if version.flavors:
        header["library_name"] = str(version.flavors[-1])
    task = TASKS.get(ModelKind(model.kind))
    if task:
        header["pipeline_tag"] = task
    header["tags"] = [*document.tags, model.kind.replace("_", "-")]
    if document.trained_on:
        header["datasets"] = [document.trained_on.name]
    if document.reported:
        header["metrics"] = list(dict.fromkeys(row.name for row in document.reported))
        header["model-index"] = [{"name": model.name, "results": _results(document, task)}]
    return header


def _licence(text: str) -> dict[str, str]:
    """As the Hub lists licences: SPDX in lower case; any other one by its name."""
    known = spdx(text)
    if known and " " not in known and not known.startswith("LicenseRef-"):
        return {"license": known.lower()}
    return {"license": "other", "license_name": text}


def _results(document: CardDocument, task: str | None) -> list[dict[str, Any]]:
    results: dict[str, dict[str, Any]] = {}
    for row in document.reported:
        source = {"name": f"Run {row.run}", "url": f"{document.site}{row.href}"}
        result = results.setdefault(
            row.on,
            {
                "task": {"type": task or "other"},
                "dataset": {"name": row.on, "type": row.dataset},
                "metrics": [],
                "source": source,
            },
        )
        metric: dict[str, Any] = {"type": row.name, "name": row.label, "value": row.value}
        if row.low is not None and row.high is not None:
            metric["args"] = {"confidence_interval": [row.low, row.high], "confidence_level": 0.95}
        result["metrics"].append(metric)
    return list(results.values())


def read(text: str) -> Imported:
    """Sections by our marks or else by headings; the header's fields go where they belong. Raises Invalid."""
    imported = Imported("Hugging Face README" if OPENED.match(text) else "Markdown")
    header, body = _split(text)
    if is_marked(body):
        place_marked(body, imported)
        if header:
            imported.notes.append("The header repeats what the sections say, so it is left out.")
        return imported
    _place_header(read_yaml(header, first_line=2), imported)
    place_by_headings(body, imported)
    return imported


def _split(text: str) -> tuple[str, str]:
    match = HEADER.match(text)
    if match is None:
        if OPENED.match(text) and len(text) < 2 * MOST_HEADER and "\n#" not in text:
            raise Invalid(
                "The header begins with --- and never ends.", "End it with a line of ---.", field="file"
            )
        return "", text
    if len(match[1]) > MOST_HEADER:
        raise Invalid(f"The header is longer than {MOST_HEADER:,} characters.", field="file")
    return match[1], text[match.end() :]


def _place_header(header: Reading, imported: Imported) -> None:
    licence = header.texts("license") + header.texts("license_name") + header.texts("license_link")
    imported.place("details", sentence("Licence", licence))
    imported.place("details", sentence("Language", header.texts("language")))
    imported.place("details", sentence("Tags", header.texts("tags")))
    imported.place("training_data", sentence("Data sets", header.texts("datasets", "name")))
    imported.place("metrics", sentence("Measures", header.texts("metrics", "name")))
    imported.place("technical", sentence("Base model", header.texts("base_model", "name")))
    imported.place("technical", sentence("Library", header.texts("library_name")))
    imported.place("technical", sentence("Task", header.texts("pipeline_tag")))
    imported.place("quantitative_analysis", reported(list(_reported(header, imported))))
    header.leave(imported)


def _reported(header: Reading, imported: Imported) -> Any:
    for entry in header.rows("model-index"):
        entry.take("name")
        for result in entry.rows("results"):
            task, dataset = result.inner("task"), result.inner("dataset")
            where = ", ".join(
                filter(None, [dataset.text("name") or dataset.text("type"), dataset.text("split")])
            )
            for metric in result.rows("metrics"):
                name = metric.text("name") or metric.text("type")
                yield name, metric.text("value"), where or task.text("name") or task.text("type")
            result.take("source")
            result.leave(imported)
        entry.leave(imported)
