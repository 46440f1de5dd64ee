"""What the artifact's files are, what hides in them, and what they need: evidence, never permission."""

import logging
import zipfile
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

from evaluations.metrics.values import Check, Column, Estimate, Measured, Table
from evaluations.sandbox.given import Given
from evaluations.sandbox.job import CannotEvaluate, Job
from evaluations.sandbox.scan import Finding, Report, examine

LARGEST_FOR_PICKLESCAN = 256 << 20
MOST_ROWS = 200
STUMBLES = (
    *(ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, OSError, RuntimeError),
    *(TypeError, ValueError, zipfile.BadZipFile),
)
"""What another scanner's parts raise on a hostile file."""

LEVELS = {"danger": "Danger", "caution": "Read first", "not_understood": "Not understood"}
TITLES = {
    "dangerous_name": "No pickle reaches beyond the model",
    "computed_name": "No pickle computes the names that it asks for",
    "extension_code": "No pickle asks for names by number",
    "embedded_code": "No code is hidden in pickles",
    "compiled_code": "No compiled code",
    "executable": "No programs",
    "disguised": "Every file is what its name says",
    "two_faces": "No file is two things at once",
    "traversal": "No archive writes outside its folder",
    "bomb": "No archive unpacks without end",
    "link": "No links and devices",
    "twice": "No archive holds a name twice",
    "outside_file": "No file takes numbers from outside the artifact",
    "yaml_code": "No YAML asks for Python objects",
    "entity": "No XML declares entities",
    "lambda_layer": "No Lambda layers",
    "from_address": "Every requirement comes from a package index",
    "lookalike": "No requirement looks like another package",
    "python_ended": "Its Python version still gets security fixes",
    "not_understood": "Everything was understood",
    "pickle": "No file is a pickle",
    "unknown_name": "Pickles name only known parts of models",
    "script": "No source code comes along",
    "unpinned": "Every requirement is pinned",
    "untrusted_type": "skops trusts every type",
    "external_data": "ONNX files hold their own numbers",
    "foreign_operator": "ONNX files use standard operators only",
    "own_loader": "Loaded by MLflow's own code",
    "own_index": "No package index of its own",
    "missing_file": "Files that are named are there",
}
LIMITS_NOTE = (
    "A scan is evidence, never permission: that it finds nothing does not make a file safe to load. "
    "No database of known vulnerabilities or withdrawn releases was asked; it cannot be reached from the sandbox."
)
CONVENTIONS = {
    "scan_dangers": "Findings that run code on loading, reach outside the artifact or mislead its readers; of one "
    "kind, at most 50 are counted.",
    "scan_not_understood": "Files and members of archives that were not read to their end.",
    "scan": "Pickles are followed instruction by instruction and nothing is loaded; archives are unpacked in memory, "
    "at most four deep; formats are told by their first bytes.",
    "requirements": "requirements*.txt, conda.yaml, environment.yaml and python_env.yaml. Python versions without "
    "security fixes as of 2026-11-01: 3.10 and before.",
}


def refuse(job: Job) -> None:
    """Say what the job alone tells."""
    if job.model_path is None:
        raise CannotEvaluate("This version has no files; only its predictions are known.")


def measure(given: Given) -> Measured:
    """Scan the artifact."""
    place = Path(given.job.model_path or "")
    given.measuring("Scanning the artifact")
    report = examine(place)
    second, notes = _second_opinion(place, report)
    overall = _figures(report, second)
    levels = Counter(found.level for found in report.findings)
    said = (
        f"{len(report.files):,} files and members looked at: {levels['danger']:,} dangers, "
        f"{levels['caution']:,} things to read first, {levels['not_understood']:,} not understood."
    )
    if report.left_out:
        notes.append(f"{report.left_out:,} more findings are left out: of one kind, 50 are told.")
    return Measured(
        overall,
        CONVENTIONS,
        tables=[*_tables(report)],
        checks=_checks(report, second),
        notes=[said, LIMITS_NOTE, *notes],
    )


