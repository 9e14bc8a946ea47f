"""The house chart, read by Helm and by a real API server: what it makes of every shape that a component can have."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import cluster as clusters
import cluster_build

CHART = Path(__file__).parents[2] / "modules" / "charts" / "service"
NAMESPACE = "chart-0a1b2c"
PLAIN: dict[str, Any] = {
    "chart": "digest",
    "stack": NAMESPACE,
    "component": "labeling.store",
    "tool": "tool",
    "version": "1.0+local/x",
    "labels": {"stackwright.stack": NAMESPACE, "stackwright.component": "labeling.store"},
    "image": "docker.io/stackwright/tool-01:0123456789ab",
    "secret": {"name": "labeling-store", "version": "v1"},
    "ports": [{"name": "sql", "port": 5432}],
    "storage": None,
    "folders": ["/opt/stack/entry", "/w/a b/jobs"],
    "grace": 15,
    "env": {"HOME": "/stack/home", "MONEY": "$(HOME) $$ ${x} $", "TEXT": "\"'\\ \n\té \U0001f600 {{ .Release.Name }}"},
    "secretEnv": {"PASSWORD": "env.PASSWORD"},
    "init": {"command": ["python", "fill"]},
    "processes": [
        {
            "name": "main",
            "command": ["run", "$(HOME)"],
            "env": {"HOME": "/elsewhere"},
            "secretEnv": {"TOKEN": "main.TOKEN"},
            "probe": {"command": ["ask", "{}"], "timeout": 60.5, "period": 10},
            "requests": {"cpu": "100m", "memory": "1Gi"},
            "gpu": 0,
        }
    ],
}
KEEPING = {**PLAIN, "storage": {"size": "8Gi", "class": "standard"}}
SEVERAL = {**PLAIN, "processes": [*PLAIN["processes"], {"name": "worker-0", "command": ["work"], "probe": None}]}
WITH_GPUS = {**PLAIN, "processes": [{**PLAIN["processes"][0], "gpu": 2}]}
QUIET = {**PLAIN, "ports": [], "folders": [], "env": {}, "secretEnv": {}, "version": ""}
SHAPES = {"plain": PLAIN, "keeping": KEEPING, "several": SEVERAL, "gpus": WITH_GPUS, "quiet": QUIET}


@pytest.fixture(scope="module")
def helm() -> str:
    """The program: STACK_TEST_HELM, the one on PATH, or the one that the cluster's tests have built."""
    built = cluster_build.CACHE / "bin" / "helm"
    found = os.environ.get("STACK_TEST_HELM") or shutil.which("helm") or (str(built) if built.is_file() else None)
    if found is None:
        pytest.skip("there is no helm: put one on PATH, or name it by STACK_TEST_HELM")
    return found


def run(helm: str, folder: Path, values: dict[str, Any], *words: str) -> subprocess.CompletedProcess[str]:
    """Helm with these values."""
    file = folder / "values.json"
    file.write_text(json.dumps(values, ensure_ascii=False))
    return subprocess.run([helm, *words, "-f", str(file)], capture_output=True, text=True, check=False)


def rendered(helm: str, folder: Path, values: dict[str, Any]) -> dict[str, Any]:
    """The objects of a release, by their kinds."""
    done = run(helm, folder, values, "template", "labeling-store", str(CHART), "--namespace", NAMESPACE)
    assert done.returncode == 0, done.stderr
    return {found["kind"]: found for found in yaml.safe_load_all(done.stdout) if found}


@pytest.mark.parametrize("shape", SHAPES)
def test_helm_has_nothing_to_complain_about(helm: str, tmp_path: Path, shape: str) -> None:
    """`helm lint --strict`, for every shape of a component."""
    done = run(helm, tmp_path, SHAPES[shape], "lint", "--strict", str(CHART))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[WARNING]" not in done.stdout


def test_what_it_makes(helm: str, tmp_path: Path) -> None:
    """A StatefulSet with a claim for what keeps data, else a Deployment; a Service only where somebody dials."""
    assert rendered(helm, tmp_path, PLAIN).keys() == {"Deployment", "Service", "NetworkPolicy"}
    assert rendered(helm, tmp_path, KEEPING).keys() == {"StatefulSet", "Service", "NetworkPolicy"}
    assert rendered(helm, tmp_path, QUIET).keys() == {"Deployment", "NetworkPolicy"}
    (claim,) = rendered(helm, tmp_path, KEEPING)["StatefulSet"]["spec"]["volumeClaimTemplates"]
    assert claim["metadata"]["labels"].items() >= PLAIN["labels"].items()
    assert claim["spec"]["storageClassName"] == "standard"


@pytest.mark.parametrize("shape", SHAPES)
def test_everything_carries_the_stacks_labels(helm: str, tmp_path: Path, shape: str) -> None:
    """Its objects, its pods and its claims: what is left of a stack is found by them."""
    for found in rendered(helm, tmp_path, SHAPES[shape]).values():
        assert found["metadata"]["labels"].items() >= PLAIN["labels"].items()
        assert found["metadata"]["annotations"]["stackwright.component"] == "labeling.store"


