"""The mortgage adviser's call list, on home ownership of American men (Fetter, 2013)."""

from __future__ import annotations

import pandas as pd
from causaldata import mortgages
from sklearn.linear_model import LogisticRegression

from governance.demo.portfolio import Story
from governance.demo.training import measures
from governance.demo.training.frames import SEED, Shelf, split
from governance.demo.training.pipelines import pipeline, with_threshold
from governance.demo.training.trained import Trained

LABEL, OWNER = "home_ownership", 1
FEATURES = ["qob", "vet_wwko", "qob_minus_kw"]  # bpl, the state of birth, is left out: it stands in for race
SENSITIVE = ("nonwhite",)
SOURCE = (
    "Fetter, D. (2013), How Do Mortgage Subsidies Affect Home Ownership?, AEJ: Economic Policy; in causaldata"
)
ROWS, TEST_ROWS, THRESHOLD = 26_000, 6_000, 0.4


def train(shelf: Shelf) -> list[Trained]:
    """Train the call list's model and shelve its data sets."""
    data = split(read(), test_rows=TEST_ROWS, stratify=LABEL)
    model = pipeline(
        data.train[FEATURES],
        with_threshold(LogisticRegression(max_iter=500), threshold=THRESHOLD, positive=OWNER),
    ).fit(data.train[FEATURES], data.train[LABEL])
    test = shelf.put(
        data.test,
        name="mortgages-test",
        role="test",
        label=LABEL,
        positive=str(OWNER),
        sensitive=SENSITIVE,
        suffix="parquet",
        source=SOURCE,
        licence="MIT",
        description="6,000 men of the 1960 US census sample, held out from training; 1 = owns a home.",
    )
    training = shelf.put(
        data.train,
        name="mortgages-training",
        role="training",
        label=LABEL,
        positive=str(OWNER),
        sensitive=SENSITIVE,
        suffix="parquet",
        source=SOURCE,
        licence="MIT",
        description="20,000 men of the 1960 US census sample, used for training; 1 = owns a home.",
    )
    measured = measures.binary_pipeline(
        model, data.test, features=FEATURES, label=LABEL, positive=OWNER, sensitive=SENSITIVE
    )
    return [
        Trained(
            slug="mortgage-retention",
            version="1",
            story=Story.AWAITING_SIGNOFFS,
            pipeline=model,
            example=data.test[FEATURES].head(5),
            parameters={
                "algorithm": "logistic regression",
                "C": 1.0,
                "threshold": THRESHOLD,
                "features": len(FEATURES),
            },
            measured=measured | {"n_train": float(len(data.train))},
            datasets=(test, training),
        )
    ]


def read() -> pd.DataFrame:
    """A sample of the rows; `nonwhite` in words, which name the groups better than 0 and 1."""
    frame: pd.DataFrame = mortgages.load_pandas().data.sample(ROWS, random_state=SEED)
    frame["nonwhite"] = frame["nonwhite"].map({0: "no", 1: "yes"})
    return frame
