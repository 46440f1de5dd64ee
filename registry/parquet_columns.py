"""`python -m registry.parquet_columns FILE [COLUMN…]`: rows, columns and the values of some columns, as JSON.

A script, run in a process of its own; it imports nothing of Django.
"""

import json
import sys
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

MOST_VALUES = 200
SHOWN_ROWS = 5


def main(arguments: Sequence[str]) -> int:
    """Print what the file holds, or `{"error": …}`."""
    path, *watch = arguments
    try:
        file = pq.ParquetFile(path)
        names = file.schema_arrow.names
        answer: dict[str, Any] = {
            "rows": file.metadata.num_rows,
            "columns": [[field.name, kind(field.type)] for field in file.schema_arrow],
            "watched": {name: watched(file, name) for name in watch if name in names},
        }
    except (pa.ArrowException, OSError) as error:
        answer = {"error": str(error).splitlines()[0][:200]}
    sys.stdout.write(json.dumps(answer))
    return 1 if "error" in answer else 0


def kind(column_type: pa.DataType) -> str:
    """The type in our words."""
    if pa.types.is_dictionary(column_type):
        return kind(column_type.value_type)
    if pa.types.is_boolean(column_type):
        return "boolean"
    if pa.types.is_integer(column_type):
        return "integer"
    if pa.types.is_floating(column_type) or pa.types.is_decimal(column_type):
        return "number"
    if pa.types.is_string(column_type) or pa.types.is_large_string(column_type):
        return "text"
    return "other"


def watched(file: pq.ParquetFile, name: str) -> dict[str, Any]:
    """Values as text with their counts (the commonest ones), and which rows are empty."""
    column = file.read(columns=[name]).column(0)
    nulls = pc.indices_nonzero(pc.is_null(column, nan_is_null=True))
    counts = pc.value_counts(column.drop_null()).to_pylist()
    counts.sort(key=lambda pair: -pair["counts"])
    return {
        "values": {str(pair["values"]): pair["counts"] for pair in counts[:MOST_VALUES]},
        "empty": len(nulls),
        "empty_rows": [index + 1 for index in nulls[:SHOWN_ROWS].to_pylist()],
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
