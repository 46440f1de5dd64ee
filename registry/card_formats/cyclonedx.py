"""CycloneDX 1.6 and 1.7: a bill of materials with the model and its `modelCard`, and what the model is made of.

Its fields hold what they have a name for. The whole card stands in the component's properties, from which it is read.
"""

import uuid
from typing import Any

from accounts.refusals import Invalid
from registry.card_formats import materials
from registry.card_formats.document import CardDocument, Imported
from registry.card_formats.google import risks
from registry.card_formats.marked import TITLES
from registry.card_formats.reading import Reading, as_list, reported, sentence
from registry.models import ModelKind

VERSIONS = ("1.6", "1.7")
PREFIX = "countersign:card:"
SUPERVISED = {
    *(
        ModelKind.BINARY,
        ModelKind.MULTICLASS,
        ModelKind.MULTILABEL,
        ModelKind.REGRESSION,
        ModelKind.RANKING,
        ModelKind.FORECASTING,
    ),
}


def content(document: CardDocument, spec_version: str) -> dict[str, Any]:
    """The bill of materials as JSON values. The same revision has the same serial number."""
    version = document.version
    used = [
        *(materials.dataset(row) for row in materials.datasets(document)),
        *materials.libraries(version.requirements),
        *(materials.beneath(model) for model in document.beneath),
    ]
    reference = materials.reference(version)
    return {
        "$schema": f"http://cyclonedx.org/schema/bom-{spec_version}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": spec_version,
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{document.site}/{version.ref}')}",
        "version": document.revision.number,
        "metadata": {"timestamp": document.revision.saved_at.isoformat()},
        "components": [_component(document), *used],
        "dependencies": [{"ref": reference, "dependsOn": [row["bom-ref"] for row in used]}],
    }


def _component(document: CardDocument) -> dict[str, Any]:
    """The model, with its files inside and its card."""
    version, model = document.version, document.version.model
    component: dict[str, Any] = {
        "type": materials.MODEL,
        "bom-ref": materials.reference(version),
        "name": model.name,
        "version": version.version,
        "description": model.purpose,
        "externalReferences": materials.references(document),
        "modelCard": {
            "modelParameters": _parameters(document),
            "quantitativeAnalysis": {"performanceMetrics": _metrics(document)},
            "considerations": _considerations(document),
            "properties": [
                {"name": f"{PREFIX}{name}", "value": text} for name, text in document.sections.items()
            ],
        },
        "properties": [
            {"name": "countersign:model", "value": model.slug},
            {"name": "countersign:artifact-digest", "value": version.artifact_digest},
            {"name": "countersign:card-digest", "value": document.revision.digest},
            {"name": "countersign:card-revision", "value": str(document.revision.number)},
        ],
    }
    if licences := materials.licences(document):
        component["licenses"] = licences
    if document.tags:
        component["tags"] = list(document.tags)
    if document.files:
        component["components"] = materials.files(document.files)
    if document.ancestors:
        component["pedigree"] = {"ancestors": [materials.ancestor(row) for row in document.ancestors]}
    return component


def _parameters(document: CardDocument) -> dict[str, Any]:
    version, said = document.version, document.resolved
    found: dict[str, Any] = {
        "task": version.model.get_kind_display(),
        "datasets": [{"ref": materials.dataset_reference(row)} for row in materials.datasets(document)],
        "inputs": _formats(document, "inputs"),
        "outputs": _formats(document, "outputs"),
    }
    if version.model.kind in SUPERVISED:
        found["approach"] = {"type": "supervised"}
    elif version.model.kind == ModelKind.CLUSTERING:
        found["approach"] = {"type": "unsupervised"}
    if said.get("technical"):
        found["modelArchitecture"] = said["technical"]
    return found


def _formats(document: CardDocument, side: str) -> list[dict[str, str]]:
    columns = document.version.signature.get(side) or []
    return [{"format": f"{row.get('name') or '(unnamed)'}: {row.get('type')}"} for row in columns]


def _metrics(document: CardDocument) -> list[dict[str, Any]]:
    found = []
    for row in document.reported:
        metric: dict[str, Any] = {"type": row.name, "value": str(row.value), "slice": row.on}
        if row.low is not None and row.high is not None:
            metric["confidenceInterval"] = {"lowerBound": str(row.low), "upperBound": str(row.high)}
        found.append(metric)
    return found


def _considerations(document: CardDocument) -> dict[str, Any]:
    said = document.resolved
    found: dict[str, Any] = {}
    for section, name in (("intended_use", "useCases"), ("caveats", "technicalLimitations")):
        if said.get(section):
            found[name] = [said[section]]
    if said.get("ethical_considerations"):
        found["ethicalConsiderations"] = [{"name": said["ethical_considerations"]}]
    if said.get("factors"):
        found["fairnessAssessments"] = [{"groupAtRisk": said["factors"]}]
    return found


