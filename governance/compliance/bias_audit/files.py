"""A bias audit as CSV: one row for each category of each table."""

import csv
from io import StringIO

from governance.compliance.bias_audit.audit import Shown
from registry.spreadsheets import inert

HEADER = (
    *(
        "model",
        "version",
        "run",
        "dataset",
        "auditor",
        "audited_on",
        "distributed_on",
        "data_until",
        "rate_kind",
    ),
    *("by", "category", "people", "share", "counted", "rate", "impact_ratio"),
    *("impact_ratio_low", "impact_ratio_high", "left_out", "unknown_in_table"),
)


def as_csv(shown: Shown) -> bytes:
    """Numbers with ten decimals; empty where there is none."""
    audit, lines = shown.audit, StringIO()
    writer = csv.writer(lines)
    writer.writerow(HEADER)
    said = (audit.auditor, audit.audited_on, audit.distributed_on, audit.data_until) if audit else ("",) * 4
    which = (shown.model.slug, shown.run.version.version, shown.run.pk, str(shown.run.dataset))
    about = (*which, *said, shown.meant.rate)
    for table in shown.tables:
        for row in table.lines:
            ratios = ("" if one is None else f"{one:.10f}" for one in (row.ratio, row.low, row.high))
            figures = (row.n, f"{row.share:.10f}", row.hits, f"{row.rate:.10f}", *ratios)
            cells = (*about, table.id, row.category, *figures, "yes" if row.left_out else "", table.unknown)
            writer.writerow([inert(cell) for cell in cells])
    return lines.getvalue().encode()
