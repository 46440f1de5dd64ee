"""What the sources have in common whose tables hold nothing but features and a label."""

from __future__ import annotations

from collections.abc import Callable

from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from governance.demo.portfolio import Story
from governance.demo.training import measures
from governance.demo.training.frames import Shelf, Split
from governance.demo.training.pipelines import pipeline
from governance.demo.training.trained import Trained

Measure = Callable[[Split, Pipeline, list[str]], dict[str, float]]


def shelve(
    shelf: Shelf,
    data: Split,
    *,
    name: str,
    label: str,
    about: str,
    source: str,
    licence: str,
    positive: str | None = None,
) -> tuple[str, str]:
    """Put the held-out rows and the training rows on the shelf as CSV."""
    test = shelf.put(
        data.test,
        name=f"{name}-test",
        role="test",
        label=label,
        positive=positive,
        source=source,
        licence=licence,
        description=f"{len(data.test)} {about}, held out from training.",
    )
    training = shelf.put(
        data.train,
        name=f"{name}-training",
        role="training",
        label=label,
        positive=positive,
        source=source,
        licence=licence,
        description=f"{len(data.train)} {about}, used for training.",
    )
    return test, training


def fit(
    data: Split,
    refs: tuple[str, str],
    *,
    slug: str,
    story: Story,
    label: str,
    estimator: BaseEstimator,
    measure: Measure,
    parameters: dict[str, str | int | float],
    version: str = "1",
) -> Trained:
    """Fit one model on every column but the label and measure it on the held-out rows."""
    features = [name for name in data.train.columns if name != label]
    model = pipeline(data.train[features], estimator).fit(data.train[features], data.train[label])
    return Trained(
        slug=slug,
        version=version,
        story=story,
        pipeline=model,
        example=data.test[features].head(5),
        parameters=parameters | {"features": len(features)},
        measured=measure(data, model, features) | {"n_train": float(len(data.train))},
        datasets=refs,
    )


def classes(label: str) -> Measure:
    """A measure of several classes for this label column."""

    def measure(data: Split, model: Pipeline, features: list[str]) -> dict[str, float]:
        return measures.multiclass(data.test[label], model.predict(data.test[features]))

    return measure
