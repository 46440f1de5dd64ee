"""What happens to a model's answers when its inputs are not as they should be."""

from collections.abc import Mapping

from policy.metrics.metric import Metric

FAMILIES = {
    "noise": "numbers are noisy",
    "missing": "values are missing",
    "shift": "all numbers are shifted",
    "unit": "a number is in the wrong unit",
    "range": "some numbers lie out of range",
    "swap": "some categories are swapped",
    "unseen": "some categories were never seen",
    "scenario": "a stress scenario of the settings holds",
}
TILES = ("noise", "missing")

METRICS: Mapping[str, Metric] = {
    "worst_drop": Metric(
        "Worst loss",
        "How much of the leading metric the most harmful disturbance costs.",
        better="lower",
        headline=True,
    ),
    "adversarial_flips": Metric(
        "Decisions changed by search",
        "The share of decisions that a search changed by moving numbers a little.",
        better="lower",
        headline=True,
    ),
    "failed_disturbances": Metric(
        "Disturbances that it fails on",
        "How many kinds of disturbed input make the model fail instead of answer.",
        better="lower",
        headline=True,
        whole=True,
    ),
    **{
        f"{family}_drop": Metric(
            f"Loss, {words}",
            f"How much of the leading metric is lost when {words}.",
            better="lower",
            headline=family in TILES,
        )
        for family, words in FAMILIES.items()
    },
    "invariance_flips": Metric(
        "Decisions changed by what must not matter",
        "The share of decisions that change when only a column does that must not matter.",
        better="lower",
        headline=True,
    ),
    "monotone_violations": Metric(
        "Steps the wrong way",
        "The share of rows for which the output falls where it must rise, or rises where it must fall.",
        better="lower",
        headline=True,
    ),
    **{
        f"{family}_flips": Metric(
            f"Decisions changed, {words}",
            f"The share of decisions that become others when {words}.",
            better="lower",
        )
        for family, words in FAMILIES.items()
    },
    "adversarial_step": Metric(
        "Smallest change that changes a decision",
        "The median step, in standard deviations, that was enough to change a decision.",
    ),
    "largest_sobol": Metric(
        "Largest Sobol index",
        "The share of the output's variation in which the most influential column has a part.",
        better="neither",
    ),
}
