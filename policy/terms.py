"""The words of the field, each explained in one sentence with its source, from one file (terms.yaml)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from policy.metrics import METRICS, OF_KIND

TERMS = Path(__file__).with_name("terms.yaml")
OF_REQUIREMENTS = "Countersign, docs/policy.md"


@dataclass(frozen=True)
class Term:
    """A word, what it means in one sentence, and where that is written."""

    label: str
    meaning: str
    source: str


def term_of(name: str) -> Term | None:
    """The explanation of a metric, a kind of requirement or another term; None of what is not known (a plug-in's)."""
    return _all().get(name)


def glossary() -> Mapping[str, Mapping[str, Term]]:
    """Every explained word by its name, under headings: words, what a policy asks, the figures of each kind."""
    named = {"Words": list(_given()["terms"]), "What a policy can ask": list(_given()["requirements"])}
    named |= {kind.replace("_", " ").capitalize(): list(metrics) for kind, metrics in OF_KIND.items()}
    return {heading: {name: _all()[name] for name in names} for heading, names in named.items()}


@cache
def _given() -> Mapping[str, Any]:
    given: dict[str, Any] = yaml.safe_load(TERMS.read_text())
    return given


@cache
def _all() -> Mapping[str, Term]:
    given = _given()
    found = {name: Term(**entry) for name, entry in given["terms"].items()}
    for name, meaning in given["requirements"].items():
        found[name] = Term(name.replace("_", " ").capitalize(), meaning, OF_REQUIREMENTS)
    for kind, metrics in OF_KIND.items():
        for name in metrics:
            source = given["metrics"].get(name) or given["kinds"][kind]
            found.setdefault(name, Term(METRICS[name].label, METRICS[name].meaning, source))
    return found