def _figures(report: Report, second: int | None) -> dict[str, Estimate]:
    n = len(report.files)
    levels = Counter(found.level for found in report.findings)
    unread = {looked.file for looked in report.files if not looked.understood}
    needs = len(report.requirements)

    def count(value: int | None, of: int = n) -> Estimate:
        return Estimate(None if value is None else float(value), None, None, of)

    return {
        "scan_dangers": count(levels["danger"]),
        "scan_not_understood": count(levels["not_understood"]),
        "scan_cautions": count(levels["caution"]),
        "scan_files": count(n),
        "scan_understood_share": Estimate(1 - len(unread) / n if n else None, None, None, n),
        "scan_pickles": count(len(report.pickles)),
        "scan_second_opinion": count(second, len(report.pickles)),
        "requirements_named": count(needs, needs),
        "requirements_unpinned": count(sum(not need.pinned for need in report.requirements), needs),
    }


def _checks(report: Report, second: int | None) -> list[Check]:
    by_kind: dict[str, list[Finding]] = {}
    for found in report.findings:
        by_kind.setdefault(found.id, []).append(found)
    checks = []
    for id, title in TITLES.items():
        told = by_kind.get(id, [])
        first = told[0] if told else None
        if first is not None:
            more = f" And {len(told) - 1:,} more." if len(told) > 1 else ""
            checks.append(Check(f"scan.{id}", title, False, f"{first.said}{more}", about=first.file))
        else:
            checks.append(Check(f"scan.{id}", title, True, "Nothing of the kind was found."))
    if not report.requirements:
        said = "The artifact does not say what it needs, so its dependencies could not be looked at."
        checks.append(Check("scan.requirements", "Requirements are named", False, said))
    if second is not None:
        said = f"picklescan finds {second:,} dangerous names in {len(report.pickles):,} pickles."
        checks.append(Check("scan.picklescan", "picklescan finds nothing dangerous", second == 0, said))
    return checks


def _tables(report: Report) -> list[Table]:
    findings = sorted(report.findings, key=lambda found: list(LEVELS).index(found.level))
    rows = [[LEVELS[found.level], found.file, found.said] for found in findings[:MOST_ROWS]]
    formats = Counter(looked.format for looked in report.files)
    sizes: Counter[str] = Counter()
    unread: Counter[str] = Counter()
    for looked in report.files:
        sizes[looked.format] += looked.size
        unread[looked.format] += not looked.understood
    by_format = [[name, count, sizes[name], unread[name]] for name, count in formats.most_common()]
    needs = [
        [need.name, "yes" if need.pinned else "no", need.file] for need in report.requirements[:MOST_ROWS]
    ]
    tables = [
        Table(
            "formats",
            "What was looked at",
            "Formats by their first bytes, members of archives included.",
            [
                Column("Format"),
                Column("Files", "count"),
                Column("Bytes", "count"),
                Column("Not understood", "count"),
            ],
            by_format,
        )
    ]
    if rows:
        note = (
            f"The worst first, at most {MOST_ROWS}. A member of an archive stands behind an exclamation mark."
        )
        columns = [Column("Level"), Column("File"), Column("What")]
        tables.insert(0, Table("findings", "What was found", note, columns, rows))
    if needs:
        columns = [Column("Package"), Column("Pinned"), Column("Said in")]
        note = "What the artifact says that it needs. Nothing was looked up."
        tables.append(Table("requirements", "Requirements", note, columns, needs))
    return tables


def _second_opinion(place: Path, report: Report) -> tuple[int | None, list[str]]:
    """Dangerous names that picklescan sees in the files that hold pickles; it loads nothing either."""
    if find_spec("picklescan") is None:
        return None, ["picklescan is not installed in this environment, so there is no second opinion."]
    from picklescan.scanner import scan_file_path

    logging.getLogger("picklescan").setLevel(logging.CRITICAL)
    bombs = {found.file.split("!")[0] for found in report.findings if found.id == "bomb"}
    dangers, unread = 0, 0
    for name in dict.fromkeys(file.split("!")[0] for file in report.pickles):
        path = place / name if place.is_dir() else place
        if name in bombs or path.stat().st_size > LARGEST_FOR_PICKLESCAN:
            unread += 1
            continue
        try:
            result = scan_file_path(str(path))
        except STUMBLES:
            unread += 1
            continue
        dangers += int(result.issues_count)
        unread += bool(result.scan_err)
    notes = [f"picklescan could not read {unread:,} of the files to their end."] if unread else []
    return dangers, notes
