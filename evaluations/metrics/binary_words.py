"""How each metric of a binary classifier is computed, what tables call it, and within which range it lies."""

from evaluations.metrics import ranked
from evaluations.metrics.ranked import LIFT_SHARE
from evaluations.metrics.resampling import NOT_NEGATIVE, UNIT

RATES = ("accuracy", "precision", "recall", "specificity", "selection_rate")
WILSON = "Rate with Wilson 95% interval."
SIGNED = (-1.0, 1.0)
RANGES = {
    **dict.fromkeys(
        ("balanced_accuracy", "f1", "f_beta", "average_precision", "ks", "ece", "brier", "roc_auc"), UNIT
    ),
    **dict.fromkeys(RATES, UNIT),
    **dict.fromkeys(("mcc", "kappa", "gini"), SIGNED),
    **dict.fromkeys(("log_loss", "lift"), NOT_NEGATIVE),
}
CONVENTIONS = {
    "roc_auc": "Area under the ROC curve, ties count half; DeLong 95% interval (Wilson's for the smaller "
    "class where its variance is zero).",
    "gini": "2 AUC - 1; interval from the AUC's.",
    "average_precision": "Area under the precision-recall curve: sum of precision over the steps of recall, without "
    "interpolation.",
    "accuracy": WILSON,
    "balanced_accuracy": "Mean of recall and specificity.",
    "precision": f"Of those predicted positive, the part that is. {WILSON}",
    "recall": f"Of the positive ones, the part predicted positive. {WILSON}",
    "specificity": f"Of the negative ones, the part predicted negative. {WILSON}",
    "f1": "2 TP / (2 TP + FP + FN).",
    "f_beta": "(1 + β²) TP / ((1 + β²) TP + β² FN + FP).",
    "mcc": "Matthews' correlation of actual and predicted labels.",
    "kappa": "Cohen's kappa, not weighted: agreement beyond that of independent labels, over the most there could be.",
    "lift": f"Rate of positives in the {LIFT_SHARE:.0%} of rows with the highest scores (ties shared out evenly), over "
    "the rate in all rows.",
    "log_loss": "Mean negative log-likelihood, natural logarithm.",
    "brier": "Mean squared difference of probability and outcome.",
    "ece": f"Expected calibration error: {ranked.ECE_BINS} bins of equal width, closed on the right, weighted by "
    "count.",
    "ks": "Largest difference of true and false positive rate.",
    "selection_rate": f"Part of all rows that is predicted positive. {WILSON}",
}
WEIGHED = (
    "Rows count by their weight; intervals of rates are Wilson's for Kish's effective number of rows, the others by "
    "bootstrap."
)
TOLD = ("roc_auc", "average_precision", "accuracy", "f1", "log_loss", "brier")
LABELS = {
    "roc_auc": "AUC",
    "gini": "Gini",
    "average_precision": "Average precision",
    "ks": "KS",
    "f1": "F1",
    "f_beta": "F-beta",
    "mcc": "Matthews correlation",
    "kappa": "Cohen's kappa",
    "lift": "Lift",
    "ece": "Calibration error",
    "brier": "Brier score",
}
SIMPLEST = (
    "The simplest answer: the more frequent class for every row, and the share of positive rows as its probability, "
    "both of these very rows."
)
