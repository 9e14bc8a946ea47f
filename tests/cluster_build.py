"""What a Kubernetes is made of, built from the Go module proxy and Debian's packages, and kept between runs.

Every part is a folder of the cache named by its version, made whole or not at all. What building needs (modules, the
compiler's cache) lies in a folder of ours too, and is removed after each part.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dockerengine
from cluster_space import alone
from dockerengine import MissingError, run

KUBERNETES = "1.34.4"
HELM = "3.19.0"
COREDNS = "1.13.1"
KWOK = "0.7.0"
HELM_PROVIDER = "1.3.2"  # the newest of hashicorp/helm that the module proxy has
DEBIAN = ("containerd", "runc", "tini", "etcd-server", "containernetworking-plugins", "iptables")

MACHINE = "arm64" if platform.machine() in ("aarch64", "arm64") else "amd64"
CACHE = Path(os.environ.get("STACK_TEST_CLUSTER_CACHE") or dockerengine.USUAL_CACHE / "cluster")


def stamp(package: str, **variables: str) -> tuple[str, ...]:
    """The linker's words that set variables of a package: how programs are told their version."""
    return tuple(f"-X {package}.{name}={value}" for name, value in variables.items())


@dataclass(frozen=True)
class Part:
    """One Go module whose programs are built, with the dependencies that it was released with."""

    name: str
    module: str
    version: str
    programs: tuple[str, ...]  # packages below the module; each gives a program of its last name
    variables: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()  # what is to be newer than the module asks for
    stubs: tuple[str, ...] = ()  # modules that cannot be had any more, and of which nothing is used
    replaces: tuple[str, ...] = ()


_MINOR = KUBERNETES.split(".")[1]
PARTS = (
    Part(
        "kubernetes", "k8s.io/kubernetes", KUBERNETES,
        ("cmd/kube-apiserver", "cmd/kube-controller-manager", "cmd/kube-scheduler", "cmd/kubelet", "cmd/kube-proxy",
         "cmd/kubectl"),
        variables=stamp(
            "k8s.io/component-base/version", gitVersion=f"v{KUBERNETES}", gitMajor="1", gitMinor=_MINOR
        ),
    ),
    Part(
        "helm", "helm.sh/helm/v3", HELM, ("cmd/helm",),
        variables=(  # as its own Makefile does; without the last two, `helm template` renders for Kubernetes 1.20
            *stamp("helm.sh/helm/v3/internal/version", version=f"v{HELM}"),
            *stamp("helm.sh/helm/v3/pkg/chartutil", k8sVersionMajor="1", k8sVersionMinor=_MINOR),
        ),
    ),
    Part("coredns", "github.com/coredns/coredns", COREDNS, (".",)),
    Part(
        "helm-provider", "github.com/hashicorp/terraform-provider-helm", HELM_PROVIDER, (".",),
        requires=("helm.sh/helm/v3 v3.6.3",), stubs=("vbom.ml/util",),
        replaces=("github.com/Azure/go-autorest => github.com/Azure/go-autorest v13.3.3+incompatible",),
    ),
)  # fmt: skip
SIMULATOR = Part("kwok", "sigs.k8s.io/kwok", KWOK, ("cmd/kwok",))

# The process that holds a pod's namespaces: nothing but waiting to be told to end.
PAUSE = """package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGINT, syscall.SIGTERM)
	<-end
}
"""


@dataclass(frozen=True)
class Built:
    """Where everything is."""

    cache: Path
    debian: Path

    def program(self, name: str) -> Path:
        """A program that was built."""
        found = [path for part in (*PARTS, SIMULATOR) if (path := self.cache / folder_of(part) / name).is_file()]
        if not found:
            raise MissingError(f"{name} is not built: python tests/cluster.py build --kwok")
        return found[0]

    @property
    def pause(self) -> Path:
        """The program of the pause image."""
        return self.cache / "pause-1" / "pause"

    @property
    def bin(self) -> Path:
        """A folder for PATH: kubectl, helm and ctr, which finds its libraries and the cluster's images by itself."""
        return self.cache / "bin"

    @property
    def mirror(self) -> Path:
        """The Terraform provider, as Terraform's filesystem mirrors are laid out."""
        return self.cache / f"mirror-{HELM_PROVIDER}"

    @property
    def cni(self) -> Path:
        """The folder of the CNI plugins."""
        own = self.debian / "usr/lib/cni"
        return own if own.is_dir() else Path("/usr/lib/cni")


