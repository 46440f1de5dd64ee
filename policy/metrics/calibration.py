"""Whether predicted probabilities happen."""

from collections.abc import Mapping

from policy.metrics.metric import Metric

METRICS: Mapping[str, Metric] = {
    "ece": Metric(
        "Calibration error",
        "How far predicted probabilities lie from observed rates, on average.",
        better="lower",
        headline=True,
    ),
    "calibration_slope": Metric(
        "Calibration slope",
        "1 where probabilities are spread as they should be; less where they are too extreme, more where too timid.",
        better="one",
        headline=True,
    ),
    "calibration_intercept": Metric(
        "Calibration intercept",
        "0 where probabilities are right in the middle; more where they are too low, less where too high.",
        better="zero",
        headline=True,
    ),
    "mean_gap": Metric(
        "Mean probability less rate",
        "How much more often the event is predicted than it happens, over all rows.",
        better="zero",
        headline=True,
    ),
    "mce": Metric(
        "Largest calibration error",
        "How far predicted probabilities lie from the observed rate where they lie farthest.",
        better="lower",
    ),
    "classwise_ece": Metric(
        "Calibration error by class",
        "How far the probabilities of each class lie from its observed rates, on average over classes.",
        better="lower",
    ),
    "brier": Metric(
        "Brier score",
        "The mean squared distance of the predicted probability from what happened.",
        better="lower",
    ),
    "brier_reliability": Metric(
        "Brier: reliability",
        "The part of the Brier score that comes from probabilities that do not happen as predicted.",
        better="lower",
    ),
    "brier_resolution": Metric(
        "Brier: resolution",
        "What the Brier score gains because groups of rows with different probabilities turn out differently.",
    ),
    "brier_uncertainty": Metric(
        "Brier: uncertainty",
        "The Brier score of always answering the observed rate: how hard the outcome is to foretell.",
        better="neither",
    ),
    "brier_within_bins": Metric(
        "Brier: within bins",
        "What is left of the Brier score because probabilities differ within a bin.",
        better="neither",
    ),
}
