"""What a version runs on, read from its files as text: Python and the packages that it asks for.

The files come from outside and may say anything. What cannot be read is left out; options of pip (`--index-url …`) are
left out too, because they are no requirements and may hold a password.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import yaml
from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

LARGEST_FILE = 1 << 18
MOST_LINES = 1_000
LONGEST_LINE = 300
LONGEST_PYTHON = 20


@dataclass(frozen=True)
class Environment:
    """Python's version, "" when nothing says it, and requirements as pip takes them, one a line."""

    python: str = ""
    requirements: tuple[str, ...] = ()


def environment_of(folder: Path, paths: Collection[str], mlmodel: Mapping[str, Any]) -> Environment:
    """From requirements.txt, conda.yaml, python_env.yaml and the MLmodel file, where they are there."""
    conda = _yaml(folder, paths, "conda.yaml")
    packages, pip = _conda(conda.get("dependencies"))
    written = _text(folder, paths, "requirements.txt").splitlines()
    lines = kept(written) or kept(pip) or kept(f"{name}=={said}" for name, said in packages if said)
    pythons = (
        _yaml(folder, paths, "python_env.yaml").get("python"),
        dict(packages).get("python"),
        _python_of(mlmodel),
    )
    return Environment(
        next((python for given in pythons if (python := python_version(given))), ""),
        tuple(line for line in lines if not line.startswith("python==")),
    )


def kept(lines: Iterable[object]) -> tuple[str, ...]:
    """The lines that are requirements, without comments and without credentials."""
    found = [cleaned for line in lines if isinstance(line, str) and (cleaned := requirement(line))]
    return tuple(dict.fromkeys(found))[:MOST_LINES]


def requirement(line: str) -> str:
    """One requirement as pip takes it, "" when it is none. Credentials in an address are taken out."""
    text = line.split(" #", 1)[0].strip()
    text = text.split(" --hash", 1)[0].rstrip(" \\")  # pip's own way of pinning the bytes
    if len(text) > LONGEST_LINE or not text or text[0] in "#-":
        return ""
    try:
        parsed = Requirement(text)
    except InvalidRequirement:
        return ""
    if parsed.url:
        try:
            parts = urlsplit(parsed.url)
        except ValueError:  # no address
            return ""
        plain = parts._replace(netloc=parts.netloc.rsplit("@", 1)[-1], query="")
        parsed.url = urlunsplit(plain)
    return str(parsed)


def python_version(given: object) -> str:
    """A version of Python, "" when the text is none."""
    text = str(given).strip() if isinstance(given, str | float | int) else ""
    try:
        Version(text)
    except InvalidVersion:
        return ""
    return text if len(text) <= LONGEST_PYTHON else ""


def _text(folder: Path, paths: Collection[str], name: str) -> str:
    place = folder / name
    if name not in paths or place.stat().st_size > LARGEST_FILE:
        return ""
    return place.read_bytes().decode("utf-8-sig", errors="replace")


def _yaml(folder: Path, paths: Collection[str], name: str) -> Mapping[str, Any]:
    """A mapping, empty when the file is not there or says something else. Its values may be anything."""
    try:
        parsed = yaml.safe_load(_text(folder, paths, name))
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _conda(written: object) -> tuple[list[tuple[str, str]], list[object]]:
    """conda's packages with their versions ("" for any), and the lines for pip inside."""
    packages: list[tuple[str, str]] = []
    pip: list[object] = []
    for entry in written[:MOST_LINES] if isinstance(written, list) else []:
        if isinstance(entry, str):
            name, _, said = entry.split("::", 1)[-1].replace("==", "=").partition("=")
            packages.append((name.strip(), said.split("=", 1)[0].strip()))
        elif isinstance(entry, dict) and isinstance(entry.get("pip"), list):
            pip = entry["pip"][:MOST_LINES]
    return packages, pip


def _python_of(mlmodel: Mapping[str, Any]) -> object:
    flavours = mlmodel.get("flavors")
    function = flavours.get("python_function") if isinstance(flavours, dict) else None
    return function.get("python_version") if isinstance(function, dict) else None
