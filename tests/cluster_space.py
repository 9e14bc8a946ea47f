"""Process, mount and network namespaces for a cluster: all in it ends with its first process, however that ended."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import dockerengine
from cluster_files import Addresses
from dockerengine import EngineError, ended, run, started

COMMENT = "stackwright-cluster"
# What the kubelet wants of the kernel, for the whole machine. It is shown that all is so, and changes nothing.
KERNEL = {
    "vm/overcommit_memory": 1,
    "vm/panic_on_oom": 0,
    "kernel/panic": 10,
    "kernel/panic_on_oops": 1,
    "kernel/keys/root_maxkeys": 1000000,
    "kernel/keys/root_maxbytes": 25000000,
}
# The first process. Folders where parts write by names that no setting changes are the cluster's own in there, but for
# what lies below them and is needed: that is put back at its place.
SETUP = """set -e
folder=$1
for kept in "$@"; do mkdir -p "$folder/hidden$kept"; mount --bind "$kept" "$folder/hidden$kept"; done
for place in /tmp /run /var/log /var/lib; do
  mkdir -p "$folder/hidden$place"; mount --rbind "$folder/hidden$place" "$place"
done
chmod 1777 /tmp
(cd "$folder/kernel" && find * -type f) | while read -r name; do
  mount --bind "$folder/kernel/$name" "/proc/sys/$name"
