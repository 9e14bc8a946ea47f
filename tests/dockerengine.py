"""A Docker engine of our own for tests, from Debian's packages, that leaves this machine as it found it.

    dockerengine.py up [FOLDER]      start one; says how to reach it
    dockerengine.py down [FOLDER]    stop it and remove all it made

It runs in a process and a mount namespace of its own: when the first process there ends, so do containerd, every
container and every mount, however it ended. Its network is this machine's, so that what is published on 127.0.0.1
can be reached; bridges and firewall rules are told from other people's by the addresses, which are its own. Other
engines on this machine, and other runs of this one, are not disturbed.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BASE = "stackwright-test/python:3.11"  # Debian's own Python, as no registry of images is needed for it
RELEASE = "bookworm"
PACKAGES = ("docker.io", "iptables", "debootstrap")
FOLDER = Path("/tmp/stackwright-engine")
HIDDEN = (Path("/run/containerd"), Path("/run/docker"))  # another engine's, if there is one; ours has a blank one there
USUAL_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stackwright-tests"
CACHE = Path(os.environ.get("STACK_TEST_ENGINE_CACHE") or USUAL_CACHE)


class EngineError(Exception):
    """Something did not work; the text says what."""


class MissingError(EngineError):
    """What an engine is made of cannot be had here; the text says why."""


def missing() -> str | None:
    """Why no engine can be started here, or None."""
    if sys.platform != "linux":
        return "an engine of our own needs Linux"
    if os.geteuid() != 0:
        return "an engine of our own needs root (or give one: DOCKER_HOST)"
    absent = [program for program in ("apt-get", "dpkg-deb", "ip", "unshare") if shutil.which(program) is None]
    return f"an engine of our own needs {', '.join(absent)}" if absent else None


def run(*words: str | Path, env: dict[str, str] | None = None) -> str:
    """Run to its end and return its output; a failure shows what it said."""
    done = subprocess.run([*map(str, words)], check=False, capture_output=True, text=True, env=env, timeout=900)
    if done.returncode:
        raise EngineError(f"`{' '.join(map(str, words[:4]))} …` said: {(done.stderr or done.stdout)[-800:]}")
    return done.stdout


# -- what it is made of, kept between runs ---------------------------------------------------------------------------


def unpacked(packages: Sequence[str] = PACKAGES) -> Path:
    """Debian's packages that this machine does not have, unpacked in the cache, never installed."""
    apt = ("apt-get", "-y", "--no-install-recommends", "-o", "Debug::NoLocking=1")
    try:
        plan = run(*apt, "--print-uris", "install", *packages)
    except EngineError:  # a machine whose lists were never fetched
        run("apt-get", "update")
        plan = run(*apt, "--print-uris", "install", *packages)
    wanted = sorted(line.split()[1] for line in plan.splitlines() if line.startswith("'"))
    root = CACHE / f"engine-{hashlib.sha256(' '.join(wanted).encode()).hexdigest()[:12]}"
    if root.is_dir():
        return root
    with scratch() as folder:
        (folder / "debs" / "partial").mkdir(parents=True)
        archives = f"Dir::Cache::archives={folder / 'debs'}"
        run(*apt, "-o", archives, "-o", "APT::Sandbox::User=root", "--download-only", "install", *packages)
        for deb in (folder / "debs").glob("*.deb"):
            run("dpkg-deb", "-x", deb, folder / "root")
        links_as_installed(folder / "root" / "usr/sbin")
        (folder / "root").rename(root)
    return root


def links_as_installed(sbin: Path) -> None:
    """The names that the package's script, which does not run here, would have made."""
    for family, rest in itertools.product(("iptables", "ip6tables"), ("", "-save", "-restore")):
        if (sbin / f"{family}-nft{rest}").exists():
            (sbin / f"{family}{rest}").symlink_to(f"{family}-nft{rest}")


