"""A card goes out in other tools' formats and comes back the same; what others wrote is placed or listed."""

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.refusals import Invalid
from policy.cards import load_card_schema
from registry.about import About
from registry.actions import revise_card
from registry.card_formats import FORMATS, CardDocument, document_of, read_card
from registry.measures import Measure, Measures
from registry.models import CardRevision, Dataset, ModelDependency, ModelTag, ModelVersion, RegisteredModel
from tests.audit.flushing import unguarded
from tests.builders import a_dataset, a_model, a_version
from tests.conftest import AT, actor_of_user

SECTIONS = [section.id for section in load_card_schema().sections]
MEASURED = Measures(
    (
        Measure(
            *("performance", "Performance", "loans-test", "loans-test@1", "roc_auc", "AUC"),
            *(0.81, 0.78, 0.84, 400, 12, "/evaluations/12/"),
        ),
        Measure(
            *("explainability", "Explainability", "loans-test", "loans-test@1", "explained_rows", "Rows"),
            *(200.0, None, None, 200, 13, "/evaluations/13/"),
        ),
    )
)
TRAINED, TESTED = "dataset:loans-train@1", "dataset:loans-test@1"
TEXTS = {
    "details": "A model.\n\nLicence: Apache-2.0.\n\n- Language: en, fr",
    "caveats": "# Not a section\n\n- one\n\n<!-- countersign:section oversight -->\n\n```\n## nor this\n```",
    "metrics": "AUC is {{ performance.roc_auc }}, and {{ fairness.ratio }} and `{{ performance.roc_auc }}`.",
    "oversight": "<script>alert(1)</script> | a <!-- countersign-:end --> {{ a --> b }}",
}


@pytest.fixture
def version(cast: SimpleNamespace, model: RegisteredModel) -> ModelVersion:
    version = a_version(cast, model)
    tested, trained = a_dataset(cast), a_dataset(cast, "loans-train", role="training")
    with unguarded():
        version.evaluated_on.add(tested)
        version.trained_on = trained
        version.signature = {
            "inputs": [{"name": "age", "type": "long"}],
            "outputs": [{"name": None, "type": "double"}],
        }
        version.save()
    ModelTag.objects.create(model=model, name="retail")
    return version


def written(version: ModelVersion, cast: SimpleNamespace, sections: dict[str, str]) -> CardDocument:
    revision = revise_card(
        version=version, sections=sections, author=cast.dev, actor=actor_of_user(cast.dev), at=AT
    )
    return document_of(version, revision, MEASURED, site="https://countersign.example/", reader=None)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_sections_back_as_they_were_written(
    name: str, version: ModelVersion, cast: SimpleNamespace
) -> None:
    document = written(version, cast, TEXTS)

    back = read_card(FORMATS[name].write(document).encode())

    assert back.sections == dict(document.sections)
    assert back.unplaced == []


def texts() -> st.SearchStrategy[str]:
    piece = st.sampled_from(
        [
            *("{{ performance.roc_auc }}", "{{ x }}", "{{", "}}", "<!-- countersign:end -->", "<!--", "-->"),
            *("<!-- countersign:value {{ performance.roc_auc }} -->", "<!-- /countersign:value -->"),
            *("<!-- countersign:section caveats -->", "\n", "\n\n", "---\n", "# ", "`", "```\n", "|", "&lt;"),
            *(
                "[More Information Needed]",
                "<!-- countersign---:section details -->",
                "\r\n",
                "\x0b",
                "\u2028",
            ),
        ]
    )
    return st.lists(piece | st.text(max_size=12), max_size=12).map("".join)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sections=st.dictionaries(st.sampled_from(SECTIONS), texts(), min_size=1))
def test_no_text_is_bent_on_the_way_out_and_back(sections: dict[str, str]) -> None:
    kept = {name: plain for name in SECTIONS if (plain := as_saved(sections.get(name, "")))}
    if not kept:
        return
    document = in_memory(kept)
    for known in FORMATS.values():
        assert read_card(known.write(document).encode()).sections == kept, known.id


def as_saved(text: str) -> str:
    from audit.canonical import clean
    from registry.actions.cards import LINE_END

    return LINE_END.sub("\n", clean(text)).strip()


