"""Files of plain numbers: numpy's arrays and safetensors, which hold no code unless they hold objects."""

import json
import re

from evaluations.sandbox.scan.finding import Report
from evaluations.sandbox.scan.pickles import scan_pickle
from evaluations.sandbox.scan.stream import Buffer

NPY = b"\x93NUMPY"
LARGEST_HEADER = 100_000_000
KINDS = re.compile(rb"'descr':\s*(.*?),\s*'fortran_order'", re.DOTALL)
OBJECTS = re.compile(rb"['\"][<>|=]?O")
DTYPES = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2,
    "I32": 4, "U32": 4, "F32": 4, "I64": 8, "U64": 8, "F64": 8,
}  # fmt: skip


def scan_npy(data: Buffer, file: str, report: Report) -> None:
    """An array; one of Python objects is a pickle behind a header. numpy.lib.format, versions 1 to 3."""
    wide = len(data) > 6 and data[6] >= 2
    start = 12 if wide else 10
    length = int.from_bytes(bytes(data[8:start]), "little")
    header = bytes(data[start : start + min(length, LARGEST_HEADER)])
    described = KINDS.search(header)
    if described is None or start + length > len(data):
        report.unread(file, "its header cannot be read")
        return
    if OBJECTS.search(described[1]):
        said = "The array holds Python objects, which are a pickle: loading it can run code."
        report.add("pickle", "caution", file, said)
        if not scan_pickle(bytes(data[start + length :]), file, report):
            report.unread(file, "it says that it holds objects, but no pickle follows")


def is_safetensors(data: Buffer) -> bool:
    """Eight bytes of length, then a JSON object of that length."""
    length = int.from_bytes(bytes(data[:8]), "little")
    return len(data) > 9 and 2 <= length <= min(len(data) - 8, LARGEST_HEADER) and data[8:9] == b"{"


def scan_safetensors(data: Buffer, file: str, report: Report) -> None:
    """Every tensor lies inside the file, is as long as its shape says, and none lies over another."""
    length = int.from_bytes(bytes(data[:8]), "little")
    try:
        header = json.loads(bytes(data[8 : 8 + length]))
        spans = sorted(_span(name, entry) for name, entry in header.items() if name != "__metadata__")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        report.unread(file, "its header cannot be read")
        return
    end = 0
    for begin, finish in spans:
        if begin != end or finish < begin:
            report.unread(file, "its tensors overlap or leave gaps")
            return
        end = finish
    if end != len(data) - 8 - length:
        report.unread(file, "its tensors do not end where the file ends")


def _span(name: str, entry: dict[str, object]) -> tuple[int, int]:
    offsets, shape = entry["data_offsets"], entry["shape"]
    if not isinstance(offsets, list) or not isinstance(shape, list):
        raise TypeError(name)
    begin, finish = int(offsets[0]), int(offsets[1])
    size = DTYPES[str(entry["dtype"])]
    for side in shape:
        size *= int(side)
    if finish - begin != size:
        raise ValueError(name)
    return begin, finish
