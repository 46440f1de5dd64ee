"""bench/results.md: what the benchmarks printed, each with the machine, the moment and the versions of its run."""

import contextlib
import io
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.server import ROOT

RESULTS = ROOT / "bench" / "results.md"
HEAD = """# Figures

Written by `make bench`; do not edit. Each part says where and when it ran: parts that were run again are replaced, the
others stay. Ratios compare with what ran in the same minutes on the same machine; absolute times hold for that machine.
"""
PACKAGES = ("django", "celery", "psycopg2-binary", "gunicorn", "mlflow", "fairlearn", "shap")


class Both(io.StringIO):
    """Keeps what is written, and shows it meanwhile."""

    def write(self, text: str) -> int:
        if sys.__stdout__ is not None:
            sys.__stdout__.write(text)
            sys.__stdout__.flush()
        return super().write(text)


def kept(name: str, benchmark: Callable[[], int]) -> int:
    """Run it and keep what it printed; its exit code."""
    began, said = datetime.now(UTC), Both()
    with contextlib.redirect_stdout(said):
        code = benchmark()
    seconds = (datetime.now(UTC) - began).total_seconds()
    verdict = "**every limit met**" if code == 0 else "**a limit was missed**"
    lines = [
        f"## {name}",
        "",
        f"{verdict} · {began:%Y-%m-%d %H:%M} UTC, {seconds:.0f} s · commit {_commit()} · {machine()}",
        "",
        "```text",
        said.getvalue().strip("\n"),
        "```",
        "",
    ]
    _put(name, "\n".join(lines))
    return code


def machine() -> str:
    """Processors, memory, system, versions, and how busy it was with other things."""
    cpu = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    gib = int(memory[1]) / 2**20 if memory else 0
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{os.cpu_count()} × {cpu[1].strip() if cpu else platform.machine()}, {gib:.0f} GiB, load "
        f"{os.getloadavg()[1]:.1f} · Python {platform.python_version()}, {versions}"
    )


def _put(name: str, section: str) -> None:
    """Replace the section of this name, or add it."""
    old = RESULTS.read_text() if RESULTS.exists() else ""
    parts = {part.splitlines()[0].strip(): f"## {part}" for part in re.split(r"^## ", old, flags=re.M)[1:]}
    parts[name] = section
    RESULTS.write_text(HEAD + "\n" + "\n".join(part.strip("\n") + "\n" for part in parts.values()))


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"
