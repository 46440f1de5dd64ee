"""HTML to a PDF that archives accept, in processes of their own, with limits: a long report can take a gigabyte."""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from governance.reports.certificate import VARIABLES
from governance.reports.look import Look
from governance.reports.orders import LaidOut, Layout, Part, Signature, Signing, read, told
from governance.reports.page import self_contained

MEMORY_MB = 2048
SIGNING_SECONDS = 60
BEAT_SECONDS = 10.0
Beat = Callable[[], bool]
KEPT = ("PATH", "HOME", "LANG")
ROOT = Path(__file__).resolve().parents[2]


def _goes_on() -> bool:
    return True


class RenderFailed(RuntimeError):
    """There is no PDF; the message says why, for a person."""


@dataclass(frozen=True)
class Rendered:
    """A finished file. `name` is relative to the reports' folder.

    `unprinted` counts the different characters that no font could print; without a signature the PDF is unsigned.
    """

    name: str
    size: int
    sha256: str
    pages: int
    facts_sha256: str
    html_sha256: str = ""
    unprinted: int = 0
    signature: Signature | None = None


@dataclass(frozen=True)
class Seal:
    """That the PDF is to be signed at `at` (ISO 8601), with a time-stamp of the authority at `tsa` where one is named.

    The certificate is the one that governance/reports/certificate.py finds.
    """

    at: str
    tsa: str = ""
    tsa_roots: str = ""


def render(
    *,
    html: str,
    evidence: str,
    folder: Path,
    name: str,
    static: Path,
    seconds: int,
    made_at: int,
    look: Look,
    parts: Sequence[Part] = (),
    seal: Seal | None = None,
    beat: Beat = _goes_on,
) -> Rendered:
    """Write `folder/name` from the HTML with the evidence and the parts inside; evidence and HTML lie beside it, too.

    `made_at` is the Unix time that the document carries: the same input gives the same bytes, unless it is sealed.
    `beat` is called every few seconds of a long layout, and stops it by saying False.
    """
    folder.mkdir(parents=True, exist_ok=True)
    facts = Part("evidence.json", evidence, "The facts behind this report, for machines", "Data")
    try:
        page = self_contained(html, static=static, look=look)
    except OSError as error:
        raise RenderFailed(
            f"The layout failed: {error.filename} cannot be read: {error.strerror}."
        ) from error
    with TemporaryDirectory(dir=folder, prefix=".") as scratch:
        source, inside, target = (Path(scratch) / one for one in ("page.html", "parts.json", "made.pdf"))
        source.write_text(page, encoding="utf-8")
        inside.write_text(json.dumps([asdict(part) for part in (facts, *parts)]), encoding="utf-8")
        order = Layout(str(source), str(target), str(inside), made_at, MEMORY_MB)
        moment = {"SOURCE_DATE_EPOCH": str(made_at)}
        laid_out = read(LaidOut, _answer("layout", told(order), seconds, moment, beat))
        signature = _sealed(target, seal) if seal else None
        content = target.read_bytes()
        facts_of(folder / name).write_text(evidence, encoding="utf-8")
        source.replace(html_of(folder / name))
        target.replace(folder / name)
    return Rendered(
        name,
        len(content),
        hashlib.sha256(content).hexdigest(),
        laid_out.pages,
        hashlib.sha256(evidence.encode()).hexdigest(),
        hashlib.sha256(page.encode()).hexdigest(),
        laid_out.unprinted,
        signature,
    )


def facts_of(report: Path) -> Path:
    """Where the facts of a finished report lie: the JSON that is attached to it."""
    return report.with_suffix(".json")


def html_of(report: Path) -> Path:
    """Where the page lies that a finished report was laid out from."""
    return report.with_suffix(".html")


def _sealed(target: Path, seal: Seal) -> Signature:
    given = {name: os.environ[name] for name in VARIABLES if name in os.environ}
    order = Signing(str(target), seal.at, seal.tsa, seal.tsa_roots)
    return read(Signature, _answer("signing", told(order), SIGNING_SECONDS, given))


def _answer(module: str, order: str, seconds: float, given: dict[str, str], beat: Beat = _goes_on) -> str:
    """What the process says; `beat` is asked now and then whether to go on.

    The process gets the variables that it needs and no others: no password of the database.
    """
    work = {"layout": "layout", "signing": "signature"}[module]
    end, unsent = time.monotonic() + seconds, order or None
    with subprocess.Popen(
        [sys.executable, "-m", f"governance.reports.{module}"],
        env={name: os.environ[name] for name in KEPT if name in os.environ} | given,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        while True:
            try:
                said, complaint = child.communicate(unsent, max(min(BEAT_SECONDS, end - time.monotonic()), 0))
                break
            except subprocess.TimeoutExpired as slow:
                unsent = None
                if time.monotonic() >= end or not beat():
                    child.kill()
                    raise RenderFailed(f"The {work} took longer than {seconds} s and was stopped.") from slow
    if child.returncode != 0:
        raise RenderFailed(_reason(work, complaint, child.returncode))
    return said


def _reason(work: str, complaint: str, code: int) -> str:
    if "MemoryError" in complaint or code == -9:
        return f"The {work} needed more than {MEMORY_MB} MB and was stopped."
    if "cannot load library" in complaint:
        return "Pango is missing on the worker's machine: install libpango-1.0-0 and libpangoft2-1.0-0."
    last = complaint.strip().splitlines()[-1:] or [f"The {work} ended with code {code}."]
    if work == "signature":
        return f"The PDF could not be signed, so there is none. {last[0][:600]}"
    return f"The layout failed: {last[0][:300]}"