def read(document: Reading) -> Imported:
    """The card of the one model in the bill. Raises Invalid when it holds none or several."""
    version = document.text("specVersion")
    imported = Imported(f"CycloneDX {version}" if version else "CycloneDX")
    components = document.take("components")
    candidates = [document.inner("metadata").take("component")]
    candidates += components if isinstance(components, list) else []
    rows = [row for row in candidates if isinstance(row, dict) and "modelCard" in row]
    if len(rows) != 1:
        raise Invalid(
            f"This bill of materials holds {len(rows) or 'no'} model card{'s' * (len(rows) != 1)}.",
            "Send one with exactly one component that has a modelCard.",
            field="file",
        )
    component = Reading(rows[0], "component")
    card = component.inner("modelCard")
    properties = [(row.text("name"), row.text("value")) for row in card.rows("properties")]
    ours = {name.removeprefix(PREFIX): text for name, text in properties if name.startswith(PREFIX)}
    if ours:
        imported.notes.append("The other fields repeat what the sections say, so they are left out.")
        for name, text in ours.items():
            _place_ours(name, text, imported)
        return imported
    _place_component(component, imported)
    _place_parameters(card.inner("modelParameters"), imported)
    _place_analysis(card.inner("quantitativeAnalysis"), imported)
    _place_considerations(card.inner("considerations"), imported)
    for name, value in properties:
        imported.leave(name, value)
    card.leave(imported)
    return imported


def _place_ours(name: str, text: str, imported: Imported) -> None:
    if name in TITLES:
        imported.place(name, text.replace("\r\n", "\n"))
    else:
        imported.leave(name, text)


def _place_component(component: Reading, imported: Imported) -> None:
    imported.place("details", sentence("Name", component.texts("name")))
    imported.place("details", sentence("Version", component.texts("version")))
    imported.place("details", component.text("description"))
    licences = []
    for row in component.rows("licenses"):
        licence = row.inner("license")
        licences.append(row.text("expression") or licence.text("id") or licence.text("name"))
    imported.place("details", sentence("Licence", [licence for licence in licences if licence]))
    for name in ("publisher", "author", "group"):
        imported.place("details", sentence(name.capitalize(), component.texts(name)))
    imported.place("details", sentence("Tags", component.texts("tags")))
    for name in ("type", "bom-ref"):
        component.take(name)
    component.leave(imported)


def _place_parameters(parameters: Reading, imported: Imported) -> None:
    approach = parameters.inner("approach").texts("type")
    imported.place("technical", sentence("Approach", approach))
    for name, label in (("task", "Task"), ("architectureFamily", "Architecture family")):
        imported.place("technical", sentence(label, parameters.texts(name)))
    imported.place("technical", parameters.text("modelArchitecture"))
    for side in ("inputs", "outputs"):
        imported.place("technical", sentence(side.capitalize(), parameters.texts(side, "format")))
    for row in parameters.rows("datasets"):
        row.take("type")
        imported.place("training_data", sentence("Data set", [*row.texts("name"), *row.texts("ref")]))
        imported.place("training_data", row.text("description"))
        imported.place("training_data", sentence("Classification", row.texts("classification")))
        imported.place("training_data", sentence("Sensitive", row.texts("sensitiveData")))
        row.take("bom-ref")
        row.leave(imported)
    parameters.leave(imported)


def _place_analysis(analysis: Reading, imported: Imported) -> None:
    rows = []
    for metric in analysis.rows("performanceMetrics"):
        interval = metric.inner("confidenceInterval")
        low, high = interval.text("lowerBound"), interval.text("upperBound")
        value = metric.text("value") + (f" [{low}, {high}]" if low and high else "")
        rows.append((metric.text("type"), value, metric.text("slice")))
    imported.place("quantitative_analysis", reported(rows))
    graphics = analysis.inner("graphics")
    names = [row.text("name") or "without a name" for row in graphics.rows("collection")]
    if names:
        imported.notes.append(f"Pictures are not taken: {', '.join(names)}.")
    analysis.leave(imported)


def _place_considerations(considerations: Reading, imported: Imported) -> None:
    imported.place("intended_use", sentence("Users", considerations.texts("users")))
    imported.place("intended_use", as_list(considerations.texts("useCases") or [""]))
    for name in ("technicalLimitations", "performanceTradeoffs"):
        imported.place("caveats", as_list(considerations.texts(name) or [""]))
    imported.place(
        "ethical_considerations", risks(considerations, "ethicalConsiderations", "mitigationStrategy")
    )
    for row in considerations.rows("fairnessAssessments"):
        labels = {"groupAtRisk": "Group at risk", "benefits": "Benefits", "harms": "Harms"}
        labels["mitigationStrategy"] = "Mitigation"
        parts = [sentence(label, row.texts(name)) for name, label in labels.items()]
        imported.place("factors", " ".join(filter(None, parts)))
    considerations.leave(imported)
