"""deploy/kubernetes: what can be known of the manifests without a cluster."""

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.ops.processes import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
KUBERNETES = "1.31"
WHOLE = sorted([*(FOLDER / "base").glob("*.yaml"), *(FOLDER / "overlays" / "example").glob("*.yaml")])
OBJECTS = [
    (path, found)
    for path in WHOLE
    if path.name != "kustomization.yaml"
    for found in yaml.safe_load_all(path.read_text())
]
BASE = {
    (found["kind"], found["metadata"]["name"]): found for path, found in OBJECTS if path.parent.name == "base"
}
PODS = {
    name: found["spec"]["template"]["spec"]
    for (kind, name), found in BASE.items()
    if kind in ("Deployment", "Job")
}


def identity(given: tuple[Path, dict[str, Any]]) -> str:
    """How a test's report names an object."""
    return f"{given[0].parent.name}-{given[1]['kind']}-{given[1]['metadata']['name']}"


@pytest.mark.parametrize("given", OBJECTS, ids=identity)
def test_each_object_is_what_kubernetes_takes(given: tuple[Path, dict[str, Any]]) -> None:
    kubernetes_validate.validate(given[1], KUBERNETES, strict=True)


def test_every_file_belongs_to_its_kustomization() -> None:
    for folder in {path.parent for path in WHOLE}:
        told = yaml.safe_load((folder / "kustomization.yaml").read_text())
        named = {*told["resources"], *(patch["path"] for patch in told.get("patches", []))}
        assert {name for name in named if name.endswith(".yaml")} == {
            path.name for path in folder.glob("*.yaml") if path.name != "kustomization.yaml"
        }
        assert all((folder / name).exists() for name in named)


def test_a_patch_of_the_overlay_meets_an_object_of_the_base() -> None:
    overlay = FOLDER / "overlays" / "example"
    for patch in yaml.safe_load((overlay / "kustomization.yaml").read_text())["patches"]:
        found = yaml.safe_load((overlay / patch["path"]).read_text())
        assert (found["kind"], found["metadata"]["name"]) in BASE


@pytest.mark.parametrize("name", PODS)
def test_no_pod_has_more_rights_than_it_needs(name: str) -> None:
    pod = PODS[name]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    mounted = {volume["name"] for volume in pod["volumes"]}
    for container in [*pod["containers"], *pod.get("initContainers", [])]:
        rights = container["securityContext"]
        assert rights["readOnlyRootFilesystem"] is True and rights["allowPrivilegeEscalation"] is False
        assert rights["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]
        assert {mount["name"] for mount in container["volumeMounts"]} == mounted


def test_the_owner_of_the_tables_is_known_to_the_migrations_alone() -> None:
    for name, pod in PODS.items():
        secrets = {
            source["secretRef"]["name"]
            for container in [*pod["containers"], *pod.get("initContainers", [])]
            for source in container["envFrom"]
            if "secretRef" in source
        }
        owner = {"countersign-owner"} if name == "countersign-migrate" else set()
        assert secrets == {"countersign"} | owner


def test_there_is_one_scheduler_and_every_queue_has_its_workers() -> None:
    scheduler = BASE["Deployment", "countersign-scheduler"]["spec"]
    assert (scheduler["replicas"], scheduler["strategy"]) == (1, {"type": "Recreate"})
    served = [
        variable["value"]
        for pod in PODS.values()
        for variable in pod["containers"][0].get("env", [])
        if variable["name"] == "COUNTERSIGN_QUEUES"
    ]
    assert {queue for queues in served for queue in queues.split(",")} == {"countersign", "light", "heavy"}


def test_whatever_runs_on_is_probed_and_kept_through_evictions() -> None:
    running = {name for kind, name in BASE if kind == "Deployment"}
    assert {name for kind, name in BASE if kind == "PodDisruptionBudget"} == running
    entrypoint = (ROOT / "deploy" / "entrypoint.sh").read_text()
    for name in running:
        labels = BASE["Deployment", name]["spec"]["selector"]["matchLabels"]
        assert BASE["PodDisruptionBudget", name]["spec"]["selector"]["matchLabels"] == labels
        container = PODS[name]["containers"][0]
        assert f"    {container['args'][0]})" in entrypoint
        probes = [probe for probe in container if probe.endswith("Probe")]
        assert "livenessProbe" in probes
        for probe in probes:
            assert f"            {container[probe]['exec']['command'][-1]}) " in entrypoint
    assert "readinessProbe" in PODS["countersign-web"]["containers"][0]


def test_nothing_goes_in_or_out_unsaid() -> None:
    policy = BASE["NetworkPolicy", "countersign-nothing"]["spec"]
    assert set(policy["policyTypes"]) == {"Ingress", "Egress"} and not {"ingress", "egress"} & set(policy)
    into = [
        name
        for (kind, name), found in BASE.items()
        if kind == "NetworkPolicy" and found["spec"].get("ingress")
    ]
    assert into == ["countersign-web"]


def test_every_variable_is_one_that_we_read() -> None:
    named = set()
    for _, found in OBJECTS:
        if found["kind"] == "ConfigMap":
            named |= set(found["data"])
    for pod in PODS.values():
        named |= {variable["name"] for variable in pod["containers"][0].get("env", [])}
    for example in FOLDER.glob("*.env.example"):
        named |= set(re.findall(r"^([A-Z_]+)=", example.read_text(), re.M))
    told = (ROOT / "docs" / "deploy.md").read_text()
    assert len(named) > 15
    assert {name for name in named if f"`{name}`" not in told} == set()