def pod(objects: dict[str, Any]) -> dict[str, Any]:
    """The pod of a release."""
    found: dict[str, Any] = (objects.get("Deployment") or objects["StatefulSet"])["spec"]["template"]
    return found


def test_texts_arrive_as_they_are(helm: str, tmp_path: Path) -> None:
    """What Kubernetes would replace is escaped, once; a process's own variable takes the place of everybody's."""
    (main,) = pod(rendered(helm, tmp_path, PLAIN))["spec"]["containers"]
    env = {one["name"]: one.get("value") for one in main["env"]}
    assert len(main["env"]) == len(env)
    assert env["TEXT"] == PLAIN["env"]["TEXT"]
    assert env["MONEY"] == PLAIN["env"]["MONEY"].replace("$", "$$")
    assert env["HOME"] == "/elsewhere" and main["command"] == ["run", "$$(HOME)"]
    named = {one["name"]: one["valueFrom"]["secretKeyRef"] for one in main["env"] if "valueFrom" in one}
    assert named["TOKEN"] == {"name": "labeling-store", "key": "main.TOKEN"}
    assert named["PASSWORD"] == {"name": "labeling-store", "key": "env.PASSWORD"}


def test_a_pod_may_nothing(helm: str, tmp_path: Path) -> None:
    """As the strictest of Kubernetes' own standards wants it; and no token, nor anybody else's addresses."""
    spec = pod(rendered(helm, tmp_path, SEVERAL))["spec"]
    assert spec["automountServiceAccountToken"] is False and spec["enableServiceLinks"] is False
    assert spec["securityContext"]["runAsNonRoot"] and spec["securityContext"]["runAsUser"] == 10001
    for container in (*spec["initContainers"], *spec["containers"]):
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
    seen = [{mount["name"] for mount in one["volumeMounts"]} for one in (*spec["initContainers"], *spec["containers"])]
    assert "given" in seen[0] and all("given" not in names for names in seen[1:])  # the whole Secret


def test_an_image_that_was_loaded_is_never_pulled(helm: str, tmp_path: Path) -> None:
    """What a public registry has under our image's name would be a stranger's."""
    for image, policy in (
        ("docker.io/stackwright/x:1", "Never"),
        ("stackwright/x:1", "Never"),
        ("registry.example.org/stackwright/x:1", "IfNotPresent"),
    ):
        (main,) = pod(rendered(helm, tmp_path, {**PLAIN, "image": image}))["spec"]["containers"]
        assert main["imagePullPolicy"] == policy


def test_gpus_are_limited_tolerated_and_spread(helm: str, tmp_path: Path) -> None:
    """Only where a process wants one."""
    wanting, other = (pod(rendered(helm, tmp_path, values)) for values in (WITH_GPUS, PLAIN))
    assert wanting["spec"]["containers"][0]["resources"]["limits"] == {"nvidia.com/gpu": 2}
    assert wanting["spec"]["tolerations"][0]["key"] == "nvidia.com/gpu"
    spread = wanting["spec"]["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"]
    assert wanting["metadata"]["labels"].items() >= spread.items()
    assert "tolerations" not in other["spec"] and "limits" not in other["spec"]["containers"][0]["resources"]


def test_another_secret_starts_the_pod_anew(helm: str, tmp_path: Path) -> None:
    """And nothing else of it does that, other files of the chart neither."""
    first = pod(rendered(helm, tmp_path, PLAIN))
    second = pod(rendered(helm, tmp_path, {**PLAIN, "secret": {"name": "labeling-store", "version": "v2"}}))
    assert first != second and first == pod(rendered(helm, tmp_path, {**PLAIN, "chart": "other"}))


@pytest.mark.parametrize(
    "wrong", [{"unknown": 1}, {"image": ""}, {"processes": []}, {"labels": {"a": "b c"}}, {"folders": ["a"]}]
)
def test_other_values_are_refused(helm: str, tmp_path: Path, wrong: dict[str, Any]) -> None:
    """By the schema, before anything is made."""
    done = run(helm, tmp_path, PLAIN | wrong, "template", "labeling-store", str(CHART))
    assert done.returncode != 0 and "schema" in done.stderr


@pytest.fixture(scope="module")
def namespace(cluster: clusters.Reached) -> Iterator[str]:
    """Where Kubernetes holds everything against the strictest of its standards."""
    labels = {
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/enforce-version": "latest",
    }
    cluster.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}])
    yield NAMESPACE
    cluster.kubectl("delete", "namespace", NAMESPACE)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_api_server_takes_it(
    helm: str, cluster: clusters.Reached, namespace: str, tmp_path: Path, shape: str
) -> None:
    """Every object is one that it would make, the pod too, which only its controller asks for later."""
    objects = rendered(helm, tmp_path, SHAPES[shape])
    alone = {"apiVersion": "v1", "kind": "Pod", **pod(objects)}
    alone["metadata"] = {**alone["metadata"], "name": "alone"}
    if "StatefulSet" in objects:
        alone["spec"]["volumes"].append({"name": "data", "emptyDir": {}})
    for found in (*objects.values(), alone):
        words = ("-n", namespace, "create", "--dry-run=server", "--validate=strict", "-f", "-")
        said = cluster.kubectl(*words, stdin=json.dumps(found))
        assert "Warning" not in said
