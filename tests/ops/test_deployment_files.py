"""docker-compose.yml, the operator's table of settings, and the scripts."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ops.processes import ROOT

OURS = ("migrate", "web", "worker", "scheduler", "mlflow")
SECRETS = ("POSTGRES_PASSWORD", "POSTGRES_APP_PASSWORD", "REDIS_PASSWORD", "COUNTERSIGN_SECRET_KEY")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """docker-compose.yml, with its merges resolved and its variables as they are."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def test_no_port_is_published_beyond_this_machine(compose: dict[str, Any]) -> None:
    published = {
        name: service["ports"] for name, service in compose["services"].items() if "ports" in service
    }
    assert set(published) == {"web", "mlflow"}
    for ports in published.values():
        assert all(port.startswith("127.0.0.1:") for port in ports)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_missing_secret_stops_compose_with_a_message(secret: str) -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    uses = re.findall(rf"\$\{{{secret}([^}}]*)\}}", text)
    assert uses
    assert all(use.startswith(":?set ") for use in uses)


@pytest.mark.parametrize("name", OURS)
def test_our_containers_have_no_privileges(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_only_migrations_are_run_by_the_owner_of_the_tables(compose: dict[str, Any]) -> None:
    users = {
        name: compose["services"][name]["environment"]["DATABASE_URL"].split("//")[1].split(":")[0]
        for name in ("migrate", "web", "worker", "scheduler")
    }
    app = compose["services"]["migrate"]["environment"]["COUNTERSIGN_APP_ROLE"]

    assert users == {"migrate": "countersign", "web": app, "worker": app, "scheduler": app}
    assert app != "countersign"


def test_every_service_shows_its_health(compose: dict[str, Any]) -> None:
    image_has_one = {"web"}
    runs_once = {"migrate"}
    for name, service in compose["services"].items():
        if name not in image_has_one | runs_once:
            assert service["healthcheck"]["test"], name
    assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text()


def test_every_state_has_a_volume(compose: dict[str, Any]) -> None:
    used = {
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", [])
    }
    assert used == set(compose["volumes"]) == {"state", "mlflow", "postgres", "redis"}


def test_the_image_is_pinned_and_runs_without_root() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^ARG PYTHON_IMAGE=python:3\.11\.\d+-slim-bookworm$", dockerfile, re.M)
    assert "--require-hashes" in dockerfile
    assert re.search(r"^USER 10001:10001$", dockerfile, re.M)


def test_everything_that_the_image_needs_is_let_into_the_build() -> None:
    let_in = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line[:1] == "!"
    }
    assert all((ROOT / name).exists() for name in let_in), let_in
    packages = {folder.name for folder in ROOT.iterdir() if (folder / "apps.py").exists()} | {"policy"}
    assert packages | {"static", "templates", "manage.py", "requirements.txt"} <= let_in


def test_every_setting_of_the_environment_is_documented() -> None:
    read = set()
    for folder in ("accounts", "audit", "evaluations", "governance", "registry", "riskreview", "deploy"):
        for source in (ROOT / folder).rglob("*.py"):
            read |= set(
                re.findall(r"(?:environ(?:\.get\(|\[)|environment_\w+\()\s*\"([A-Z_]+)\"", source.read_text())
            )
    ours_alone = {
        "COUNTERSIGN_BIND",
        "COUNTERSIGN_FETCH_MAX_BYTES",
        "COUNTERSIGN_METRICS_CLEARED",
        "COUNTERSIGN_OWN_BUCKET",
        "DJANGO_SETTINGS_MODULE",
        "PROMETHEUS_MULTIPROC_DIR",
        "SOURCE_DATE_EPOCH",
    }
    told = (ROOT / "docs" / "deploy.md").read_text()
    assert "COUNTERSIGN_URL" in read
    assert {name for name in read - ours_alone if f"`{name}`" not in told} == set()


@pytest.mark.parametrize(
    "script", ["bin/check", "bin/lock", "bin/servers", "bin/test", ".ci/run", "deploy/entrypoint.sh"]
)
def test_scripts_can_be_run(script: str) -> None:
    path = ROOT / script
    assert os.access(path, os.X_OK)
    shell = "sh" if Path(path.read_text().splitlines()[0]).name == "sh" else "bash"
    subprocess.run([shell, "-n", str(path)], check=True)


def test_an_unknown_command_of_the_image_is_refused() -> None:
    refused = subprocess.run(
        ["sh", "deploy/entrypoint.sh", "dance"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert refused.returncode == 2
    assert "One of web, worker, scheduler, migrate" in refused.stderr
