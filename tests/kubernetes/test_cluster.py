"""Our own cluster is a real one, and leaves this machine as it was, however it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tarfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest

import census
import cluster as clusters
import cluster_build
import cluster_space
import dockerengine
import livestack

Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def own(cluster: clusters.Reached) -> clusters.Cluster:
    """Our own, with an image in it that has Python."""
    if not isinstance(cluster, clusters.Cluster):
        pytest.skip("KUBECONFIG names somebody else's")
    cluster.load_archive(dockerengine.base_image(dockerengine.unpacked()))
    return cluster


@dataclass(frozen=True)
class Namespace:
    """One of a test's own."""

    cluster: clusters.Cluster
    name: str

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        """Run kubectl in it."""
        return self.cluster.kubectl("--namespace", self.name, *words, stdin=stdin)

    def make(self, kind: str, name: str, spec: Manifest, version: str = "v1", **metadata: Any) -> None:
        """Make an object in it."""
        about = {"name": name, "namespace": self.name} | metadata
        self.cluster.apply([{"apiVersion": version, "kind": kind, "metadata": about, "spec": spec}])

    def pod(self, name: str, *command: str, image: str = dockerengine.BASE, **spec: Any) -> None:
        """Make a pod of one container, as an ordinary user."""
        container = {"name": "main", "image": image, "imagePullPolicy": "Never"} | spec.pop("container", {})
        container |= {"command": list(command)} if command else {}
        user = {"runAsUser": 10001, "runAsGroup": 10001, "fsGroup": 10001}
        whole = {"containers": [container], "securityContext": user, "terminationGracePeriodSeconds": 1} | spec
        self.make("Pod", name, whole, labels={"app": name})

    def ready(self, name: str) -> None:
        """Wait until a pod is."""
        self.kubectl("wait", f"pod/{name}", "--for=condition=Ready", "--timeout=120s")


@pytest.fixture
def namespace(own: clusters.Cluster, request: pytest.FixtureRequest) -> Iterator[Namespace]:
    """A new one, with nothing left of it in the end."""
    name = f"{request.node.originalname.removeprefix('test_').replace('_', '-')}-{os.getpid()}"
    own.kubectl("create", "namespace", name)
    yield Namespace(own, name)
    own.kubectl("delete", "namespace", name, "--timeout=120s")


def until(what: str, seconds: float, condition: Any) -> Any:
    """Wait for something to be true."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, what
        time.sleep(0.2)
    return found


# -- it is real --------------------------------------------------------------------------------------------------------

SERVE = "import http.server; http.server.test(http.server.SimpleHTTPRequestHandler, port=8000, bind='0.0.0.0')"
ASK = "import urllib.request; print(urllib.request.urlopen('http://{}/hostname').read().decode())"


def test_pods_reach_each_other_by_name(namespace: Namespace) -> None:
    """One pod asks another through a service's name; the node's network is its own, and there is a way out by name."""
    namespace.pod("server", "python3", "-c", SERVE, container={"workingDir": "/etc"})
    namespace.pod("client", "sleep", "3600")
    namespace.make("Service", "web", {"selector": {"app": "server"}, "ports": [{"port": 80, "targetPort": 8000}]})
    for pod in ("server", "client"):
        namespace.ready(pod)
    for name in ("web", f"web.{namespace.name}.svc.cluster.local"):
        said = namespace.kubectl("exec", "client", "--", "python3", "-c", ASK.format(name))
        assert said.strip() == "server"
    resolve = "import socket; print(socket.gethostbyname('kubernetes.default'))"
    address = namespace.kubectl("exec", "client", "--", "python3", "-c", resolve).strip()
    assert address == namespace.cluster.space.addresses.first_service
    assert "GET /hostname" in namespace.kubectl("logs", "server")


def test_a_port_is_forwarded(namespace: Namespace) -> None:
    """What a pod serves is reached from this machine, which cannot see the pods' network."""
    namespace.pod("server", "python3", "-c", SERVE, container={"workingDir": "/etc"})
    namespace.ready("server")
    kubectl = str(namespace.cluster.built.program("kubectl"))
    words = [kubectl, "--namespace", namespace.name, "port-forward", "pod/server", ":8000"]
    env = {**os.environ, **namespace.cluster.environment()}
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            port = process.stdout.readline().split(" -> ")[0].rpartition(":")[2]
            assert urllib.request.urlopen(f"http://127.0.0.1:{port}/hostname").read() == b"server\n"
        finally:
            process.terminate()


