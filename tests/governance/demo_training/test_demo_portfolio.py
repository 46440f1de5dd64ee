"""What the training process writes: portfolio.json, data set files and the MLflow store."""

from __future__ import annotations

import json
from pathlib import Path

import mlflow
import pytest
from pydantic import ValidationError

from governance.demo.portfolio import Story, load_portfolio, save_portfolio
from policy.cards import load_card_schema
from policy.tiering import assess, load_questionnaire
from registry.measures import REFERENCE
from tests.governance.demo_training.demo_run import Run, every_version

STORIES = {
    ("consumer-credit", "1"): Story.RETIRED,
    ("consumer-credit", "2"): Story.DEPLOYED,
    ("vendor-affordability", "2026.1"): Story.WAIVED,
    ("tenant-screening", "1"): Story.REJECTED,
    ("mortgage-retention", "1"): Story.AWAITING_SIGNOFFS,
    ("income-screening", "1"): Story.FAIRNESS_FAILED,
    ("campaign-response", "1"): Story.TOO_WEAK,
    ("citizen-trust", "1"): Story.PROHIBITED,
    ("tumour-triage", "1"): Story.STALE_AFTER_CARD_CHANGE,
    ("diabetes-progression", "1"): Story.APPROVED,
    ("wine-origin", "1"): Story.DEPLOYED,
    ("mail-digits", "1"): Story.APPROVED_WITH_CONDITIONS,
    ("mail-digits", "2"): Story.DRAFT,
}


def test_the_portfolio_holds_every_state_that_a_person_will_meet(run: Run) -> None:
    assert {(m.slug, v.version): v.story for m, v in every_version(run.portfolio)} == STORIES
    assert set(STORIES.values()) == set(Story)


def test_tiering_answers_lead_to_the_tier_that_is_expected(run: Run) -> None:
    questionnaire = load_questionnaire()
    for model in run.portfolio.models:
        assessment = assess(questionnaire, model.answers, model.flags)
        assert assessment.tier == model.expected_tier, model.slug
        assert assessment.unanswered == (), model.slug
    assert {model.expected_tier for model in run.portfolio.models} == {
        "low",
        "moderate",
        "high",
        "critical",
        "prohibited",
    }


def test_every_card_has_all_sections_in_sentences_of_its_own(run: Run) -> None:
    sections = [section.id for section in load_card_schema().sections]
    seen: dict[str, str] = {}
    for model, version in every_version(run.portfolio):
        assert list(version.card) == sections, model.slug
        for section, text in version.card.items():
            assert 40 <= len(text.split()) <= 90, (model.slug, version.version, section, len(text.split()))
            assert "{" not in REFERENCE.sub("", text), (model.slug, section)
            assert seen.setdefault(text, model.slug) == model.slug, (model.slug, section)


def test_a_card_quotes_the_numbers_of_its_own_version(run: Run) -> None:
    for number in ("1", "2"):
        version = run.version("consumer-credit", number)
        assert f"{version.measured['ratio_age']:.3f}" in version.card["quantitative_analysis"]


def test_the_stories_that_need_words_have_them(run: Run) -> None:
    needed = {"tumour-triage": "card_change", "tenant-screening": "veto", "mail-digits": "condition"}
    for slug, note in needed.items():
        assert len(run.portfolio.model(slug).notes[note].split()) >= 15, slug


def test_data_set_files_hold_the_columns_that_are_named(run: Run) -> None:
    for dataset in run.portfolio.datasets:
        rows = run.rows(dataset)
        assert len(rows) == dataset.rows
        named = {dataset.label, *dataset.sensitive} | ({dataset.prediction, dataset.score} - {None})
        assert named <= set(rows.columns), dataset.ref
        assert dataset.positive is None or dataset.positive in set(rows[dataset.label].astype(str)), (
            dataset.ref
        )
        assert not rows[dataset.label].isna().any()
        assert not rows[list(dataset.sensitive)].isna().any(axis=None), dataset.ref


def test_every_model_but_the_vendors_is_a_registered_version_with_its_run(run: Run) -> None:
    client = mlflow.MlflowClient(run.tracking_uri)
    for model, version in every_version(run.portfolio):
        if model.slug == "vendor-affordability":
            assert version.mlflow_uri is version.mlflow_run_id is None
            continue
        assert version.mlflow_uri and version.mlflow_run_id
        number = version.mlflow_uri.rsplit("/", 1)[1]
        registered = client.get_model_version(model.slug, number)
        logged = client.get_run(version.mlflow_run_id).data
        assert registered.run_id == version.mlflow_run_id
        assert logged.params == dict(version.parameters)
        assert logged.metrics == pytest.approx(dict(version.measured))
        assert logged.tags["mlflow.source.name"] == "governance/demo/training"
        assert not {"mlflow.user", "mlflow.source.git.commit"} & set(logged.tags)


def test_the_vendors_model_is_nowhere_in_the_store(run: Run) -> None:
    names = {model.name for model in mlflow.MlflowClient(run.tracking_uri).search_registered_models()}
    assert "vendor-affordability" not in names
    assert len(names) == len(run.portfolio.models) - 1


def test_artifacts_lie_beside_the_database_so_that_they_outlive_the_output_folder(run: Run) -> None:
    kept = run.folder.parent / "mlflow" / "artifacts"
    for model, version in every_version(run.portfolio):
        if version.mlflow_uri:
            found = mlflow.models.get_model_info(version.mlflow_uri)
            assert list(kept.glob(f"**/{found.model_id}/artifacts/MLmodel")), model.slug


def test_signature_and_input_example_name_the_raw_columns(run: Run) -> None:
    for _, version in every_version(run.portfolio):
        if version.mlflow_uri:
            info = mlflow.models.get_model_info(version.mlflow_uri)
            assert info.signature.inputs.input_names() == list(version.features)
            assert info.saved_input_example_info is not None


def test_only_the_model_of_trees_needs_cloudpickle(run: Run) -> None:
    formats = {
        model.slug: mlflow.models.get_model_info(version.mlflow_uri).flavors["sklearn"][
            "serialization_format"
        ]
        for model, version in every_version(run.portfolio)
        if version.mlflow_uri
    }
    assert [slug for slug, name in formats.items() if name != "skops"] == ["income-screening"]


def test_progress_is_one_line_per_version(run: Run) -> None:
    for slug, number in STORIES:
        assert f"{slug} {number}: " in run.output


def test_a_portfolio_reads_back_as_it_was_written(run: Run, tmp_path: Path) -> None:
    save_portfolio(run.portfolio, tmp_path / "again.json")
    assert load_portfolio(tmp_path / "again.json") == run.portfolio


@pytest.mark.parametrize("break_it", ["unknown key", "unknown story", "missing card"])
def test_a_portfolio_that_is_not_of_this_shape_is_refused(run: Run, tmp_path: Path, break_it: str) -> None:
    content = json.loads((run.folder / "portfolio.json").read_text())
    version = content["models"][0]["versions"][0]
    if break_it == "unknown key":
        version["surprise"] = 1
    elif break_it == "unknown story":
        version["story"] = "happy"
    else:
        del version["card"]
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(content))
    with pytest.raises(ValidationError):
        load_portfolio(broken)
