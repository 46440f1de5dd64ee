"""Evaluations that others wrote: found by entry point, described by a JSON file, and run only in the sandbox.

A distribution names its evaluations in the entry point group `countersign.evaluations` and ships, beside the module
that the entry point names, a file `countersign.json` that declares each of them. Here only names and that file are
read; the code is imported by the sandbox's child alone. Standard library only: both sides read this.
"""

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, distributions
from pathlib import Path
from typing import Any

GROUP, DECLARATION = "countersign.evaluations", "countersign.json"
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
LARGEST = 1 << 20
BETTER = ("higher", "lower", "zero", "one", "neither")
KINDS: Mapping[str, type] = {"int": int, "float": float, "str": str, "bool": bool, "list": list, "dict": dict}


class BadPlugin(ValueError):
    """The declaration cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a plug-in says of itself: its metrics and settings by name, and what it needs."""

    name: str
    label: str
    target: str  # module:function
    version: str
    metrics: Mapping[str, Mapping[str, str]]
    settings: Mapping[str, str]  # name → int, float, str, bool, list or dict
    needs_model: bool
    needs_label: bool

    def wrong_settings(self, given: Mapping[str, Any]) -> str:
        """What is wrong with the settings, in a sentence; "" where nothing is."""
        for name, value in given.items():
            if name not in self.settings:
                known = ", ".join(self.settings) or "none"
                return f"{self.label} has no setting {name}; its settings are {known}."
            kind = KINDS[self.settings[name]]
            fits = isinstance(value, (int, float) if kind is float else kind)
            if not fits or isinstance(value, bool) != (kind is bool):
                return f"The setting {name} of {self.label} must be of type {self.settings[name]}."
        return ""


def installed(folder: str | None = None) -> dict[str, Declared]:
    """Every plug-in that is installed with Countersign or in `folder`, by name. A bad one raises BadPlugin."""
    path = [folder, *sys.path] if folder else sys.path
    found: dict[str, Declared] = {}
    for distribution in distributions(path=path):
        for point in distribution.entry_points:
            if point.group != GROUP:
                continue
            text = _declaration(Path(str(distribution.locate_file(""))), point)
            declared = read_declaration(text, point, distribution.version)
            known = found.get(declared.name)
            if known is not None and known.target != declared.target:
                raise BadPlugin(f"Two plug-ins are called {declared.name}. Remove one.")
            found[declared.name] = declared
    return found


def _declaration(root: Path, point: EntryPoint) -> str:
    """The text of the JSON beside the module, without importing it."""
    module = root.joinpath(*point.module.split("."))
    for place in (module / DECLARATION, module.parent / DECLARATION):
        if place.is_file() and place.stat().st_size <= LARGEST:
            return place.read_text(encoding="utf-8")
    raise BadPlugin(f"The plug-in {point.name} ships no {DECLARATION} beside {point.module}.")


def read_declaration(text: str, point: EntryPoint, version: str = "") -> Declared:
    """What the declaration says of the entry point's evaluation."""
    try:
        entry = json.loads(text)["evaluations"][point.name]
        metrics, settings = entry["metrics"], entry.get("settings", {})
        label = str(entry["label"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadPlugin(f"The {DECLARATION} of {point.name} cannot be read: it lacks {error}.") from error
    if not NAME.fullmatch(point.name):
        raise BadPlugin(f"{point.name!r} is no name for a plug-in: small letters, digits and _, at most 40.")
    if not isinstance(metrics, dict) or not metrics:
        raise BadPlugin(f"The plug-in {point.name} declares no metric.")
    for name, metric in metrics.items():
        if not NAME.fullmatch(name) or not isinstance(metric, dict):
            raise BadPlugin(f"{name!r} is no name for a metric of {point.name}.")
        if (
            not metric.get("label")
            or not metric.get("meaning")
            or metric.get("better", "higher") not in BETTER
        ):
            raise BadPlugin(
                f"The metric {name} of {point.name} needs a label, a meaning and which way is better."
            )
    if not isinstance(settings, dict) or not set(settings.values()) <= set(KINDS):
        raise BadPlugin(f"The settings of {point.name} map names to one of {', '.join(KINDS)}.")
    return Declared(
        point.name,
        label,
        point.value,
        version,
        metrics,
        settings,
        bool(entry.get("needs_model", False)),
        bool(entry.get("needs_label", False)),
    )
