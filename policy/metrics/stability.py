"""Whether what was learned still holds."""

from collections.abc import Mapping

from policy.metrics.metric import Metric

METRICS: Mapping[str, Metric] = {
    "score_psi": Metric(
        "Score PSI",
        "How far the model's outputs have moved from the reference; customary lines are 0.1 and 0.25.",
        better="lower",
        headline=True,
    ),
    "largest_psi": Metric(
        "Largest column PSI",
        "How far the column that moved most has moved from the reference.",
        better="lower",
        headline=True,
    ),
    "roc_auc_gap": Metric(
        "AUC lost",
        "How much lower the AUC is here than on the reference.",
        better="lower",
        headline=True,
    ),
    "accuracy_gap": Metric(
        "Accuracy lost",
        "How much smaller the share predicted right is here than on the reference.",
        better="lower",
        headline=True,
    ),
    "rmse_gap": Metric(
        "RMSE gained",
        "How much larger the root mean squared error is here than on the reference.",
        better="lower",
        headline=True,
    ),
    "r2_gap": Metric(
        "R² lost",
        "How much lower R² is here than on the reference.",
        better="lower",
        headline=True,
    ),
    "churn": Metric(
        "Decisions changed",
        "The share of rows that this version decides differently from the version it is compared with.",
        better="lower",
        headline=True,
    ),
    "time_slope": Metric(
        "Change by period",
        "How much the leading metric changes from one period to the next.",
        better="zero",
        headline=True,
    ),
    "shifted_columns": Metric(
        "Columns that moved",
        "The share of columns whose PSI against the reference is at least 0.1.",
        better="lower",
    ),
    "label_psi": Metric(
        "Label PSI",
        "How far the distribution of the outcome has moved from the reference.",
        better="lower",
    ),
    "brier_gap": Metric(
        "Brier score gained",
        "How much larger the Brier score is here than on the reference.",
        better="lower",
    ),
    "log_loss_gap": Metric(
        "Log loss gained",
        "How much larger the log loss is here than on the reference.",
        better="lower",
    ),
    "mae_gap": Metric(
        "Mean absolute error gained",
        "How much larger the mean absolute error is here than on the reference.",
        better="lower",
    ),
    "score_ks": Metric(
        "Score KS against reference",
        "The widest gap between the cumulative distributions of outputs there and here.",
        better="lower",
    ),
    "score_js": Metric(
        "Score JS distance",
        "How different the distributions of outputs are: 0 equal, 1 nothing in common.",
        better="lower",
    ),
    "score_kl": Metric(
        "Score KL divergence",
        "How surprising the outputs here are to somebody who expects those of the reference.",
        better="lower",
    ),
    "score_wasserstein": Metric(
        "Score Wasserstein distance",
        "How far outputs must be moved on average to match the reference, in its standard deviations.",
        better="lower",
    ),
    "score_change": Metric(
        "Mean change of output",
        "How far the outputs of the two versions lie apart on the same row, on average.",
        better="lower",
    ),
    "rank_agreement": Metric(
        "Rank agreement",
        "How alike two versions order the same rows: 1 the same order, 0 unrelated.",
    ),
}
