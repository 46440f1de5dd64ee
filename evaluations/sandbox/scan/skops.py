"""Reads the schema of a skops file: which types it would make when it is loaded."""

import json
from typing import Any

from evaluations.sandbox.scan.finding import Report
from evaluations.sandbox.scan.names import judge

MOST_NODES = 1_000_000
ORDINARY = ("sklearn.", "numpy.", "scipy.", "pandas.", "builtins.", "collections.", "datetime.", "skops.")


def scan_schema(content: bytes, file: str, report: Report) -> None:
    """Types that skops does not trust by itself are told; those that reach the machine are a danger."""
    try:
        waiting: list[Any] = [json.loads(content)]
    except (ValueError, RecursionError):
        report.unread(file, "its schema cannot be read")
        return
    types: dict[tuple[str, str], None] = {}
    count = 0
    while waiting:
        node = waiting.pop()
        count += 1
        if count > MOST_NODES:
            report.unread(file, "its schema is too large")
            return
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            if isinstance(node.get("__module__"), str) and isinstance(node.get("__class__"), str):
                types.setdefault((node["__module__"], node["__class__"]))
            waiting += node.values()
    for module, name in types:
        _tell(module, name, file, report)


def _tell(module: str, name: str, file: str, report: Report) -> None:
    full = f"{module}.{name}"
    verdict = judge(module, name)
    if verdict in {"danger", "code"} and not full.startswith(("numpy.", "scipy.", "sklearn.")):
        report.add("dangerous_name", "danger", file, f"It names {full}, which reaches beyond the model.")
    elif not full.startswith(ORDINARY):
        report.add("untrusted_type", "caution", file, f"It makes {full}, a type that skops does not trust.")
