"""Our own engine leaves this machine as it was, however it ends."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

import census
import dockerengine
import livestack


def machine() -> dict[str, object]:
    """What an engine changes on a machine beside files and processes."""
    root = dockerengine.unpacked()
    words = ["iptables-save"] if (root / "usr/sbin/iptables-save").exists() else ["iptables", "-S"]
    rules = dockerengine.run(*words, env=dockerengine.environment(root))
    return {
        "links": sorted(link["ifname"] for link in json.loads(dockerengine.run("ip", "-json", "link"))),
        "rules": [line for line in rules.splitlines() if dockerengine.COMMENT in line],
        "mounts": Path("/proc/self/mounts").read_text(),
        "groups": sorted(map(str, Path("/sys/fs/cgroup").glob("*/swe*"))),
        "run": [path.exists() for path in dockerengine.HIDDEN],
    }


@pytest.mark.parametrize("end", ["stopped", "killed"])
def test_nothing_of_it_is_left(end: str) -> None:
    """With a container running and published, stopped or killed: no process, link, rule, mount or folder remains."""
    if reason := dockerengine.missing():
        pytest.skip(reason)
    with livestack.place() as place:
        before = machine()
        engine = dockerengine.Engine(place / "engine")
        try:
            engine.start()
            with engine.client() as client:
                host = client.create_host_config(port_bindings={8000: ("127.0.0.1", None)})
                words = ["python", "-m", "http.server", f"--directory=/{place.name}"]
                made = client.create_container(dockerengine.BASE, words, ports=[8000], host_config=host)
                client.start(made)
            assert any(place.name in line for line in census.processes().values())
            if end == "killed":
                os.kill(int((engine.folder / "pid").read_text().split()[0]), signal.SIGKILL)
        finally:
            engine.stop()
        assert machine() == before
        assert not [line for line in census.processes().values() if place.name in line]
        assert not engine.folder.exists()
