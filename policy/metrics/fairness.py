"""How alike groups of people are treated."""

from collections.abc import Mapping

from policy.metrics.metric import Metric

METRICS: Mapping[str, Metric] = {
    "selection_rate_ratio": Metric(
        "Lowest selection ratio",
        "How often a group is selected compared with its reference group, for the pair that is farthest "
        "apart; 1 is alike.",
        better="one",
        headline=True,
    ),
    "selection_rate_difference": Metric(
        "Largest selection gap",
        "The widest gap between the selection rates of two groups, also called demographic parity difference.",
        better="zero",
        headline=True,
    ),
    "equalized_odds_difference": Metric(
        "Equalised odds difference",
        "The widest gap between groups in how often positive, or negative, cases are selected.",
        better="zero",
        headline=True,
    ),
    "equal_opportunity_difference": Metric(
        "Equal opportunity difference",
        "The widest gap between groups in how often positive cases are selected.",
        better="zero",
        headline=True,
    ),
    "predictive_parity_difference": Metric(
        "Predictive parity difference",
        "The widest gap between groups in how often those who are selected turn out positive.",
        better="zero",
        headline=True,
    ),
    "group_calibration_gap": Metric(
        "Largest calibration gap of a group",
        "How far the mean probability of a group is from what happened in it, where it is farthest.",
        better="zero",
        headline=True,
    ),
    "mean_residual_difference": Metric(
        "Largest gap in mean error",
        "The widest gap between groups in how much too high or too low the prediction is on average.",
        better="zero",
        headline=True,
    ),
    "largest_group_loss": Metric(
        "Largest loss of a group",
        "The mean squared error of the group that is predicted worst.",
        better="lower",
        headline=True,
    ),
    "mean_prediction_difference": Metric(
        "Largest gap in mean prediction",
        "The widest gap between the mean predictions of two groups.",
        better="zero",
        headline=True,
    ),
    "class_selection_difference": Metric(
        "Largest gap of a class",
        "The widest gap between groups in how often one class is predicted, for the class where it is widest.",
        better="zero",
        headline=True,
    ),
    "macro_selection_difference": Metric(
        "Mean gap of the classes",
        "The widest gap between groups in how often a class is predicted, averaged over the classes.",
        better="zero",
        headline=True,
    ),
    "macro_true_positive_difference": Metric(
        "Mean gap in classes found",
        "The widest gap between groups in how often rows of a class are found, averaged over the classes.",
        better="zero",
        headline=True,
    ),
    "consistency": Metric(
        "Consistency",
        "How alike the model judges the rows that are most like each other; 1 is wholly alike.",
        better="one",
        headline=True,
    ),
    "demographic_parity_ratio": Metric(
        "Lowest to highest selection rate",
        "The selection rate of the least selected group as a part of the most selected group's.",
        better="one",
    ),
    "equalized_odds_ratio": Metric(
        "Equalised odds ratio",
        "The lowest ratio between groups in how often positive, or negative, cases are selected.",
        better="one",
    ),
    "false_positive_rate_difference": Metric(
        "False positive rate gap",
        "The widest gap between groups in how often negative cases are wrongly selected.",
        better="zero",
    ),
    "false_negative_rate_difference": Metric(
        "False negative rate gap",
        "The widest gap between groups in how often positive cases are wrongly passed over.",
        better="zero",
    ),
    "false_discovery_rate_difference": Metric(
        "False discovery rate gap",
        "The widest gap between groups in how often those who are selected turn out negative.",
        better="zero",
    ),
    "false_omission_rate_difference": Metric(
        "False omission rate gap",
        "The widest gap between groups in how often those who are passed over turn out positive.",
        better="zero",
    ),
    "accuracy_difference": Metric(
        "Accuracy gap",
        "The widest gap between groups in how often the prediction is right.",
        better="zero",
    ),
    "class_selection_ratio": Metric(
        "Lowest ratio of a class",
        "How often a class is predicted in one group compared with another, for the class and groups farthest apart.",
        better="one",
    ),
    "largest_group_mae": Metric(
        "Largest mean absolute error of a group",
        "How far the prediction is off on average in the group where it is off most.",
        better="lower",
    ),
    "group_loss_ratio": Metric(
        "Largest loss of a group, to all rows",
        "How many times larger the loss of the group that is predicted worst is than that of everybody.",
        better="lower",
    ),
    "score_impact_ratio": Metric(
        "Lowest scoring ratio",
        "How often a group scores above the median of all, compared with the group that does so most often.",
        better="one",
    ),
    "score_distribution_difference": Metric(
        "Score distribution gap",
        "How differently the scores of a group and of its reference group are spread; 0 is alike, 1 wholly apart.",
        better="zero",
    ),
    "generalized_entropy_index": Metric(
        "Generalized entropy index",
        "How unequally wrong and right decisions are shared among all people; 0 is equal.",
        better="zero",
    ),
    "theil_index": Metric(
        "Theil index",
        "How unequally wrong and right decisions are shared, with more weight on those who are wrongly passed over.",
        better="zero",
    ),
    "smallest_adjusted_p": Metric(
        "Smallest adjusted p",
        "How likely chance alone makes the clearest gap in selection, with all groups that were tried taken "
        "into account.",
        better="neither",
    ),
    "groups_too_small": Metric(
        "Groups too small to judge",
        "How many groups have too few rows to say anything about them.",
        better="zero",
        whole=True,
    ),
    "selection_rate": Metric(
        "Selection rate",
        "The share of rows predicted positive.",
        better="neither",
    ),
    "accuracy": Metric(
        "Accuracy",
        "The share of all rows that is predicted right.",
    ),
}
