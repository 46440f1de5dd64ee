"""Pickles are followed, not loaded: whatever they would call is told."""

import io
import os
import pickle
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path

import cloudpickle
import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib.numpy_pickle import NumpyArrayWrapper
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from evaluations.sandbox.scan import scan
from evaluations.sandbox.scan.finding import Report
from evaluations.sandbox.scan.names import judge
from evaluations.sandbox.scan.pickles import follow, scan_pickle
from tests.evaluations.sandbox.scan.hostile import HARMFUL, SYSTEM_BY_MEMO, Calls, found, ids, said, touching

GETS = {"getattr": getattr, "eval": eval, "exec": exec, "open": open, "import": __import__}


@pytest.mark.parametrize("protocol", range(6))
def test_a_call_of_the_shell_is_told_in_every_protocol_and_never_made(tmp_path: Path, protocol: int) -> None:
    mark = tmp_path / "mark"
    findings = found(pickle.dumps([1, touching(mark)], protocol), tmp_path)
    assert {"dangerous_name", "pickle"} <= ids(findings)
    assert "It calls posix.system" in said(findings)
    assert not mark.exists()


@pytest.mark.parametrize("maker", GETS.values(), ids=GETS.keys())
def test_builtins_that_reach_everything_are_told(tmp_path: Path, maker: object) -> None:
    assert "dangerous_name" in ids(found(pickle.dumps(Calls(maker, "os")), tmp_path))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (SYSTEM_BY_MEMO, "os.system"),
        (b"(S'true'\nios\nsystem\n.", "os.system"),  # INST
        (b"\x80\x02(cos\nsystem\nX\x04\x00\x00\x00trueo.", "os.system"),  # OBJ
        (b"\x80\x02c__builtin__\neval\n\x85R.", "__builtin__.eval"),
        (b"\x80\x02ccommands\ngetoutput\n)R.", "commands.getoutput"),  # what Python 2 called it
        (b"\x80\x04\x8c\x0dsklearn.utils\x8c\x09os.system\x93)R.", "sklearn.utils.os.system"),
        (b"\x80\x04\x8c\x05numpy\x8c\x12testing.measure.f2\x93)R.", "numpy.testing.measure.f2"),
        (b"\x80\x04\x8c\x0csklearn.base\x8c\x0b__globals__\x93.", "sklearn.base.__globals__"),
        (b"\x80\x04N0(\x8c\x02os1\x8c\x02os\x8c\x05popen\x93)\x81.", "os.popen"),  # through marks, by NEWOBJ
    ],
)
def test_names_by_every_road_are_seen(tmp_path: Path, content: bytes, told: str) -> None:
    findings = found(content, tmp_path)
    assert "dangerous_name" in ids(findings)
    assert told in said(findings)


def test_a_name_that_is_computed_is_a_danger_by_itself(tmp_path: Path) -> None:
    encode = b"c_codecs\nencode\n\x8c\x02so\x8c\x06rot_13\x86R"
    findings = found(b"\x80\x04" + encode + b"\x8c\x06system\x93)R.", tmp_path)
    assert "computed_name" in ids(findings)


def test_extension_codes_are_a_danger_because_the_file_does_not_say_what_they_mean(tmp_path: Path) -> None:
    assert "extension_code" in ids(found(b"\x80\x02\x82\x01)R.", tmp_path))


def test_what_is_named_before_a_pickle_breaks_off_counts(tmp_path: Path) -> None:
    findings = found(pickle.dumps([Calls(os.system, "true"), "x" * 100])[:-60], tmp_path)
    assert {"dangerous_name", "not_understood"} <= ids(findings)


def test_a_second_pickle_behind_the_first_is_followed_too(tmp_path: Path) -> None:
    assert "dangerous_name" in ids(found(pickle.dumps({"a": 1}) + HARMFUL, tmp_path))


def test_rubbish_behind_a_pickle_is_not_understood(tmp_path: Path) -> None:
    assert "not_understood" in ids(found(pickle.dumps({"a": 1}) + b"\xff\xff\xff", tmp_path))


def test_a_pickle_inside_a_pickles_bytes_is_followed(tmp_path: Path) -> None:
    findings = found(pickle.dumps({"inner": pickle.dumps({"inner": HARMFUL})}), tmp_path)
    assert [found.file for found in findings if found.id == "dangerous_name"] == ["model.pkl!bytes!bytes"]


def test_code_that_travels_inside_a_pickle_is_told_with_the_names_that_it_uses(tmp_path: Path) -> None:
    findings = found(cloudpickle.dumps(lambda rows: __import__("os").system("true")), tmp_path)
    assert "embedded_code" in ids(findings)
    assert "system" in said(findings)


@pytest.mark.parametrize("compress", [0, ("zlib", 3), ("gzip", 3), ("bz2", 3), ("xz", 3)])
def test_joblib_arrays_are_stepped_over_and_what_follows_is_seen(tmp_path: Path, compress: object) -> None:
    buffer = io.BytesIO()
    joblib.dump([np.arange(1000.0), np.array([1, 2]), Calls(os.system, "true")], buffer, compress=compress)
    findings = found(buffer.getvalue(), tmp_path, "model.joblib")
    assert "dangerous_name" in ids(findings)
    assert "not_understood" not in ids(findings)