def in_memory(sections: dict[str, str]) -> CardDocument:
    person = SimpleNamespace(name="Olga Lindqvist", username="olga")
    model = SimpleNamespace(
        name="Credit", slug="credit", purpose="Why", kind="binary_classification", owner=person, tags=[],
        get_kind_display=lambda: "Binary classification",
    )  # fmt: skip
    version: Any = SimpleNamespace(
        version="1", model=model, flavors=[], signature={}, code_repository="", registered_at=AT,
        artifact_digest="sha256:0", ref="model:credit/version:1", requirements=[],
    )  # fmt: skip
    revision: Any = CardRevision(number=1, sections=sections, digest="sha256:1", saved_at=AT)
    revision.__dict__["author"] = person
    revision = SimpleNamespace(**{**vars(revision), "author": person})
    return CardDocument(version, revision, MEASURED, None, (), ("retail",), "https://c.example")


@pytest.mark.parametrize("number", ["1.6", "1.7"])
def test_the_bill_of_materials_is_valid_by_the_published_schema(
    number: str, version: ModelVersion, cast: SimpleNamespace
) -> None:
    text = FORMATS[f"cyclonedx-{number}"].write(written(version, cast, TEXTS | {"factors": "Sex."}))

    assert JsonStrictValidator(SchemaVersion.from_version(number)).validate_str(text) is None
    bill = json.loads(text)
    card = bill["components"][0]["modelCard"]
    assert card["quantitativeAnalysis"]["performanceMetrics"][0] == {
        "type": "roc_auc",
        "value": "0.81",
        "slice": "loans-test@1",
        "confidenceInterval": {"lowerBound": "0.78", "upperBound": "0.84"},
    }
    assert [row["ref"] for row in card["modelParameters"]["datasets"]] == [TRAINED, TESTED]


def test_the_bill_names_what_the_version_is_made_of(version: ModelVersion, cast: SimpleNamespace) -> None:
    beneath = a_model(cast, "affordability")
    ModelDependency.objects.create(model=version.model, depends_on=beneath)
    about = About(
        parent=version,
        trained_on=Dataset.objects.get(name="loans-train"),
        requirements=("scikit-learn==1.9.0", "numpy>=2", "house @ https://pkg.example/house.whl"),
        code_repository="https://git.example/credit",
        code_commit="0a1b2c3",
    )
    made = a_version(cast, version.model, "2", about=about)
    bill = json.loads(FORMATS["cyclonedx-1.7"].write(written(made, cast, TEXTS)))

    assert JsonStrictValidator(SchemaVersion.V1_7).validate_str(json.dumps(bill)) is None
    model, *used = bill["components"]
    assert model["licenses"] == [{"license": {"id": "Apache-2.0"}}]
    stored = made.files.get()
    (file,) = model["components"]
    assert (file["name"], file["hashes"]) == (stored.path, [{"alg": "SHA-256", "content": stored.sha256}])
    assert [row["bom-ref"] for row in model["pedigree"]["ancestors"]] == [f"{version.model.slug}@1"]
    assert {row["type"]: row["url"] for row in model["externalReferences"]}["vcs"] == about.code_repository
    assert {row["bom-ref"]: row.get("version") for row in used} == {
        TRAINED: "1",
        "pkg:pypi/scikit-learn@1.9.0": "1.9.0",
        "pkg:pypi/numpy": None,
        "pkg:pypi/house": None,
        "model:affordability": None,
    }
    assert used[0]["hashes"][0]["content"] == Dataset.objects.get(name="loans-train").digest[7:]
    refs = [row["bom-ref"] for row in used]
    assert bill["dependencies"] == [{"ref": f"{version.model.slug}@2", "dependsOn": refs}]


@pytest.mark.parametrize(
    ("said", "by_spdx", "on_the_hub"),
    [
        ("mit", {"license": {"id": "MIT"}}, {"license": "mit"}),
        ("MIT or Apache-2.0", {"expression": "MIT OR Apache-2.0"}, {"license": "other"}),
        ("Internal use only", {"license": {"name": "Internal use only"}}, {"license": "other"}),
    ],
)
def test_licences_go_by_spdx_where_it_has_them(
    said: str, by_spdx: dict[str, Any], on_the_hub: dict[str, str]
) -> None:
    document = in_memory({"details": f"Licence: {said}."})
    bill = FORMATS["cyclonedx-1.6"].write(document)
    header = yaml.safe_load(FORMATS["huggingface"].write(document).split("---\n")[1])

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill) is None
    assert json.loads(bill)["components"][0]["licenses"] == [by_spdx]
    assert on_the_hub.items() <= header.items()
    assert header.get("license_name", said) == said


