"""HTML to PDF in a process of its own, with limits: layout of a long report can take a gigabyte."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

MEMORY_MB = 2048


class RenderFailed(RuntimeError):
    """There is no PDF; the message says why, for a person."""


@dataclass(frozen=True)
class Rendered:
    """A finished file. `name` is relative to the reports' folder."""

    name: str
    size: int
    sha256: str
    pages: int
    facts_sha256: str


def render(
    *, html: str, evidence: str, folder: Path, name: str, static: Path, seconds: int, made_at: int
) -> Rendered:
    """Write `folder/name` from the HTML, with the evidence attached as JSON, which is kept beside it, too.

    `made_at` is the Unix time that the document carries: the same input gives the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    source, target, attached = (folder / f"{name}{end}" for end in (".html", ".part", ".json.part"))
    source.write_text(html, encoding="utf-8")
    attached.write_text(evidence, encoding="utf-8")
    try:
        pages = _run(source, attached, target, static, seconds, made_at)
        content = target.read_bytes()
        attached.replace(facts_of(folder / name))
        target.replace(folder / name)
    finally:
        for leftover in (source, target, attached):
            leftover.unlink(missing_ok=True)
    facts = hashlib.sha256(evidence.encode()).hexdigest()
    return Rendered(name, len(content), hashlib.sha256(content).hexdigest(), pages, facts)


def facts_of(report: Path) -> Path:
    """Where the facts of a finished report lie: the JSON that is attached to it."""
    return report.with_suffix(".json")


def _run(source: Path, evidence: Path, target: Path, static: Path, seconds: int, made_at: int) -> int:
    command = [sys.executable, "-m", "governance.reports.layout", str(source), str(evidence), str(target)]
    command += [str(static), str(MEMORY_MB)]
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    environment = {**kept, "SOURCE_DATE_EPOCH": str(made_at)}
    try:
        done = subprocess.run(
            command,
            env=environment,
            cwd=Path(__file__).resolve().parents[2],
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as slow:
        raise RenderFailed(f"The layout took longer than {seconds} s and was stopped.") from slow
    if done.returncode != 0:
        raise RenderFailed(_reason(done.stderr, done.returncode))
    return int(json.loads(done.stdout)["pages"])


def _reason(complaint: str, code: int) -> str:
    if "MemoryError" in complaint or code == -9:
        return f"The layout needed more than {MEMORY_MB} MB and was stopped."
    if "cannot load library" in complaint:
        return "Pango is missing on the worker's machine: install libpango-1.0-0 and libpangoft2-1.0-0."
    last = complaint.strip().splitlines()[-1:] or [f"The layout ended with code {code}."]
    return f"The layout failed: {last[0][:300]}"
