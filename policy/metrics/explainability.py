"""What moves the outputs, and how far the explanations can be relied on."""

from collections.abc import Mapping

from policy.metrics.metric import Metric

METRICS: Mapping[str, Metric] = {
    "top_feature_share": Metric(
        "Share of the top feature",
        "How much of all movement of the outputs the most important feature accounts for.",
        better="neither",
        headline=True,
    ),
    "rank_stability": Metric(
        "Stability of the order",
        "How alike the order of the features is when other rows are explained; 1 means the same.",
        better="one",
        headline=True,
    ),
    "surrogate_r2": Metric(
        "Fidelity of simple rules",
        "How much of the outputs' variation a handful of simple rules reproduces.",
        headline=True,
    ),
    "surrogate_agreement": Metric(
        "Agreement of simple rules",
        "How often a handful of simple rules decides as the model does.",
        headline=True,
    ),
    "strongest_interaction": Metric(
        "Strongest interaction",
        "How much of the joint effect of the two features that act together most is more than both alone.",
        better="neither",
        headline=True,
    ),
    "additivity_error": Metric(
        "Additivity error",
        "The largest difference between an output and the sum of its explanation.",
        better="zero",
        headline=True,
    ),
    "explained_rows": Metric(
        "Rows explained",
        "How many rows were explained.",
        better="neither",
        headline=True,
        whole=True,
    ),
    "background_stability": Metric(
        "Stability against the background",
        "How alike the order of the features is when the rows are compared with others; 1 means the same.",
        better="one",
    ),
    "importance_agreement": Metric(
        "Agreement of two importances",
        "Whether the features that move the outputs are also those that the quality of the predictions rests on.",
        better="one",
    ),
}