def test_volumes_are_made_and_reclaimed(namespace: Namespace) -> None:
    """A claim gets a folder that any user may write, it outlives the pod, and it goes with the claim."""
    namespace.make(
        "PersistentVolumeClaim",
        "data",
        {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    )
    mounted = {
        "container": {"volumeMounts": [{"name": "data", "mountPath": "/data"}]},
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
    }
    namespace.pod("writer", "sh", "-c", "echo kept >/data/file && sleep 3600", **mounted)
    namespace.ready("writer")
    volume = namespace.kubectl("get", "pvc", "data", "-o", "jsonpath={.spec.volumeName}")
    path = namespace.cluster.kubectl("get", "pv", volume, "-o", "jsonpath={.spec.hostPath.path}")
    real = namespace.cluster.folder / "hidden" / path.lstrip("/")
    until("the pod wrote", 10, (real / "file").exists)
    assert not Path(path).exists()
    namespace.kubectl("delete", "pod", "writer")
    namespace.pod("reader", "sh", "-c", "cat /data/file; sleep 3600", **mounted)
    namespace.ready("reader")
    assert until("the pod read", 10, lambda: namespace.kubectl("logs", "reader")) == "kept\n"
    namespace.kubectl("delete", "pod", "reader")
    namespace.kubectl("delete", "pvc", "data")
    until("the volume is gone", 30, lambda: volume not in namespace.cluster.kubectl("get", "pv", "-o", "name"))
    assert not real.exists()


def test_helm_waits_for_what_it_installs(namespace: Namespace, tmp_path: Path) -> None:
    """A release is there when its pods are ready; taken away, nothing of it is left."""
    labels = {"app": "installed"}
    probe = {"exec": {"command": ["cat", "/tmp/ready"]}, "periodSeconds": 1}
    words = ["sh", "-c", "sleep 3; touch /tmp/ready; sleep 3600"]
    container = {"name": "main", "image": dockerengine.BASE, "command": words, "readinessProbe": probe}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container], "terminationGracePeriodSeconds": 1}}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    document = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "installed"}, "spec": spec}
    (tmp_path / "chart/templates").mkdir(parents=True)
    (tmp_path / "chart/Chart.yaml").write_text("apiVersion: v2\nname: installed\nversion: 1.0.0\n")
    (tmp_path / "chart/templates/deployment.yaml").write_text(json.dumps(document))

    def helm(*words: str) -> str:
        env = {**os.environ, **namespace.cluster.environment(), "HOME": str(tmp_path)}
        return dockerengine.run(namespace.cluster.built.bin / "helm", "--namespace", namespace.name, *words, env=env)

    helm("install", "one", str(tmp_path / "chart"), "--wait", "--timeout", "120s")
    assert namespace.kubectl("get", "deploy", "installed", "-o", "jsonpath={.status.readyReplicas}") == "2"
    helm("uninstall", "one", "--wait")
    assert namespace.kubectl("get", "deploy,rs,secret", "-o", "name") == ""


def test_gpus_are_placed_where_they_are(namespace: Namespace) -> None:
    """A pod that asks for a GPU stays pending, with the reason, until the node says that it has one."""
    namespace.pod("counts", "sleep", "3600", container={"resources": {"limits": {clusters.GPU: 1}}})
    reasons = ["get", "events", "--field-selector=reason=FailedScheduling", "-o", "jsonpath={.items[*].message}"]
    until("the reason is told", 20, lambda: f"Insufficient {clusters.GPU}" in namespace.kubectl(*reasons))
    assert namespace.kubectl("get", "pod", "counts", "-o", "jsonpath={.status.phase}") == "Pending"
    namespace.cluster.advertise_gpus(1)
    try:
        namespace.ready("counts")
    finally:
        namespace.cluster.advertise_gpus(0)
    assert clusters.GPU not in namespace.cluster.kubectl("get", "nodes", "-o", "jsonpath={.items[*].status.capacity}")


def test_images_come_from_the_engine(namespace: Namespace, engine: docker.APIClient, tmp_path: Path) -> None:
    """An image that an engine made is brought to the node and runs there."""
    program = namespace.cluster.built.pause
    with tarfile.open(tmp_path / "layer.tar", "w") as tar:
        tar.add(program, program.name)
    image = f"stackwright-test/loaded:{os.getpid()}"
    engine.import_image(str(tmp_path / "layer.tar"), *image.split(":"), changes=[f'ENTRYPOINT ["/{program.name}"]'])
    try:
        namespace.cluster.load(image)
    finally:
        engine.remove_image(image)
    namespace.pod("loaded", image=image)
    namespace.ready("loaded")


