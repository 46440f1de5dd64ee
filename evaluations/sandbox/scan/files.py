"""What a file is by its first bytes, and what is looked at in it."""

import re
import zipfile
from pathlib import PurePosixPath

from evaluations.sandbox.scan.archives import compression_of, scan_compressed, scan_tar, scan_zip
from evaluations.sandbox.scan.arrays import NPY, is_safetensors, scan_npy, scan_safetensors
from evaluations.sandbox.scan.finding import Level, Report
from evaluations.sandbox.scan.machine import looks_like_pickle
from evaluations.sandbox.scan.onnx import is_onnx, scan_onnx
from evaluations.sandbox.scan.pickles import scan_pickle
from evaluations.sandbox.scan.skops import scan_schema
from evaluations.sandbox.scan.stream import Buffer, Window

PICKLES = {
    ".pkl",
    ".pickle",
    ".joblib",
    ".pt",
    ".pth",
    ".bin",
    ".ckpt",
    ".dat",
    ".data",
    ".z",
    ".gz",
    ".bz2",
    ".xz",
}
PROMISED = {
    ".onnx": ("ONNX",),
    ".skops": ("zip",),
    ".safetensors": ("safetensors",),
    ".npy": ("numpy array",),
    ".npz": ("zip",),
    ".json": ("text",),
    ".yaml": ("text",),
    ".yml": ("text",),
    ".txt": ("text",),
    ".md": ("text",),
    ".csv": ("text",),
}
"""What a name promises, where readers go by the name."""

EXECUTABLES = {
    b"\x7fELF": "a program or library for Linux",
    b"MZ": "a program for Windows",
    b"\xcf\xfa\xed\xfe": "a program for macOS",
    b"\xce\xfa\xed\xfe": "a program for macOS",
    b"\xca\xfe\xba\xbe": "a program for macOS, or Java code",
}
PLAIN = {
    b"PAR1": "Parquet",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GGUF": "GGUF",
    b"CBM1": "CatBoost",
    b"binf": "XGBoost",
    b"{L\x00": "XGBoost",
    b"{l\x00": "XGBoost",
}
"""Formats that hold numbers and no code, as far as their usual readers go."""

HDF5 = b"\x89HDF\r\n\x1a\n"
SEVEN_ZIP = b"7z\xbc\xaf\x27\x1c"
LZ4 = b"\x04\x22\x4d\x18"
SCRIPTS = {".py", ".sh", ".bash", ".ps1", ".bat", ".cmd", ".js", ".rb", ".pl", ".r", ".ipynb"}
COMPILED = {".pyc", ".pyo", ".so", ".dll", ".dylib", ".exe", ".class", ".jar", ".whl", ".egg"}
RAW_TENSOR = re.compile(r"[^!]+!(?:[^/]+/)?data/\d+")
LAMBDA = re.compile(rb'"class_name"\s*:\s*"Lambda"')
YAML_CODE = re.compile(rb"!!?python/|!<tag:yaml\.org,2002:python")
ENTITY = re.compile(rb"<!ENTITY", re.IGNORECASE)
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
LONGEST_SEARCH = 64 << 20


def look_at(data: Buffer, file: str, report: Report, depth: int = 0) -> None:
    """Find out what it is, look into it, and note it."""
    before = len(report.findings)
    size = len(data)
    format = _look(data, file, report, depth)
    _keep_promise(format, file, report)
    report.looked(file, format, size, before)


def _look(data: Buffer, file: str, report: Report, depth: int) -> str:
    head = bytes(data[:16])
    suffix = _suffix(file)
    if suffix in COMPILED:
        said = f"It is compiled or packed code ({suffix}), which nobody can read before it runs."
        report.add("compiled_code", "danger", file, said)
    if len(data) == 0:
        return "empty"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        scan_zip(data, file, report, depth, look_at)
        return "zip"
    _tell_second_face(data, file, report, depth)
    for magic, what in EXECUTABLES.items():
        if head.startswith(magic):
            report.add("executable", "danger", file, f"It is {what}.")
            return "executable"
    if head.startswith(NPY):
        scan_npy(data, file, report)
        return "numpy array"
    if looks_like_pickle(head):
        return _pickle(data, file, report, suffix)
    if kind := compression_of(head):
        scan_compressed(data, kind, file, report, depth, look_at)
        return kind
    if bytes(data[257:262]) == b"ustar":
        scan_tar(data, file, report, depth, look_at)
        return "tar"
    return _other(data, head, file, report, suffix)


