"""The wine origin check."""

from __future__ import annotations

from sklearn import datasets
from sklearn.linear_model import LogisticRegression

from governance.demo.portfolio import Story
from governance.demo.training.frames import Shelf, split
from governance.demo.training.tables import classes, fit, shelve
from governance.demo.training.trained import Trained


def train(shelf: Shelf) -> list[Trained]:
    """Which of three cultivars a wine was made from."""
    bunch = datasets.load_wine(as_frame=True)
    frame = bunch.data.assign(cultivar=bunch.target_names[bunch.target.to_numpy()])
    data = split(frame, test_rows=80, stratify="cultivar")
    refs = shelve(
        shelf,
        data,
        name="wine",
        label="cultivar",
        about="Italian wines",
        licence="CC BY 4.0",
        source="Wine, Aeberhard, S. and Forina, M. (1992), UCI, doi:10.24432/C5PC7J",
    )
    return [
        fit(
            data,
            refs,
            slug="wine-origin",
            story=Story.DEPLOYED,
            label="cultivar",
            measure=classes("cultivar"),
            estimator=LogisticRegression(C=1.0, max_iter=1000),
            parameters={"algorithm": "multinomial logistic regression", "C": 1.0},
        )
    ]