def base_image(root: Path) -> Path:
    """A Debian with Python 3.11 as one file, as small as the official slim image; the same one for all engines."""
    archive = CACHE / f"image-python-3.11-{RELEASE}.tar"
    if archive.is_file():
        return archive
    with scratch() as folder:
        env = environment(root) | {"DEBOOTSTRAP_DIR": str(root / "usr/share/debootstrap")}
        words = ["debootstrap", "--variant=minbase", "--include=ca-certificates,python3", RELEASE]
        run("unshare", "--mount", *words, folder / "root", *mirrors()[:1], env=env)
        made = folder / "root"
        (made / "usr/local/bin/python").symlink_to("/usr/bin/python3")
        (made / "usr/local/bin/python3").symlink_to("/usr/bin/python3")
        if sources := sources_list():
            (made / "etc/apt/sources.list").write_text(sources)
        for litter in (*made.glob("var/cache/apt/archives/*.deb"), *made.glob("var/lib/apt/lists/*_*")):
            litter.unlink()
        run("tar", "-C", made, "-cf", folder / "layer.tar", ".")
        as_image(folder / "layer.tar", folder / "image.tar")
        (folder / "image.tar").rename(archive)
    return archive


def as_image(layer: Path, archive: Path) -> None:
    """What `docker load` takes; unlike what `docker import` makes, it has the same identity wherever it is loaded."""
    with layer.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    machine = "arm64" if platform.machine() in ("aarch64", "arm64") else "amd64"
    inside = {"Cmd": ["python3"], "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]}
    rootfs = {"type": "layers", "diff_ids": [f"sha256:{digest}"]}
    config = {"architecture": machine, "os": "linux", "config": inside, "rootfs": rootfs, "history": [{}]}
    manifest = [{"Config": "config.json", "RepoTags": [BASE], "Layers": ["layer.tar"]}]
    with tarfile.open(archive, "w") as tar:
        tar.add(layer, "layer.tar")
        for name, document in (("config.json", config), ("manifest.json", manifest)):
            data = json.dumps(document).encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def targets() -> list[list[str]]:
    """What this machine's apt reads of that release: address, suite, part."""
    words = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)"
    rows = [line.split("|") for line in run("apt-get", "indextargets", "--format", words).splitlines()]
    mine = {tuple(row[:3]) for row in rows if row[3] == "Debian" and row[1].startswith(RELEASE)}
    return [list(row) for row in sorted(mine)]


def mirrors() -> list[str]:
    """Where this machine has that release from, if it is of that release."""
    return [address for address, suite, part in targets() if suite == RELEASE and part == "main"]


