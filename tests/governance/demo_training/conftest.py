"""One real training run, as the loader starts it, shared by the tests of this folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest

from governance.demo.portfolio import load_portfolio
from tests.governance.demo_training.demo_run import Run


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Train everything once, in a process of its own that is told of no Django settings."""
    base = tmp_path_factory.mktemp("demo-training")
    uri = f"sqlite:///{base}/mlflow/mlflow.db"
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(
        [sys.executable, "-m", "governance.demo.training", str(base / "out"), "--tracking-uri", uri],
        env=environment,
        cwd=Path(__file__).resolve().parents[3],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    mlflow.set_tracking_uri(uri)
    return Run(base / "out", uri, done.stdout, load_portfolio(base / "out" / "portfolio.json"))
