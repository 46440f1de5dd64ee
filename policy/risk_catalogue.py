"""Know the catalogue of risks, and which of them to suggest for a use and for a failed check."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from policy.metrics import EVALUATIONS
from policy.words import KINDS, UNMEASURED

CATALOGUE = Path(__file__).with_name("risks.yaml")
SUGGESTIONS = Path(__file__).with_name("risk_suggestions.yaml")
FACTS = ("flag", "use", "origin", "sensitive")
NOT_MEASURED_HERE = frozenset({"generative"})
"""Kinds of evaluation that the catalogue names and nothing measures yet."""


class CatalogueError(ValueError):
    """A catalogue that contradicts itself."""


@dataclass(frozen=True)
class CatalogueRisk:
    """One risk as the catalogue describes it, with the evaluations that show it."""

    id: str
    category: str
    title: str
    description: str
    mitigations: tuple[str, ...]
    evaluations: tuple[str, ...]
    refs: tuple[str, ...]


@dataclass(frozen=True)
class Catalogue:
    """The risks by id, in the order of the file; categories by id."""

    version: int
    categories: Mapping[str, str]
    risks: Mapping[str, CatalogueRisk]


@dataclass(frozen=True)
class Rule:
    """Suggest these risks for models of these kinds, or where a declared fact has one of these values."""

    why: str
    risks: tuple[str, ...]
    kinds: frozenset[str] = frozenset()
    fact: str = ""
    values: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Use:
    """What suggestions look at. `facts` are values by fact: flags, regulated uses, origin, sensitive columns."""

    kind: str
    facts: Mapping[str, Collection[str]]


@cache
def load_catalogue(path: Path = CATALOGUE) -> Catalogue:
    """Return the catalogue that a file holds, or raise CatalogueError."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    categories = {row["id"]: row["title"] for row in content["categories"]}
    risks: dict[str, CatalogueRisk] = {}
    for row in content["risks"]:
        risk = _risk(row)
        if risk.id in risks:
            raise CatalogueError(f"{risk.id} stands twice.")
        if risk.category not in categories:
            raise CatalogueError(f'{risk.id} is of a category "{risk.category}" that is not listed.')
        if unknown := set(risk.evaluations) - {*EVALUATIONS} - NOT_MEASURED_HERE:
            raise CatalogueError(f"{risk.id} names an evaluation that is not known: {min(unknown)}.")
        risks[risk.id] = risk
    if len(risks) != content["risk_count"]:
        raise CatalogueError(f"{len(risks)} risks are listed and {content['risk_count']} announced.")
    return Catalogue(content["version"], categories, risks)


def _risk(row: Mapping[str, Any]) -> CatalogueRisk:
    texts = {name: str(row[name]).strip() for name in ("id", "category", "title", "description")}
    if missing := [name for name, text in texts.items() if not text]:
        raise CatalogueError(f"{texts['id'] or 'A risk'} has no {missing[0]}.")
    return CatalogueRisk(
        **texts,
        mitigations=tuple(row["mitigations"]),
        evaluations=tuple(name.removeprefix("eval.") for name in row["evaluations"]),
        refs=tuple(row["refs"]),
    )


@cache
def load_rules(path: Path = SUGGESTIONS) -> tuple[Rule, ...]:
    """Return the rules that suggest risks, or raise CatalogueError."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    rules = [_rule_by_kind(row) for row in content["kinds"]] + [
        _rule_by_fact(row) for row in content["facts"]
    ]
    _refuse_unknown(risk for rule in rules for risk in rule.risks)
    return tuple(rules)


def _rule_by_kind(row: Mapping[str, Any]) -> Rule:
    kinds = frozenset(row["for"])
    if unknown := kinds - {*KINDS, *UNMEASURED}:
        raise CatalogueError(f"There is no kind of model {min(unknown)}.")
    return Rule(row["why"], tuple(row["risks"]), kinds=kinds)


def _rule_by_fact(row: Mapping[str, Any]) -> Rule:
    [(fact, values)] = row["when"].items()
    if fact not in FACTS:
        raise CatalogueError(f'"{fact}" is no declared fact; known are {", ".join(FACTS)}.')
    return Rule(row["why"], tuple(row["risks"]), fact=fact, values=frozenset(values))


def _refuse_unknown(ids: Collection[str] | Any) -> None:
    known = load_catalogue().risks
    for name in ids:
        if name not in known:
            raise CatalogueError(f"{name} is suggested and not in the catalogue.")


@cache
def load_check_risks(path: Path = SUGGESTIONS) -> Mapping[str, tuple[str, ...]]:
    """Return the risks by metric or beginning of a check's id, or raise CatalogueError."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    found = {name: tuple(risks) for name, risks in content["checks"].items()}
    _refuse_unknown(risk for risks in found.values() for risk in risks)
    return found


def suggested_for(use: Use) -> dict[str, list[str]]:
    """Return risk id → why it is suggested: declared facts first, then the kind of model."""
    rules = load_rules()
    ordered = [rule for rule in rules if rule.fact] + [rule for rule in rules if not rule.fact]
    found: dict[str, list[str]] = {}
    for rule in ordered:
        applies = (
            not rule.values.isdisjoint(use.facts.get(rule.fact, ())) if rule.fact else use.kind in rule.kinds
        )
        if applies:
            for risk in rule.risks:
                found.setdefault(risk, []).append(rule.why)
    return found


def risks_of_check(evaluation: str, name: str) -> tuple[CatalogueRisk, ...]:
    """Return what a failed check of this kind of evaluation points at, best first.

    Those named for the metric or check, by its longest beginning; then those that the catalogue shows by this kind of
    evaluation: the fewer other kinds a risk needs, the better it fits.
    """
    known = load_catalogue().risks
    places = {risk: place for place, risk in enumerate(known)}
    by_kind = sorted(
        (risk for risk in known.values() if evaluation in risk.evaluations),
        key=lambda risk: (risk.evaluations.index(evaluation), len(risk.evaluations), places[risk.id]),
    )
    return tuple(dict.fromkeys([*(known[risk] for risk in _named_for(name)), *by_kind]))


def best_risks_of_check(evaluation: str, name: str) -> tuple[CatalogueRisk, ...]:
    """Return those that are named for the metric or check, else the best that the kind of evaluation shows."""
    return risks_of_check(evaluation, name)[: len(_named_for(name)) or 1]


def _named_for(name: str) -> tuple[str, ...]:
    named, parts = load_check_risks(), name.split(".")
    beginnings = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((named[start] for start in beginnings if start in named), ())
