"""How the figures of a binary classification were computed, for people."""

from collections.abc import Mapping, Sequence

from evaluations.metrics.fairness.attributes import Attribute, Settings, title
from evaluations.metrics.fairness.cells import DRAWS
from evaluations.metrics.groups import BANDS_CONVENTION

BOOTSTRAP = (
    f"95% interval by bootstrap of the counts: {DRAWS:,} multinomial draws, percentiles less their bias."
)
OF_PAIR = "95% interval of that pair"
GAP = "Largest difference within an attribute of the {rate}, among groups with at least {min_n} {whom}. "
GAP += f"Newcombe {OF_PAIR}, cut at 0."
RATES_OF: Mapping[str, tuple[str, str]] = {
    "selection_rate_difference": ("part that is predicted positive", "rows"),
    "equal_opportunity_difference": ("part of positive rows that is predicted positive", "positive rows"),
    "false_positive_rate_difference": ("part of negative rows that is predicted positive", "negative rows"),
    "false_negative_rate_difference": ("part of positive rows that is predicted negative", "positive rows"),
    "predictive_parity_difference": ("part of rows predicted positive that is", "rows predicted positive"),
    "false_discovery_rate_difference": (
        "part of rows predicted positive that is not",
        "rows predicted positive",
    ),
    "false_omission_rate_difference": (
        "part of rows predicted negative that is positive",
        "rows predicted negative",
    ),
    "accuracy_difference": ("part that is predicted right", "rows"),
}


def conventions(settings: Settings, attributes: Sequence[Attribute]) -> dict[str, str]:
    """By the name of the figure, and for groups, reference and bands."""
    enough = f"groups with at least {settings.min_n} rows"
    said = {
        "selection_rate": "Part that is predicted positive. Wilson 95% interval.",
        "accuracy": "Part that is predicted right. Wilson 95% interval.",
        "selection_rate_ratio": "Lowest ratio, over all attributes, between the selection rates of a group "
        "and of its "
        "reference group, the lower as a part of the higher, among "
        f"{enough}. Katz {OF_PAIR}. Under 0.80 is adverse, exactly 0.80 is not (29 CFR 1607.4 D). It is a statistic; "
        "it does not decide whether the law is met.",
        "demographic_parity_ratio": f"Lowest as a part of highest selection rate of an attribute, among {enough}, "
        f"whichever the reference group is; the lowest over all attributes. Katz {OF_PAIR}.",
        "equalized_odds_difference": "The larger of the largest differences of true and of false positive "
        "rates within "
        f"an attribute, among groups with at least {settings.min_n} positive, or negative, rows. {BOOTSTRAP}",
        "equalized_odds_ratio": "The smaller of the lowest ratios of true and of false positive rates within an "
        f"attribute, among the same groups. {BOOTSTRAP} On the log scale.",
        "generalized_entropy_index": "Alpha 2; the benefit of a row is prediction less label plus 1 (Speicher et al. "
        f"2018). {BOOTSTRAP}",
        "theil_index": f"Generalized entropy of alpha 1, the same benefits. {BOOTSTRAP}",
        "smallest_adjusted_p": "Of each group against its reference group: two-proportion z, pooled, or "
        "Fisher's exact "
        "test where a cell is expected to hold fewer than 5; adjusted by Holm over all groups of all attributes.",
        "groups_too_small": f"Groups of an attribute with fewer than {settings.min_n} rows.",
        "reference": reference(attributes),
        "groups": f"Groups of fewer than {settings.min_n} rows are shown and not judged. Attributes are not combined "
        "for the overall numbers; two at a time, and all together, they are shown combined. Rates "
        "have Wilson 95% intervals.",
    }
    for name, (rate, whom) in RATES_OF.items():
        said[name] = GAP.format(rate=rate, min_n=settings.min_n, whom=whom)
    if settings.banded:
        said["bands"] = f"{', '.join(settings.banded)}: {BANDS_CONVENTION}"
    return dict(sorted(said.items()))


def reference(attributes: Sequence[Attribute]) -> str:
    """Which group each attribute is compared with, and who said so."""
    stated: list[str] = []
    highest: list[str] = []
    for one in attributes:
        place = one.reference.place
        group = "none" if place is None else one.groups[place][0]
        (stated if one.reference.stated else highest).append(f"{title(one.columns)}: {group}")
    said = []
    if stated:
        said.append(f"As the data set states: {', '.join(stated)}.")
    if highest:
        said.append(f"The group with the highest rate that is large enough: {', '.join(highest)}.")
    return " ".join(said)
