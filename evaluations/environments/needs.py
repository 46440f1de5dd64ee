"""What a version asks for, and whether the product's own environment has it already."""

import platform
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from audit.canonical import plain
from policy.evidence import canonical_digest
from registry.models import ModelVersion

OF_PREDICTOR = ("numpy", "pandas")
"""What hands rows to a model and answers back."""
RUNTIMES = {"onnx": "onnxruntime", "skops": "skops", "cloudpickle": "cloudpickle"}
"""What opens a format, by the word that the registry names it with."""


@dataclass(frozen=True, slots=True)
class Needs:
    """Requirements in one form and order, for this Python on this platform."""

    requirements: tuple[str, ...]
    python: str
    platform: str

    @property
    def digest(self) -> str:
        """The same for every version that asks for the same."""
        asked = {"requirements": self.requirements, "python": self.python, "platform": self.platform}
        return canonical_digest(plain(asked))


@dataclass(frozen=True, slots=True)
class Unmet:
    """A requirement that the product's own environment does not meet, and what is there instead; "" for nothing."""

    requirement: str
    here: str

    def __str__(self) -> str:
        return f"{self.requirement} ({f'here {self.here}' if self.here else 'not installed here'})"


def needs_of(asking: ModelVersion) -> Needs | None:
    """The environment that a version needs; None where it asks for nothing that is not here."""
    if not unmet(asking.requirements):
        return None
    lines = normalised(asking.requirements)
    named = {Requirement(line).name for line in lines}
    format = asking.artifact_format.lower()
    besides = [*OF_PREDICTOR, *(package for word, package in RUNTIMES.items() if word in format)]
    return Needs(
        tuple(sorted({*lines, *(package for package in besides if package not in named)})),
        platform.python_version(),
        f"{sys.implementation.cache_tag}-{sysconfig.get_platform()}",
    )


def normalised(lines: Iterable[str]) -> tuple[str, ...]:
    """Requirements that apply here, each in one spelling, sorted, once."""
    return tuple(sorted({_spelled(asked) for asked in _applying(lines)}))


def unmet(lines: Iterable[str]) -> list[Unmet]:
    """Requirements that the product's own environment does not meet, in their order."""
    found = ((asked, installed(asked.name)) for asked in _applying(lines))
    return [Unmet(_spelled(asked), here) for asked, here in found if not _met(asked, here)]


def python_differs(asking: ModelVersion) -> str:
    """The Python that a version states, where that is another minor version than the one here; else ""."""
    stated = asking.python_version
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return stated if stated and ".".join(stated.split(".")[:2]) not in (here, here[0]) else ""


@cache
def installed(name: str) -> str:
    """The version of a package in the product's own environment, "" where there is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _applying(lines: Iterable[str]) -> Iterable[Requirement]:
    """Those whose markers hold here. The registry took in none that cannot be read."""
    for line in lines:
        try:
            asked = Requirement(line)
        except InvalidRequirement:
            continue
        if asked.marker is None or asked.marker.evaluate():
            asked.marker = None
            yield asked


def _spelled(asked: Requirement) -> str:
    asked.name = canonicalize_name(asked.name)
    return str(asked)


def _met(asked: Requirement, here: str) -> bool:
    """What extras and addresses would bring is not looked into: they are built."""
    if not here or asked.extras or asked.url:
        return False
    return asked.specifier.contains(here, prereleases=True)
