"""The parts of a version that are names and values: facts, hyperparameters, requirements, columns, files."""

import json
from collections.abc import Iterable, Mapping, Sequence

from django.template.defaultfilters import filesizeformat
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from governance.portfolio.comparing.values import Part, Row
from governance.templatetags.wording import short_digest
from registry.models import ArtifactFile, ModelVersion
from registry.signing import in_words

LONGEST_VALUE = 300


def differences(then: Mapping[str, str], now: Mapping[str, str]) -> tuple[list[Row], int]:
    """The rows that differ, in the order of then and what came after it, and how many are the same."""
    names = list(dict.fromkeys([*then, *now]))
    rows = [Row(name, then.get(name, ""), now.get(name, "")) for name in names]
    changed = [row for row in rows if row.then != row.now]
    return changed, len(rows) - len(changed)


def texts(values: Mapping[str, object]) -> dict[str, str]:
    """Each value as text; what is not there is left out."""
    return {name: text for name, value in values.items() if (text := as_text(value))}


def as_text(value: object) -> str:
    """Text as it is, everything else as JSON, cut."""
    if value is None or value == "":
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def facts(then: ModelVersion, now: ModelVersion) -> Part:
    """Where it came from and what it runs on."""
    rows, same = differences(_facts(then), _facts(now))
    return Part("facts", "Registration", rows, same)


def _facts(version: ModelVersion) -> dict[str, str]:
    return texts(
        {
            "Source": version.get_source_display(),
            "Address": version.source_uri,
            "MLflow run": version.run_id,
            "Format": version.artifact_format,
            "Flavours": ", ".join(version.flavors),
            "Size": filesizeformat(version.size).replace("\xa0", " "),
            "Python": version.python_version,
            "Random seed": version.random_seed,
            "Made from": f"version {version.parent.version}" if version.parent else "",
            "Code": version.code_repository,
            "Commit": version.code_commit,
            "Model signature": in_words(version.signing),
            "Registered by": version.registered_by.name,
        }
    )


def settings_of(then: ModelVersion, now: ModelVersion) -> list[Part]:
    """Hyperparameters, and other parameters where they are not the same ones."""
    found = [_settings("hyperparameters", "Hyperparameters", then.hyperparameters, now.hyperparameters)]
    if then.parameters != then.hyperparameters or now.parameters != now.hyperparameters:
        found.append(_settings("parameters", "Parameters", then.parameters, now.parameters))
    return found


def _settings(id: str, title: str, then: Mapping[str, object], now: Mapping[str, object]) -> Part:
    # sorted, because PostgreSQL keeps names in an order of its own
    rows, same = differences(*(dict(sorted(texts(side).items())) for side in (then, now)))
    return Part(id, title, rows, same, mono=True)


def requirements(then: Sequence[str], now: Sequence[str]) -> Part:
    """Packages added, removed or pinned to another version."""
    rows, same = differences(_pins(then), _pins(now))
    told = [Row(row.name, row.then, row.now, _direction(row.then, row.now)) for row in rows]
    return Part("requirements", "Requirements", told, same, mono=True)


def _pins(lines: Iterable[str]) -> dict[str, str]:
    """Package by its canonical name → what is asked of it."""
    pins: dict[str, str] = {}
    for line in lines:
        try:
            parsed = Requirement(line)
        except InvalidRequirement:
            pins[line] = "as written"
            continue
        extras = f"[{','.join(sorted(parsed.extras))}]" if parsed.extras else ""
        where = f" @ {parsed.url}" if parsed.url else ""
        marker = f" ; {parsed.marker}" if parsed.marker else ""
        pins[canonicalize_name(parsed.name)] = f"{extras}{parsed.specifier}{where}{marker}" or "any version"
    return pins


def _direction(then: str, now: str) -> str:
    """Whether one pinned version is newer than the other."""
    try:
        old, new = Version(then.removeprefix("==")), Version(now.removeprefix("=="))
    except InvalidVersion:
        return ""
    if old.release[:1] != new.release[:1]:
        return "newer, another major version" if new > old else "older, another major version"
    return "newer" if new > old else "older"


def columns(then: ModelVersion, now: ModelVersion) -> Part:
    """Inputs and outputs of the signature: added, removed, of another type, or in another order."""
    old, new = _columns(then), _columns(now)
    rows, same = differences(old, new)
    kept = [[name for name in side if name in old and name in new] for side in (old, new)]
    if not rows and kept[0] != kept[1]:
        rows = [Row("Order", ", ".join(kept[0])[:LONGEST_VALUE], ", ".join(kept[1])[:LONGEST_VALUE])]
    return Part("columns", "Inputs and outputs", rows, same, mono=True)


def _columns(version: ModelVersion) -> dict[str, str]:
    return {
        f"{side[:-1]} {column['name'] or number}": column["type"] or "any type"
        for side in ("inputs", "outputs")
        for number, column in enumerate(version.signature.get(side, []), start=1)
    }


def files(then: Iterable[ArtifactFile], now: Iterable[ArtifactFile]) -> Part:
    """Files by path; one that came with bytes that went says where they were."""
    old, new = {file.path: file for file in then}, {file.path: file for file in now}
    rows, same = differences(
        {path: _file(file) for path, file in old.items()}, {path: _file(file) for path, file in new.items()}
    )
    gone = {old[row.name].sha256: row.name for row in rows if row.kind == "removed"}
    told = [
        Row(row.name, row.then, row.now, f"the bytes of {gone[new[row.name].sha256]}")
        if row.kind == "added" and new[row.name].sha256 in gone
        else row
        for row in rows
    ]
    return Part("files", "Files", told, same, mono=True)


def _file(file: ArtifactFile) -> str:
    return f"{short_digest(file.sha256)}, {filesizeformat(file.size)}".replace("\xa0", " ")
