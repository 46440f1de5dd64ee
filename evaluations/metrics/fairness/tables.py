"""Tables and checks of a binary classification by group."""

from collections.abc import Mapping, Sequence
from typing import Any

from evaluations.metrics.fairness.attributes import Attribute, listed, name_of, title
from evaluations.metrics.fairness.rates import Counts, difference, ratio, widest
from evaluations.metrics.fairness.significance import fisher_exact, two_proportion_z
from evaluations.metrics.fairness.summary import GAPS, adjusted, lowest_ratio
from evaluations.metrics.values import Check, Column, Estimate, Table

FOUR_FIFTHS = 0.8
"""29 CFR 1607.4(D): a rate under four fifths of the highest is generally taken as evidence of adverse impact."""
SIGNIFICANT = 0.05
LL144_LEAST_SHARE = 0.02
"""6 RCNY 5-301(d): a category with less than 2% of the rows may be left out of the required ratios."""
STATISTIC = "It is a statistic; it does not decide whether the law is met."
RATE_LABELS: Mapping[str, str] = {
    "selection_rate": "Selection rate",
    "true_positive_rate": "True positive rate",
    "false_positive_rate": "False positive rate",
    "false_negative_rate": "False negative rate",
    "precision": "Precision",
    "false_discovery_rate": "False discovery rate",
    "false_omission_rate": "False omission rate",
    "accuracy": "Accuracy",
}


def tables_of(attributes: Sequence[Attribute], combined: Sequence[Attribute]) -> list[Table]:
    """All tables; those without rows are left out."""
    found = [
        _four_fifths([*attributes, *combined]),
        _tests(attributes, "selection_tests", "Are the gaps in selection more than chance?"),
        _tests(combined, "selection_tests_combined", "The same for attributes together"),
        _gaps(attributes),
        impact_ratios([*attributes, *[one for one in combined if len(one.columns) == 2]]),
        _too_small([*attributes, *combined]),
    ]
    return [table for table in found if table.rows]


def checks_of(attributes: Sequence[Attribute]) -> list[Check]:
    """Four fifths, chance and size, for each attribute."""
    after = adjusted(attributes)
    found = []
    for index, one in enumerate(attributes):
        lowest, about = lowest_ratio(one), title(one.columns)
        found.append(_four_fifths_check(one, lowest, about))
        known = {place: q for (at, place), (_, q, _) in after.items() if at == index and q is not None}
        found.append(_chance_check(one, known, about))
        small = [name_of(g) for g, n in zip(one.groups, one.sizes, strict=True) if n < one.min_n]
        if small:
            said = f"Fewer than {one.min_n} rows, so not judged: {', '.join(small)}."
            found.append(
                Check("groups_too_small", f"Every group of {about} can be judged", None, said, about)
            )
    return found


def impact_ratios(attributes: Sequence[Attribute], rate: str = "selection_rate") -> Table:
    """Local Law 144: each category's rate as a part of the highest category's, whichever the reference is."""
    rows: list[list[Any]] = []
    for one in attributes:
        counts = one.counts(rate)
        n = sum(one.sizes)
        enough = [found for found in counts if found.n and found.n >= LL144_LEAST_SHARE * n]
        highest = max(enough, key=lambda found: (found.rate, found.n), default=None)
        for place in listed(one, one.sizes)[0]:
            found = counts[place]
            if not found.n or highest is None:
                continue
            impact = Estimate(1.0, None, None, int(found.n)) if found is highest else ratio(found, highest)
            share = found.n / n
            rows.append(
                [
                    title(one.columns),
                    name_of(one.groups[place]),
                    int(found.n),
                    share,
                    found.rate,
                    impact.value,
                    bounds_of(impact),
                    "under 2%" if share < LL144_LEAST_SHARE else "",
                ]
            )
    return Table(
        "impact_ratios",
        "Impact ratios for selection (New York City, Local Law 144)",
        "A category's selection rate divided by that of the most selected category, of every size. The rule "
        "lets those "
        f"who publish leave out categories under 2% of the rows (6 RCNY 5-301). Katz 95% interval. {STATISTIC}",
        (Column("Attribute"), Column("Category"), Column("Rows", "count"), Column("Share of rows", "share"),
         Column("Selection rate", "share"), Column("Impact ratio", "number"), Column("95% CI", "interval"),
         Column("Note")),
        rows,
    )  # fmt: skip


def bounds_of(found: Estimate) -> tuple[float, float] | None:
    """An interval for a table."""
    return None if found.low is None or found.high is None else (found.low, found.high)


def chosen(one: Attribute) -> str:
    """The reference group in words, and why it is that one."""
    place = one.reference.place
    if place is None:
        return "none"
    return f"{name_of(one.groups[place])} ({'stated' if one.reference.stated else 'highest rate'})"


def _four_fifths(attributes: Sequence[Attribute]) -> Table:
    rows: list[list[Any]] = []
    for one in attributes:
        found = lowest_ratio(one)
        where = _lowest_group(one, found)
        under = "" if found.value is None else "yes" if found.value < FOUR_FIFTHS else "no"
        rows.append([title(one.columns), chosen(one), where, found.value, bounds_of(found), under])
    return Table(
        "four_fifths",
        "Lowest ratio of selection rates",
        "The lower of the two selection rates as a part of the higher, for the group farthest from the reference. "
        f"Exactly 0.80 is not under four fifths (29 CFR 1607.4 D). {STATISTIC}",
        (Column("Attribute"), Column("Compared with"), Column("Farthest group"), Column("Ratio", "number"),
         Column("95% CI", "interval"), Column("Under four fifths")),
        rows,
    )  # fmt: skip


