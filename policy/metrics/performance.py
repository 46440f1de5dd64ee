"""How well predictions agree with the truth."""

from collections.abc import Mapping

from policy.metrics.metric import Metric

FIGURES: Mapping[str, Metric] = {
    "roc_auc": Metric(
        "AUC",
        "How often a randomly chosen positive case is scored above a randomly chosen negative one.",
        headline=True,
    ),
    "ks": Metric(
        "KS",
        "The widest gap between the shares of positive and negative cases above a score.",
        headline=True,
    ),
    "brier": Metric(
        "Brier score",
        "The mean squared distance of the predicted probability from what happened.",
        better="lower",
        headline=True,
    ),
    "ece": Metric(
        "Calibration error",
        "How far predicted probabilities lie from observed rates, on average.",
        better="lower",
        headline=True,
    ),
    "gini": Metric(
        "Gini",
        "AUC on a scale on which 0 is chance and 1 is perfect.",
        headline=True,
    ),
    "balanced_accuracy": Metric(
        "Balanced accuracy",
        "The share predicted right, each class counting the same.",
        headline=True,
    ),
    "macro_f1": Metric(
        "Macro F1",
        "The mean over classes of the balance between finding a class and being right about it.",
        headline=True,
    ),
    "accuracy": Metric(
        "Accuracy",
        "The share of all rows that is predicted right.",
        headline=True,
    ),
    "average_precision": Metric(
        "Average precision",
        "The mean precision over all thresholds, weighted by the recall that each adds.",
    ),
    "precision": Metric(
        "Precision",
        "Of the rows predicted positive, the share that is.",
    ),
    "recall": Metric(
        "Recall",
        "Of the positive rows, the share that is found.",
    ),
    "f1": Metric(
        "F1",
        "The harmonic mean of precision and recall.",
    ),
    "log_loss": Metric(
        "Log loss",
        "How surprised the model is by what happened, on average.",
        better="lower",
    ),
    "selection_rate": Metric(
        "Selection rate",
        "The share of rows predicted positive.",
        better="neither",
    ),
    "r2": Metric(
        "R²",
        "The share of the label's variation that the predictions account for.",
        headline=True,
    ),
    "mae": Metric(
        "Mean absolute error",
        "How far a prediction is off, on average, in the label's unit.",
        better="lower",
        headline=True,
    ),
    "rmse": Metric(
        "Root mean squared error",
        "How far a prediction is off when large errors count more, in the label's unit.",
        better="lower",
        headline=True,
    ),
    "mase": Metric(
        "MASE",
        "The error as a part of that of answering with the value of a season ago; under 1 is better than that.",
        better="lower",
        headline=True,
    ),
    "ndcg": Metric(
        "NDCG",
        "How much of the best possible order is reached when items near the top count most.",
        headline=True,
    ),
    "map": Metric(
        "MAP",
        "How many of the items above each relevant one are relevant too, on average.",
        headline=True,
    ),
    "smape": Metric(
        "sMAPE",
        "The error as a part of the mean of actual and predicted value, on average; from 0 to 2.",
        better="lower",
        headline=True,
    ),
    "micro_f1": Metric(
        "Micro F1",
        "The balance between finding labels and being right about them, all labels counted together.",
        headline=True,
    ),
    "subset_accuracy": Metric(
        "All labels right",
        "The share of rows of which every label is right.",
        headline=True,
    ),
    "hamming_loss": Metric(
        "Hamming loss",
        "The share of single labels that is wrong.",
        better="lower",
        headline=True,
    ),
    "ndcg_at_k": Metric(
        "NDCG at the top",
        "How much of the best possible order is reached in the first places.",
    ),
    "precision_at_k": Metric(
        "Precision at the top",
        "The share of the first places that holds something relevant.",
    ),
    "macro_auc": Metric(
        "Mean AUC",
        "How often a row of a class is scored above a row of another, on average over classes or labels.",
    ),
    "specificity": Metric(
        "Specificity",
        "Of the negative rows, the share that is left alone.",
    ),
    "f_beta": Metric(
        "F-beta",
        "The balance of precision and recall in which recall counts beta times as much.",
    ),
    "mcc": Metric(
        "Matthews correlation",
        "How far actual and predicted classes go together: 1 always, 0 as by chance, -1 never.",
    ),
    "kappa": Metric(
        "Cohen's kappa",
        "How much more often actual and predicted class agree than by chance: 1 always, 0 as by chance.",
    ),
    "lift": Metric(
        "Lift",
        "How many times as frequent positive rows are in the tenth with the highest scores as in all rows.",
    ),
    "macro_precision": Metric(
        "Macro precision",
        "The mean over classes of how often a prediction of the class is right.",
    ),
    "macro_recall": Metric(
        "Macro recall",
        "The mean over classes of how many of the class's rows are found.",
    ),
    "micro_precision": Metric(
        "Micro precision",
        "Of all labels given, the share that is right.",
    ),
    "micro_recall": Metric(
        "Micro recall",
        "Of all labels that apply, the share that is given.",
    ),
    "jaccard": Metric(
        "Jaccard",
        "The share of right labels among those given or missed, on average over rows.",
    ),
    "mape": Metric(
        "Mean absolute percentage error",
        "How far a prediction is off as a part of the actual value, on average.",
        better="lower",
    ),
    "bias": Metric(
        "Bias",
        "How much too high predictions are on average, in the label's unit; negative: too low.",
        better="zero",
    ),
    "quantile_loss": Metric(
        "Quantile loss",
        "How far a predicted quantile is off when the two sides count as the quantile asks.",
        better="lower",
    ),
    "quantile_coverage": Metric(
        "Share at or below the prediction",
        "How many actual values are at most the predicted quantile; as many as the quantile says is right.",
        better="neither",
    ),
}
COMPARED = (
    *("roc_auc", "average_precision", "accuracy", "balanced_accuracy", "f1", "log_loss", "brier"),
    *("macro_f1", "micro_f1", "subset_accuracy", "hamming_loss"),
    *("r2", "mae", "rmse", "mase", "ndcg", "map"),
)
"""Figures that are compared with the simplest answer and with another version's."""


def _compared(name: str, suffix: str) -> Metric:
    known = FIGURES[name]
    if suffix == "gain":
        meaning = (
            f"How much better {known.label} is than the other version's on the same rows; below 0 is worse."
        )
        return Metric(f"{known.label}: gain", meaning)
    meaning = (
        f"How much better {known.label} is than the simplest answer's on the same rows; below 0 is worse."
    )
    return Metric(f"{known.label}: over the simplest answer", meaning)


METRICS: Mapping[str, Metric] = {
    **FIGURES,
    **{
        f"{name}_{suffix}": _compared(name, suffix)
        for name in COMPARED
        for suffix in ("gain", "over_baseline")
    },
}