def _pickle(data: Buffer, file: str, report: Report, suffix: str) -> str:
    if RAW_TENSOR.fullmatch(file) and not scan_pickle(data, file, report):
        return "numbers"
    report.add("pickle", "caution", file, "It is a pickle: loading it can run code.")
    if not scan_pickle(data, file, report):
        report.unread(file, "it begins like a pickle and cannot be followed")
    return "pickle"


def _other(data: Buffer, head: bytes, file: str, report: Report, suffix: str) -> str:
    for magic, name in PLAIN.items():
        if head.startswith(magic):
            return name
    if head.startswith(HDF5):
        _search(data, LAMBDA, "It holds a Keras Lambda layer, whose code is packed into it.", file, report)
        return "HDF5"
    if is_safetensors(data):
        scan_safetensors(data, file, report)
        return "safetensors"
    if text := _text(data, file, report, suffix):
        return text
    if suffix in PICKLES and scan_pickle(
        data, file, report
    ):  # protocols 0 and 1 have no first bytes of their own
        report.add("pickle", "caution", file, "It is a pickle: loading it can run code.")
        return "pickle"
    view = memoryview(data)
    if is_onnx(view):
        scan_onnx(view, file, report)
        return "ONNX"
    if RAW_TENSOR.fullmatch(file):
        return "numbers"
    why = (
        "it is a 7z archive"
        if head.startswith(SEVEN_ZIP)
        else "it is packed with lz4"
        if head.startswith(LZ4)
        else ""
    )
    report.unread(file, why or "its format is not known here")
    return "unknown"


def _text(data: Buffer, file: str, report: Report, suffix: str) -> str:
    """UTF-8 without control characters, and what may stand in it; "" for anything else."""
    content = bytes(data[:LONGEST_SEARCH])
    if CONTROL.search(content) or not _is_utf8(content, whole=len(data) <= LONGEST_SEARCH):
        return ""
    if _is_old_pickle(content) and scan_pickle(data, file, report):
        report.add("pickle", "caution", file, "It is a pickle, written as text: loading it can run code.")
        return "pickle"
    if len(data) > LONGEST_SEARCH and suffix not in {".csv", ".json", ".txt"}:
        report.unread(file, f"only its first {LONGEST_SEARCH >> 20} MB were read")
    if suffix in SCRIPTS or content.startswith(b"#!"):
        report.add("script", "caution", file, "It is source code; read it before the model is loaded.")
        return "source code"
    if YAML_CODE.search(content):
        report.add("yaml_code", "danger", file, "Its YAML asks for Python objects, which run code when read.")
    if ENTITY.search(content):
        report.add("entity", "danger", file, "Its XML declares entities, which can read files.")
    if LAMBDA.search(content):
        report.add(
            "lambda_layer", "danger", file, "It holds a Keras Lambda layer, whose code is packed into it."
        )
    if file.endswith("!schema.json"):
        scan_schema(bytes(data), file, report)
    return "text"


def _is_utf8(content: bytes, *, whole: bool) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError as wrong:
        return not whole and wrong.start > len(content) - 4
    return True


def _is_old_pickle(content: bytes) -> bool:
    """Protocols 0 and 1 end with a full stop and begin with an instruction."""
    return content.rstrip(b"\n")[-1:] == b"." and content[:1] in b"(c]}ilVSIdFNg"


def _search(data: Buffer, wanted: "re.Pattern[bytes]", said: str, file: str, report: Report) -> None:
    if wanted.search(bytes(data[:LONGEST_SEARCH])):
        report.add("lambda_layer", "danger", file, said)
    if len(data) > LONGEST_SEARCH:
        report.unread(file, f"only its first {LONGEST_SEARCH >> 20} MB were read")


def _tell_second_face(data: Buffer, file: str, report: Report, depth: int) -> None:
    """A zip archive is read from its end: a file can be one, and another thing from its beginning."""
    tail = bytes(data[-66_000:])
    if b"PK\x05\x06" in tail and zipfile.is_zipfile(Window(data)):
        report.add("two_faces", "danger", file, "It is a zip archive as well as what it begins as.")
        scan_zip(data, file, report, depth, look_at)


def _keep_promise(format: str, file: str, report: Report) -> None:
    promised = PROMISED.get(_suffix(file))
    if promised and format not in {*promised, "empty"}:
        level: Level = "not_understood" if format == "unknown" else "danger"
        said = f"Its name promises {' or '.join(promised)}, but its content is {format}."
        report.add("disguised", level, file, said)


def _suffix(file: str) -> str:
    return PurePosixPath(file.rsplit("!", 1)[-1]).suffix.lower()