def _lowest_group(one: Attribute, lowest: Estimate) -> str:
    counts, place = one.counts("selection_rate"), one.reference.place
    if place is None or lowest.value is None:
        return "none to judge"
    for group in one.compared():
        less, more = sorted((counts[group], counts[place]), key=lambda found: found.rate)
        if ratio(less, more).value == lowest.value:
            more_often = ", selected more often" if counts[group] is more and less.rate < more.rate else ""
            return name_of(one.groups[group]) + more_often
    return "none to judge"


def _tests(attributes: Sequence[Attribute], id: str, heading: str) -> Table:
    after = adjusted(attributes)
    rows = []
    for index, one in enumerate(attributes):
        shown, place = set(listed(one, one.sizes)[0]), one.reference.place
        for group in one.compared():
            if place is not None and group in shown:
                _, q, test = after[index, group]
                counts = one.counts("selection_rate")
                rows.append(
                    [
                        title(one.columns),
                        name_of(one.groups[group]),
                        name_of(one.groups[place]),
                        *_compared(counts[group], counts[place]),
                        q,
                        test,
                    ]
                )
    return Table(
        id,
        heading,
        "Each group against the reference group. p: chance of a gap at least so wide if both groups were selected "
        f"alike, by pooled two-proportion z and by Fisher's exact test. Adjusted: Holm, over all {len(after)} "
        "comparisons of this table, of Fisher's p where a cell is expected to hold fewer than 5, else of z's.",
        (Column("Attribute"), Column("Group"), Column("Compared with"), Column("Difference", "number"),
         Column("95% CI", "interval"), Column("z", "number"), Column("p (z)", "p"), Column("p (Fisher)", "p"),
         Column("p, adjusted", "p"), Column("Test")),
        rows,
    )  # fmt: skip


def _compared(one: Counts, reference: Counts) -> list[Any]:
    gap = difference(one, reference)
    return [gap.value, bounds_of(gap), *two_proportion_z(one, reference), fisher_exact(one, reference)]


def _gaps(attributes: Sequence[Attribute]) -> Table:
    rows = []
    for one in attributes:
        for rate in GAPS.values():
            counts = one.counts(rate)
            gap = widest(counts, one.min_n)
            if gap is not None:
                low, high = counts[gap.lowest], counts[gap.highest]
                rows.append(
                    [
                        title(one.columns),
                        RATE_LABELS[rate],
                        name_of(one.groups[gap.lowest]),
                        low.rate,
                        name_of(one.groups[gap.highest]),
                        high.rate,
                        gap.difference.value,
                        bounds_of(gap.difference),
                        gap.ratio.value,
                    ]
                )
    return Table(
        "gaps",
        "Widest gap of each rate",
        "Between the groups with the lowest and the highest rate, of those with enough rows that count for the rate. "
        "Newcombe 95% interval of that pair, cut at 0.",
        (Column("Attribute"), Column("Rate"), Column("Lowest group"), Column("Lowest", "share"),
         Column("Highest group"), Column("Highest", "share"), Column("Difference", "number"),
         Column("95% CI", "interval"), Column("Ratio", "number")),
        rows,
    )  # fmt: skip


def _too_small(attributes: Sequence[Attribute]) -> Table:
    rows = [
        [title(one.columns), name_of(one.groups[place]), size]
        for one in attributes
        for place, size in enumerate(one.sizes)
        if size < one.min_n and (len(one.columns) == 1 or place in listed(one, one.sizes)[0])
    ]
    least = attributes[0].min_n if attributes else 0
    return Table(
        "too_small",
        "Groups that are too small to judge",
        f"They have fewer than {least} rows: shown, and part of no gap, ratio or test.",
        (Column("Attribute"), Column("Group"), Column("Rows", "count")),
        rows,
    )


def _four_fifths_check(one: Attribute, lowest: Estimate, about: str) -> Check:
    heading = f"Selection rates by {about} within four fifths"
    if lowest.value is None:
        return Check("four_fifths", heading, None, "No two groups can be compared.", about)
    group, bounds = _lowest_group(one, lowest), bounds_of(lowest)
    interval = "" if bounds is None else f" [{bounds[0]:.2f}, {bounds[1]:.2f}]"
    said = f"The ratio is {_ratio_text(lowest.value)}{interval}: {group} against {chosen(one)}. {STATISTIC}"
    return Check("four_fifths", heading, lowest.value >= FOUR_FIFTHS, said, about)


def _p_text(p: float) -> str:
    return "under 0.0001" if p < 0.0001 else f"{p:.2g}"


def _ratio_text(value: float) -> str:
    """Two decimals, unless they would round a ratio under four fifths up to it."""
    return f"{value:.{3 if value < FOUR_FIFTHS <= round(value, 2) else 2}f}"


def _chance_check(one: Attribute, known: Mapping[int, float], about: str) -> Check:
    heading = f"Gaps in selection by {about} no larger than chance"
    if not known:
        return Check("selection_by_chance", heading, None, "No two groups can be compared.", about)
    place = min(known, key=lambda found: known[found])
    said = (
        f"Smallest adjusted p: {_p_text(known[place])}, {name_of(one.groups[place])} against {chosen(one)}."
    )
    return Check("selection_by_chance", heading, known[place] >= SIGNIFICANT, said, about)
