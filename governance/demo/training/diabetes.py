"""The diabetes progression forecast, the portfolio's regression."""

from __future__ import annotations

from sklearn import datasets
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import Pipeline

from governance.demo.portfolio import Story
from governance.demo.training import measures
from governance.demo.training.frames import Shelf, Split, split
from governance.demo.training.tables import fit, shelve
from governance.demo.training.trained import Trained


def train(shelf: Shelf) -> list[Trained]:
    """Progression of diabetes one year after baseline."""
    bunch = datasets.load_diabetes(as_frame=True, scaled=False)
    frame = bunch.frame.rename(columns={"target": "progression"})
    data = split(frame, test_rows=160)
    refs = shelve(
        shelf,
        data,
        name="diabetes",
        label="progression",
        about="diabetes patients",
        licence="BSD-3-Clause (scikit-learn)",
        source="Efron, B. et al. (2004), Least Angle Regression, Annals of Statistics 32(2)",
    )

    def measure(data: Split, model: Pipeline, features: list[str]) -> dict[str, float]:
        found = measures.regression(data.test["progression"], model.predict(data.test[features]))
        miss = (
            (data.test["progression"] - model.predict(data.test[features]))
            .abs()
            .groupby(data.test["sex"])
            .mean()
        )
        return found | {"mae_sex_1": float(miss[1.0]), "mae_sex_2": float(miss[2.0])}

    return [
        fit(
            data,
            refs,
            slug="diabetes-progression",
            story=Story.APPROVED,
            label="progression",
            measure=measure,
            estimator=RidgeCV(alphas=[0.1, 1.0, 10.0, 100.0]),
            parameters={
                "algorithm": "ridge regression",
                "alpha": "chosen of 0.1, 1, 10 and 100 by leave-one-out",
            },
        )
    ]
