"""What is known about a version: said by its registrant, read from its files, told by MLflow's run."""

import json
from collections.abc import Callable
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.refusals import Invalid
from registry.about import About, sound
from registry.actions import register_predictions_only, register_upload
from registry.environment import environment_of, kept, python_version
from registry.models import ModelVersion, RegisteredModel
from tests.builders import a_dataset, a_file, a_model, a_version
from tests.conftest import AT, actor_of_user

pytestmark = pytest.mark.django_db
Upload = Callable[..., ModelVersion]
CALL = "/api/v1/models/credit-default/versions"


@pytest.fixture
def upload(cast: SimpleNamespace, model: RegisteredModel) -> Upload:
    """Dev uploads files given as name → text."""

    def upload(files: dict[str, str] | None = None, **about: Any) -> ModelVersion:
        number = model.versions.count() + 1
        files = {"model.skops": f"weights {number}"} | (files or {})
        return register_upload(
            model=model,
            version=str(number),
            files=[(name, BytesIO(text.encode())) for name, text in files.items()],
            registrant=cast.dev,
            about=About(**about),
            actor=actor_of_user(cast.dev),
            at=AT,
        )

    return upload


def test_the_environment_is_read_from_what_mlflow_writes_beside_a_model(upload: Upload) -> None:
    version = upload(
        {
            "requirements.txt": "mlflow==3.17.0\nscikit-learn==1.9.0  # pinned\n\n# numpy\nnumpy>=2,<3\n",
            "python_env.yaml": "python: 3.11.7\nbuild_dependencies:\n- pip==23.2.1\n",
            "conda.yaml": "dependencies:\n- python=3.10.1\n- pip:\n  - pandas==1.0\n",
            "MLmodel": "flavors:\n  python_function:\n    python_version: 3.9.0\n  sklearn: {}\n",
        }
    )

    assert version.requirements == ["mlflow==3.17.0", "scikit-learn==1.9.0", "numpy<3,>=2"]
    assert version.python_version == "3.11.7"
    assert version.flavors == ["python_function", "sklearn"]


def test_conda_alone_is_read_too(upload: Upload) -> None:
    with_pip = upload({"conda.yaml": "dependencies:\n- python=3.10.1\n- pip:\n  - pandas==1.0\n"})
    without = upload({"conda.yaml": "dependencies:\n- python=3.10.1\n- conda-forge::numpy=2.1=py310_0\n"})

    assert (with_pip.python_version, with_pip.requirements) == ("3.10.1", ["pandas==1.0"])
    assert (without.python_version, without.requirements) == ("3.10.1", ["numpy==2.1"])


@pytest.mark.parametrize(
    "files",
    [
        {"requirements.txt": "--index-url https://me:pw@repo.example/simple\n-r other.txt\n<script>\n\x00"},
        {"conda.yaml": "&a [*a, *a]"},
        {"conda.yaml": "dependencies: {pip: 3}\n"},
        {"conda.yaml": "!!python/object/apply:os.system ['true']"},
        {"python_env.yaml": "python: [3, 11]\n", "MLmodel": "flavors: 3\n"},
        {"requirements.txt": "a" * 400_000},
        {"python_env.yaml": "[" * 20_000},
    ],
)
def test_nonsense_in_the_files_is_left_out(upload: Upload, files: dict[str, str]) -> None:
    version = upload(files)

    assert (version.python_version, version.requirements) == ("", [])


def test_a_password_in_a_requirement_is_not_kept(upload: Upload) -> None:
    version = upload(
        {"requirements.txt": "ours @ git+https://me:s3cret@git.example/ours.git?token=s3cret@v1\n"}
    )

    assert version.requirements == ["ours @ git+https://git.example/ours.git"]


def test_what_the_registrant_says_goes_before_the_files(upload: Upload) -> None:
    version = upload(
        {"requirements.txt": "numpy==2.0\n", "python_env.yaml": "python: 3.11.7\n"},
        requirements=["numpy==2.1\n# ours\nscipy"],
        python_version="3.12",
    )

    assert (version.python_version, version.requirements) == ("3.12", ["numpy==2.1", "scipy"])


def test_parent_data_and_training_are_kept(upload: Upload, cast: SimpleNamespace) -> None:
    first, data = upload(), a_dataset(cast)

    version = upload(
        parent=first,
        evaluated_on=[data, data],
        hyperparameters={"max_depth": 6, "random_state": "7"},
        training_metrics={"auc": 0.81},
    )

    assert version.parent == first
    assert list(version.evaluated_on.all()) == [data]
    assert version.random_seed == 7
    assert version.hyperparameters == {"max_depth": 6, "random_state": "7"}
    assert version.training_metrics == {"auc": 0.81}