def missing() -> str | None:
    """Why nothing can be built here, or None."""
    if sys.platform != "linux":
        return "a cluster of our own needs Linux"
    if os.geteuid() != 0:
        return "a cluster of our own needs root (or give one: KUBECONFIG)"
    needed = ("apt-get", "dpkg-deb", "ip", "unshare", "nsenter", "mount", "sh")
    absent = [program for program in needed if shutil.which(program) is None]
    return f"a cluster of our own needs {', '.join(absent)}" if absent else None


def build(cache: Path = CACHE, *, kwok: bool = False) -> Built:
    """All parts, built where they are not there yet."""
    if reason := missing():
        raise MissingError(reason)
    cache.mkdir(parents=True, exist_ok=True)
    wanted = (*PARTS, SIMULATOR) if kwok else PARTS
    with alone(cache / "lock"):
        with had("Debian's packages"):
            built = Built(cache, dockerengine.unpacked(DEBIAN))
        for part in wanted:
            if not (cache / folder_of(part)).is_dir():
                go_build(part, cache)
        if not built.pause.exists():
            make_pause(built)
        make_mirror(built)
        make_bin(built)
    return built


@contextlib.contextmanager
def had(what: str) -> Iterator[None]:
    """What is not to be had here is no mistake of ours, as one in building would be."""
    try:
        yield
    except MissingError:
        raise
    except dockerengine.EngineError as why:
        raise MissingError(f"a cluster of our own needs {what}: {why}") from why


def folder_of(part: Part) -> str:
    """The name of its folder in the cache."""
    return f"{part.name}-{part.version}"


@contextlib.contextmanager
def making(whole: Path) -> Iterator[Path]:
    """A folder that becomes `whole` when the block ends well."""
    folder = whole.parent / f"making-{whole.name}"
    shutil.rmtree(folder, ignore_errors=True)  # of one that was killed
    folder.mkdir()
    try:
        yield folder
        folder.rename(whole)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# -- Go ----------------------------------------------------------------------------------------------------------------


def go_env(cache: Path) -> dict[str, str]:
    """The user's settings for Go (proxy, toolchain), but every folder it writes to is ours."""
    go = cache / "go"
    own = {
        "HOME": go / "home", "XDG_CONFIG_HOME": go / "home", "XDG_CACHE_HOME": go / "home",
        "GOENV": run("go", "env", "GOENV").strip(), "GOWORK": "off",
        "GOCACHE": go / "build", "GOMODCACHE": go / "modules", "GOPATH": go / "path", "GOTMPDIR": go, "CGO_ENABLED": 0,
        "GOFLAGS": "-mod=mod -modcacherw -trimpath -buildvcs=false -p=2",
    }  # fmt: skip
    return {**os.environ, **{name: str(value) for name, value in own.items()}}


def go(*words: str | Path, at: Path, cache: Path) -> str:
    """Run the compiler, behind everything else on this machine."""
    if shutil.which("go") is None:
        raise MissingError("a cluster of our own needs a Go compiler (`go` on PATH)")
    done = subprocess.run(
        ["nice", "-n", "10", "go", *map(str, words)],
        cwd=at, env=go_env(cache), check=False, capture_output=True, text=True, timeout=5400,
    )  # fmt: skip
    if done.returncode:
        raise dockerengine.EngineError(
            f"`go {' '.join(map(str, words[:3]))} …` said: {(done.stderr or done.stdout)[-1500:]}"
        )
    return done.stdout


def go_build(part: Part, cache: Path) -> None:
    """One module's programs."""
    say(f"building {part.name} {part.version}")
    with making(cache / folder_of(part)) as folder, source(cache) as at:
        (at / "go.mod").write_text(f"module built\ngo 1.25\nrequire {part.module} v{part.version}\n")
        with had("the Go module proxy"):
            found = json.loads(go("mod", "download", "-json", f"{part.module}@v{part.version}", at=at, cache=cache))
        (at / "go.mod").write_text(module_file(part, Path(found["GoMod"]).read_text()))
        for stub in part.stubs:
            (at / stub).mkdir(parents=True)
            (at / stub / "go.mod").write_text(f"module {stub}\n")
        words: list[str | Path] = ["build", "-ldflags", " ".join(("-s -w", *part.variables)), "-o", f"{folder}/"]
        if part.name == "kubernetes":
            make_volumes_writable(Path(found["Dir"]))
        go(*words, *(f"{part.module}/{p}".removesuffix("/.") for p in part.programs), at=at, cache=cache)


