"""What Countersign says that it is made of."""

import json
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from bin import sbom

LOCK = (Path(__file__).resolve().parents[2] / "requirements.txt").read_text()


def test_the_document_is_cyclonedx_names_every_package_and_is_always_the_same() -> None:
    text = json.dumps(sbom.document(LOCK, "0.1.0"))
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert json.dumps(sbom.document(LOCK, "0.1.0")) == text
    assert json.dumps(sbom.document(LOCK, "0.1.1")) != text
    told = json.loads(text)
    pinned = [line.split("==")[0] for line in LOCK.splitlines() if "==" in line and line[0].isalnum()]
    assert len(told["components"]) == len(pinned) > 100
    django = next(found for found in told["components"] if found["name"] == "django")
    assert django["purl"] == f"pkg:pypi/django@{django['version']}"
    assert "BSD" in django["licenses"][0]["license"]["name"]
    assert all(found["externalReferences"][0]["hashes"] for found in told["components"])


@pytest.mark.parametrize(
    ("lock", "wrong"),
    [
        ("", "names no package"),
        ("django==5.2.1\n", "has no hash"),
        (f"django==0.0.1 \\\n    --hash=sha256:{'0' * 64}\n", "is installed as"),
        (f"not-there-at-all==1 \\\n    --hash=sha256:{'0' * 64}\n", "is not installed"),
    ],
)
def test_packages_that_are_not_as_locked_are_named(lock: str, wrong: str) -> None:
    assert any(wrong in problem for problem in sbom.problems(lock))


@pytest.mark.parametrize(
    ("licence", "free"),
    [
        ("MIT", True),
        ("GNU Library or Lesser General Public License (LGPL)", True),
        ("GPLv2+ / LGPLv2+ / MPL 1.1", True),
        ("GPL-3.0-only", False),
        ("GNU Affero General Public License v3", False),
        ("Business Source License 1.1", False),
    ],
)
def test_licences_that_may_be_used(licence: str, free: bool) -> None:
    assert sbom.may_be_used(licence) is free
