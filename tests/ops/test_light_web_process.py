"""Libraries that take seconds and hundreds of megabytes to load stay out of the processes that must answer."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ops.processes import ROOT, embedded

HEAVY = {
    "shap",
    "fairlearn",
    "sklearn",
    "mlflow",
    "pandas",
    "polars",
    "pandera",
    "numpy",
    "scipy",
    "numba",
    "pyarrow",
    "matplotlib",
    "weasyprint",
    "pyhanko",
    "lxml",
}
LOADED = "\nimport json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
WEB = """
import governance.wsgi
from django.urls import get_resolver
get_resolver().url_patterns
"""
WORKER = """
from governance.celery import app
app.loader.import_default_modules()
assert any(name.startswith("evaluations.") for name in app.tasks), sorted(app.tasks)
"""
SCHEDULER = """
import governance.wsgi
import governance.management.commands.scheduler
"""


@pytest.mark.parametrize("program", [WEB, WORKER, SCHEDULER], ids=["web", "worker", "scheduler"])
def test_no_heavy_library_is_loaded(program: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program + LOADED],
        cwd=ROOT,
        env=embedded(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert "django" in loaded
    assert loaded & HEAVY == set()
