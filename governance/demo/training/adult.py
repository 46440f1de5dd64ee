"""Models on the Adult census data: income screening, campaign response, citizen trust."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from governance.demo.portfolio import Story
from governance.demo.training import measures
from governance.demo.training.frames import SEED, Shelf, Split, split
from governance.demo.training.pipelines import pipeline, with_threshold
from governance.demo.training.trained import Trained

FILE = Path(__file__).resolve().parent.parent / "data" / "adult.parquet"
LABEL, HIGH = "income-per-year", ">50K"
SENSITIVE = ("sex", "race")
SOURCE = "Adult (Census Income), Becker, B. and Kohavi, R. (1996), UCI, doi:10.24432/C5XW20"
ROWS, TEST_ROWS = 15_000, 5_000  # a third of the file trains in under a second and leaves tight bounds
SCREENING = [
    "age",
    "workclass",
    "education-num",
    "marital-status",
    "occupation",
    "relationship",
    "capital-gain",
    "capital-loss",
    "hours-per-week",
]
CAMPAIGN = ["workclass", "fnlwgt", "capital-loss"]
TRUST = ["workclass", "education", "marital-status", "occupation", "native-country", "hours-per-week"]


def train(shelf: Shelf) -> list[Trained]:
    """Train all models of this source and shelve their data sets."""
    data = split(pd.read_parquet(FILE).sample(ROWS, random_state=SEED), test_rows=TEST_ROWS, stratify=LABEL)
    refs = shelve(shelf, data)
    boosted = HistGradientBoostingClassifier(max_iter=80, random_state=SEED)
    weak = with_threshold(LogisticRegression(max_iter=1000), threshold=0.2, positive=HIGH)
    return [
        fit(
            data,
            refs,
            "income-screening",
            Story.FAIRNESS_FAILED,
            SCREENING,
            boosted,
            {"algorithm": "histogram gradient boosting", "max_iter": 80, "threshold": 0.5},
        ),
        fit(
            data,
            refs,
            "campaign-response",
            Story.TOO_WEAK,
            CAMPAIGN,
            weak,
            {"algorithm": "logistic regression", "C": 1.0, "threshold": 0.2},
        ),
        fit(
            data,
            refs,
            "citizen-trust",
            Story.PROHIBITED,
            TRUST,
            LogisticRegression(max_iter=1000),
            {"algorithm": "logistic regression", "C": 1.0, "threshold": 0.5},
        ),
    ]


def shelve(shelf: Shelf, data: Split) -> tuple[str, str]:
    """Put the training rows and the held-out rows on the shelf."""
    test = shelf.put(
        data.test,
        name="adult-census-test",
        role="test",
        label=LABEL,
        positive=HIGH,
        sensitive=SENSITIVE,
        suffix="parquet",
        source=SOURCE,
        licence="CC BY 4.0",
        description="5,000 adults of the 1994 US census extract, held out, stratified by income.",
    )
    training = shelf.put(
        data.train,
        name="adult-census-training",
        role="training",
        label=LABEL,
        positive=HIGH,
        sensitive=SENSITIVE,
        suffix="parquet",
        source=SOURCE,
        licence="CC BY 4.0",
        description="10,000 adults of the 1994 US census extract, used for training.",
    )
    return test, training


def fit(
    data: Split,
    refs: tuple[str, str],
    slug: str,
    story: Story,
    features: list[str],
    estimator: BaseEstimator,
    parameters: dict[str, str | int | float],
) -> Trained:
    """Fit one model on these columns and measure it on the held-out adults."""
    model = pipeline(data.train[features], estimator).fit(data.train[features], data.train[LABEL])
    measured = measures.binary_pipeline(
        model, data.test, features=features, label=LABEL, positive=HIGH, sensitive=SENSITIVE
    )
    return Trained(
        slug=slug,
        version="1",
        story=story,
        pipeline=model,
        example=data.test[features].head(5),
        parameters=parameters | {"features": len(features)},
        measured=measured | {"n_train": float(len(data.train))},
        datasets=refs,
    )
