"""The frameworks that count: those that come with the product, and over them what somebody brought in."""

from functools import cache
from pathlib import Path

from governance.compliance.framework import Framework, from_document
from governance.compliance.models import FrameworkVersion
from governance.compliance.reading import read_framework

FOLDER = Path(__file__).with_name("frameworks")
PRACTICES = Path(__file__).with_name("practices")
MOST_REMEMBERED = 200
_remembered: dict[str, Framework] = {}


@cache
def shipped() -> dict[str, Framework]:
    """Id → framework, of those that come with the product."""
    return _read(FOLDER)


@cache
def practices() -> dict[str, Framework]:
    """Id → checklist or maturity model, of those that come with the product."""
    return _read(PRACTICES)


def _read(folder: Path) -> dict[str, Framework]:
    read = [
        read_framework(path.read_text(encoding="utf-8"), source=path.name)
        for path in sorted(folder.glob("*.yaml"))
    ]
    return {framework.id: framework for framework in read}


def frameworks() -> dict[str, Framework]:
    """Id → the framework that counts now, by name; in one query. Checklists and maturity models are none."""
    return {name: found for name, found in every().items() if found.kind == "framework"}


def checklists() -> dict[str, Framework]:
    """Id → checklist of a model's lifecycle that counts now."""
    return {name: found for name, found in every().items() if found.kind == "checklist"}


def maturity_models() -> dict[str, Framework]:
    """Id → maturity model of teams that counts now."""
    return {name: found for name, found in every().items() if found.kind == "maturity"}


def every() -> dict[str, Framework]:
    """Id → whatever has controls and counts now: frameworks, checklists, maturity models."""
    found = {**shipped(), **practices()}
    for row in FrameworkVersion.objects.defer("text").order_by("pk"):
        found[row.framework] = framework_of(row)
    return dict(sorted(found.items(), key=lambda pair: pair[1].name.lower()))


def framework_of(row: FrameworkVersion) -> Framework:
    """What an imported version says, put together once in a process."""
    if row.digest not in _remembered:
        if len(_remembered) >= MOST_REMEMBERED:
            _remembered.clear()
        _remembered[row.digest] = from_document(row.content)
    return _remembered[row.digest]
