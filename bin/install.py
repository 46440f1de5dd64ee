"""`python bin/install.py [--development]`: the virtual environment, its packages, the system libraries it needs.

Runs before anything is installed, so it needs no more than Python's standard library. Packages come only from the
lock files, each checked against its hash, and only when a lock changed since the last time.
"""

from __future__ import annotations  # older Pythons must be able to read as far as the refusal

import argparse
import ctypes.util
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from time import monotonic

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed-lock"
OLDEST, NEWEST = (3, 11), (3, 13)
# What WeasyPrint loads when it draws a PDF, and the Debian package of each.
PANGO = {
    "pango-1.0": "libpango-1.0-0",
    "pangoft2-1.0": "libpangoft2-1.0-0",
    "harfbuzz": "libharfbuzz0b",
    "harfbuzz-subset": "libharfbuzz-subset0",
    "fontconfig": "libfontconfig1",
}
FONTS = "fonts-dejavu-core"
INSTALLED_BY_APT_SECONDS = 600


class CannotInstall(Exception):
    """What is missing, and the command that mends it."""


def main() -> int:
    """Install what is missing; answers the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--development", action="store_true", help="also what tests and checks need")
    development: bool = parser.parse_args().development
    locks = [ROOT / "requirements.txt"] + [ROOT / "requirements-dev.txt"] * development
    try:
        refuse_other_pythons()
        need_pango()
        if stamped(locks):
            return 0
        started = monotonic()
        want_bubblewrap()
        make_environment()
        install(locks)
        write_stamp(locks)
    except CannotInstall as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    say(f"Installed in {monotonic() - started:.0f} s.")
    return 0


def say(line: str) -> None:
    """A line of progress, at once."""
    print(line, flush=True)


def refuse_other_pythons() -> None:
    """The lock was made for 3.11; its wheels exist up to 3.13."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        raise CannotInstall(
            f"Countersign runs on Python 3.11 to 3.13; this is {sys.version.split()[0]} ({sys.executable}).\n"
            f"Install Python 3.11 (Debian 12: apt-get install python3 python3-venv), "
            f"or name another with: make run PYTHON=/path/to/python3.11"
        )


def need_pango() -> None:
    """WeasyPrint draws PDFs with Pango, which no Python package brings along."""
    missing = [package for library, package in PANGO.items() if ctypes.util.find_library(library) is None]
    if not missing:
        return
    packages = [*missing, FONTS]
    get_with_apt(packages, f"PDF reports need Pango, and this machine lacks {', '.join(missing)}.")


def want_bubblewrap() -> None:
    """The sandbox's wall around models: wanted, but where the kernel has Landlock, that stands in."""
    if shutil.which("bwrap") is not None:
        return
    try:
        get_with_apt(["bubblewrap"], "Models are evaluated behind bubblewrap, which this machine lacks.")
    except CannotInstall as problem:
        say(
            f"{problem}\nGoing on without: models run behind Landlock where the kernel has it, and else not at all."
        )


def get_with_apt(packages: list[str], why: str) -> None:
    """Install Debian packages where we may; otherwise say which command would."""
    command = "apt-get install -y --no-install-recommends " + " ".join(packages)
    if shutil.which("apt-get") is None:
        raise CannotInstall(
            f"{why}\nInstall the packages that your system has for: {', '.join(packages)}. "
            f"Then run make again."
        )
    if os.geteuid() != 0:
        raise CannotInstall(f"{why}\nRun this, then make again:\n  sudo {command}")
    say(f"{why} Getting it: {command}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for line in ("apt-get update -q", command):
        done = subprocess.run(
            line.split(),
            env=environment,
            capture_output=True,
            text=True,
            timeout=INSTALLED_BY_APT_SECONDS,
            check=False,
        )
        if done.returncode:
            raise CannotInstall(f"{line} failed:\n{done.stderr[-1500:]}")


def stamped(locks: list[Path]) -> bool:
    """Whether the environment holds at least these locks, unchanged."""
    if not (PYTHON.exists() and STAMP.exists()):
        return False
    return set(digests(locks)) <= set(STAMP.read_text().splitlines())


def write_stamp(locks: list[Path]) -> None:
    """Remember what was installed, so that the next start need not ask."""
    STAMP.write_text("\n".join(digests(locks)) + "\n")


def digests(locks: list[Path]) -> list[str]:
    """One line for each lock: its name and the SHA-256 of its bytes."""
    return [f"{lock.name} {hashlib.sha256(lock.read_bytes()).hexdigest()}" for lock in locks]


def make_environment() -> None:
    """`.venv` with pip in it."""
    if PYTHON.exists():
        return
    if importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        get_with_apt([f"python{version}-venv"], "This Python cannot make virtual environments.")
    say(f"Making .venv with Python {sys.version.split()[0]} …")
    shutil.rmtree(VENV, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)


def install(locks: list[Path]) -> None:
    """Make the environment hold exactly what the locks say: by uv, or by pip where uv finds no packages.

    uv is seven times faster, but it does not read pip's configuration, which on some machines is what names the
    package index.
    """
    names = [str(lock) for lock in locks]
    say("Installing packages, each checked against its hash (about 400 MB to download at first) …")
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check"]
    uv = VENV / "bin" / "uv"
    if not uv.exists():
        subprocess.run([*pip, "install", "--quiet", "uv"], check=False)
    if uv.exists():
        sync = [
            str(uv),
            "pip",
            "sync",
            "--quiet",
            "--compile-bytecode",
            "--require-hashes",
            "--python",
            str(PYTHON),
        ]
        if subprocess.run([*sync, *names], check=False).returncode == 0:
            return
        say("uv could not install them. Trying pip, which takes longer …")
    wanted = [part for name in names for part in ("--requirement", name)]
    if subprocess.run([*pip, "install", "--quiet", "--require-hashes", *wanted], check=False).returncode:
        raise CannotInstall(
            "The packages could not be installed; the lines above say why.\n"
            "This needs the network at the first start. Mend that, then run make again: it goes on from here."
        )


if __name__ == "__main__":
    sys.exit(main())
