"""The checks of a data quality result, each a sentence with its figures."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from evaluations.metrics.values import Check, Estimate

if TYPE_CHECKING:
    from evaluations.metrics.data_quality.measured import Facts

LIMITS = {
    "most_missing": 0.2,
    "most_duplicates": 0.01,
    "most_overlap": 0.0,
    "leak_from": 0.95,
    "proxy_from": 0.8,
    "least_minority": 0.05,
}
"""From where on a check fails, unless the settings say otherwise."""

TROUBLES = {
    "empty": "No column is empty",
    "constant": "No column is constant",
    "looks like an identifier": "No column is an identifier",
    "dates in the future": "No date lies in the future",
    "broken characters": "No broken characters",
    "stray blanks": "No stray blanks",
    "words for missing": "Missing is not written as a word",
    "numbers among words": "No column mixes numbers and words",
    "several spellings": "Every value has one spelling",
}


def checks_of(facts: "Facts", limits: Mapping[str, float]) -> list[Check]:
    """One for each question; None where it cannot be told."""
    asked = {**LIMITS, **limits}
    found = [_schema(facts)]
    found += _missing(facts, asked["most_missing"])
    found.append(
        _share(
            facts, "duplicate_row_share", "Few rows stand twice", "repeat another", asked["most_duplicates"]
        )
    )
    contradict = "equal another in everything but the label"
    found.append(_share(facts, "contradicting_row_share", "No rows contradict each other", contradict, 0.0))
    there = "stand in the reference data too"
    found.append(_share(facts, "overlap_share", "No row was trained on", there, asked["most_overlap"]))
    found += _leaks(facts, asked["leak_from"])
    found += _proxies(facts, asked["proxy_from"])
    found.append(_minority(facts.overall["minority_share"], asked["least_minority"]))
    for trouble, title in TROUBLES.items():
        names = [one.name for one in facts.columns if trouble in one.troubles]
        said = f"{_listed(names)}: {trouble}." if names else "Nothing of the kind was found."
        found.append(
            Check(f"data.{trouble.replace(' ', '_')}", title, not names, said, about=", ".join(names[:3]))
        )
    return found


def _schema(facts: "Facts") -> Check:
    title = "Rows hold what the schema asks"
    if not facts.failures:
        return Check("data.schema", title, None, "No schema is declared.")
    failed = [one for one in facts.failures if one.failing is None or one.failing]
    share = facts.overall["schema_conforming_share"].value or 0.0
    said = f"{share:.1%} of the rows pass all of {len(facts.failures):,} checks."
    if failed:
        first = failed[0]
        rows = "the column" if first.failing is None else f"{first.failing:,} rows"
        said += f" {len(failed):,} checks fail, first that {first.column} {first.asked} ({rows})."
    return Check("data.schema", title, not failed, said, about=failed[0].column if failed else "")


def _missing(facts: "Facts", most: float) -> list[Check]:
    over = [one for one in facts.columns if one.missing / one.n > most]
    title = "No column lacks too many cells"
    if not over:
        worst = max(facts.columns, key=lambda one: one.missing)
        said = f"At most {worst.missing / worst.n:.1%} of a column is missing ({worst.name})."
        return [Check("data.missing", title, True, said)]
    return [
        Check(
            "data.missing",
            title,
            False,
            f"{one.missing / one.n:.1%} of {one.name} is missing.",
            about=one.name,
        )
        for one in over[:20]
    ]


def _share(facts: "Facts", name: str, title: str, verb: str, most: float) -> Check:
    found = facts.overall[name]
    if found.value is None:
        return Check(f"data.{name}", title, None, "It could not be told from this data.")
    rows = round(found.value * found.n)
    said = f"{rows:,} of {found.n:,} rows ({found.value:.2%}) {verb}; at most {most:.2%} is asked."
    return Check(f"data.{name}", title, found.value <= most, said)


def _leaks(facts: "Facts", limit: float) -> list[Check]:
    title = "No column gives the label away"
    if not facts.leaks:
        return [Check("data.leak", title, None, "It could not be told from this data.")]
    over = [(name, one) for name, one in facts.leaks if (one.value or 0.0) >= limit]
    if not over:
        name, one = facts.leaks[0]
        said = f"The strongest column is {name}, with {one.value:.3f}; {limit:.2f} would be a leak."
        return [Check("data.leak", title, True, said)]
    return [
        Check("data.leak", title, False, f"{name} alone tells the label, with {one.value:.3f}.", about=name)
        for name, one in over[:20]
    ]


def _proxies(facts: "Facts", limit: float) -> list[Check]:
    found = []
    for name, together in facts.models.items():
        if together.value is None:
            continue
        singles = [one for one in facts.proxies if one.of == name]
        best = f", best of them {singles[0].feature} ({singles[0].auc.value:.3f})" if singles else ""
        said = f"The other columns together tell {name} with an AUC of {together.value:.3f}{best}; "
        said += f"{limit:.2f} and more is a proxy."
        title = f"No columns stand for {name}"
        found.append(Check("data.proxy", title, together.value < limit, said, about=name))
    return found or [
        Check("data.proxy", "No columns stand for sensitive ones", None, "It could not be told.")
    ]


def _minority(found: Estimate, least: float) -> Check:
    title = "Every label is frequent enough"
    if found.value is None:
        return Check("data.imbalance", title, None, "There are no classes to count.")
    said = f"The rarest label has {found.value:.1%} of {found.n:,} rows; at least {least:.0%} is asked."
    return Check("data.imbalance", title, found.value >= least, said)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
