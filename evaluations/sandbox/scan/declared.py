"""Holds the files against what the artifact's MLmodel says of them. Its YAML is read by lines, not by a parser."""

import re
from collections.abc import Mapping

from evaluations.sandbox.scan.finding import Report, shown
from evaluations.sandbox.scan.onnx import leaves

LINE = re.compile(r"^(\s*)([\w.]+):\s*(.*?)\s*$")
FILES = ("pickled_model", "data", "model_data", "model_path", "python_model", "model_code_path", "code")
FORMS = {"skops": ("zip",), "cloudpickle": ("pickle",), "pickle": ("pickle",)}
LARGEST = 1 << 20


def scan_declared(text: str, file: str, formats: Mapping[str, str], report: Report) -> None:
    """Files that the description names must be there, inside, and of the format that it says."""
    folder = file.rpartition("MLmodel")[0]
    flavours = entries(text)
    if not flavours:
        report.unread(file, "its flavours cannot be read")
    for flavour, given in flavours.items():
        for key in FILES:
            name = given.get(key, "").strip("'\"")
            if name and name not in {"null", "~"}:
                _hold(flavour, key, name, given, (file, folder), formats, report)
        loader = given.get("loader_module", "").strip("'\"")
        if loader and not loader.startswith("mlflow."):
            said = f"Its flavour {shown(flavour)} is loaded by code of its own, {shown(loader)}."
            report.add("own_loader", "caution", file, said)


def _hold(
    flavour: str,
    key: str,
    name: str,
    given: Mapping[str, str],
    where: tuple[str, str],
    formats: Mapping[str, str],
    report: Report,
) -> None:
    file, folder = where
    if leaves(name):
        report.add("outside_file", "danger", file, f"It names {shown(name)}, which is outside the artifact.")
        return
    path = f"{folder}{name}"
    if path not in formats:
        if not any(other.startswith(f"{path}/") for other in formats):
            report.add("missing_file", "caution", file, f"It names {shown(name)}, which is not there.")
        return
    format = formats[path]
    promised: tuple[str, ...] = ()
    if key == "pickled_model":
        promised = FORMS.get(given.get("serialization_format", "pickle"), ())
    if flavour == "onnx" and key == "data":
        promised = ("ONNX",)
    if promised and format not in promised:
        said = f"{shown(name)} is {format}, and its description promises {' or '.join(promised)}."
        report.add("disguised", "danger", path, said)


def entries(text: str) -> dict[str, dict[str, str]]:
    """Flavour → its simple entries, as MLflow writes them; nothing where they are written otherwise."""
    found: dict[str, dict[str, str]] = {}
    inside, flavour = False, ""
    for raw in text[:LARGEST].splitlines():
        read = LINE.match(raw)
        if read is None:
            continue
        depth, key, value = len(read[1]), read[2], read[3]
        if depth == 0:
            inside = key == "flavors" and not value
        elif inside and depth == 2 and not value:
            flavour = key
            found[flavour] = {}
        elif inside and depth == 4 and flavour:
            found[flavour][key] = value
    return found
