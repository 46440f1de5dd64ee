"""Models on the German credit data: two consumer scorecards, a vendor's predictions, and tenant screening."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from governance.demo.portfolio import Story
from governance.demo.training import measures
from governance.demo.training.frames import SEED, Shelf, Split, split
from governance.demo.training.pipelines import pipeline, with_threshold
from governance.demo.training.trained import Trained

FILE = Path(__file__).resolve().parent.parent / "data" / "german_credit.csv"
LABEL, GOOD = "credit", 1
SENSITIVE = ("age", "sex")
SOURCE = (
    "Statlog (German Credit Data), Hofmann, H. (1994), UCI Machine Learning Repository, doi:10.24432/C5NC77"
)
LICENCE = "CC BY 4.0"
FEMALE_CODES = ("A92", "A95")
PERSONAL = ["age", "personal_status", "foreign_worker"]
PROXIES = [
    "housing",
    "employment",
    "residence_since",
]  # years in a job, a home, a tenancy: they mostly tell age
TENANT_FEATURES = [
    "status",
    "credit_history",
    "savings",
    "employment",
    "installment_plans",
    "housing",
    "residence_since",
    "telephone",
]


def train(shelf: Shelf) -> list[Trained]:
    """Train all models of this source and shelve their data sets."""
    data = split(read(), test_rows=450, stratify=LABEL)
    everything = [name for name in data.train.columns if name not in (LABEL, "sex")]
    frugal = [name for name in everything if name not in PERSONAL + PROXIES]
    refs = shelve(shelf, data)
    return [
        scorecard(data, refs, features=everything, version="1", story=Story.RETIRED, strength=1.0),
        scorecard(data, refs, features=frugal, version="2", story=Story.DEPLOYED, strength=0.05),
        vendor(shelf, data, features=frugal),
        tenant(data, refs),
    ]


def read() -> pd.DataFrame:
    """The published table with an approximate `sex` beside it."""
    frame = pd.read_csv(FILE)
    sex = np.where(frame["personal_status"].isin(FEMALE_CODES), "female", "male")
    return frame.assign(sex=sex)


def shelve(shelf: Shelf, data: Split) -> tuple[str, str]:
    """Put the training rows and the held-out rows on the shelf."""
    test = shelf.put(
        data.test,
        name="german-credit-test",
        role="test",
        label=LABEL,
        positive=str(GOOD),
        sensitive=SENSITIVE,
        description="450 loans held out from training, stratified by outcome; 1 = good, 2 = bad.",
        source=SOURCE,
        licence=LICENCE,
    )
    training = shelf.put(
        data.train,
        name="german-credit-training",
        role="training",
        label=LABEL,
        positive=str(GOOD),
        sensitive=SENSITIVE,
        description="550 loans used for training; 1 = good, 2 = bad.",
        source=SOURCE,
        licence=LICENCE,
    )
    return test, training


def scorecard(
    data: Split, refs: tuple[str, str], *, features: list[str], version: str, story: Story, strength: float
) -> Trained:
    """Logistic scorecard that approves from a probability of 0.60; `strength` is scikit-learn's C."""
    estimator = with_threshold(LogisticRegression(C=strength, max_iter=2000), threshold=0.6, positive=GOOD)
    model = pipeline(data.train[features], estimator).fit(data.train[features], data.train[LABEL])
    return Trained(
        slug="consumer-credit",
        version=version,
        story=story,
        pipeline=model,
        example=data.test[features].head(5),
        parameters={
            "algorithm": "logistic regression",
            "C": strength,
            "threshold": 0.6,
            "features": len(features),
        },
        measured=measure(data, model, features),
        datasets=refs,
    )


def tenant(data: Split, refs: tuple[str, str]) -> Trained:
    """Tenant screening from what a landlord could ask, learnt from loans for want of tenancies."""
    model = pipeline(data.train[TENANT_FEATURES], LogisticRegression(C=0.05, max_iter=2000))
    model.fit(data.train[TENANT_FEATURES], data.train[LABEL])
    return Trained(
        slug="tenant-screening",
        version="1",
        story=Story.REJECTED,
        pipeline=model,
        example=data.test[TENANT_FEATURES].head(5),
        parameters={
            "algorithm": "logistic regression",
            "C": 0.05,
            "threshold": 0.5,
            "features": len(TENANT_FEATURES),
        },
        measured=measure(data, model, TENANT_FEATURES),
        datasets=refs,
    )


def measure(data: Split, model: object, features: list[str]) -> dict[str, float]:
    """Binary measures on the held-out loans, and the number of training rows."""
    found = measures.binary_pipeline(
        model, data.test, features=features, label=LABEL, positive=GOOD, sensitive=SENSITIVE
    )
    return found | {"n_train": float(len(data.train))}


def vendor(shelf: Shelf, data: Split, *, features: list[str]) -> Trained:
    """Stand in for a vendor: fit a boosted model, hand over decisions and scores, throw the model away."""
    hidden = pipeline(
        data.train[features], GradientBoostingClassifier(n_estimators=60, max_depth=2, random_state=SEED)
    ).fit(data.train[features], data.train[LABEL])
    score = hidden.predict_proba(data.test[features])[:, list(hidden.classes_).index(GOOD)]
    decided = data.test.assign(
        vendor_decision=hidden.predict(data.test[features]), vendor_score=score.round(6)
    )
    ref = shelf.put(
        decided,
        name="vendor-affordability-predictions",
        role="test",
        label=LABEL,
        positive=str(GOOD),
        prediction="vendor_decision",
        score="vendor_score",
        sensitive=SENSITIVE,
        description="450 held-out loans, each with the decision and score of a model that plays the vendor.",
        source=SOURCE,
        licence=LICENCE,
    )
    measured = measures.binary(
        decided[LABEL],
        decided["vendor_decision"].to_numpy(),
        decided["vendor_score"].to_numpy(),
        positive=GOOD,
        sensitive=decided[list(SENSITIVE)],
    )
    return Trained(
        slug="vendor-affordability",
        version="2026.1",
        story=Story.WAIVED,
        pipeline=None,
        example=data.test[features].head(5),
        parameters={},
        measured=measured,
        datasets=(ref,),
    )
