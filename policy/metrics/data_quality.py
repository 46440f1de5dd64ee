"""The state of a data set."""

from collections.abc import Mapping

from policy.metrics.metric import Metric

METRICS: Mapping[str, Metric] = {
    "missing_share": Metric(
        "Missing",
        "The share of all cells that hold nothing.",
        better="lower",
        headline=True,
    ),
    "overlap_share": Metric(
        "Overlap with the reference",
        "The share of rows that stand in the reference data too, such as the data that the model learnt from.",
        better="lower",
        headline=True,
    ),
    "strongest_feature": Metric(
        "Strongest single column",
        "How well the best single column tells the label by itself; close to 1, it may give the answer away.",
        better="lower",
        headline=True,
    ),
    "proxy_auc": Metric(
        "Sensitive column told by others",
        "How well the other columns together tell a sensitive one: 0.5 is chance, 1 tells it exactly.",
        better="lower",
        headline=True,
    ),
    "schema_conforming_share": Metric(
        "Rows within the schema",
        "The share of rows that hold everything that the data set's schema asks.",
        headline=True,
    ),
    "schema_failures": Metric(
        "Failed schema checks",
        "How many checks of the schema fail for a row or more.",
        better="lower",
        whole=True,
    ),
    "duplicate_row_share": Metric(
        "Rows that stand twice",
        "The share of rows that equal an earlier row in every column.",
        better="lower",
    ),
    "contradicting_row_share": Metric(
        "Contradicting rows",
        "The share of rows that equal another in everything but the label.",
        better="lower",
    ),
    "minority_share": Metric(
        "Rarest label",
        "The share of rows that have the rarest label.",
    ),
    "strongest_proxy": Metric(
        "Strongest proxy",
        "How well the best single column tells a sensitive one: 0.5 is chance, 1 tells it exactly.",
        better="lower",
    ),
    "columns_with_trouble": Metric(
        "Columns with trouble",
        "How many columns are empty, constant, mixed, broken or otherwise odd.",
        better="lower",
        whole=True,
    ),
    "rows_in_all": Metric(
        "Rows",
        "How many rows the data set has.",
        better="neither",
        whole=True,
    ),
}
