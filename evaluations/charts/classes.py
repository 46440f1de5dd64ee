"""Which classes are taken for which."""

from collections.abc import Mapping
from typing import Any

from evaluations.charts import svg
from evaluations.charts.chart import Chart, Table

LEFT, TOP, LONGEST_NAME = 96.0, 42.0, 14
STRONGEST_TINT = 0.3  # darker, and the number on it would be hard to read
NARROW, WIDE = 380.0, 600.0


def confusion(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """Counts of true class (rows) and predicted class (columns); blue is right, orange is wrong."""
    found = result.get("curves", {}).get("confusion")
    if not found:
        return None
    labels, counts = found["labels"], found["counts"]
    size = len(labels)
    cell = 52.0 if size <= 5 else 38.0 if size <= 8 else 32.0
    width, height = max(LEFT + size * cell + 8, NARROW), TOP + size * cell + 10
    longest = max(3, int(cell // 6.5))
    parts = [svg.text((LEFT, 12), "predicted"), svg.text((0, TOP - 8), "true class")]
    for row, label in enumerate(labels):
        total = sum(counts[row]) or 1
        middle = TOP + row * cell + cell / 2 + 4
        parts.append(svg.text((LEFT - 8, middle), svg.clipped(label, LONGEST_NAME), anchor="end"))
        at = LEFT + row * cell + cell / 2
        parts.append(svg.text((at, TOP - 8), svg.clipped(label, longest), anchor="middle"))
        for column, count in enumerate(counts[row]):
            corner = (LEFT + column * cell, TOP + row * cell)
            if count:
                kind, tint = "f1" if row == column else "fwarm", STRONGEST_TINT * count / total
                parts.append(svg.bar(corner, cell - 2, cell - 2, kind=kind, opacity=0.1 + tint, radius=3))
                at = corner[0] + cell / 2 - 1
                parts.append(svg.text((at, middle), f"{count:,}", strong=row == column, anchor="middle"))
    wrong = [(counts[i][j], i, j) for i in range(size) for j in range(size) if i != j and counts[i][j]]
    right = sum(counts[i][i] for i in range(size))
    finding = f"{right:,} of {sum(map(sum, counts)):,} rows are right."
    title = "No class is taken for another"
    if wrong:
        count, i, j = max(wrong, key=lambda found: (found[0], -found[1], -found[2]))
        title = f"Most often confused: {labels[i]} taken for {labels[j]}"
        finding += f" {count:,} rows of class {labels[i]} are taken for {labels[j]}."
    table = Table(
        ("True class", *(f"as {label}" for label in labels)),
        [(label, *(f"{count:,}" for count in counts[row])) for row, label in enumerate(labels)],
    )
    note = (
        f"{finding} Rows: true class, columns: predicted. Blue is right, orange wrong; tint: part of the row."
    )
    drawn = svg.drawing(prefix, width, height, title, finding, parts)
    return Chart(drawn, title, note, table, wide=width >= WIDE)
