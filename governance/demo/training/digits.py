"""The mail room's digit reader and its challenger."""

from __future__ import annotations

from sklearn import datasets
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from governance.demo.portfolio import Story
from governance.demo.training.frames import Shelf, split
from governance.demo.training.tables import classes, fit, shelve
from governance.demo.training.trained import Trained


def train(shelf: Shelf) -> list[Trained]:
    """Handwritten digits: the reader that is approved, and the challenger that is being drafted."""
    bunch = datasets.load_digits(as_frame=True)
    data = split(bunch.frame.rename(columns={"target": "digit"}), test_rows=800, stratify="digit")
    refs = shelve(
        shelf,
        data,
        name="digits",
        label="digit",
        about="handwritten digits as 8 × 8 grey images",
        licence="CC BY 4.0",
        source="Handwritten Digits, Alpaydin, E. and Kaynak, C. (1998), UCI, doi:10.24432/C50P49",
    )
    challenger = KNeighborsClassifier(n_neighbors=3, weights="distance", algorithm="brute")
    return [
        fit(
            data,
            refs,
            slug="mail-digits",
            story=Story.APPROVED_WITH_CONDITIONS,
            label="digit",
            measure=classes("digit"),
            estimator=LogisticRegression(C=1.0, max_iter=500),
            parameters={"algorithm": "multinomial logistic regression", "C": 1.0},
        ),
        fit(
            data,
            refs,
            slug="mail-digits",
            story=Story.DRAFT,
            label="digit",
            measure=classes("digit"),
            version="2",
            estimator=challenger,
            parameters={"algorithm": "nearest neighbours", "neighbours": 3, "weights": "distance"},
        ),
    ]
