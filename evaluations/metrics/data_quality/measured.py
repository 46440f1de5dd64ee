"""All that is measured of a data set's state, with tables by column and a check for each question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from evaluations.metrics.closed_form import Z, wilson
from evaluations.metrics.data_quality.checks import checks_of
from evaluations.metrics.data_quality.columns import ColumnFacts, column_facts
from evaluations.metrics.data_quality.proxies import CONVENTION as PROXIES
from evaluations.metrics.data_quality.proxies import FEWEST_ROWS, MOST_CLASSES, Proxy, proxies_of
from evaluations.metrics.data_quality.rows import contradicting, repeated, row_hashes
from evaluations.metrics.data_quality.schema import Failure, schema_failures
from evaluations.metrics.data_quality.strength import CONVENTION as STRENGTH
from evaluations.metrics.data_quality.strength import Target, discretised, folds_of, is_number, strength
from evaluations.metrics.data_quality.tables import tables_of
from evaluations.metrics.values import Bools, CannotMeasure, Estimate, Measured

MOST_ROWS = 10_000
CONVENTIONS = {
    "missing_share": "Missing cells of all cells; the interval is the normal one of the rows' shares.",
    "duplicate_row_share": "Rows that equal an earlier row in every column, by a 64-bit hash. Wilson 95% interval.",
    "contradicting_row_share": "Rows that equal another in every column but the label, which differs. Wilson 95% "
    "interval.",
    "overlap_share": "Rows that stand in the reference data set too, in all columns that both have. Wilson 95% "
    "interval, as if rows were drawn.",
    "strongest_feature": STRENGTH
    + " For numbers as label, R² instead (interval by Fisher's z). DeLong 95% interval; "
    "of several classes, the mean of each against the rest.",
    "proxy_auc": PROXIES,
    "strongest_proxy": STRENGTH + " DeLong 95% interval.",
    "minority_share": "The rarest label's share of the rows with a label. Wilson 95% interval.",
    "schema_conforming_share": "Rows that pass every check of the declared schema. Wilson 95% interval.",
    "far_out": "Beyond three interquartile ranges from the quartiles (Tukey 1977).",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of the rows: which column is what, the schema, and from where on something is a failed check."""

    label: str = ""
    classes: bool = True  # the label names classes; else it is an amount
    outputs: Sequence[str] = ()
    sensitive: Sequence[str] = ()
    schema: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    max_rows: int = MOST_ROWS
    today: date = date.max
    limits: Mapping[str, float] = field(default_factory=dict)


@dataclass
class Facts:
    """What was found, before it becomes a result."""

    rows: int
    columns: list[ColumnFacts]
    overall: dict[str, Estimate]
    leaks: list[tuple[str, Estimate]] = field(default_factory=list)
    proxies: list[Proxy] = field(default_factory=list)
    models: dict[str, Estimate] = field(default_factory=dict)
    labels: list[tuple[str, int]] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def data_quality(rows: pd.DataFrame, asked: Asked, reference: pd.DataFrame | None = None) -> Measured:
    """Everything about the rows, shape (n, columns); `reference` are rows of another set, such as the training data.

    Raises CannotMeasure for no rows or no columns.
    """
    if rows.empty or not len(rows.columns):
        raise CannotMeasure("The data set has no rows, or no columns, so nothing can be said of it.")
    facts = Facts(len(rows), [column_facts(str(name), rows[name], asked.today) for name in rows.columns], {})
    _count_rows(rows, asked, reference, facts)
    _hold_to_schema(rows, asked, facts)
    features = [name for name in rows.columns if name not in {asked.label, *asked.outputs}]
    sample = _sample(rows, asked, facts)
    _find_leaks(sample, features, asked, facts)
    _find_proxies(sample, [name for name in features if name not in asked.sensitive], asked, facts)
    conventions = dict(CONVENTIONS)
    if any(column.kind == "date" for column in facts.columns):
        conventions["future"] = f"Dates after {asked.today.isoformat()}, the day of the run."
    return Measured(
        facts.overall,
        conventions,
        curves={"missing": {column.name: column.missing / column.n for column in facts.columns}},
        explanations={
            "leaks": [_plain(name, found) for name, found in facts.leaks],
            "proxies": [_plain(found.feature, found.auc) | {"of": found.of} for found in facts.proxies],
        },
        tables=tables_of(facts),
        checks=checks_of(facts, asked.limits),
        notes=facts.notes,
    )


def _plain(name: str, found: Estimate) -> dict[str, Any]:
    return {"name": name, "value": found.value, "low": found.low, "high": found.high}


def share(holds: Bools) -> Estimate:
    """A share of rows with Wilson's interval."""
    n, hits = len(holds), int(holds.sum())
    return Estimate(hits / n if n else None, *wilson(hits, n), n)


