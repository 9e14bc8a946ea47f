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


def traces(engine: dockerengine.Engine, net: str) -> list[str]:
    """What the machine itself has of an engine, whatever else goes on there: links, rules, mounts, control groups."""
    root = dockerengine.unpacked()
    addresses = json.loads(dockerengine.run("ip", "-json", "addr"))
    words = [["iptables", "-t", table, "-S"] for table in ("filter", "nat")]
    rules = "".join(dockerengine.run(*line, env=dockerengine.environment(root)) for line in words)
    found = [link["ifname"] for link in addresses if f"{net}." in json.dumps(link) or link["ifname"] == engine.bridge]
    found += [line for line in rules.splitlines() if f"{net}." in line]
    found += [line for line in Path("/proc/self/mounts").read_text().splitlines() if str(engine.folder) in line]
    return found + [str(group) for group in Path("/sys/fs/cgroup").glob(f"**/{engine.bridge}")]


@pytest.mark.parametrize("end", ["stopped", "killed"])
def test_nothing_of_it_is_left(end: str) -> None:
    """With a container running and published, stopped or killed: no process, link, rule, mount or folder remains."""
    if reason := dockerengine.missing():
        pytest.skip(reason)
    with livestack.place() as place:
        engine = dockerengine.Engine(place / "engine")
        try:
            engine.start()
            net = json.loads((engine.folder / "made.json").read_text())["net"]
            with engine.client() as client:
                client.create_network("another")
                host = client.create_host_config(port_bindings={8000: ("127.0.0.1", None)}, network_mode="another")
                words = ["python", "-m", "http.server", f"--directory=/{place.name}"]
                made = client.create_container(dockerengine.BASE, words, ports=[8000], host_config=host)
                client.start(made)
            assert any(place.name in line for line in census.processes().values())
            assert len(traces(engine, net)) >= 6  # two bridges, three rules, a control group
            if end == "killed":
                os.kill(int((engine.folder / "pid").read_text().split()[0]), signal.SIGKILL)
        finally:
            engine.stop()
        assert traces(engine, net) == []
        assert not [line for line in census.processes().values() if place.name in line]
        assert not engine.folder.exists()
