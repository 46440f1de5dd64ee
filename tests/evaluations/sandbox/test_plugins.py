"""Evaluations that others wrote: declared without being imported, run in the sandbox, held to their word."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from accounts.refusals import Invalid
from evaluations.kinds import checked_settings
from evaluations.plugins import GROUP, BadPlugin, installed, read_declaration
from evaluations.sandbox import Job
from tests.evaluations.sandbox.conftest import Run

EXAMPLE = Path(__file__).parents[3] / "clients" / "plugin_example" / "selection_gap"
Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Lay out the example as `pip install --target` does, with other code or another declaration."""

    def lay_out(code: str | None = None, **changed: Any) -> Path:
        folder = tmp_path / "plugins"
        copytree(EXAMPLE / "selection_gap", folder / "selection_gap")
        described = folder / "countersign_selection_gap-1.0.dist-info"
        described.mkdir()
        (described / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: countersign-selection-gap\nVersion: 1.0\n"
        )
        (described / "entry_points.txt").write_text(f"[{GROUP}]\nselection_gap = selection_gap:measure\n")
        if code is not None:
            (folder / "selection_gap" / "__init__.py").write_text(code)
        declaration = folder / "selection_gap" / "countersign.json"
        entry = json.loads(declaration.read_text())
        entry["evaluations"]["selection_gap"].update(changed)
        declaration.write_text(json.dumps(entry))
        return folder

    return lay_out


def asked(job: Job, folder: Path, **settings: object) -> Job:
    """The job, for the example."""
    config = {"plugin": "selection_gap", "settings": settings}
    return replace(job, kind="custom", config=config, plugins_path=str(folder))


def test_the_example_runs_in_the_sandbox_under_names_of_its_own(run: Run, job: Job, install: Install) -> None:
    ran = run(asked(job, install(), column="sex"))
    assert set(ran.result["overall"]) == {"selection_gap.gap", "selection_gap.groups"}
    assert ran.result["overall"]["selection_gap.groups"]["value"] == 2
    assert ran.result["tables"][0]["columns"][0]["label"] == "Group"
    assert ran.outcome.provenance["plugin"] == {"name": "selection_gap", "version": "1.0"}
    assert "selection_gap" not in sys.modules  # never here


def test_declarations_are_read_without_importing_anything(install: Install) -> None:
    folder = install(code="raise SystemExit('imported')")
    declared = installed(str(folder))["selection_gap"]
    assert declared.label == "Selection gap" and declared.needs_model
    assert declared.metrics["gap"]["better"] == "zero"
    assert "selection_gap" not in sys.modules


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("measure = 1", "is no function"),
        ("def measure(given): return 5", "without a mapping of metrics"),
        (
            "def measure(given): return {'metrics': {'gap': 1}}",
            "declares other metrics than it answers: groups",
        ),
        ("def measure(given): return {'metrics': {'gap': 'x', 'groups': 1}}", "no number"),
        ("def measure(given): return {'metrics': {'gap': float('nan'), 'groups': 1}}", "not finite"),
        ("def measure(given): return {'metrics': {'gap': (3, 1, 2), 'groups': 1}}", "outside its interval"),
        ("def measure(given): raise ValueError('my reason')", "ValueError: my reason"),
        ("def measure(given): return {'metrics': {'gap': 1, 'groups': 1}, 'tables': [1]}", "cannot be read"),
        ("import nowhere", "No module named 'nowhere'"),
    ],
)
def test_an_answer_that_is_not_as_declared_fails_with_the_reason(
    run: Run, job: Job, install: Install, code: str, said: str
) -> None:
    assert said in run(asked(job, install(code=code, needs_model=False))).failure


def test_what_it_needs_is_asked_before_it_is_imported(run: Run, job: Job, install: Install) -> None:
    folder = install(code="raise SystemExit('imported')", needs_label=True)
    without_model = asked(replace(job, model_path=None), folder)
    assert "needs the model itself" in run(without_model).failure
    assert "needs a label" in run(asked(replace(job, label=""), folder)).failure
    assert "has no setting colour" in run(asked(job, folder, colour="red")).failure
    unknown = replace(asked(job, folder), config={"plugin": "nobody"})
    assert "There is no plug-in nobody" in run(unknown).failure


def test_settings_are_held_against_the_declaration_before_a_run_is_queued(
    install: Install, settings: Any
) -> None:
    settings.PLUGINS_DIR = str(install())
    given = {"plugin": "selection_gap", "settings": {"column": "sex"}}
    assert checked_settings("custom", given) == given
    for wrong in (
        {},
        {"plugin": "nobody"},
        given | {"settings": {"colour": 1}},
        given | {"settings": {"column": 1}},
    ):
        with pytest.raises(Invalid):
            checked_settings("custom", wrong)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({}, "cannot be read"),
        ({"label": "x", "metrics": {}}, "declares no metric"),
        ({"label": "x", "metrics": {"A b": {}}}, "no name for a metric"),
        ({"label": "x", "metrics": {"a": {"label": "x"}}}, "needs a label, a meaning"),
        (
            {"label": "x", "metrics": {"a": {"label": "x", "meaning": "y"}}, "settings": {"s": "set"}},
            "one of int",
        ),
    ],
)
def test_a_bad_declaration_says_what_it_lacks(entry: dict[str, Any], said: str) -> None:
    point = EntryPoint("mine", "mine:measure", GROUP)
    with pytest.raises(BadPlugin, match=said):
        read_declaration(json.dumps({"evaluations": {"mine": entry}}), point)
