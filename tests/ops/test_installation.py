"""The lock files, and the program that installs them on a fresh machine."""

import importlib.util
import os
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.ops.processes import ROOT

LOCKS = ["requirements.txt", "requirements-dev.txt"]


@pytest.fixture
def installer(tmp_path: Path) -> ModuleType:
    """bin/install.py, with an environment of its own."""
    spec = importlib.util.spec_from_file_location("installer", ROOT / "bin" / "install.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, place in {"VENV": "", "PYTHON": "python", "STAMP": "installed-lock"}.items():
        setattr(module, name, tmp_path / place)
    return module


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_and_hashed(lock: str) -> None:
    packages = re.split(r"\n(?=[a-zA-Z0-9])", (ROOT / lock).read_text())[1:]
    assert len(packages) > 20
    for package in packages:
        assert re.match(r"[A-Za-z0-9._-]+(\[[a-z0-9,_-]+\])?==\S+ \\\n    --hash=sha256:", package), package[
            :80
        ]


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_the_address_of_an_index(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert not re.search(r"--(extra-)?index-url|--find-links|--trusted-host", text)


@pytest.mark.parametrize("source", ["requirements.in", "requirements-dev.in"])
def test_every_requirement_says_why_it_is_there(source: str) -> None:
    reason = ""
    for line in (ROOT / source).read_text().splitlines():
        if line.startswith("#"):
            reason = line
        elif not line:
            reason = ""
        elif not line.startswith("-c"):
            assert reason, f"{line} in {source} has no comment above it"


def test_both_locks_agree_where_they_name_the_same_package() -> None:
    pins: list[dict[str, str]] = []
    for lock in LOCKS:
        found = re.findall(r"^([A-Za-z0-9._-]+)(?:\[\S+\])?==(\S+)", (ROOT / lock).read_text(), re.M)
        pins.append(dict(found))
    shared = pins[0].keys() & pins[1].keys()
    assert shared
    assert {name for name in shared if pins[0][name] != pins[1][name]} == set()


def test_a_python_that_is_too_old_is_refused_with_the_remedy(
    installer: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    with pytest.raises(installer.CannotInstall, match="3.11 to 3.13") as refused:
        installer.refuse_other_pythons()
    assert "make run PYTHON=" in str(refused.value)


def test_nothing_is_installed_twice_and_a_changed_lock_is_noticed(
    installer: ModuleType, tmp_path: Path
) -> None:
    lock, more = tmp_path / "requirements.txt", tmp_path / "requirements-dev.txt"
    lock.write_text("a==1")
    more.write_text("b==1")
    assert not installer.stamped([lock]), "there is no environment yet"
    installer.PYTHON.touch()
    installer.write_stamp([lock, more])
    assert installer.stamped([lock, more])
    assert installer.stamped([lock]), "more than needed is installed, which is fine"
    lock.write_text("a==2")
    assert not installer.stamped([lock])
    installer.write_stamp([lock])
    assert not installer.stamped([lock, more])


def test_without_root_the_command_is_named(installer: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda program: f"/usr/bin/{program}")
    with pytest.raises(installer.CannotInstall) as refused:
        installer.get_with_apt(["libpango-1.0-0"], "PDF reports need Pango.")
    assert "PDF reports need Pango." in str(refused.value)
    assert "sudo apt-get install -y --no-install-recommends libpango-1.0-0" in str(refused.value)


def test_without_apt_the_packages_are_named(installer: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda program: None)
    with pytest.raises(installer.CannotInstall, match="libpango-1.0-0, fonts-dejavu-core"):
        installer.get_with_apt(["libpango-1.0-0", "fonts-dejavu-core"], "PDF reports need Pango.")
