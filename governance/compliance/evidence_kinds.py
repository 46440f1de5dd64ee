"""The kinds of evidence that controls ask for, as evidence_kinds.yaml lists them."""

from functools import cache
from pathlib import Path

import yaml

FILE = Path(__file__).with_name("evidence_kinds.yaml")


@cache
def evidence_kinds() -> dict[str, str]:
    """Id → what it is, in the order of the file."""
    content = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {row["id"]: row["description"] for row in content["evidence_kinds"]}


def kind_label(kind: str) -> str:
    """What people call a kind; one that is not listed any more stands for itself."""
    return evidence_kinds().get(kind, kind)
