"""`python -m governance.demo.training OUT_DIR --tracking-uri URI [--artifacts DIR]`."""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path

from governance.demo.training.build import build


def main(arguments: list[str] | None = None) -> int:
    """Train the demo portfolio; progress goes to standard output, one line per version."""
    parser = argparse.ArgumentParser(prog="governance.demo.training", description=__doc__)
    parser.add_argument("folder", type=Path, help="where data sets and portfolio.json go")
    parser.add_argument(
        "--tracking-uri", required=True, help="MLflow tracking store, e.g. sqlite:///var/mlflow/mlflow.db"
    )
    parser.add_argument(
        "--artifacts", type=Path, help="folder for MLflow's artifacts (default: beside a SQLite store)"
    )
    given = parser.parse_args(arguments)
    # MLflow warns that integer columns cannot hold missing values; these data sets have none.
    warnings.filterwarnings("ignore", message=".*integer column.*")
    portfolio = build(
        given.folder,
        tracking_uri=given.tracking_uri,
        artifacts=given.artifacts,
        say=lambda line: print(line, flush=True),
    )
    print(f"{len(portfolio.models)} models and {len(portfolio.datasets)} data sets in {given.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
