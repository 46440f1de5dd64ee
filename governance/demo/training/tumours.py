"""Tumour triage on the Wisconsin diagnostic data."""

from __future__ import annotations

from sklearn import datasets
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from governance.demo.portfolio import Story
from governance.demo.training import measures
from governance.demo.training.frames import Shelf, Split, split
from governance.demo.training.tables import fit, shelve
from governance.demo.training.trained import Trained


def train(shelf: Shelf) -> list[Trained]:
    """Benign or malignant, from measurements of cell nuclei."""
    bunch = datasets.load_breast_cancer(as_frame=True)
    frame = bunch.data.assign(diagnosis=bunch.target_names[bunch.target.to_numpy()])
    data = split(frame, test_rows=250, stratify="diagnosis")
    refs = shelve(
        shelf,
        data,
        name="breast-cancer",
        label="diagnosis",
        positive="malignant",
        about="fine needle aspirates of breast masses",
        licence="CC BY 4.0",
        source="Breast Cancer Wisconsin (Diagnostic), Wolberg, W. et al. (1993), UCI, doi:10.24432/C5DW2B",
    )

    def measure(data: Split, model: Pipeline, features: list[str]) -> dict[str, float]:
        return measures.binary_pipeline(
            model, data.test, features=features, label="diagnosis", positive="malignant"
        )

    return [
        fit(
            data,
            refs,
            slug="tumour-triage",
            story=Story.STALE_AFTER_CARD_CHANGE,
            label="diagnosis",
            measure=measure,
            estimator=LogisticRegression(C=1.0, max_iter=1000),
            parameters={"algorithm": "logistic regression", "C": 1.0, "threshold": 0.5},
        )
    ]
