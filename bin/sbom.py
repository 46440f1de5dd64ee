"""`python bin/sbom.py [--check] [--write PATH]`: what Countersign is made of, as CycloneDX 1.6.

From requirements.txt, with the licences that the installed packages declare: no clock, no random number, so the same
lock gives the same bytes.
`--check` needs no network either: every package is pinned with hashes, installed as pinned, and under a licence that
may be used here. Known vulnerabilities are not its matter: give the document to a scanner that knows today's.
"""

import argparse
import hashlib
import json
import re
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.txt"
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)(?:\s*;([^\\]*))?")
HASHED = re.compile(r"--hash=sha256:([0-9a-f]{64})")
NAMESPACE = uuid.UUID("6b1c0f3e-6f0a-5c53-9e5e-0d8f2c7a4b11")
"""For the document's serial number, which follows from the lock."""
FORBIDDEN = re.compile(r"\bA?GPL|General Public|Affero|SSPL|Business Source|Commons Clause", re.I)
LESSER = re.compile(r"LGPL|Lesser General Public", re.I)
"""May be used, also where it is one of several to choose from."""


@dataclass(frozen=True)
class Package:
    """One line of the lock."""

    name: str
    version: str
    hashes: tuple[str, ...]
    only_where: str = ""

    @property
    def purl(self) -> str:
        """Its package URL, with the name as PyPI spells it."""
        return f"pkg:pypi/{re.sub(r'[-_.]+', '-', self.name).lower()}@{self.version}"


def locked(text: str) -> Iterator[Package]:
    """The packages of a lock file, in its order."""
    for entry in re.split(r"\n(?=[A-Za-z0-9])", text):
        if (found := PINNED.match(entry)) is not None:
            name, version, where = found.groups()
            yield Package(name, version, tuple(HASHED.findall(entry)), (where or "").strip())


def licence_of(told: PackageMetadata) -> str:
    """What a package declares: an SPDX expression, else its classifiers, else the first line of its licence."""
    if "License-Expression" in told:
        return str(told["License-Expression"])
    classifiers: list[str] = told.get_all("Classifier") or []
    declared = [line.rpartition(" :: ")[2] for line in classifiers if "License ::" in line]
    said = " / ".join(name for name in declared if name != "OSI Approved")
    return said or (str(told["License"]).strip().partition("\n")[0][:100] if "License" in told else "")


def may_be_used(licence: str) -> bool:
    """Permissive or lesser; where several are offered, one of them suffices."""
    return not FORBIDDEN.search(licence) or bool(LESSER.search(licence))


def installed(package: Package) -> PackageMetadata | None:
    """The metadata of the package as it is installed here; None where it is not."""
    try:
        return metadata(package.name)
    except PackageNotFoundError:
        return None


def component(package: Package) -> dict[str, object]:
    """One component. The hashes are those of its wheels and archives, of which one was installed."""
    told = installed(package)
    licence = licence_of(told) if told else ""
    return {
        "type": "library",
        "bom-ref": package.purl,
        "name": package.name,
        "version": package.version,
        "purl": package.purl,
        **({"licenses": [{"license": {"name": licence}}]} if licence else {}),
        "externalReferences": [
            {
                "type": "distribution",
                "url": f"https://pypi.org/project/{package.name}/{package.version}/",
                "hashes": [{"alg": "SHA-256", "content": digest} for digest in sorted(package.hashes)],
            }
        ],
    }


def document(lock: str, version: str) -> dict[str, object]:
    """The whole document."""
    packages = sorted(locked(lock), key=lambda package: package.purl)
    serial = uuid.uuid5(NAMESPACE, hashlib.sha256(f"{version}\n{lock}".encode()).hexdigest())
    ours = f"pkg:generic/countersign@{version}"
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": ours,
                "name": "countersign",
                "version": version,
                "purl": ours,
            }
        },
        "components": [component(package) for package in packages],
        "dependencies": [
            {"ref": ours, "dependsOn": [package.purl for package in packages]},
            *({"ref": package.purl} for package in packages),
        ],
    }


def problems(lock: str) -> Iterator[str]:
    """What is wrong with the packages, each with what to do about it."""
    found = list(locked(lock))
    if not found:
        yield "requirements.txt names no package. Run make lock."
    for package in found:
        if not package.hashes:
            yield f"{package.name} has no hash in requirements.txt. Run make lock."
        told = installed(package)
        if told is None:
            if not package.only_where:
                yield f"{package.name} is not installed. Run make install."
            continue
        if told["Version"] != package.version:
            yield f"{package.name} is installed as {told['Version']}, locked as {package.version}. Run make install."
        licence = licence_of(told)
        if not may_be_used(licence):
            yield f"{package.name} is under {licence}, which may not be used here. Replace it."


def version_of_ours() -> str:
    """The product's version, read without loading it."""
    found = re.search(r'^VERSION = "(.+)"$', (ROOT / "governance" / "settings.py").read_text(), re.M)
    assert found
    return found[1]


def main() -> int:
    """Print or write the document, or check the packages; answers the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="check the packages instead")
    parser.add_argument("--write", type=Path, help="the file to write; standard output without it")
    given = parser.parse_args()
    lock = LOCK.read_text()
    if given.check:
        wrong = list(problems(lock))
        print(
            "\n".join(wrong)
            or f"{sum(1 for _ in locked(lock))} packages: pinned, hashed, installed, free to use."
        )
        return bool(wrong)
    text = json.dumps(document(lock, version_of_ours()), indent=2, ensure_ascii=False) + "\n"
    given.write.write_text(text) if given.write else sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
