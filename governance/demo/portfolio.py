"""What the demo portfolio holds: the training process writes it, the loader reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import ConfigDict, TypeAdapter

Kind = Literal["binary_classification", "multiclass_classification", "regression"]
Tier = Literal["low", "moderate", "high", "critical", "prohibited"]
Role = Literal["training", "validation", "test", "production_sample"]

STRICT = ConfigDict(extra="forbid")


class Story(StrEnum):
    """The state that a version is led to: what machines measure makes it true, the loader acts on it."""

    RETIRED = "retired"
    DEPLOYED = "deployed"
    APPROVED = "approved"
    APPROVED_WITH_CONDITIONS = "approved_with_conditions"
    DRAFT = "draft"
    AWAITING_SIGNOFFS = "awaiting_signoffs"
    FAIRNESS_FAILED = "fairness_failed"
    TOO_WEAK = "too_weak"
    STALE_AFTER_CARD_CHANGE = "stale_after_card_change"
    WAIVED = "waived"
    PROHIBITED = "prohibited"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Dataset:
    """One file of rows with its label. `positive` is text: compare the label's values as text."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    name: str
    version: str
    file: str  # relative to the portfolio's folder
    role: Role
    label: str
    positive: str | None
    prediction: str | None
    score: str | None
    sensitive: tuple[str, ...]
    rows: int
    description: str
    source: str
    licence: str

    @property
    def ref(self) -> str:
        """`name@version`, as the API writes it."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a model. `mlflow_uri` is None when only its predictions are known."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    version: str
    story: Story
    mlflow_uri: str | None
    mlflow_run_id: str | None
    code_repository: str
    code_commit: str
    parameters: Mapping[str, str]
    features: tuple[str, ...]
    datasets: tuple[str, ...]  # Dataset.ref
    card: Mapping[str, str]  # section id -> text
    measured: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Model:
    """One use of a model, its tiering answers and its versions, oldest first."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    slug: str
    name: str
    kind: Kind
    purpose: str
    decides: str
    business_line: str
    answers: Mapping[str, int]
    flags: tuple[str, ...]
    expected_tier: Tier
    notes: Mapping[str, str]  # what people say in its story: a veto, a condition, a changed card section
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Everything that the training process made."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    models: tuple[Model, ...]
    datasets: tuple[Dataset, ...]

    def dataset(self, ref: str) -> Dataset:
        """The data set called `name@version`. Raises KeyError when there is none."""
        return {dataset.ref: dataset for dataset in self.datasets}[ref]

    def model(self, slug: str) -> Model:
        """The model with this slug. Raises KeyError when there is none."""
        return {model.slug: model for model in self.models}[slug]


def load_portfolio(path: Path) -> Portfolio:
    """Read and check portfolio.json. Raises pydantic.ValidationError naming each wrong or unknown field."""
    return TypeAdapter(Portfolio).validate_json(path.read_bytes())


def save_portfolio(portfolio: Portfolio, path: Path) -> None:
    """Write portfolio.json so that `load_portfolio` reads back an equal value."""
    path.write_text(json.dumps(asdict(portfolio), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