@contextlib.contextmanager
def source(cache: Path) -> Iterator[Path]:
    """A folder for a module of our own, which only names what is to be built; all that Go keeps goes with it: 4 GB."""
    shutil.rmtree(cache / "go", ignore_errors=True)
    at = cache / "go" / "source"
    at.mkdir(parents=True)
    try:
        yield at
    finally:
        shutil.rmtree(cache / "go", ignore_errors=True)


def module_file(part: Part, theirs: str) -> str:
    """Our go.mod: what the released module says of itself, but with published modules for those in its own tree."""
    staged = re.findall(r"(k8s\.io/[a-z0-9-]+) => \./staging", theirs)
    lines = ["module built", "go 1.25", f"require {part.module} v{part.version}"]
    lines += [f"require {module}" for module in part.requires]
    lines += [f"replace {module} => {module} v0.{part.version.partition('.')[2]}" for module in staged]
    lines += [f"replace {module} => ./{module}" for module in part.stubs]
    lines += [f"replace {words}" for words in part.replaces]
    return "\n".join(lines) + "\n"


def make_volumes_writable(tree: Path) -> None:
    """Kubernetes' own provisioner makes folders that only root can write; a real volume is for the pod that claims it.

    fsGroup, by which pods get at real ones, does nothing to a folder of the node.
    """
    file = tree / "pkg/volume/hostpath/host_path.go"
    text = file.read_text()
    if text.count("0750") != 1:
        raise dockerengine.EngineError(f"{file.name} is not what it was: look how it makes folders now")
    file.unlink()
    file.write_text(text.replace("0750", "0777"))


def make_pause(built: Built) -> None:
    """The pause image's program."""
    with making(built.pause.parent) as folder, source(built.cache) as at:
        (at / "main.go").write_text(PAUSE)
        go("build", "-ldflags", "-s -w", "-o", folder / "pause", "main.go", at=at, cache=built.cache)


def make_mirror(built: Built) -> None:
    """The Terraform provider's program where Terraform looks for it."""
    if built.mirror.is_dir():
        return
    with making(built.mirror) as folder:
        place = folder / f"registry.terraform.io/hashicorp/helm/{HELM_PROVIDER}/linux_{MACHINE}"
        place.mkdir(parents=True)
        program = built.program("terraform-provider-helm")
        os.link(program, place / f"terraform-provider-helm_v{HELM_PROVIDER}")


def make_bin(built: Built) -> None:
    """Programs for people and tests; made anew each time, as the parts they lead to change."""
    built.bin.mkdir(exist_ok=True)
    libraries = dockerengine.environment(built.debian).get("LD_LIBRARY_PATH", "")
    ctr = shutil.which("ctr", path=dockerengine.environment(built.debian)["PATH"])
    wrapped = f'LD_LIBRARY_PATH="{libraries}" exec "{ctr}" "$@"'
    scripts = {name: f'exec "{built.program(name)}" "$@"' for name in ("kubectl", "helm")} | {"ctr": wrapped}
    for name, line in scripts.items():
        new = built.bin / f".{name}"
        new.write_text(f"#!/bin/sh\n{line}\n")
        new.chmod(0o755)
        new.rename(built.bin / name)


# -- images ------------------------------------------------------------------------------------------------------------


def image_of(program: Path, name: str, archive: Path) -> None:
    """An image of one static program, as `docker save` and `ctr import` have it."""
    layer = archive.with_suffix(".layer")
    with tarfile.open(layer, "w") as tar:
        tar.add(program, f"./{program.name}", filter=lambda member: member.replace(mtime=0, uid=0, gid=0, deep=False))
    config = {
        "architecture": MACHINE, "os": "linux", "history": [{}],
        "config": {"Entrypoint": [f"/{program.name}"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer.read_bytes()).hexdigest()}"]},
    }  # fmt: skip
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    with tarfile.open(archive, "w") as tar:
        tar.add(layer, "layer.tar")
        for inner, document in (("config.json", config), ("manifest.json", manifest)):
            data = json.dumps(document).encode()
            member = tarfile.TarInfo(inner)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    layer.unlink()


def say(text: str) -> None:
    """Progress of what takes minutes."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