def sources_list() -> str:
    """The same packages inside as outside: security and updates too."""
    return "".join(f"deb {' '.join(row)}\n" for row in targets())


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder in the cache for what is not whole yet."""
    folder = CACHE / f"making-{os.getpid()}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def environment(root: Path) -> dict[str, str]:
    """Where the unpacked programs find each other and their libraries."""
    paths = [str(root / part) for part in ("usr/sbin", "usr/bin", "sbin", "bin")] + ["/usr/sbin", "/usr/bin"]
    folders = [*root.glob("usr/lib/*-linux-gnu*"), *root.glob("lib/*-linux-gnu*")]
    known = {name: value for name, value in os.environ.items() if "proxy" in name.lower()}
    libraries = {"LD_LIBRARY_PATH": ":".join(map(str, folders))}
    plugins = [folder / "xtables" for folder in folders if (folder / "xtables").is_dir()]
    libraries |= {"XTABLES_LIBDIR": str(plugins[0])} if plugins else {}
    return known | libraries | {"PATH": ":".join([*paths, os.environ["PATH"]]), "LANG": "C.UTF-8", "HOME": "/root"}


# -- the engine ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Engine:
    """One engine, all of it under `folder` but for its bridges and firewall rules."""

    folder: Path

    @property
    def host(self) -> str:
        """What DOCKER_HOST is to say."""
        return f"unix://{self.folder}/docker.sock"

    @property
    def bridge(self) -> str:
        """Its default bridge, and its control group."""
        return f"swe{hashlib.sha256(str(self.folder).encode()).hexdigest()[:6]}"

    def start(self) -> None:
        """Start it and wait until it answers, with the base image in it."""
        if reason := missing():
            raise MissingError(reason)
        self.stop()  # what an earlier run was kept from removing
        CACHE.mkdir(parents=True, exist_ok=True)
        try:
            root = unpacked()
            archive = base_image(root)
        except EngineError as why:
            raise MissingError(f"an engine of our own needs Debian's packages: {why}") from why
        for part in ("data", "exec"):
            (self.folder / part).mkdir(parents=True)
        net = free_net()
        made = {"root": str(root), "net": net, "forwarding": FORWARDING.read_text().strip()}
        (self.folder / "made.json").write_text(json.dumps(made))
        run("ip", "link", "add", self.bridge, "type", "bridge")
        run("ip", "addr", "add", f"{net}.0.1/24", "dev", self.bridge)
        open_way(environment(root), net)
        self._launch(root, net)
        self._await_answer()
        self.load(archive)

    def _launch(self, root: Path, net: str) -> None:
        """dockerd behind an init, in namespaces of its own."""
        words = [
            "dockerd", f"--host={self.host}", f"--data-root={self.folder}/data", f"--exec-root={self.folder}/exec",
            f"--pidfile={self.folder}/docker.pid", "--config-file=", f"--bridge={self.bridge}",
            f"--default-address-pool=base={net}.0.0/16,size=24", f"--cgroup-parent=/{self.bridge}",
            "--storage-driver=overlay2", f"--mtu={mtu()}", "--iptables=false", "--ip-masq=false",
        ]  # fmt: skip
        for place in HIDDEN:
            place.mkdir(exist_ok=True)
        hide = "".join(f"mount -t tmpfs none {place} && " for place in HIDDEN) + 'exec docker-init -- "$@"'
        unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        with (self.folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*unshare, "sh", "-c", hide, "dockerd", *words],
                env=environment(root), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        (self.folder / "pid").write_text(f"{process.pid} {started(process.pid)}")

    def _await_answer(self) -> None:
        for _ in range(150):
            with contextlib.suppress(Exception), self.client() as client:
                client.ping()
                return
            if not self._running():
                break
            time.sleep(0.2)
        raise EngineError(f"dockerd did not start: {(self.folder / 'log').read_text(errors='replace')[-1500:]}")

    def load(self, archive: Path) -> None:
        """Bring the base image in."""
        with self.client() as client, archive.open("rb") as file:
            for _ in client.load_image(file):
                pass

    @contextlib.contextmanager
    def client(self) -> Iterator[Any]:
        """The SDK's plain client of it."""
        import docker

        client = docker.APIClient(base_url=self.host, timeout=300)
        try:
            yield client
        finally:
            client.close()

    def _running(self) -> int | None:
        """Its first process on this machine, if it is that still."""
        with contextlib.suppress(OSError, ValueError):
            pid, start = (self.folder / "pid").read_text().split()
            return int(pid) if started(int(pid)) == start else None
        return None

    def stop(self) -> None:
        """Stop it, kindly first, and remove everything it made."""
        if pid := self._running():
            self._empty()
            for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
                os.kill(int(child), signal.SIGTERM)
            if not ended(pid, 20):
                os.kill(pid, signal.SIGKILL)
                ended(pid, 10)
        alone = self._clear_network()
        self._clear_groups()
        for place in HIDDEN if alone else ():  # another one of ours has its mounts there, which a removal would undo
            with contextlib.suppress(OSError):
                place.rmdir()  # only if it is empty, so nobody else's
        if self.folder.exists():
            shutil.rmtree(self.folder)

    def _empty(self) -> None:
        """Containers and networks go by the engine's own hand: bridges do not end with processes."""
        with contextlib.suppress(Exception), self.client() as client:
            for container in client.containers(all=True):
                client.remove_container(container["Id"], force=True)
            for network in client.networks():
                if network["Name"] not in ("bridge", "host", "none"):
                    client.remove_network(network["Id"])

    def _clear_network(self) -> bool:
        """Whether there is no other engine of ours."""
        file = self.folder / "made.json"
        if not file.is_file():
            return False
        made = json.loads(file.read_text())
        for link in json.loads(run("ip", "-json", "addr", "show", "type", "bridge")):
            if any(address.get("local", "").startswith(f"{made['net']}.") for address in link.get("addr_info", ())):
                run("ip", "link", "del", link["ifname"])
        return close_way(environment(Path(made["root"])), made["net"], made["forwarding"])

    def _clear_groups(self) -> None:
        for group in (Path("/sys/fs/cgroup") / self.bridge, *Path("/sys/fs/cgroup").glob(f"*/{self.bridge}")):
            for inner in sorted(group.glob("**/"), reverse=True):
                with contextlib.suppress(OSError):
                    inner.rmdir()