def test_an_array_of_objects_in_joblib_is_a_pickle_of_its_own(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    joblib.dump({"a": np.array([Calls(os.system, "true")], dtype=object), "b": np.ones(3)}, buffer)
    findings = found(buffer.getvalue(), tmp_path, "model.joblib")
    assert "dangerous_name" in ids(findings) and "not_understood" not in ids(findings)


def test_numbers_that_joblib_steps_over_and_pickle_would_run_are_seen(tmp_path: Path) -> None:
    harm = b"0cos\nsystem\n(X\x04\x00\x00\x00truetR"
    wrapper = NumpyArrayWrapper(np.ndarray, (len(harm),), "C", np.dtype("u1"), False, None)
    content = pickle.dumps(wrapper, 2)[:-1] + harm + b"."
    assert joblib.load(io.BytesIO(content)).tobytes() == harm  # to joblib it is a plain array
    assert "dangerous_name" in ids(found(content, tmp_path))


MODELS = {
    "linear": make_pipeline(StandardScaler(), LogisticRegression()),
    "forest": RandomForestClassifier(5, random_state=1),
    "boosted": GradientBoostingClassifier(n_estimators=5, random_state=1),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("writer", ["pickle", "joblib", "cloudpickle"])
def test_an_ordinary_model_has_no_finding_but_being_a_pickle(tmp_path: Path, name: str, writer: str) -> None:
    generator = np.random.default_rng(1)
    model = MODELS[name].fit(generator.normal(size=(60, 2)), np.tile(["a", "b"], 30))
    buffer = io.BytesIO()
    if writer == "joblib":
        joblib.dump(model, buffer)
    else:
        (pickle if writer == "pickle" else cloudpickle).dump(model, buffer)
    assert ids(found(buffer.getvalue(), tmp_path)) == {"pickle"}


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x04\x8e" + (2**60).to_bytes(8, "little") + b"x",  # claims an exabyte
        b"\x80\x04\x8b" + (2**31 - 1).to_bytes(4, "little") + b"\x01",  # a number of two gigabytes
        b"\x80\x02" + b"(" * 100_000,
        b"\x80\x02" + b"]" + b"2a" * 50_000 + b".",  # a list of itself
        b"\x80\x02)" + b"\x85" * 200_000 + b".",  # tuples in tuples
        b"\x80\x02h\x05.",  # a memo that was never filled
        b"\x80\x020.",  # takes from an empty stack
        b"\x80\x02\x93.",
        b"\x80\x04",
    ],
)
def test_pickles_made_to_break_their_reader_only_end_in_a_finding(tmp_path: Path, content: bytes) -> None:
    assert "pickle" in ids(found(content, tmp_path))


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    report = Report()
    scan_pickle(content, "x", report)
    scan_pickle(b"\x80\x04" + content, "x", report)


@given(st.integers(0, len(SYSTEM_BY_MEMO) - 1), st.integers(0, 255))
def test_a_changed_byte_either_hides_nothing_or_breaks_the_pickle(place: int, byte: int) -> None:
    changed = bytearray(SYSTEM_BY_MEMO)
    changed[place] = byte
    seen = follow(bytes(changed))
    try:
        names = _asked_for(bytes(changed))
    except Exception:  # noqa: BLE001  (whatever pickle raises on broken bytes)
        return
    assert names <= set(seen.names)


PLAIN = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(PLAIN, st.integers(0, 5))
@settings(max_examples=60)
def test_plain_values_ask_for_no_dangerous_name(value: object, protocol: int) -> None:
    seen = follow(pickle.dumps(value, protocol))
    assert not seen.broken
    assert all(judge(module, name) == "ordinary" for module, name in seen.names)


class _Noting(pickle._Unpickler):
    """Says which names are asked for; gives none of them. In Python: the one in C takes gigabytes for a broken memo."""

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content))
        self.names: set[tuple[str, str]] = set()

    def find_class(self, module: str, name: str) -> object:
        self.names.add((module, name))
        return OrderedDict


def _asked_for(content: bytes) -> set[tuple[str, str]]:
    """What Python's own unpickler asks for, without getting it."""
    reader = _Noting(content)
    reader.load()
    return reader.names


def test_scanning_imports_nothing_but_the_standard_library() -> None:
    code = (
        "import sys; from pathlib import Path; from evaluations.sandbox.scan import scan; scan(Path('static'));"
        "print(sorted({name.split('.')[0] for name in sys.modules} - set(sys.stdlib_module_names) - {'__main__'}))"
    )
    told = subprocess.run([sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, '.'); {code}"],
                          capture_output=True, text=True, check=True, cwd=Path(__file__).parents[4])  # fmt: skip
    assert told.stdout.strip() == "['evaluations']"


def test_the_same_folder_gives_the_same_findings(tmp_path: Path) -> None:
    findings = found(HARMFUL, tmp_path)
    assert scan(tmp_path / "artifact") == findings