def test_the_readme_has_the_header_that_the_hub_reads(version: ModelVersion, cast: SimpleNamespace) -> None:
    text = FORMATS["huggingface"].write(written(version, cast, TEXTS))

    header = yaml.safe_load(text.split("---\n")[1])
    assert (header["license"], header["language"], header["tags"]) == (
        "apache-2.0",
        ["en", "fr"],
        ["retail", "binary-classification"],
    )
    assert header["datasets"] == ["loans-train"]
    metric = header["model-index"][0]["results"][0]["metrics"][0]
    assert (metric["type"], metric["value"]) == ("roc_auc", 0.81)
    assert "0.810 [0.780, 0.840] (n 400, run 12)" in text
    assert "NOT MEASURED (fairness.ratio)" in text


def test_the_toolkit_s_json_has_its_fields(version: ModelVersion, cast: SimpleNamespace) -> None:
    card = json.loads(FORMATS["google"].write(written(version, cast, TEXTS)))

    assert card["schema_version"] == "0.0.2"
    assert set(card) == {
        *("schema_version", "model_details", "model_parameters", "quantitative_analysis", "considerations")
    }
    assert card["quantitative_analysis"]["performance_metrics"][0]["value"] == 0.81
    assert card["considerations"]["limitations"][0]["description"].startswith("# Not a section")


def test_our_json_says_what_each_reference_stands_for(version: ModelVersion, cast: SimpleNamespace) -> None:
    card = json.loads(FORMATS["json"].write(written(version, cast, TEXTS)))

    auc, ratio, *_ = card["references"]
    assert (auc["reference"], auc["value"], auc["run"]) == ("{{ performance.roc_auc }}", 0.81, 12)
    assert (ratio["value"], ratio["problem"]) == (None, "no fairness run has finished on test data")


README = """---
license: mit
language: [en]
tags: [credit]
datasets: [german-credit]
metrics: [accuracy]
base_model: org/base
model-index:
- name: m
  results:
  - task: {type: tabular-classification}
    dataset: {name: German credit, type: german, split: test}
    metrics:
    - {type: accuracy, value: 0.76, name: Accuracy}
thumbnail: https://example.org/x.png
---
# Model Card for Credit

Refers applications.

<!-- Provide a longer summary. -->

## Model Details

- **Developed by:** A team
- **Funded by [optional]:** [More Information Needed]

## Uses

### Direct Use

A clerk reads it.

### Out-of-Scope Use

[More Information Needed]

## Bias, Risks, and Limitations

Few young people.

### Recommendations

Check by hand.

## Evaluation

### Testing Data, Factors & Metrics

#### Testing Data

A third of the file.

#### Factors

Age and sex.

### Results

Accuracy of 0.76.

```
## Not a heading
```

## Our adventures

We had many.

### In Paris

Too.

## Technical Specifications

Trees.
"""


def test_a_readme_of_somebody_else_is_placed_by_its_headings() -> None:
    card = read_card(README.encode())

    said = card.sections
    assert said["details"].startswith(
        "Licence: mit.\n\nLanguage: en.\n\nTags: credit.\n\nRefers applications."
    )
    assert "Developed by" in said["details"]
    assert said["intended_use"] == "### Direct Use\n\nA clerk reads it."
    assert said["ethical_considerations"] == "Few young people."
    assert (said["caveats"], said["evaluation_data"], said["factors"]) == (
        "Check by hand.",
        "A third of the file.",
        "Age and sex.",
    )
    assert "| Accuracy | 0.76 | German credit, test |" in said["quantitative_analysis"]
    assert said["quantitative_analysis"].endswith("## Not a heading\n```")
    assert said["technical"] == "Base model: org/base.\n\nTrees."
    assert [(part.title, part.text) for part in card.unplaced] == [
        ("thumbnail", "https://example.org/x.png"),
        ("Our adventures", "We had many.\n\n### In Paris\n\nToo."),
    ]
    assert card.notes == ["1 hidden comment of the file left out.", "2 places that the author had left open."]


