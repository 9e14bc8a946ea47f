"""Where two targets meet: one rule a pair, or a reason."""

import pytest

from stackwright.errors import Where
from stackwright.model.catalog import Install, Recipe, Tool
from stackwright.model.deployer import (
    TARGETS,
    DockerDeployer,
    ExternalDeployer,
    KubernetesDeployer,
    Port,
    ProcessDeployer,
)
from stackwright.resolve import wire_mistakes
from stackwright.resolve.draft import Draft
from stackwright.resolve.reach import ITSELF, TABLE, address, refusal

PORT = Port(5432, 20001)
PROCESS, DOCKER = ProcessDeployer("/w/db", "/catalog/db", "/env"), DockerDeployer("db", "/env")
POD = KubernetesDeployer("db", "/env", "it-0a1b2c")


def test_processes_meet_on_loopback() -> None:
    """A process dials a process on this machine."""
    assert refusal("process", "process") == ""
    assert address("process", PROCESS, PORT) == {"host": "127.0.0.1", "port": 20001}


def test_a_container_is_known_to_three_viewers_in_three_ways() -> None:
    """This machine dials what is published, other containers its name, and it itself its own loopback."""
    assert [refusal(viewer, "docker") for viewer in ("process", "docker")] == ["", ""]
    assert address("process", DOCKER, PORT) == {"host": "127.0.0.1", "port": 20001}
    assert address("docker", DOCKER, PORT) == {"host": "db", "port": 5432}
    assert address(ITSELF, DOCKER, PORT) == {"host": "127.0.0.1", "port": 5432}


def test_a_container_finds_processes_where_they_are() -> None:
    """A relay in the container has the port that the process has on this machine."""
    assert refusal("docker", "process") == ""
    assert address("docker", PROCESS, PORT) == address("process", PROCESS, PORT)


def test_a_pod_is_found_by_its_service_and_over_the_forwarder() -> None:
    """Other pods dial its Service, this machine and its containers the forwarder's port, it itself its own loopback."""
    assert [refusal(viewer, "kubernetes") for viewer in ("process", "docker", "kubernetes")] == ["", "", ""]
    assert address("process", POD, PORT) == address("docker", POD, PORT) == {"host": "127.0.0.1", "port": 20001}
    assert address("kubernetes", POD, PORT) == {"host": "db", "port": 5432}
    assert address(ITSELF, POD, PORT) == {"host": "127.0.0.1", "port": 5432}
    assert {"db.it-0a1b2c.svc", "db.it-0a1b2c.svc.cluster.local:5432"} <= set(POD.listen(PORT)["names"])


def test_a_pod_does_not_reach_this_machine() -> None:
    """Neither its processes nor its containers: the reason says so."""
    for server in ("process", "docker"):
        assert refusal("kubernetes", server) == "a pod does not reach what runs on this machine"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "::1", "0.0.0.0"])
def test_this_machines_loopback_is_no_address_for_a_container(host: str) -> None:
    """What a process finds there, a container does not; the reason names the address."""
    assert refusal("process", "external", host) == ""
    for viewer in ("docker", "kubernetes"):
        assert refusal(viewer, "external", host) == f"inside a container `{host}` is the container, not this machine"


@pytest.mark.parametrize("host", ["db.example.org", "localhost.example.org", "10.0.0.1", "127x.example.org", "fd00::1"])
def test_other_addresses_are_the_same_for_everybody(host: str) -> None:
    """Whoever asks, what runs elsewhere is where its owner says."""
    server = ExternalDeployer(host, 5432)
    assert refusal("docker", "external", host) == ""
    assert address("docker", server, PORT) == address("process", server, PORT) == {"host": host, "port": 5432}


def test_every_pair_of_targets_has_a_cell() -> None:
    """The table knows each pair of targets that exist, so that none is forgotten when one is added."""
    assert set(TABLE) == {(one, other) for one in TARGETS for other in TARGETS}


def test_anything_else_is_refused_with_a_reason() -> None:
    """A pair without a rule has a reason for people, and no address."""
    assert refusal("process", "cluster") == "nothing carries `process` to `cluster` in this release"
    with pytest.raises(ValueError, match="nothing carries"):
        address("cluster", PROCESS, PORT)


def test_what_a_refusal_says() -> None:
    """The wire, both components and both targets are named, and what to type."""
    tool = Tool(id="t", about="x", home="x", license="x", kind="service", layers={})
    one, other = (
        Draft(name, tool, Recipe(install=Install()), target, "it does", Where("stack.yaml", 3))
        for name, target in (("serving", "process"), ("database", "cluster"))
    )
    mistake = wire_mistakes.unreachable(one, "store", other, refusal("process", "cluster"))
    assert (mistake.code, mistake.summary, mistake.detail, mistake.hint) == (
        "R014",
        "targets do not reach each other",
        "`serving` (t) cannot reach `database` (t) for its `store`: "
        "nothing carries `process` to `cluster` in this release.",
        "run both on one target\n    target: cluster",
    )
