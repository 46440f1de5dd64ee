"""Trains a small real model and saves it as MLflow does: `python -m tests.e2e.train_small_model FOLDER`.

A process of its own, so that the test process loads neither scikit-learn nor mlflow. Writes model/ (the folder that
mlflow makes), loans-training.csv and loans-test.csv, out of the German credit data that the project ships.
"""

import sys
from pathlib import Path

import mlflow.sklearn
import pandas as pd
from mlflow.models import infer_signature
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

LOANS = Path(__file__).parents[2] / "governance" / "demo" / "data" / "german_credit.csv"
NUMBERS = ["month", "credit_amount"]
WORDS = ["status", "credit_history", "savings", "installment_plans"]
FEATURES = [*NUMBERS, *WORDS]
FEMALE = ("A92", "A95")


def main(folder: Path) -> None:
    """Train on 550 loans, hold out 450."""
    loans = pd.read_csv(LOANS)
    loans["sex"] = loans["personal_status"].isin(FEMALE).map({True: "female", False: "male"})
    kept = loans[[*FEATURES, "sex", "credit"]]
    training, test = train_test_split(kept, test_size=450, random_state=7, stratify=kept["credit"])
    prepared = ColumnTransformer(
        [("numbers", StandardScaler(), NUMBERS), ("words", OneHotEncoder(handle_unknown="ignore"), WORDS)]
    )
    model = make_pipeline(prepared, LogisticRegression(C=0.1, max_iter=1000))
    model.fit(training[FEATURES], training["credit"])
    training.to_csv(folder / "loans-training.csv", index=False)
    test.to_csv(folder / "loans-test.csv", index=False)
    mlflow.sklearn.save_model(
        model,
        folder / "model",
        serialization_format="skops",
        pip_requirements=["scikit-learn"],
        signature=infer_signature(training[FEATURES].head(), model.predict(training[FEATURES].head())),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
