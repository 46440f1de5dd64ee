"""What an artifact says about itself and about what it needs is held against what is there."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.sandbox.scan import examine, scan
from evaluations.sandbox.scan.finding import Report
from evaluations.sandbox.scan.requirements import looks_like, scan_requirements
from tests.evaluations.sandbox.scan.hostile import HARMFUL, ids

PIP = """\
# comment
numpy==2.4.0
pandas>=2
scikit-learn[alldeps] == 1.9.0 ; python_version > "3.9"
scipy
git+https://user:secret@example.org/x.git
torch @ https://example.org/torch.whl
--extra-index-url https://example.org/simple
reqeusts==1.0
-r other.txt
"""
CONDA = """\
channels:
- conda-forge
dependencies:
- python=3.9.7
- pip<=23
- numpy=2.1.0
- pip:
  - mlflow==3.17.0
  - joblib
name: mlflow-env
"""
DESCRIBED = """\
flavors:
  python_function:
    loader_module: {loader}
    model_path: model.pkl
  sklearn:
    pickled_model: {name}
    serialization_format: {form}
"""


def test_requirements_of_pip_are_read_line_by_line() -> None:
    report = Report()
    found = scan_requirements(PIP, "requirements.txt", report)
    assert [(need.name, need.pinned) for need in found if "//" not in need.name] == [
        ("numpy", True),
        ("pandas", False),
        ("scikit-learn", True),
        ("scipy", False),
        ("reqeusts", True),
    ]
    assert ids(report.findings) == {"unpinned", "from_address", "own_index", "lookalike"}
    assert "secret" not in " ".join(found.said for found in report.findings)


def test_environments_of_conda_are_read_too() -> None:
    report = Report()
    found = scan_requirements(CONDA, "model/conda.yaml", report)
    assert [(need.name, need.pinned) for need in found] == [
        ("pip", False),
        ("numpy", True),
        ("mlflow", True),
        ("joblib", False),
    ]
    assert "python_ended" in ids(report.findings)


def test_what_python_says_of_its_version_in_mlflows_file() -> None:
    report = Report()
    scan_requirements("python: 3.11.7\nbuild_dependencies:\n- pip==23.2\n", "python_env.yaml", report)
    assert report.findings == []


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("nunpy", "numpy"),
        ("pandsa", "pandas"),
        ("scikitlearn", "scikit-learn"),
        ("sklearn", "scikit-learn"),
        ("requestss", "requests"),
        ("pyyaml", ""),
        ("pandera", ""),
        ("my-own-package", ""),
        ("six", ""),
        ("six", ""),
    ],
)
def test_names_one_letter_off_a_popular_one_are_told(name: str, like: str) -> None:
    assert looks_like(name) == like


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader_of_requirements(text: str) -> None:
    for file in ("requirements.txt", "conda.yaml", "python_env.yaml"):
        scan_requirements(text, file, Report())


@pytest.mark.parametrize(
    ("fields", "kinds"),
    [
        ({}, {"pickle", "dangerous_name"}),
        ({"form": "skops"}, {"pickle", "dangerous_name", "disguised"}),
        ({"name": "../other.pkl"}, {"pickle", "dangerous_name", "outside_file"}),
        ({"name": "gone.pkl"}, {"pickle", "dangerous_name", "missing_file"}),
        ({"loader": "my_loader"}, {"pickle", "dangerous_name", "own_loader"}),
    ],
)
def test_files_are_held_against_mlflows_description(
    tmp_path: Path, fields: dict[str, str], kinds: set[str]
) -> None:
    given = {"loader": "mlflow.sklearn", "name": "model.pkl", "form": "cloudpickle"} | fields
    (tmp_path / "model.pkl").write_bytes(HARMFUL)
    (tmp_path / "MLmodel").write_text(DESCRIBED.format(**given))
    assert ids(scan(tmp_path)) == kinds


def test_a_description_that_cannot_be_read_is_not_understood(tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text("{flavors: {sklearn: {pickled_model: ../x}}}")
    assert "not_understood" in ids(scan(tmp_path))
    assert examine(tmp_path).files[0].format == "text"
