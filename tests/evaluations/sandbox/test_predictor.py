"""A model in a process of its own answers as in the measuring one, and harms nothing but its own run."""

import math
import os
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd
import pytest

from evaluations.sandbox import Job, Limits, ladder, packages
from evaluations.sandbox.wire import (
    BadMessage,
    Unsendable,
    pack,
    pack_frame,
    receive,
    send,
    unpack,
    unpack_frame,
)
from tests.evaluations.sandbox.conftest import Run, save_mlflow

HERE = packages.own()[0]  # any folder of packages will do: what is tried is the process
WALLS = [tried.isolation.name for tried in ladder() if tried.works]


class Odd:
    """A classifier that does what it is told while it predicts."""

    classes_ = np.array(["bad", "good"], dtype=object)

    def __init__(self, act: Callable[[], Any]) -> None:
        self.act = act

    def predict(self, rows: pd.DataFrame) -> Any:
        self.act()
        return np.full(len(rows), "good", dtype=object)


def raises() -> None:
    raise KeyError("no such column")


def dies() -> None:
    os._exit(3)


def crashes() -> None:
    os.kill(os.getpid(), 11)


def grows() -> None:
    np.ones(1 << 40)


def loops() -> None:
    while True:
        pass


def connects() -> None:
    socket.create_connection(("127.0.0.1", 9))


def reads() -> None:
    Path("/etc/passwd").read_text()


def writes() -> None:
    os.write(1, b"hello from the model\n")


def forges() -> None:
    """Fill every handle that it has with nonsense."""
    for handle in range(3, 40):
        try:
            os.write(handle, b"\xff" * 64)
        except OSError:
            continue


@pytest.fixture
def odd(tmp_path: Path, job: Job) -> Callable[[Callable[[], Any]], Job]:
    """A job whose model, in a process of its own, does this."""

    def odd(act: Callable[[], Any]) -> Job:
        cloudpickle.register_pickle_by_value(sys.modules[__name__])
        save_mlflow(tmp_path / "odd", Odd(act), "cloudpickle")
        return replace(
            job, model_path=str(tmp_path / "odd"), packages_path=HERE, features=("income",), against_path=None
        )

    return odd


@pytest.mark.parametrize("wall", WALLS)
def test_it_measures_the_same_as_in_one_process(run: Run, job: Job, wall: str) -> None:
    inside, outside = run(job), run(replace(job, packages_path=HERE), sandbox=wall)
    assert outside.result == inside.result
    assert outside.outcome.provenance["sandboxed"] is True


def test_it_is_explained_by_asking_it(run: Run, job: Job) -> None:
    explained = replace(job, kind="explainability", config={"max_rows": 25}, packages_path=HERE)
    assert "PermutationExplainer" in str(run(explained).result["conventions"])


def test_the_other_version_is_asked_in_its_own_process(run: Run, job: Job, models: Path) -> None:
    other = replace(job, against_path=str(models / "zero-one"))
    both = run(replace(other, packages_path=HERE, against_packages_path=HERE)).result
    assert any(name.endswith("_gain") for name in both["overall"])
    refused = run(replace(other, against_refused="its environment could not be built.")).result
    assert any("its environment could not be built" in str(check) for check in refused["checks"])


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (raises, "The model failed while it predicted: KeyError: 'no such column'"),
        (dies, "The evaluation ended without an answer (exit status 3)."),
        (grows, "The evaluation ran out of memory: the limit is 2048 MB."),
        (connects, "The model failed while it predicted: PermissionError"),
        (reads, "The model failed while it predicted: "),
        (forges, "The process that holds the model gave an answer that cannot be used."),
    ],
)
def test_what_a_model_does_there_ends_its_own_run_with_the_reason(
    run: Run, odd: Callable[..., Job], act: Callable[[], Any], said: str
) -> None:
    assert run(odd(act)).failure.startswith(said)


def test_a_crash_is_told(run: Run, odd: Callable[..., Job]) -> None:
    assert "crashed (SIGSEGV)" in run(odd(crashes), sandbox=WALLS[-1]).failure


def test_an_endless_loop_is_ended(run: Run, odd: Callable[..., Job]) -> None:
    limits = Limits(memory_mb=2048, cpu_seconds=60, wall_seconds=6)
    began = time.monotonic()
    assert run(odd(loops), limits=limits).failure.startswith("The evaluation was stopped after 6 s")
    assert time.monotonic() - began < 20


def test_a_package_that_the_environment_lacks_is_named(run: Run, job: Job, tmp_path: Path) -> None:
    (tmp_path / "light").mkdir()
    (tmp_path / "light" / "model.lgb").write_text("tree")
    failure = run(replace(job, model_path=str(tmp_path / "light"), packages_path=HERE)).failure
    assert "it needs the package lightgbm, which is not in the environment" in failure


def test_tables_arrive_as_they_were() -> None:
    rows = pd.DataFrame(
        {
            "whole": np.array([1, 2, 3], np.int8),
            "real": [1.5, np.nan, -0.0],
            "yes": [True, False, True],
            "word": ["é", None, "x"],
            "kind": pd.Categorical(["a", None, "b"], ["b", "a"], ordered=True),
            "day": np.array(["2026-01-01", "NaT", "2026-01-03"], "datetime64[ns]"),
            "maybe": pd.array([1, None, 3], "Int64"),
            "money": [Decimal("1.20"), math.nan, Decimal("3")],
            "born": [date(1990, 1, 2), math.nan, date(2000, 1, 1)],
        }
    )
    stream = BytesIO()
    packed, arrays = pack_frame(rows)
    send(stream, {"rows": packed}, arrays)
    stream.seek(0)
    got = receive(stream)
    assert got is not None
    pd.testing.assert_frame_equal(unpack_frame(got[0]["rows"], got[1]), rows)
    assert receive(stream) is None
    for odd, said in (([b"x"], "values of the type bytes"), ([{1}], "values that are no single ones")):
        with pytest.raises(Unsendable, match=f"column odd holds {said}"):
            pack_frame(pd.DataFrame({"odd": odd}))


@pytest.mark.parametrize(
    "values", [[1, 2], [0.5], [True], ["a", "b", "a"], [], [[0.1, 0.9]], np.array([b"x"[0]], np.uint8)]
)
def test_answers_arrive_as_they_were(values: Any) -> None:
    packed, arrays = pack(values)
    assert unpack(packed, arrays).tolist() == np.asarray(values).tolist()


@pytest.mark.parametrize(
    "content",
    [
        b"\xff" * 64,
        b"\x00" * 8,
        (2).to_bytes(8, "big") + b"[]",
        (40).to_bytes(8, "big") + b'{"arrays": [["|O", [2]]]}'.ljust(40) + b"\0" * 64,
        (40).to_bytes(8, "big") + b'{"arrays": [["<f8", [-1]]]}'.ljust(40),
        (40).to_bytes(8, "big") + b'{"arrays": [["<f8", [9]]]}'.ljust(40) + b"short",
    ],
)
def test_what_is_no_message_is_refused(content: bytes) -> None:
    with pytest.raises(BadMessage):
        receive(BytesIO(content))


@pytest.mark.parametrize(
    "packed", [{}, {"as": "numbers", "at": 7}, {"as": "levels", "at": 0, "levels": [["x"]]}]
)
def test_an_answer_that_points_nowhere_is_refused(packed: dict[str, Any]) -> None:
    with pytest.raises(BadMessage):
        unpack(packed, [np.zeros(2, np.int32)])
