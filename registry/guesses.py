"""What can be told of a model that comes in without words of ours: its short name and the kind of its answers."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from registry.models import ModelKind
from registry.names import RESERVED

TAGS = ("countersign.kind", "kind", "task", "model_type", "problem_type", "type")
WORDS = {
    "binary": ModelKind.BINARY,
    "binary classification": ModelKind.BINARY,
    "multiclass": ModelKind.MULTICLASS,
    "multiclass classification": ModelKind.MULTICLASS,
    "multilabel": ModelKind.MULTILABEL,
    "multilabel classification": ModelKind.MULTILABEL,
    "regression": ModelKind.REGRESSION,
    "regressor": ModelKind.REGRESSION,
    "ranking": ModelKind.RANKING,
    "forecast": ModelKind.FORECASTING,
    "forecasting": ModelKind.FORECASTING,
    "time series": ModelKind.FORECASTING,
    "clustering": ModelKind.CLUSTERING,
    "llm": ModelKind.GENERATIVE,
    "generative": ModelKind.GENERATIVE,
    "chat": ModelKind.GENERATIVE,
    "text generation": ModelKind.GENERATIVE,
    "llm/v1/chat": ModelKind.GENERATIVE,
    "llm/v1/completions": ModelKind.GENERATIVE,
}
FLAVOURS = {
    "prophet": ModelKind.FORECASTING,
    "pmdarima": ModelKind.FORECASTING,
    "langchain": ModelKind.GENERATIVE,
    "openai": ModelKind.GENERATIVE,
    "llama_index": ModelKind.GENERATIVE,
    "dspy": ModelKind.GENERATIVE,
}
METRICS = (  # the first whose word is in a metric's name decides
    (("ndcg", "mean_reciprocal_rank"), ModelKind.RANKING),
    (("silhouette", "calinski", "davies_bouldin"), ModelKind.CLUSTERING),
    (("roc_auc_ovr", "roc_auc_ovo", "f1_macro", "macro_f1", "accuracy_macro"), ModelKind.MULTICLASS),
    (("auc", "gini", "ks_statistic", "average_precision"), ModelKind.BINARY),
    (("rmse", "mae", "mse", "r2", "mean_squared_error", "mean_absolute_error"), ModelKind.REGRESSION),
)
REAL_NUMBERS = frozenset({"double", "float"})


@dataclass(frozen=True)
class Traces:
    """What a version shows of what it answers."""

    tags: Mapping[str, str] = field(default_factory=dict)
    format: str = ""
    outputs: tuple[str, ...] = ()  # types of the signature's output columns
    metrics: tuple[str, ...] = ()


def guess_kind(traces: Traces) -> str:
    """The kind that the traces speak for, by the surest of them; "" when they leave it open."""
    tags = {name.lower(): value for name, value in traces.tags.items()}
    for name in TAGS:
        word = re.sub(r"[_-]+", " ", tags.get(name, "").strip().lower())
        if word in WORDS:
            return WORDS[word].value
        if word.replace(" ", "_") in ModelKind.values:
            return word.replace(" ", "_")
    for flavour, kind in FLAVOURS.items():
        if traces.format.lower().endswith(flavour):
            return kind.value
    metrics = " ".join(traces.metrics).lower()
    for words, kind in METRICS:
        if any(re.search(rf"(?:^|[\s_]){re.escape(word)}(?:$|[\s_])", metrics) for word in words):
            return kind.value
    if len(traces.outputs) == 1 and traces.outputs[0] == "boolean":
        return ModelKind.BINARY.value
    if len(traces.outputs) == 1 and traces.outputs[0] in REAL_NUMBERS and not traces.metrics:
        return ModelKind.REGRESSION.value
    return ""


def guess_slug(name: str, *, taken: Iterable[str] = ()) -> str:
    """A short name made of the name: `Credit Default (PD)` is `credit-default-pd`; numbered when it is taken."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-") or "model"
    others, number, made = {*taken, *RESERVED}, 2, slug
    while made in others:
        made, number = f"{slug}-{number}", number + 1
    return made