def started(pid: int) -> str:
    """When a process was started: what tells it from a later one of the same number."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def ended(pid: int, seconds: float) -> bool:
    """Wait until a process is gone; one that is our own child is reaped."""
    for _ in range(int(seconds * 10)):
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.1)
    return False


def free_net() -> str:
    """The first two numbers of addresses that nothing of this machine has to do with."""
    known = run("ip", "addr") + run("ip", "route", "show", "table", "all")
    return next(net for net in (f"10.{second}" for second in range(200, 256)) if f"{net}." not in known)


def mtu() -> str:
    """What fits through this machine's way out."""
    routes = json.loads(run("ip", "-json", "route", "show", "default"))
    return Path(f"/sys/class/net/{routes[0]['dev']}/mtu").read_text().strip() if routes else "1500"


# -- what it changes on the machine itself -----------------------------------------------------------------------------
# The engine is told to leave the firewall alone: at its start dockerd empties the chains of every other one. What its
# containers need to get out are three rules for all its addresses, which no other engine notices.

FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
COMMENT = "stackwright-engine"


def rules(net: str, comment: str = COMMENT) -> Iterator[list[str]]:
    """The table and the words of each rule that lets the addresses of an engine out and the answers in."""
    pool = f"{net}.0.0/16"
    mark = ["-m", "comment", "--comment", comment]
    yield ["nat", "POSTROUTING", "-s", pool, "!", "-d", pool, *mark, "-j", "MASQUERADE"]
    yield ["filter", "FORWARD", "-s", pool, *mark, "-j", "ACCEPT"]
    yield ["filter", "FORWARD", "-d", pool, *mark, "-j", "ACCEPT"]


def open_way(env: dict[str, str], net: str, comment: str = COMMENT) -> None:
    """Let an engine's containers out."""
    for table, chain, *words in rules(net, comment):
        run("iptables", "-t", table, "-I", chain, *words, env=env)


def close_way(env: dict[str, str], net: str, forwarding: str, comment: str = COMMENT) -> bool:
    """Take the rules away; forwarding is as it was, unless somebody else's rules need it. Whether none of ours do."""
    for table, chain, *words in rules(net, comment):
        with contextlib.suppress(EngineError):  # it was never made, or is gone
            run("iptables", "-t", table, "-D", chain, *words, env=env)
    left = run("iptables", "-S", env=env)
    if not any(other in left for other in ("stackwright-", "DOCKER")):
        FORWARDING.write_text(forwarding)
    return comment not in left


@contextlib.contextmanager
def reached() -> Iterator[Any]:
    """A client of the engine that DOCKER_HOST names, or of our own while this lasts, also for commands of tests."""
    import docker

    if given := os.environ.get("DOCKER_HOST"):
        client = docker.APIClient(base_url=given, timeout=300)
        client.ping()
        yield client
        client.close()
        return
    with tempfile.TemporaryDirectory(prefix="stack-engine-") as folder:
        own = Engine(Path(folder) / "engine")
        try:
            own.start()
            os.environ["DOCKER_HOST"] = own.host
            with own.client() as client:
                yield client
        finally:
            os.environ.pop("DOCKER_HOST", None)
            own.stop()


def main() -> None:
    """The command line: up or down."""
    engine = Engine(Path(sys.argv[2]) if len(sys.argv) > 2 else FOLDER)
    if sys.argv[1] == "down":
        return engine.stop()
    engine.start()
    print(f"export DOCKER_HOST={engine.host}\n# base image: {BASE}")  # noqa: T201
    return None


if __name__ == "__main__":
    main()
