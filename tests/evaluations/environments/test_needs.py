"""What of a version's requirements must be built, and under which digest."""

import sys
from importlib.metadata import version

import pytest
from hypothesis import given
from hypothesis import settings as settings_of
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from evaluations.environments.needs import needs_of, normalised, python_differs, unmet
from evaluations.environments.use import facts_of, needed_by, notes_on
from registry.models import ModelVersion

NUMPY = version("numpy")
LINES = st.lists(
    st.sampled_from(
        ["numpy", "Foo_Bar>=1,<2", "foo.bar<2,>=1", "foo-bar <2, >=1", "six==1.17.0", "a[y,x]>1"]
    ),
    max_size=6,
)


def asking(*requirements: str, format: str = "files", python: str = "") -> ModelVersion:
    return ModelVersion(requirements=list(requirements), artifact_format=format, python_version=python)


@pytest.mark.parametrize(
    "met",
    [
        (),
        ("numpy",),
        (f"NumPy=={NUMPY}",),
        (f"numpy=={NUMPY}", "scikit_learn>=1"),
        ("no-such-package; python_version < '3'",),
    ],
)
def test_what_is_here_needs_no_environment(met: tuple[str, ...]) -> None:
    assert unmet(met) == []
    assert needs_of(asking(*met)) is None


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("xgboost-cpu==3.0.2", "xgboost-cpu==3.0.2 (not installed here)"),
        ("numpy==1.26.4", f"numpy==1.26.4 (here {NUMPY})"),
        ("numpy[fast]", f"numpy[fast] (here {NUMPY})"),
        ("numpy @ https://example.org/numpy.whl", f"numpy @ https://example.org/numpy.whl (here {NUMPY})"),
    ],
)
def test_what_is_not_here_is_named_with_what_is_there_instead(asked: str, said: str) -> None:
    assert [str(each) for each in unmet(["pandas", asked])] == [said]


def test_what_predicts_needs_something_too() -> None:
    needs = needs_of(asking("xgboost-cpu==3.0.2", "pandas<3", format="MLflow, scikit-learn, skops"))
    assert needs is not None
    assert needs.requirements == ("numpy", "pandas<3", "skops", "xgboost-cpu==3.0.2")


@settings_of(max_examples=25)
@given(LINES, st.randoms())
def test_order_spelling_and_repetition_change_no_digest(lines: list[str], shuffle: object) -> None:
    mixed = [line.upper() if "[" not in line else line for line in lines] + lines[:2]
    shuffle.shuffle(mixed)  # type: ignore[attr-defined]
    first, again = (needs_of(asking("none-of-this==1", *some)) for some in (lines, mixed))
    assert first is not None and again is not None
    assert first.digest == again.digest
    assert normalised(mixed) == normalised(lines)


def test_other_requirements_have_another_digest() -> None:
    digests = {
        needs.digest for line in ("a==1", "a==2", "b==1", "a[x]==1") if (needs := needs_of(asking(line)))
    }
    assert len(digests) == 4


def test_switched_off_nothing_is_built_and_the_result_says_so(settings: Settings) -> None:
    version = asking("xgboost-cpu==3.0.2", "numpy==1.26.4")
    assert needed_by(version) is not None
    settings.ENVIRONMENTS = "off"
    assert needed_by(version) is None
    (note,) = notes_on(version, None)
    assert "COUNTERSIGN_ENVIRONMENTS=off" in note and f"numpy==1.26.4 (here {NUMPY})" in note
    assert facts_of(version, None)["where"] == "the product's, not as stated"


@pytest.mark.parametrize(
    ("stated", "differs"),
    [("", False), ("3", False), (f"3.{sys.version_info[1]}", False), ("3.6.9", True), ("2.7", True)],
)
def test_another_python_is_said(stated: str, differs: bool) -> None:
    assert bool(python_differs(asking(python=stated))) is differs
    assert len(notes_on(asking(python=stated), None)) == differs