done
ip link set lo up
echo 1 >/proc/sys/net/ipv4/ip_forward
touch "$folder/ready"
exec tini -- sleep infinity
"""
# Every program notes by itself who it is before it does anything: whoever starts it may be killed at any moment.
NOTED = 'echo "$$ $(cut -d" " -f22 /proc/$$/stat)" >"$0" && exec "$@"'


class ClusterError(EngineError):
    """Something did not work; the text says what."""


@dataclass(frozen=True)
class Space:
    """One such set of namespaces. Outside are a link, three firewall rules and control groups, named by the folder."""

    folder: Path

    @property
    def name(self) -> str:
        """This machine's end of the link, and the control group."""
        return f"swk{hashlib.sha256(str(self.folder).encode()).hexdigest()[:6]}"

    @property
    def first(self) -> int | None:
        """The first process, as this machine numbers it."""
        pid = running(self.folder / "pids/init")
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split() if pid else []
        return int(children[0]) if children else None

    @property
    def addresses(self) -> Addresses:
        """Its own."""
        return Addresses(self._made()["net"])

    @property
    def debian(self) -> Path:
        """The unpacked packages that its programs find each other in."""
        return Path(self._made()["debian"])

    def _made(self) -> dict[str, str]:
        made: dict[str, str] = json.loads((self.folder / "made.json").read_text())
        return made

    # -- up ----------------------------------------------------------------------------------------------------------

    def open(self, debian: Path, needed: Sequence[Path]) -> None:
        """Make it, and a way out of it; the needed folders are seen inside too."""
        for part in ("log", "pids"):
            (self.folder / part).mkdir(parents=True)
        for setting, value in KERNEL.items():
            if Path(f"/proc/sys/{setting}").exists():
                file = self.folder / "kernel" / setting
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(f"{value}\n")
        with alone(dockerengine.CACHE / "addresses"):  # until the link is there, others would take the same ones
            made = {"net": dockerengine.free_net(), "debian": str(debian)}
            made["forwarding"] = dockerengine.FORWARDING.read_text().strip()
            (self.folder / "made.json").write_text(json.dumps(made))
            unshare = ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "--mount-proc"]
            self._launch("init", *unshare, "sh", "-c", SETUP, "setup", self.folder, debian, *needed)
            self._await_setup()
            self._connect()
        for group in control_groups(self.name):
            group.mkdir(exist_ok=True)

    def _await_setup(self) -> None:
        for _ in range(100):
            if (self.folder / "ready").exists():
                return
            time.sleep(0.1)
        raise ClusterError(f"namespaces could not be made: {self.log('init')}")

    def _connect(self) -> None:
        """A link between this machine and the network inside."""
        at, inside, mtu = self.addresses, str(self.first), dockerengine.mtu()
        env = dockerengine.environment(self.debian)
        run("ip", "link", "add", self.name, "mtu", mtu, "type", "veth", "peer", "name", "eth0", "netns", inside)
        run("ip", "addr", "add", f"{at.host}/30", "dev", self.name)
        run("ip", "link", "set", self.name, "up")
        within = ["nsenter", "--net", f"--target={inside}"]
        run(*within, "ip", "addr", "add", f"{at.node}/30", "dev", "eth0")
        run(*within, "ip", "link", "set", "eth0", "mtu", mtu, "up")
        run(*within, "ip", "route", "add", "default", "via", at.host)
        # Pods go out as the node; among each other they keep their addresses.
        rule = ["POSTROUTING", "-s", at.pods, "!", "-d", f"{at.net}.0.0/16", "-j", "MASQUERADE"]
        run(*within, "iptables", "-t", "nat", "-A", *rule, env=env)
        dockerengine.FORWARDING.write_text("1")
        dockerengine.open_way(env, at.net, COMMENT)

    def start(self, name: str, program: str | Path, *words: str, umask: int = -1) -> None:
        """Start a program inside; what it says is in `log/NAME`."""
        enter = ["nsenter", f"--target={self.first}", "--mount", "--pid", "--net"]
        self._launch(name, *enter, program, *words, umask=umask)

    def _launch(self, name: str, *words: str | Path, umask: int = -1) -> None:
        with (self.folder / "log" / name).open("wb") as log:
            subprocess.Popen(
                ["sh", "-c", NOTED, str(self.folder / "pids" / name), *map(str, words)],
                env=dockerengine.environment(self.debian), umask=umask,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def over(self) -> list[str]:
        """The programs that were started and have ended."""
        return [file.name for file in (self.folder / "pids").iterdir() if file.read_text() and not running(file)]

    def log(self, name: str) -> str:
        """The end of what a program said."""
        with contextlib.suppress(OSError):
            return (self.folder / "log" / name).read_text(errors="replace")[-1500:]
        return ""

    # -- down --------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """End it and remove everything; nothing has to be saved, so nothing is asked to end."""
        if not self.folder.exists():
            return
        pids = [pid for file in (self.folder / "pids").glob("*") if (pid := running(file))]
        if first := self.first:
            os.kill(first, signal.SIGKILL)  # the kernel ends all others before it is gone
        for pid in pids:  # those that entered end with what they started
            if not ended(pid, 20):
                os.kill(pid, signal.SIGKILL)
                ended(pid, 5)
        self._clear_network()
        self._clear_groups()
        shutil.rmtree(self.folder)

    def _clear_network(self) -> None:
        with contextlib.suppress(EngineError):  # it went with the namespace that has its other end
            run("ip", "link", "del", self.name)
        with contextlib.suppress(OSError, ValueError):  # killed before anything was made
            made = self._made()
            env = dockerengine.environment(Path(made["debian"]))
            dockerengine.close_way(env, made["net"], made["forwarding"], COMMENT)

    def _clear_groups(self) -> None:
        for _ in range(100):
            for group in control_groups(self.name):
                for inner in sorted(group.glob("**/"), reverse=True):
                    with contextlib.suppress(OSError):
                        inner.rmdir()
            if not any(group.exists() for group in control_groups(self.name)):
                return
            time.sleep(0.1)  # a group is busy until the kernel has buried its processes
        raise ClusterError(f"control groups named {self.name} are still in use")


@contextlib.contextmanager
def alone(lock: Path) -> Iterator[None]:
    """One at a time, whoever it is."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def control_groups(name: str) -> list[Path]:
    """That group in each hierarchy, of the first and of the second kind."""
    root = Path("/sys/fs/cgroup")
    if (root / "cgroup.controllers").exists():
        return [root / name]
    return [path / name for path in root.iterdir() if path.is_dir() and not path.is_symlink()]


def running(file: Path) -> int | None:
    """The process that was noted there, if it is that still."""
    with contextlib.suppress(OSError, ValueError):
        pid, start = file.read_text().split()
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return int(pid) if started(int(pid)) == start and state != "Z" else None
    return None
