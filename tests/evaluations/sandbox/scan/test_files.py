"""Archives, disguises and formats: nothing is unpacked onto the disk, and what is not known is said."""

import gzip
import io
import json
import os
import shutil
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import skops.io
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from evaluations.sandbox.scan import Report, examine, scan
from evaluations.sandbox.scan.files import look_at
from evaluations.sandbox.scan.onnx import leaves
from tests.evaluations.sandbox.scan.hostile import HARMFUL, Calls, found, ids, said

MODELS = Path(__file__).parents[1] / "models"


def zipped(**members: bytes) -> bytes:
    """A zip archive; `__` in a name is a slash."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return buffer.getvalue()


def test_a_pickle_in_a_torch_archive_is_found_and_its_numbers_are_known(tmp_path: Path) -> None:
    content = zipped(model__data_pkl=HARMFUL, model__data__0=os.urandom(64), model__version=b"3\n")
    findings = found(content, tmp_path, "model.pt")
    assert "dangerous_name" in ids(findings) and "not_understood" not in ids(findings)


def test_a_pickle_three_archives_deep_is_found_and_deeper_ones_are_refused(tmp_path: Path) -> None:
    content = HARMFUL
    for _ in range(3):
        content = zipped(inner=content)
    assert "dangerous_name" in ids(found(content, tmp_path, "a.zip"))
    for _ in range(3):
        content = zipped(inner=content)
    assert "nested too deeply" in said(found(content, tmp_path, "a.zip"))


@pytest.mark.parametrize("name", ["../../etc/cron.d/x", "/etc/passwd", "..\\..\\x", "C:\\x", "a/../../x"])
def test_a_member_that_would_be_written_elsewhere_is_a_danger(tmp_path: Path, name: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, b"x")
    assert "traversal" in ids(found(buffer.getvalue(), tmp_path, "a.zip"))


def test_a_zip_bomb_is_told_and_not_unpacked(tmp_path: Path) -> None:
    content = zipped(**{f"zeros{place}": bytes(20 << 20) for place in range(5)})
    assert len(content) < 200_000
    report = Report()
    look_at(content, "bomb.zip", report)
    assert {"bomb", "not_understood"} <= ids(report.findings)
    assert report.unpacked == 0


def test_a_zip_that_understates_its_size_is_not_understood(tmp_path: Path) -> None:
    content = bytearray(zipped(zeros=bytes(1 << 20)))
    at = content.index(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<I", 10)  # the directory's word on the unpacked size
    assert "not_understood" in ids(found(bytes(content), tmp_path, "a.zip"))


def test_a_gzip_bomb_stops_being_unpacked(tmp_path: Path) -> None:
    findings = found(gzip.compress(bytes(64 << 20)), tmp_path, "model.gz")
    assert {"bomb", "not_understood"} <= ids(findings)


def test_an_encrypted_member_is_not_understood(tmp_path: Path) -> None:
    content = bytearray(zipped(a=HARMFUL))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + flags] |= 1
    assert "not_understood" in ids(found(bytes(content), tmp_path, "a.zip"))


def test_two_members_of_one_name_are_a_danger(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with pytest.warns(UserWarning), zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a", b"1")
        archive.writestr("a", b"2")
    assert "twice" in ids(found(buffer.getvalue(), tmp_path, "a.zip"))


def test_a_file_with_two_faces_is_a_danger(tmp_path: Path) -> None:
    findings = found(b"tree\nversion=v3\n" + zipped(data_pkl=HARMFUL), tmp_path, "model.txt")
    assert {"two_faces", "dangerous_name"} <= ids(findings)


def test_a_tar_archive_is_looked_into_and_its_links_are_a_danger(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("../model.pkl")
        member.size = len(HARMFUL)
        archive.addfile(member, io.BytesIO(HARMFUL))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    assert {"traversal", "link", "dangerous_name"} <= ids(found(buffer.getvalue(), tmp_path, "a.tar"))


@pytest.mark.parametrize(
    "name", ["model.onnx", "model.skops", "model.safetensors", "weights.npy", "notes.txt"]
)
def test_a_pickle_under_another_name_is_a_danger(tmp_path: Path, name: str) -> None:
    assert {"disguised", "dangerous_name"} <= ids(found(HARMFUL, tmp_path, name))


def test_numpy_objects_are_pickles_and_numbers_are_not(tmp_path: Path) -> None:
    objects, numbers = io.BytesIO(), io.BytesIO()
    np.savez(objects, a=np.array([Calls(os.system, "true")], dtype=object))
    np.savez(numbers, a=np.arange(3.0), b=np.array(["x"]))
    assert {"pickle", "dangerous_name"} <= ids(found(objects.getvalue(), tmp_path, "a.npz"))
    shutil.rmtree(tmp_path / "artifact")
    assert found(numbers.getvalue(), tmp_path, "a.npz") == []


def test_a_skops_file_of_scikit_learn_has_no_finding_and_foreign_types_are_told(tmp_path: Path) -> None:
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    assert found(skops.io.dumps(model), tmp_path, "model.skops") == []
    findings = found(skops.io.dumps(Path("/etc")), tmp_path, "model.skops")
    assert "untrusted_type" in ids(findings) and "pathlib.PosixPath" in said(findings)
    findings = found(skops.io.dumps(os.system), tmp_path, "model.skops")
    assert "dangerous_name" in ids(findings)


def field(number: int, content: bytes) -> bytes:
    """A length-delimited field of a protocol buffer with fewer than 16,384 bytes."""
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    tag = number << 3 | 2
    return (bytes([tag]) if tag < 128 else bytes([tag & 127 | 128, tag >> 7])) + length + content


def onnx_with(location: bytes, domain: bytes = b"") -> bytes:
    """A model whose first weight lies in another file, with one operator."""
    entry = field(1, b"location") + field(2, location)
    node = field(4, b"Relu") + (field(7, domain) if domain else b"")
    return b"\x08\x0a" + field(7, field(1, node) + field(5, field(13, entry)))


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        (b"weights.bin", "external_data"),
        (b"../../etc/shadow", "outside_file"),
        (b"/etc/shadow", "outside_file"),
    ],
)
def test_onnx_that_points_at_other_files_is_told(tmp_path: Path, location: bytes, kind: str) -> None:
    assert kind in ids(found(onnx_with(location), tmp_path, "model.onnx"))


def test_onnx_with_operators_of_others_is_told_and_a_plain_one_is_not(tmp_path: Path) -> None:
    assert "foreign_operator" in ids(found(onnx_with(b"w", b"evil.ops"), tmp_path, "model.onnx"))
    assert scan(MODELS) == []
    assert {looked.format for looked in examine(MODELS).files} == {"ONNX"}


def test_onnx_that_breaks_off_is_not_taken_for_one(tmp_path: Path) -> None:
    content = (MODELS / "classifier.onnx").read_bytes()[:-7]
    assert "not_understood" in ids(found(content, tmp_path, "model.onnx"))


def safetensors(header: dict[str, object], numbers: bytes) -> bytes:
    """A file in the layout of safetensors."""
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + numbers


def test_safetensors_are_held_to_their_header(tmp_path: Path) -> None:
    entry = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    assert found(safetensors({"w": entry}, bytes(8)), tmp_path, "m.safetensors") == []
    wrong: list[tuple[dict[str, object], int]] = [
        ({"w": entry}, 9),
        ({"w": entry | {"shape": [3]}}, 8),
        ({"w": 1}, 8),
    ]
    for header, size in wrong:
        findings = found(safetensors(header, bytes(size)), tmp_path, "m.safetensors")
        assert "not_understood" in ids(findings)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("tool", b"\x7fELF\x02\x01", "executable"),
        ("tool.bin", b"MZ\x90\x00", "executable"),
        ("code/model.py", b"import os\n", "script"),
        ("code/run", b"#!/bin/sh\n", "script"),
        ("code/model.pyc", b"\xa7\r\r\n\x00", "compiled_code"),
        ("conf.yaml", b"a: !!python/object/apply:os.system [x]\n", "yaml_code"),
        ("model.pmml", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>', "entity"),
        ("config.json", b'{"class_name": "Lambda"}', "lambda_layer"),
        ("model.xyz", b"\x00\x01\x02\x03\xff" * 20, "not_understood"),
        ("model.pkl", b"not a pickle \xff", "not_understood"),
    ],
)
def test_what_else_can_hide_in_an_artifact(tmp_path: Path, name: str, content: bytes, kind: str) -> None:
    (tmp_path / "artifact" / "code").mkdir(parents=True)
    assert kind in ids(found(content, tmp_path, name))


def test_links_and_pipes_are_told_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.pkl").write_bytes(HARMFUL)
    folder = tmp_path / "artifact"
    folder.mkdir()
    (folder / "link.pkl").symlink_to(tmp_path / "secret.pkl")
    (folder / "folder").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")
    findings = scan(folder)
    assert [(finding.id, finding.file) for finding in findings] == [
        ("link", "folder"),
        ("link", "link.pkl"),
        ("link", "pipe"),
        ("not_understood", ""),  # nothing is left that could be a model
    ]


def test_an_empty_artifact_is_not_understood(tmp_path: Path) -> None:
    assert ids(scan(tmp_path)) == {"not_understood"}


def test_names_out_of_hostile_files_are_made_printable(tmp_path: Path) -> None:
    findings = found(zipped(**{"a\x1b[2J\n": HARMFUL}), tmp_path, "a.zip")
    assert all(finding.file.isprintable() for finding in findings)


@given(st.binary(max_size=300), st.sampled_from(["a.zip", "a.onnx", "a.npy", "a.tar", "a.pt", "a"]))
@example(b"PK\x05\x06", "a")  # the end of a zip archive, cut off
@settings(max_examples=200)
def test_no_bytes_break_the_scan(content: bytes, name: str) -> None:
    for head in (
        b"",
        b"PK\x03\x04",
        b"\x93NUMPY\x01\x00",
        b"\x08\x0a:",
        b"\x1f\x8b\x08",
        b"\x78\x9c",
        b"\x80\x04",
    ):
        report = Report()
        look_at(head + content, name, report)
        assert report.files


@given(st.lists(st.sampled_from(["a", "..", ".", "b c"]), min_size=1, max_size=5))
def test_a_path_leaves_its_folder_exactly_when_it_goes_up(parts: list[str]) -> None:
    assert leaves("/".join(parts)) == (".." in parts)
