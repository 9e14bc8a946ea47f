"""What the parts of a cluster read: certificates, kubeconfigs, settings, and the objects that every cluster has."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NODE = "node1"
PAUSE = "docker.io/stackwright-test/pause:1"
COREDNS = "docker.io/stackwright-test/coredns:1"


@dataclass(frozen=True)
class Addresses:
    """A cluster's addresses, all of one block that is its own: pods, services, and the link to this machine."""

    net: str  # the first two numbers

    @property
    def pods(self) -> str:
        """Pods' addresses."""
        return f"{self.net}.0.0/18"

    @property
    def services(self) -> str:
        """Services' addresses."""
        return f"{self.net}.64.0/18"

    @property
    def first_service(self) -> str:
        """`kubernetes.default`."""
        return f"{self.net}.64.1"

    @property
    def dns(self) -> str:
        """The cluster's name server."""
        return f"{self.net}.64.10"

    @property
    def host(self) -> str:
        """This machine's end of the link."""
        return f"{self.net}.128.1"

    @property
    def node(self) -> str:
        """The node's end, where the API is served too."""
        return f"{self.net}.128.2"

    @property
    def api(self) -> str:
        """What kubeconfigs say."""
        return f"https://{self.node}:6443"


# -- certificates and kubeconfigs --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Authority:
    """The one that signs; its files lie in `folder`."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def make(cls, folder: Path) -> Authority:
        """A new one, with the key that signs service accounts' tokens beside it."""
        folder.mkdir(parents=True)
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cluster")])
        basic = x509.BasicConstraints(ca=True, path_length=None)
        certificate = _unsigned(name, name, key).add_extension(basic, critical=True).sign(key, hashes.SHA256())
        made = cls(folder, key, certificate)
        made._write("ca", key, certificate)
        accounts = ec.generate_private_key(ec.SECP256R1())
        (folder / "accounts.key").write_bytes(_private(accounts))
        return made

    def sign(self, file: str, user: str, group: str = "", names: tuple[str, ...] = ()) -> None:
        """A certificate for one user of the API, or for one who serves under those names and addresses."""
        parts = [x509.NameAttribute(NameOID.COMMON_NAME, user)]
        parts += [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group)] if group else []
        key = ec.generate_private_key(ec.SECP256R1())
        usage = [ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if names else [])]
        request = _unsigned(x509.Name(parts), self.certificate.subject, key)
        request = request.add_extension(x509.ExtendedKeyUsage(usage), critical=False)
        if names:
            request = request.add_extension(x509.SubjectAlternativeName([_name(n) for n in names]), critical=False)
        self._write(file, key, request.sign(self.key, hashes.SHA256()))

    def _write(self, file: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        (self.folder / f"{file}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (self.folder / f"{file}.key").write_bytes(_private(key))

    def kubeconfig(self, file: str, server: str, to: Path) -> None:
        """How to reach the API as the user whose certificate that is."""

        def data(name: str) -> str:
            return base64.b64encode((self.folder / name).read_bytes()).decode()

        cluster = {"server": server, "certificate-authority-data": data("ca.crt")}
        user = {"client-certificate-data": data(f"{file}.crt"), "client-key-data": data(f"{file}.key")}
        document = {
            "apiVersion": "v1", "kind": "Config", "current-context": "stackwright-test",
            "clusters": [{"name": "stackwright-test", "cluster": cluster}],
            "users": [{"name": file, "user": user}],
            "contexts": [{"name": "stackwright-test", "context": {"cluster": "stackwright-test", "user": file}}],
        }  # fmt: skip
        to.write_text(json.dumps(document))
        to.chmod(0o600)


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    """What Go's libraries read of an elliptic key."""
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def _unsigned(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(30))


def credentials(folder: Path, at: Addresses) -> None:
    """Everybody's certificates in `pki`, and the kubeconfigs of the administrator and of the node."""
    authority = Authority.make(folder / "pki")
    inside = tuple(f"kubernetes{rest}" for rest in ("", ".default", ".default.svc", ".default.svc.cluster.local"))
    authority.sign("apiserver", "kube-apiserver", names=("localhost", "127.0.0.1", at.first_service, at.node, *inside))
    authority.sign("admin", "admin", "system:masters")
    authority.sign("node", f"system:node:{NODE}", "system:nodes", names=(NODE, at.node))
    authority.kubeconfig("admin", at.api, folder / "admin.conf")
    authority.kubeconfig("node", at.api, folder / "node.conf")


# -- settings ----------------------------------------------------------------------------------------------------------


def containerd(folder: Path, cni: Path) -> str:
    """containerd's own language; without the capability to raise priorities runc dies unless told not to."""
    cri = 'plugins."io.containerd.grpc.v1.cri"'
    return f"""version = 2
root = "{folder}/containerd/root"
state = "{folder}/containerd/state"
[grpc]
  address = "{folder}/containerd.sock"
[{cri}]
  sandbox_image = "{PAUSE}"
  restrict_oom_score_adj = true
  [{cri}.cni]
    bin_dir = "{cni}"
    conf_dir = "{folder}/cni"
  [{cri}.containerd]
    snapshotter = "overlayfs"
    [{cri}.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
"""


def network(folder: Path, at: Addresses, mtu: int) -> dict[str, Any]:
    """A link of its own for each pod, so that all traffic is routed and services need no bridge's firewall."""
    addresses = {"type": "host-local", "dataDir": f"{folder}/cni-data", "ranges": [[{"subnet": at.pods}]]}
    links = {"type": "ptp", "mtu": mtu, "ipam": addresses | {"routes": [{"dst": "0.0.0.0/0"}]}}
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "0.4.0", "name": "pods", "plugins": [links, ports]}


def kubelet(folder: Path, at: Addresses, group: str) -> dict[str, Any]:
    """The kubelet's file. Images are never collected: they were loaded, and there is nowhere to pull them from."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
        "authentication": {
            "x509": {"clientCAFile": f"{folder}/pki/ca.crt"},
            "anonymous": {"enabled": False}, "webhook": {"enabled": True},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{folder}/pki/node.crt", "tlsPrivateKeyFile": f"{folder}/pki/node.key",
        "containerRuntimeEndpoint": f"unix://{folder}/containerd.sock",
        "cgroupDriver": "cgroupfs", "cgroupRoot": f"/{group}", "failCgroupV1": False, "failSwapOn": False,
        "clusterDNS": [at.dns], "clusterDomain": "cluster.local", "resolvConf": f"{folder}/resolv.conf",
        "volumePluginDir": f"{folder}/volume-plugins", "podLogsDir": f"{folder}/pod-logs", "maxPods": 250,
        "evictionHard": {"nodefs.available": "500Mi", "memory.available": "200Mi"},
        "imageGCHighThresholdPercent": 100, "imageGCLowThresholdPercent": 99,
    }  # fmt: skip


def resolvers() -> str:
    """This machine's name servers; those on its own loopback cannot be reached from pods, but what they ask can."""
    behind = Path("/run/systemd/resolve/resolv.conf")
    lines = Path("/etc/resolv.conf").read_text().splitlines()
    reachable = [line for line in lines if not line.startswith(("nameserver 127.", "nameserver ::1"))]
    if len(reachable) < len(lines) and behind.is_file():
        return behind.read_text()
    return "\n".join(reachable) + "\n"


# -- objects -----------------------------------------------------------------------------------------------------------

COREFILE = """.:53 {
  errors
  health
  ready
  kubernetes cluster.local in-addr.arpa
  forward . /etc/resolv.conf
  cache 5
}
"""


def objects(at: Addresses) -> list[dict[str, Any]]:
    """Name service and the default storage class."""
    dns = {"name": "coredns", "namespace": "kube-system"}
    read = ["list", "watch"]
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": dns},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "coredns"},
            "rules": [
                {"apiGroups": [""], "resources": ["services", "pods", "namespaces"], "verbs": read},
                {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": read},
            ],
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "coredns"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "coredns"},
            "subjects": [{"kind": "ServiceAccount"} | dns],
        },
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": dns, "data": {"Corefile": COREFILE}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": dns, "spec": _name_server()},
        {
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "kube-dns", "namespace": "kube-system"},
            "spec": {
                "clusterIP": at.dns, "selector": {"k8s-app": "kube-dns"},
                "ports": [{"name": p.lower(), "port": 53, "protocol": p} for p in ("UDP", "TCP")],
            },
        },
        {
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "kubernetes.io/host-path",
            "metadata": {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
            "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate",
        },
    ]  # fmt: skip


def _name_server() -> dict[str, Any]:
    labels = {"k8s-app": "kube-dns"}
    container = {
        "name": "coredns", "image": COREDNS, "imagePullPolicy": "Never", "args": ["-conf", "/etc/coredns/Corefile"],
        "volumeMounts": [{"name": "settings", "mountPath": "/etc/coredns"}],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8181}, "periodSeconds": 1},
    }  # fmt: skip
    pod = {
        "serviceAccountName": "coredns", "dnsPolicy": "Default", "containers": [container],
        "priorityClassName": "system-cluster-critical",
        "volumes": [{"name": "settings", "configMap": {"name": "coredns"}}],
    }  # fmt: skip
    return {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}


def simulated(number: int, cpu: int, memory: str) -> dict[str, Any]:
    """A node that kwok keeps alive."""
    has = {"cpu": str(cpu), "memory": memory, "pods": "250"}
    name = f"simulated-{number}"
    metadata = {
        "name": name, "annotations": {"kwok.x-k8s.io/node": "fake"},
        "labels": {"type": "kwok", "kubernetes.io/hostname": name},
    }  # fmt: skip
    status = {"capacity": has, "allocatable": has}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "status": status}
