"""Reads an ONNX file's protocol buffer by its wire format: which files it points at, and which operators it asks for.

Field numbers: onnx.proto of ONNX 1.17 (IR version 10).
"""

from collections.abc import Iterator
from pathlib import PurePosixPath, PureWindowsPath

from evaluations.sandbox.scan.finding import Report, shown

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
MODEL, GRAPH, NODE, ATTRIBUTE, TENSOR, SPARSE, FUNCTION = range(7)
CHILDREN = {
    MODEL: {7: GRAPH, 25: FUNCTION},
    GRAPH: {1: NODE, 5: TENSOR, 15: SPARSE},
    NODE: {5: ATTRIBUTE},
    ATTRIBUTE: {5: TENSOR, 6: GRAPH, 10: TENSOR, 11: GRAPH, 22: SPARSE, 23: SPARSE},
    SPARSE: {1: TENSOR, 2: TENSOR},
    FUNCTION: {7: NODE, 11: ATTRIBUTE},
}
"""Message → field number → message in it."""

IR_VERSION, DOMAIN, OP_TYPE, EXTERNAL_DATA = 1, 7, 4, 13
KNOWN_DOMAINS = frozenset(
    [
        "",
        "ai.onnx",
        "ai.onnx.ml",
        "ai.onnx.training",
        "ai.onnx.preview.training",
        "com.microsoft",
        "com.microsoft.nchwc",
    ]
)
MOST_MESSAGES = 2_000_000
DEEPEST_GRAPH = 40


class NotProtobuf(ValueError):
    """The bytes are no protocol buffer."""


def is_onnx(data: memoryview) -> bool:
    """A model says its IR version and holds a graph."""
    seen = set()
    try:
        for number, kind, value in fields(data):
            if number == IR_VERSION and (kind != VARINT or not 1 <= int(value) <= 100):
                return False
            seen.add(number)
    except NotProtobuf:
        return False
    return {IR_VERSION, 7} <= seen


def scan_onnx(data: memoryview, file: str, report: Report) -> None:
    """Note outside files and foreign operators."""
    waiting = [(MODEL, data, 0)]
    count = 0
    foreign: dict[str, None] = {}
    outside: dict[str, None] = {}
    try:
        while waiting:
            message, content, depth = waiting.pop()
            count += 1
            if count > MOST_MESSAGES or depth > DEEPEST_GRAPH:
                raise NotProtobuf("it is too large or too deep")
            for number, kind, value in fields(content):
                if kind != BYTES or not isinstance(value, memoryview):
                    continue
                if number in CHILDREN.get(message, {}):
                    waiting.append((CHILDREN[message][number], value, depth + 1))
                elif message == NODE and number == DOMAIN:
                    foreign.setdefault(_text(value))
                elif message == TENSOR and number == EXTERNAL_DATA:
                    outside.setdefault(_location(value))
    except NotProtobuf as broken:
        report.unread(file, f"its protocol buffer cannot be read ({broken})")
    _tell(foreign, outside, file, report)


def _tell(foreign: dict[str, None], outside: dict[str, None], file: str, report: Report) -> None:
    for domain in foreign:
        if domain not in KNOWN_DOMAINS:
            said = f"It needs operators of {shown(domain)}, which are code outside the model."
            report.add("foreign_operator", "caution", file, said)
    for place in outside:
        if place and leaves(place):
            said = f"It takes numbers from {shown(place)}, which is outside its folder."
            report.add("outside_file", "danger", file, said)
        elif place:
            report.add(
                "external_data", "caution", file, f"It takes numbers from another file, {shown(place)}."
            )


def leaves(place: str) -> bool:
    """Whether a relative path leads out of its folder, on any system."""
    posix, windows = PurePosixPath(place.replace("\\", "/")), PureWindowsPath(place)
    return posix.is_absolute() or bool(windows.drive) or ".." in posix.parts or "\0" in place


def _location(entry: memoryview) -> str:
    """The value of a key-value pair whose key is `location`."""
    found = {number: _text(value) for number, _, value in fields(entry) if isinstance(value, memoryview)}
    return found.get(2, "") if found.get(1) == "location" else ""


def _text(value: memoryview) -> str:
    return bytes(value[:4096]).decode("utf-8", "replace")


def fields(data: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    """Field number, wire type and value of a message. Raises NotProtobuf."""
    at, size = 0, len(data)
    while at < size:
        tag, at = _varint(data, at)
        number, kind = tag >> 3, tag & 7
        if number == 0:
            raise NotProtobuf("a field has no number")
        if kind == VARINT:
            value, at = _varint(data, at)
            yield number, kind, value
            continue
        if kind == BYTES:
            length, at = _varint(data, at)
        elif kind in (FIXED64, FIXED32):
            length = 8 if kind == FIXED64 else 4
        else:
            raise NotProtobuf("a field has no known type")
        if at + length > size:
            raise NotProtobuf("it breaks off")
        yield number, kind, data[at : at + length]
        at += length


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise NotProtobuf("it breaks off")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise NotProtobuf("a number is too long")