def _count_rows(rows: pd.DataFrame, asked: Asked, reference: pd.DataFrame | None, facts: Facts) -> None:
    n = len(rows)
    lacking = rows.isna().to_numpy().mean(axis=1)
    mean, half = float(lacking.mean()), Z * float(lacking.std(ddof=1)) / np.sqrt(n) if n > 1 else float("nan")
    known = n > 1 and half > 0
    facts.overall["missing_share"] = Estimate(
        mean, max(mean - half, 0.0) if known else None, min(mean + half, 1.0) if known else None, n
    )
    facts.overall["duplicate_row_share"] = share(repeated(row_hashes(rows, list(rows.columns))))
    nothing = Estimate(None, None, None, n)
    facts.overall["contradicting_row_share"] = facts.overall["overlap_share"] = nothing
    facts.overall["minority_share"] = nothing
    if asked.label:
        others = [name for name in rows.columns if name not in {asked.label, *asked.outputs}]
        if others and asked.classes:
            doubtful = contradicting(row_hashes(rows, others), rows[asked.label])
            facts.overall["contradicting_row_share"] = share(doubtful)
        if asked.classes:
            _count_labels(rows[asked.label], facts)
    if reference is not None:
        both = [name for name in rows.columns if name in reference.columns]
        if not both:
            raise CannotMeasure("The data set and its reference have no column in common.")
        there = np.isin(row_hashes(rows, both), row_hashes(reference, both))
        facts.overall["overlap_share"] = share(there)
        facts.notes.append(f"Compared with {len(reference):,} reference rows in {len(both):,} columns.")
    facts.overall["rows_in_all"] = Estimate(float(n), None, None, n)
    facts.overall["columns_with_trouble"] = Estimate(
        float(sum(bool(column.troubles) for column in facts.columns)), None, None, len(facts.columns)
    )


def _count_labels(label: "pd.Series[Any]", facts: Facts) -> None:
    counts = label.dropna().astype(str).value_counts()
    facts.labels = [(str(name), int(count)) for name, count in counts.items()]
    n = int(counts.sum())
    if len(counts) > 1:
        rarest = int(counts.min())
        facts.overall["minority_share"] = Estimate(rarest / n, *wilson(rarest, n), n)


def _hold_to_schema(rows: pd.DataFrame, asked: Asked, facts: Facts) -> None:
    nothing = Estimate(None, None, None, len(rows))
    facts.overall["schema_conforming_share"] = facts.overall["schema_failures"] = nothing
    if not asked.schema.get("columns"):
        facts.notes.append("The data set declares no schema, so its rows could not be held to one.")
        return
    facts.failures, passed = schema_failures(asked.schema, rows)
    failed = sum(failure.failing is None or failure.failing > 0 for failure in facts.failures)
    facts.overall["schema_conforming_share"] = share(passed)
    facts.overall["schema_failures"] = Estimate(float(failed), None, None, len(facts.failures))


def _sample(rows: pd.DataFrame, asked: Asked, facts: Facts) -> pd.DataFrame:
    """At most `max_rows` rows for what takes long, drawn without replacement."""
    if len(rows) <= asked.max_rows:
        return rows
    chosen = np.random.default_rng(asked.seed).choice(len(rows), asked.max_rows, replace=False)
    facts.notes.append(f"Leaks and proxies were sought in {asked.max_rows:,} rows, drawn from {len(rows):,}.")
    return rows.iloc[np.sort(chosen)].reset_index(drop=True)


def _find_leaks(rows: pd.DataFrame, features: list[str], asked: Asked, facts: Facts) -> None:
    facts.overall["strongest_feature"] = Estimate(None, None, None, len(rows))
    if not asked.label:
        facts.notes.append("The data set names no label, so leaks of it could not be sought.")
        return
    kept = rows[rows[asked.label].notna()]
    if len(kept) < FEWEST_ROWS:
        return
    label = kept[asked.label]
    if asked.classes:
        target = Target(classes=np.asarray(pd.factorize(label, sort=True)[0], dtype=np.int64))
        if len(facts.labels) > MOST_CLASSES:
            facts.notes.append(
                f"The label has {len(facts.labels):,} values; leaks are sought for at most {MOST_CLASSES}."
            )
            return
    elif is_number(label):
        target = Target(amount=label.to_numpy(dtype=np.float64))
    else:
        facts.notes.append("The label is no number, so leaks of it could not be sought.")
        return
    fold = folds_of(len(kept), asked.seed)
    for name in features:
        found = strength(kept[name], discretised(kept[name]), target, fold)
        if found.value is not None:
            facts.leaks.append((name, found))
    facts.leaks.sort(key=lambda leak: -(leak[1].value or 0.0))
    if facts.leaks:
        facts.overall["strongest_feature"] = facts.leaks[0][1]


def _find_proxies(rows: pd.DataFrame, features: list[str], asked: Asked, facts: Facts) -> None:
    nothing = Estimate(None, None, None, len(rows))
    facts.overall["strongest_proxy"] = facts.overall["proxy_auc"] = nothing
    if not asked.sensitive:
        facts.notes.append("The data set names no sensitive column, so proxies could not be sought.")
        return
    if not features:
        facts.notes.append("No column is left that could stand for a sensitive one.")
        return
    for name in asked.sensitive:
        found = proxies_of(rows, name, features, asked.seed)
        facts.proxies += found.columns
        facts.notes += found.notes
        if found.together is not None:
            facts.models[name] = found.together
    facts.proxies.sort(key=lambda proxy: -(proxy.auc.value or 0.0))
    if facts.proxies:
        facts.overall["strongest_proxy"] = facts.proxies[0].auc
    if facts.models:
        facts.overall["proxy_auc"] = max(facts.models.values(), key=lambda one: one.value or 0.0)
