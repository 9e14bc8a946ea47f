"""A real Kubernetes of one node for tests, that leaves this machine as it found it. Linux and root only.

    cluster.py build [--kwok] [CACHE]   build what it is made of: minutes, once
    cluster.py up FOLDER                start one; says how to reach it
    cluster.py down FOLDER              stop it and remove all it made
    cluster.py load FOLDER IMAGE ...    bring images of the engine that DOCKER_HOST names to it
    cluster.py env FOLDER               say again how to reach it

Nothing is emulated: API server, scheduler, kubelet, containerd, services, DNS, volumes. Only network policies are
accepted and not enforced, as with any network that does not know them.

It runs in namespaces of its own (cluster_space.py); addresses are chosen free and ports are its own, so several can run
beside each other. An `up` on a folder where one was, alive or half-dead, first removes that.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import cluster_build
import cluster_files
import dockerengine
from cluster_build import Built
from cluster_files import NODE
from cluster_space import ClusterError, Space
from dockerengine import EngineError, MissingError, run

GPU = "nvidia.com/gpu"


@dataclass(frozen=True)
class Reached:
    """A cluster that a kubeconfig leads to, whoever made it."""

    kubeconfig: Path

    @property
    def node(self) -> str:
        """The name of its first node."""
        return self.kubectl("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}")

    def environment(self) -> dict[str, str]:
        """What commands are to have in their environment to reach it."""
        return {"KUBECONFIG": str(self.kubeconfig)}

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        """Run kubectl to its end and return its output."""
        env = {**os.environ, **self.environment()}
        kubectl = shutil.which("kubectl", path=env["PATH"]) or "kubectl"
        done = subprocess.run(
            [kubectl, *words], env=env, input=stdin, check=False, capture_output=True, text=True, timeout=300
        )
        if done.returncode:
            raise ClusterError(f"`kubectl {' '.join(words[:4])}` said: {done.stderr[-800:]}")
        return done.stdout

    def apply(self, objects: Iterable[dict[str, Any]]) -> None:
        """Make these objects what they are to be."""
        self.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))

    def load(self, image: str) -> None:
        """Bring an image of the engine to its nodes, by the command that is known to do so."""
        command = os.environ.get("STACK_TEST_CLUSTER_LOAD")
        if not command:
            raise MissingError("say how images get to it, for example STACK_TEST_CLUSTER_LOAD='kind load docker-image'")
        run(*shlex.split(command), image)

    def advertise_gpus(self, count: int) -> None:
        """Have the node say that it has so many GPUs, so that pods which ask for them are placed; 0 takes it back."""
        value = str(count) if count else None
        patch = json.dumps({"status": {"capacity": {GPU: value}, "allocatable": {GPU: value}}})
        self.kubectl("patch", "node", self.node, "--subresource=status", "--type=merge", "-p", patch)


@dataclass(frozen=True)
class Cluster(Reached):
    """One of our own, in the folder of its kubeconfig."""

    @classmethod
    def at(cls, folder: Path) -> Cluster:
        """The one in that folder, there or not."""
        return cls(folder.absolute() / "admin.conf")

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self.kubeconfig.parent

    @property
    def space(self) -> Space:
        """The namespaces it runs in."""
        return Space(self.folder)

    @property
    def built(self) -> Built:
        """What it is made of."""
        return Built(Path((self.folder / "cache").read_text()), self.space.debian)

    @property
    def socket(self) -> Path:
        """containerd's."""
        return self.folder / "containerd.sock"

    def environment(self) -> dict[str, str]:
        """Also where images go, and where kubectl, helm, ctr and the Terraform provider are."""
        built = self.built
        return super().environment() | {
            "PATH": f"{built.bin}:{os.environ['PATH']}",
            "CONTAINERD_ADDRESS": str(self.socket),
            "CONTAINERD_NAMESPACE": "k8s.io",
            "STACK_PROVIDER_MIRROR": str(built.mirror),
        }

    def start(self, built: Built | None = None) -> None:
        """Start it and wait until pods can run and names resolve."""
        built = built or cluster_build.build()
        self.stop()  # what an earlier run was kept from removing
        try:
            self.space.open(built.debian, [built.cache])
            self._write_files(built)
            self._control_plane()
            self._node()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it and remove everything it made."""
        self.space.close()

    def _write_files(self, built: Built) -> None:
        """What its parts read."""
        at, folder = self.space.addresses, self.folder
        (folder / "cache").write_text(str(built.cache))
        for part in ("cni", "etcd", "volume-plugins"):
            (folder / part).mkdir()
        cluster_files.credentials(folder, at)
        network = cluster_files.network(folder, at, int(dockerengine.mtu()))
        (folder / "cni/10-pods.conflist").write_text(json.dumps(network))
        (folder / "containerd.toml").write_text(cluster_files.containerd(folder, built.cni))
        (folder / "kubelet.json").write_text(json.dumps(cluster_files.kubelet(folder, at, self.space.name)))
        (folder / "resolv.conf").write_text(cluster_files.resolvers())

    def _control_plane(self) -> None:
        """etcd, the API server and what acts on it; meanwhile containerd gets the images that the node needs."""
        at, pki, etcd = self.space.addresses, self.folder / "pki", "http://127.0.0.1:2379"
        self._start(
            "etcd", f"--data-dir={self.folder}/etcd", "--unsafe-no-fsync", f"--listen-client-urls={etcd}",
            f"--advertise-client-urls={etcd}", "--listen-peer-urls=http://127.0.0.1:2380",
        )  # fmt: skip
        self._start(
            "kube-apiserver", f"--etcd-servers={etcd}", f"--service-cluster-ip-range={at.services}",
            f"--advertise-address={at.node}", "--secure-port=6443", "--kubelet-preferred-address-types=InternalIP",
            f"--tls-cert-file={pki}/apiserver.crt", f"--tls-private-key-file={pki}/apiserver.key",
            f"--client-ca-file={pki}/ca.crt", f"--kubelet-certificate-authority={pki}/ca.crt",
            f"--kubelet-client-certificate={pki}/admin.crt", f"--kubelet-client-key={pki}/admin.key",
            f"--service-account-key-file={pki}/accounts.key", f"--service-account-signing-key-file={pki}/accounts.key",
            "--service-account-issuer=https://kubernetes.default.svc", "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction", "--allow-privileged=true",
        )  # fmt: skip
        self._images()
        self._until("the API answers", 90, lambda: self.kubectl("get", "--raw", "/readyz") == "ok")
        self._start(
            "kube-controller-manager", f"--kubeconfig={self.kubeconfig}", "--leader-elect=false",
            f"--root-ca-file={pki}/ca.crt", f"--service-account-private-key-file={pki}/accounts.key",
            "--use-service-account-credentials", "--enable-hostpath-provisioner", umask=0,
        )  # fmt: skip
        self._start("kube-scheduler", f"--kubeconfig={self.kubeconfig}", "--leader-elect=false")

    def _images(self) -> None:
        """containerd, with what every node has."""
        self._start("containerd", f"--config={self.folder}/containerd.toml")
        self._until("containerd answers", 60, self.socket.is_socket)
        archive = self.folder / "image.tar"
        programs = {cluster_files.PAUSE: self.built.pause, cluster_files.COREDNS: self.built.program("coredns")}
        for name, program in programs.items():
            cluster_build.image_of(program, name, archive)
            self.load_archive(archive)
            archive.unlink()

    def _node(self) -> None:
        """The kubelet, what makes services reachable, and what every cluster has."""
        at = self.space.addresses
        self._start(
            "kubelet", f"--config={self.folder}/kubelet.json", f"--kubeconfig={self.folder}/node.conf",
            f"--hostname-override={NODE}", f"--node-ip={at.node}", f"--root-dir={self.folder}/kubelet",
        )  # fmt: skip
        self._start(
            "kube-proxy", f"--kubeconfig={self.kubeconfig}", f"--cluster-cidr={at.pods}", f"--hostname-override={NODE}",
            "--conntrack-max-per-core=0",
        )  # fmt: skip
        self.apply(cluster_files.objects(at))
        ready = "jsonpath={.status.conditions[?(@.type=='Ready')].status}"
        self._until("the node is ready", 90, lambda: self.kubectl("get", "node", NODE, "-o", ready) == "True")
        self.kubectl("-n", "kube-system", "rollout", "status", "deploy/coredns", "--timeout=120s")

    def _start(self, name: str, *words: str, umask: int = -1) -> None:
        """Start one program, built or unpacked."""
        path = dockerengine.environment(self.space.debian)["PATH"]
        program = shutil.which(name, path=path) if name in ("etcd", "containerd") else self.built.program(name)
        self.space.start(name, str(program), *words, umask=umask)

    def _until(self, what: str, seconds: float, condition: Callable[[], bool]) -> None:
        """Wait for it, but not for what has ended already."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(ClusterError):
                if condition():
                    return
            if over := self.space.over():
                raise ClusterError(f"{over[0]} ended: {self.space.log(over[0])}")
            time.sleep(0.2)
        raise ClusterError(f"after {seconds:g} s it is not so that {what}: {self.space.log('kubelet')}")

    def load(self, image: str) -> None:
        """Bring an image of the engine that DOCKER_HOST names to the node."""
        import docker

        client = docker.APIClient(base_url=os.environ.get("DOCKER_HOST"), timeout=300)
        with contextlib.closing(client), self._importing() as pipe:
            for block in client.get_image(image):
                pipe.write(block)

    def load_archive(self, archive: Path) -> None:
        """Bring what `docker save` wrote to the node."""
        with archive.open("rb") as file, self._importing() as pipe:
            shutil.copyfileobj(file, pipe)

    @contextlib.contextmanager
    def _importing(self) -> Iterator[IO[bytes]]:
        words = [str(self.built.bin / "ctr"), "images", "import", "-"]
        process = subprocess.Popen(
            words, env={**os.environ, **self.environment()},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert process.stdin and process.stdout
        with process:
            with contextlib.suppress(BrokenPipeError):  # then it has said why
                yield process.stdin
                process.stdin.close()
            said = process.stdout.read().decode()
        if process.returncode:
            raise ClusterError(f"the image was not taken: {said[-800:]}")

    def simulate(self, count: int, cpu: int = 32, memory: str = "256Gi") -> None:
        """Add nodes that only the control plane believes in: their pods are said to be running, and run nothing."""
        if "kwok" not in (file.name for file in (self.folder / "pids").iterdir()):
            ours = "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake"
            self._start("kwok", f"--kubeconfig={self.kubeconfig}", ours)
        self.apply(cluster_files.simulated(number, cpu, memory) for number in range(count))
        self.kubectl("wait", "node", "--selector=type=kwok", "--for=condition=Ready", "--timeout=120s")


def main() -> None:
    """The command line."""
    command, *words = sys.argv[1:] or ["help"]
    if command == "build":
        places = [Path(word) for word in words if word != "--kwok"]
        print(cluster_build.build(*places, kwok="--kwok" in words).cache)  # noqa: T201
    elif command == "down" and words:
        Cluster.at(Path(words[0])).stop()
    elif command in ("up", "load", "env") and words:
        one = Cluster.at(Path(words[0]))
        if command == "up":
            one.start()
        for image in words[1:]:
            one.load(image)
        print("\n".join(f"export {name}={shlex.quote(value)}" for name, value in one.environment().items()))  # noqa: T201
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    try:
        main()
    except EngineError as why:
        sys.exit(str(why))
