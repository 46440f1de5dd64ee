"""Which artifacts are loaded: as registered, as the policy allows, and without a sign of an attack."""

import hashlib
import json
import os
import pickle
import sys
from dataclasses import replace
from pathlib import Path

import cloudpickle
import numpy as np
import pandas as pd
import pytest

from evaluations.sandbox import Job
from evaluations.sandbox.artifact import Artifact
from evaluations.sandbox.child import Teller
from evaluations.sandbox.given import Given
from evaluations.sandbox.job import CannotEvaluate
from evaluations.sandbox.loading import load_model
from tests.evaluations.sandbox.conftest import Run


class Shell:
    """What a REDUCE of os.system looks like."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch owned",)


def digests(folder: Path) -> dict[str, str]:
    """The manifest as the registry has it."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_what_is_loaded_is_what_was_registered(run: Run, job: Job, models: Path) -> None:
    manifest = digests(models / "skops")
    assert run(replace(job, manifest=manifest)).result["overall"]["accuracy"]["n"] == 200
    changed = dict.fromkeys(manifest, "0" * 64)
    assert run(replace(job, manifest=changed)).failure == (
        "The artifact's file model.skops is not the one that was registered, so nothing of it was loaded."
    )


@pytest.mark.parametrize("change", ["added", "removed", "linked"])
def test_a_folder_with_other_files_is_refused(tmp_path: Path, change: str) -> None:
    (tmp_path / "a").write_text("a")
    manifest = digests(tmp_path)
    if change == "added":
        (tmp_path / "b").write_text("b")
    elif change == "removed":
        (tmp_path / "a").unlink()
    else:
        (tmp_path / "a").rename(tmp_path.parent / f"{tmp_path.name}-a")
        (tmp_path / "a").symlink_to(tmp_path.parent / f"{tmp_path.name}-a")
    with pytest.raises(CannotEvaluate, match="is not the one that was registered"):
        Artifact(tmp_path, manifest).check()


def test_bytes_that_change_between_the_check_and_the_load_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    artifact = Artifact(tmp_path, digests(tmp_path))
    artifact.check()
    (tmp_path / "a").write_text("b")
    with pytest.raises(CannotEvaluate, match="is not the one that was registered"):
        artifact.read((tmp_path / "a").resolve())


def test_a_format_that_the_policy_forbids_is_not_loaded(run: Run, job: Job, models: Path) -> None:
    pickled = replace(job, model_path=str(models / "mlflow-cloudpickle"), formats=("onnx", "skops"))
    assert run(pickled).failure.startswith(
        "The policy does not allow models in the format pickle, and this one is MLflow scikit-learn (cloudpickle). "
        "It allows onnx, skops."
    )


def test_a_pickle_that_calls_the_system_is_stopped_before_it_is_loaded(tmp_path: Path) -> None:
    folder = tmp_path / "shell"
    folder.mkdir()
    (folder / "model.pkl").write_bytes(pickle.dumps(Shell()))
    (folder / "MLmodel").write_text("flavors: {sklearn: {pickled_model: model.pkl}}")
    with pytest.raises(CannotEvaluate, match="a scan found in model.pkl what does harm"):
        load_model(folder)
    assert not Path("owned").exists()


def test_the_scan_of_a_pickle_stands_in_provenance(run: Run, job: Job, models: Path) -> None:
    ran = run(replace(job, model_path=str(models / "mlflow-cloudpickle")))
    assert ran.outcome.provenance["scan"]["caution"] >= 1
    assert "scan" not in run(job).outcome.provenance


def test_the_model_compared_with_leaves_the_facts_of_this_one_alone(
    job: Job, models: Path, tmp_path: Path
) -> None:
    against = str(models / "mlflow-cloudpickle")
    given = Given(replace(job, against_path=against), pd.read_csv(job.data_path), Teller(tmp_path))
    assert given.model is not None and given.against is not None
    facts = dict(given.teller.facts)
    assert given.against.model is not given.model
    assert given.teller.facts == facts and "scan" not in facts and facts["format"] != "cloudpickle"


def tensors(path: Path, said: dict[str, str], layers: dict[str, np.ndarray]) -> None:
    """A .safetensors file, written by the format's description."""
    header: dict[str, object] = {"__metadata__": said}
    data = b""
    for name, values in layers.items():
        raw = values.astype("<f4").tobytes()
        offsets = [len(data), len(data) + len(raw)]
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": offsets}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def test_a_perceptron_in_safetensors(tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    layers = {"0.weight": generator.normal(size=(4, 2)), "0.bias": generator.normal(size=4)}
    layers |= {"2.weight": generator.normal(size=(3, 4)), "2.bias": generator.normal(size=3)}
    said = {"countersign.layout": "mlp", "countersign.classes": '["a", "b", "c"]'}
    tensors(tmp_path / "m.safetensors", said, layers)
    model = load_model(tmp_path).model
    rows = pd.DataFrame(generator.normal(size=(5, 2)))
    low = {name: values.astype(np.float32).astype(float) for name, values in layers.items()}
    hidden = np.maximum(rows.to_numpy() @ low["0.weight"].T + low["0.bias"], 0)
    expected = np.exp(hidden @ low["2.weight"].T + low["2.bias"])
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict_proba(rows), expected, rtol=1e-9)
    assert list(model.predict(rows)) == [["a", "b", "c"][at] for at in expected.argmax(axis=1)]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({}, "holds numbers and no model"),
        (
            {"countersign.layout": "linear", "countersign.classes": '["a", "b", "c"]'},
            "names 3 classes and has 1",
        ),
        ({"countersign.layout": "mlp", "countersign.activation": "exec"}, "its activation is none of"),
    ],
)
def test_safetensors_that_say_too_little(tmp_path: Path, said: dict[str, str], why: str) -> None:
    tensors(tmp_path / "m.safetensors", said, {"weight": np.ones((1, 2)), "bias": np.ones(1)})
    with pytest.raises(CannotEvaluate, match=why):
        load_model(tmp_path)


def test_a_pyfunc_model_runs_behind_the_walls(run: Run, job: Job, tmp_path: Path) -> None:
    import mlflow.pyfunc

    class Rule(mlflow.pyfunc.PythonModel):  # type: ignore[misc, name-defined]
        def predict(self, context: object, model_input: pd.DataFrame, params: object = None) -> object:
            return ["good" if income > 0 else "bad" for income in model_input["income"]]

    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    mlflow.pyfunc.save_model(tmp_path / "rule", python_model=Rule(), pip_requirements=["numpy"])
    pyfunc = replace(job, model_path=str(tmp_path / "rule"), features=("income", "job"))
    ran = run(pyfunc)
    assert ran.result["overall"]["accuracy"]["value"] > 0.7
    assert ran.outcome.provenance["format"] == "MLflow pyfunc (mlflow.pyfunc.model)"


def test_a_package_that_is_not_there_is_named(run: Run, job: Job, tmp_path: Path) -> None:
    (tmp_path / "boosted").mkdir()
    (tmp_path / "boosted" / "model.lgb").write_text("tree")
    assert run(replace(job, model_path=str(tmp_path / "boosted"))).failure == (
        "This artifact cannot be loaded: it needs the package lightgbm, which is not installed here. "
        "Register the version with requirements that name it, and an environment is built for it."
    )