def test_a_seed_that_is_said_goes_before_one_among_the_hyperparameters(upload: Upload) -> None:
    assert upload(random_seed=0, hyperparameters={"seed": 7}).random_seed == 0


@pytest.mark.parametrize(
    ("about", "field", "why"),
    [
        ({"random_seed": 2**64}, "random_seed", "more than 64 bits"),
        ({"python_version": "three"}, "python_version", "not a version of Python"),
        (
            {"requirements": ["numpy", "--pre"]},
            "requirements",
            "Line 2 of the requirements is not one: --pre",
        ),
        ({"training_metrics": {"auc": "high"}}, "training_metrics", "auc is not a number"),
        ({"training_metrics": {"auc": float("nan")}}, "training_metrics", "auc is not a number"),
        ({"training_metrics": {"auc": True}}, "training_metrics", "auc is not a number"),
        ({"hyperparameters": {"": 1}}, "hyperparameters", "is empty or longer"),
        ({"hyperparameters": {"notes": "x" * 70_000}}, "hyperparameters", "more than"),
        ({"parameters": dict.fromkeys(map(str, range(501)), 1)}, "parameters", "more than 500 entries"),
    ],
)
def test_nonsense_about_a_version_is_refused_in_words(
    upload: Upload, leftovers: Callable[[], list[str]], about: dict[str, Any], field: str, why: str
) -> None:
    with pytest.raises(Invalid, match=why) as refused:
        upload(**about)

    assert refused.value.field == field
    assert leftovers() == []
    assert not ModelVersion.objects.exists()


def test_a_parent_of_another_model_is_refused(cast: SimpleNamespace, upload: Upload) -> None:
    stranger = a_version(cast, a_model(cast, "churn"))

    with pytest.raises(Invalid, match="Churn v1 is a version of another model") as refused:
        upload(parent=stranger)

    assert refused.value.field == "parent"


def test_a_version_known_by_its_predictions_has_a_parent_too(
    cast: SimpleNamespace, model: RegisteredModel, upload: Upload
) -> None:
    first = upload()
    version = register_predictions_only(
        model=model,
        version="vendor",
        registrant=cast.dev,
        about=About(parent=first),
        actor=actor_of_user(cast.dev),
        at=AT,
    )

    assert (version.parent, version.signing) == (first, {"state": "none"})


def test_a_pipeline_says_how_it_was_made_and_reads_it_back(
    api: Callable[..., Client], cast: SimpleNamespace, upload: Upload
) -> None:
    a_dataset(cast)
    upload()
    client = api("registry:write", "registry:read")
    body = {
        "version": "2",
        "parent": "1",
        "evaluated_on": ["loans-test@1"],
        "hyperparameters": json.dumps({"max_depth": 6}),
        "training_metrics": json.dumps({"auc": 0.8}),
        "random_seed": "42",
        "requirements": "numpy==2.1\nscipy==1.17",
        "python_version": "3.11.7",
        "files": a_file(b"other weights", "model.skops"),
    }

    answer = client.post(CALL, body)
    shown = client.get(f"{CALL}/2").json()

    assert answer.status_code == 201, answer.content
    assert shown["parent"] == "1"
    assert shown["evaluated_on"] == ["loans-test@1"]
    assert shown["hyperparameters"] == {"max_depth": 6}
    assert shown["training_metrics"] == {"auc": 0.8}
    assert shown["random_seed"] == 42
    assert shown["requirements"] == ["numpy==2.1", "scipy==1.17"]
    assert shown["signing"] == {"state": "none"}
    assert shown["card_revision"] is None
    assert [file["path"] for file in shown["files"]] == ["model.skops"]
    assert {name: shown[name] for name in answer.json()} == answer.json()


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"parent": "9"}, "has no version 9"),
        ({"evaluated_on": ["nowhere@1"]}, "There is no data set nowhere@1"),
        ({"random_seed": "seven"}, "integer"),
        ({"hyperparameters": [1]}, "Give an object"),
        ({"training_metrics": {"auc": "high"}}, "auc is not a number"),
    ],
)
def test_a_pipeline_is_told_what_is_wrong(
    api: Callable[..., Client], model: RegisteredModel, given: dict[str, Any], word: str
) -> None:
    body = {"version": "1", "predictions_only": True} | given

    answer = api("registry:write").post(CALL, body, content_type="application/json")

    assert answer.status_code == 400
    assert word in answer.content.decode()
    assert not ModelVersion.objects.exists()