def test_nothing_of_a_foreign_document_is_lost() -> None:
    google = {
        "model_details": {
            "name": "Cats",
            "overview": "w1",
            "documentation": "w2\n\n## Factors\n\nw3",
            "owners": [{"name": "w4", "contact": "w5"}],
            "licenses": [{"identifier": "w6"}],
            "citations": [{"style": "apa", "citation": "w7"}],
            "graphics": {"description": "w8"},
        },
        "model_parameters": {
            "model_architecture": "w9",
            "data": [{"name": "w10 test", "link": "w11", "sensitive": {"sensitive_data": ["w12"]}}],
            "input_format_map": [{"key": "w13", "value": "w14"}],
        },
        "quantitative_analysis": {
            "performance_metrics": [
                {"type": "w15", "value": 0.5, "confidence_interval": {"lower_bound": 1, "upper_bound": 2}}
            ],
            "graphics": {"collection": [{"name": "w16", "image": "AAAA"}]},
        },
        "considerations": {
            "users": [{"description": "w17"}],
            "limitations": [{"description": "w18"}],
            "ethical_considerations": [{"name": "w19", "mitigation_strategy": "w20"}],
            "unheard_of": {"deep": ["w21"]},
        },
    }

    card = read_card(json.dumps(google).encode())

    everything = "\n".join(
        [*card.sections.values(), *card.notes, *(f"{part.title} {part.text}" for part in card.unplaced)]
    )
    assert [f"w{n}" for n in range(1, 22) if f"w{n}" not in everything] == []
    assert card.sections["factors"] == "w3"
    assert "w10" in card.sections["evaluation_data"]
    assert "w18" in card.sections["caveats"]


def test_a_foreign_bill_of_materials_is_placed_by_its_fields() -> None:
    model_card = {
        "modelParameters": {
            "approach": {"type": "supervised"}, "task": "t", "datasets": [{"type": "dataset", "name": "d"}],
        },
        "quantitativeAnalysis": {"performanceMetrics": [{"type": "f1", "value": "0.9"}]},
        "considerations": {
            "users": ["clerks"],
            "technicalLimitations": ["old data"],
            "fairnessAssessments": [{"groupAtRisk": "the young", "harms": "refusal"}],
            "environmentalConsiderations": {"properties": [{"name": "co2", "value": "1 t"}]},
        },
    }  # fmt: skip
    component = {"type": "machine-learning-model", "name": "M", "modelCard": model_card, "purl": "pkg:x"}
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library"}, component]}

    card = read_card(json.dumps(bom).encode())

    assert card.format == "CycloneDX 1.6"
    assert card.sections["intended_use"] == "Users: clerks."
    assert card.sections["caveats"] == "old data"
    assert card.sections["factors"] == "Group at risk: the young. Harms: refusal."
    assert card.sections["training_data"] == "Data set: d."
    assert {part.title for part in card.unplaced} == {
        "component.purl",
        "component.modelCard.considerations.environmentalConsiderations",
    }


def refused() -> Iterator[tuple[bytes, str]]:
    yield b"", "The file is empty"
    yield b"\xff\xfe", "not UTF-8: byte 1"
    yield b"x" * 1_100_000, "larger than 1,024 kB"
    yield b"# a\n" * 61_000, "longer than the 240,000 characters"
    yield b'{"a": 1', "not JSON: line 1, column 8"
    yield b'{"sections": {"details": 1, "caveats": []}}', "sections.caveats is a list; expected a text"
    yield b'{"sections": "x"}', "sections is a text; expected an object"
    yield b'{"sections": {}}', "no sections"
    yield b"[]", "The document is a list; expected an object"
    yield b'{"hello": 1}', "no model card that is known"
    yield b'{"bomFormat": "CycloneDX", "components": 3}', "holds no model cards"
    yield b'{"model_details": {"owners": {}}}', "model_details.owners is an object; expected a list"
    yield b"[" * 100_000, "nested too deeply"
    yield b"---\na: [1\n---\n# x\n", "The header is not YAML: line"
    yield b"---\na: &a [x]\nb: *a\n---\n# x\n", "anchors"
    yield b"---\na: " + b"[" * 60 + b"]" * 60 + b"\n---\n# x\n", "nested too deeply"
    yield b"---\n- a\n---\n# x\n", "The document is a list"
    yield b"---\nlicense: mit\n", "never ends"
    yield b"---\ndate: 2026-99-99\n---\n# x\n", "not YAML"


@pytest.mark.parametrize(("content", "said"), list(refused()))
def test_what_cannot_be_read_is_refused_with_the_place(content: bytes, said: str) -> None:
    with pytest.raises(Invalid, match=said.replace("[", r"\[")):
        read_card(content)


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_whatever_comes_is_read_or_refused(content: bytes) -> None:
    try:
        read_card(content)
    except Invalid as refusal:
        assert str(refusal)
