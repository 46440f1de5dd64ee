"""The tables of a data quality result."""

from typing import TYPE_CHECKING

from evaluations.metrics.values import Column, Estimate, Table

if TYPE_CHECKING:
    from evaluations.metrics.data_quality.measured import Facts

MOST_ROWS = 100


def tables_of(facts: "Facts") -> list[Table]:
    """By column, and for each question that has an answer."""
    found = [_columns(facts)]
    if facts.labels:
        total = sum(count for _, count in facts.labels)
        rows = [[name, count, count / total] for name, count in facts.labels[:MOST_ROWS]]
        columns = [Column("Label"), Column("Rows", "count"), Column("Share", "share")]
        found.append(Table("labels", "Labels", "How often each label stands in the rows.", columns, rows))
    if facts.leaks:
        rows = [[name, one.value, _ends(one)] for name, one in facts.leaks[:MOST_ROWS]]
        columns = [Column("Column"), Column("AUC or R²", "number"), Column("95% interval", "interval")]
        note = "How well each column alone tells the label. A column close to 1 may hold what is to be predicted."
        found.append(Table("leaks", "Single columns against the label", note, columns, rows))
    if facts.models:
        rows = [[name, one.value, _ends(one), one.n] for name, one in facts.models.items()]
        columns = [Column("Sensitive column"), Column("AUC", "number"), Column("95% interval", "interval")]
        note = "How well all other columns together tell the sensitive one: 0.5 is chance."
        title = "Sensitive columns told by all others"
        found.append(Table("proxy_models", title, note, [*columns, Column("Rows", "count")], rows))
    if facts.proxies:
        rows = [
            [one.of, one.feature, one.auc.value, _ends(one.auc), one.association, one.measure]
            for one in facts.proxies[:MOST_ROWS]
        ]
        columns = [
            *(Column("Sensitive column"), Column("Told by"), Column("AUC", "number")),
            *(Column("95% interval", "interval"), Column("Association", "number"), Column("Measure")),
        ]
        note = "How well each other column alone tells a sensitive one. Leaving the sensitive column out of a model "
        note += "does not help where another stands for it."
        found.append(Table("proxies", "Proxies", note, columns, rows))
    if facts.failures:
        rows = [[one.column, one.asked, one.failing] for one in facts.failures[:MOST_ROWS]]
        columns = [Column("Column"), Column("Asked"), Column("Rows that fail", "count")]
        note = "What the schema asks. A dash: the column is not there, or is not named."
        found.append(Table("schema", "Schema", note, columns, rows))
    return found


def _columns(facts: "Facts") -> Table:
    rows = [
        [one.name, one.kind, one.missing / one.n, one.distinct, one.far_out, ", ".join(one.troubles)]
        for one in facts.columns
    ]
    columns = [
        *(Column("Column"), Column("Type"), Column("Missing", "share")),
        *(Column("Different values", "count"), Column("Far out", "count"), Column("Trouble")),
    ]
    return Table(
        "columns", "Columns", "Every column of the data set, with what is odd about it.", columns, rows
    )


def _ends(found: Estimate) -> tuple[float | None, float | None]:
    return found.low, found.high