def test_nobody_reads_a_version_that_is_not_there(api: Callable[..., Client], model: RegisteredModel) -> None:
    assert api("registry:read").get(f"{CALL}/9").status_code == 404


def test_the_form_says_how_it_was_made(
    client_of: Callable[..., Client], cast: SimpleNamespace, upload: Upload
) -> None:
    first, data = upload(), a_dataset(cast)
    body = {
        "version": "2",
        "source": "upload",
        "files": a_file(b"new weights", "model.skops"),
        "parent": str(first.pk),
        "evaluated_on": [str(data.pk)],
        "hyperparameters": "max_depth = 6\nsolver: lbfgs\n",
        "training_metrics": "auc = 0.81",
        "random_seed": "42",
        "requirements": "numpy==2.1",
    }

    answer = client_of(cast.dev).post("/models/credit-default/versions/new/", body)

    assert answer.status_code == 302, answer.content.decode()
    version = ModelVersion.objects.get(version="2")
    assert version.hyperparameters == {"max_depth": 6, "solver": "lbfgs"}
    assert (version.parent, version.random_seed, version.requirements) == (first, 42, ["numpy==2.1"])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"hyperparameters": "max_depth"}, "Line 1 is no pair"),
        ({"hyperparameters": "a = 1\na = 2"}, "Line 2 says a a second time"),
        ({"requirements": "numpy = 2"}, "Line 1 of the requirements is not one"),
        ({"random_seed": "1.5"}, "whole number"),
    ],
)
def test_the_form_names_the_line_that_is_wrong(
    client_of: Callable[..., Client],
    cast: SimpleNamespace,
    model: RegisteredModel,
    given: dict[str, str],
    words: str,
) -> None:
    body = {"version": "1", "source": "predictions"} | given

    answer = client_of(cast.dev).post("/models/credit-default/versions/new/", body)

    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not ModelVersion.objects.exists()


def test_the_manifest_is_a_file_to_keep(
    client_of: Callable[..., Client], cast: SimpleNamespace, upload: Upload
) -> None:
    upload()

    answer = client_of(cast.aud).get("/models/credit-default/versions/1/files/manifest.json")

    assert answer["Content-Disposition"] == 'attachment; filename="credit-default-1-manifest.json"'
    assert answer.json()["predicateType"] == "https://model_signing/signature/v1.0"


@given(st.lists(st.text(max_size=60), max_size=20))
def test_whatever_is_kept_of_requirements_is_kept_again(lines: list[str]) -> None:
    once = kept(lines)

    assert kept(once) == once


@given(st.binary(max_size=400), st.sampled_from(["requirements.txt", "conda.yaml", "python_env.yaml"]))
def test_no_file_makes_reading_the_environment_fail(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str
) -> None:
    folder = tmp_path_factory.mktemp("env")
    (folder / name).write_bytes(content)

    found = environment_of(folder, [name], {})

    assert found.python == "" or python_version(found.python)


def test_what_is_sound_is_sound_again(model: RegisteredModel) -> None:
    once = sound(About(hyperparameters={"a": [1, {"b": None}]}, requirements=["numpy"]), model)

    assert sound(once, model) == once


def test_the_page_of_its_files_tells_how_it_was_made(
    client_of: Callable[..., Client], cast: SimpleNamespace, upload: Upload
) -> None:
    first, data = upload(), a_dataset(cast)
    upload(
        {"requirements.txt": "numpy==2.1\n", "python_env.yaml": "python: 3.11.7\n"},
        parent=first,
        evaluated_on=[data],
        hyperparameters={"max_depth": 6, "<b>": "</pre><script>x()</script>"},
        training_metrics={"auc": 0.81},
        random_seed=42,
    )
    client = client_of(cast.aud)

    files = client.get("/models/credit-default/versions/2/files/").content.decode()
    overview = client.get("/models/credit-default/versions/2/").content.decode()

    for words in ("max_depth", "numpy==2.1", "3.11.7", "42", "0.81", "loans-test@1", "No signature"):
        assert words in files, words
    assert 'href="/models/credit-default/versions/1/"' in files
    assert "<script>x()" not in files
    for words in ("Version 1", "Random seed", "3.11.7", "1 requirement"):
        assert words in overview, words