def test_nodes_can_be_simulated(namespace: Namespace) -> None:
    """Pods are placed on simulated nodes and said to run, which costs this machine nothing."""
    cluster_build.build(namespace.cluster.built.cache, kwok=True)
    labels = {"app": "many"}
    pod = {
        "containers": [{"name": "main", "image": "none", "resources": {"requests": {"cpu": "8"}}}],
        "nodeSelector": {"type": "kwok"},
    }
    template = {"metadata": {"labels": labels}, "spec": pod}
    spec = {"replicas": 10, "selector": {"matchLabels": labels}, "template": template}
    namespace.cluster.simulate(3)
    try:
        namespace.make("Deployment", "many", spec, version="apps/v1")
        namespace.kubectl("rollout", "status", "deploy/many", "--timeout=60s")
        places = namespace.kubectl("get", "pods", "-o", "jsonpath={.items[*].spec.nodeName}").split()
        assert len(places) == 10 and set(places) == {f"simulated-{number}" for number in range(3)}
    finally:
        namespace.kubectl("delete", "deploy", "many")
        until("the pods are gone", 60, lambda: not namespace.kubectl("get", "pods", "-o", "name"))
        namespace.cluster.kubectl("delete", "node", "--selector=type=kwok")


# -- it leaves nothing -------------------------------------------------------------------------------------------------


def machine(one: clusters.Cluster) -> dict[str, object]:
    """What a cluster could leave on a machine: whatever has its name, its folder or its addresses, and what it sets."""
    root = dockerengine.unpacked(cluster_build.DEBIAN)
    rules = dockerengine.run("iptables-save", env=dockerengine.environment(root))
    links = json.loads(dockerengine.run("ip", "-json", "link"))
    known = str(one.folder)
    return {
        "processes": [line for line in census.processes().values() if known in line],
        "links": [link["ifname"] for link in links if link["ifname"] == one.space.name],
        "rules": sorted(line for line in rules.splitlines() if cluster_space.COMMENT in line),
        "mounts": Path("/proc/self/mounts").read_text(),
        "groups": [str(group) for group in cluster_space.control_groups(one.space.name) if group.exists()],
        "namespaces": sorted(Path("/run/netns").glob("*")),
        "folders": [path.exists() for path in (one.folder, Path("/tmp/hostpath_pv"), Path("/var/lib/cni"))],
        "kernel": {
            name: Path(f"/proc/sys/{name}").read_text() for name in ("net/ipv4/ip_forward", *cluster_space.KERNEL)
        },
        "hosts": Path("/etc/hosts").read_text(),
    }


def kill(file: Path) -> None:
    """Kill what was started there and entered the namespaces, or made them."""
    pid = file.read_text().split()[0]
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        os.kill(int(child), signal.SIGKILL)


@pytest.mark.parametrize("end", ["stopped", "killed", "half dead", "interrupted"])
def test_nothing_of_it_is_left(end: str, own: clusters.Cluster) -> None:
    """Stopped with pods running, killed, half dead or never quite started: no trace, and one beside it lives on."""
    with livestack.place() as place:
        one = clusters.Cluster.at(place / "cluster")
        before = machine(one)
        try:
            if end == "interrupted":
                interrupt(one)
            else:
                one.start(own.built)
                assert "True" in one.kubectl("get", "node", "-o", "jsonpath={.items[*].status.conditions[*].status}")
                assert machine(one) != before
            if end == "killed":
                kill(one.folder / "pids/init")
                one.start(own.built)  # over the remains
            if end == "half dead":
                kill(one.folder / "pids/etcd")
                kill(one.folder / "pids/containerd")
        finally:
            one.stop()
        assert machine(one) == before
    assert own.kubectl("get", "--raw", "/readyz") == "ok"


def interrupt(one: clusters.Cluster) -> None:
    """Kill the command that starts it, in the midst of that."""
    words = [sys.executable, clusters.__file__, "up", str(one.folder)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        until("it is half way", 60, lambda: cluster_space.running(one.folder / "pids/kube-apiserver"))
        process.kill()
    assert cluster_space.running(one.folder / "pids/kube-apiserver")
