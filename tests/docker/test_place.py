"""Images, components, sweeping and proving on a real engine, without Terraform and without a catalog."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import docker
import pytest

from dockerstack import BASE, things
from stackwright.errors import StackError
from stackwright.places import docker as place
from stackwright.places.docker import component, containers, grant, image, network
from stackwright.places.docker.engine import execute
from stackwright.runtime.cancel import Cancelled
from stackwright.runtime.secrets import Secrets
from stackwright.runtime.workspace import Workspace

KEY = f"place-{os.getpid()}"
WEB = ["python", "-u", "-m", "http.server", "8000", "--directory", "/stack/data"]
NONE = threading.Event()
Spec = dict[str, Any]


def silent(_subject: str, _phase: str, _text: str) -> None:
    """Nobody listens."""


def environment(key: str = KEY, **more: Any) -> Spec:
    """What an image is made of."""
    spec = {"v": 1, "key": key, "python": ">=3.11,<3.14", "lock": None, "packages": [], "prefix": "/opt/stack/env"}
    return {**spec, "base": BASE, "system": [], "sources": {}, "locks": {}, **more}


@pytest.fixture(scope="module")
def ws(engine: docker.APIClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace with a network and nothing left of it in the end."""
    root = tmp_path_factory.mktemp("place")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STACK_STATE_DIR", str(root / "state"))
        ws = Workspace.create(root / ".stack/place", "place", str(root / "stack.yaml"))
        network.ensure(ws)
        yield ws
        place.sweep(ws)
        assert place.prove(ws)[0] == []
        assert named(engine, ws.id) == named(engine, KEY) == []


def named(engine: docker.APIClient, part: str) -> list[str]:
    """Everything on the engine with that in its name."""
    return [name for kind in things(engine).values() for name in kind.values() if part in name]


@pytest.fixture(scope="module")
def made(ws: Workspace) -> str:
    """An image with nothing but Python."""
    return image.ensure(ws, environment(), silent, NONE)


@pytest.fixture(scope="module")
def spec(ws: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Spec]:
    """Makes the spec of a component that serves its data folder."""
    entry = tmp_path_factory.mktemp("entry")
    (entry / "hello.txt").write_text("hello")

    def make(name: str, *processes: Spec, **more: Any) -> Spec:
        main = {"name": "main", "command": WEB, "env": {}, "after": [], "ready": None, "limits": {"memory": "64Mi"}}
        made_once = "open('/stack/data/made', 'a').write('x')"
        return {
            "v": 1,
            "component": name,
            "tool": "web",
            "environment": {"key": KEY, "prefix": "/opt/stack/env"},
            "path": [],
            "folder": "/stack",
            "entry": {"from": str(entry), "to": "/opt/stack/entry"},
            "files": [{"path": "/stack/run/conf/auth", "content": ["pw=", {"secret": f"{name}.admin"}]}],
            "prepare": [{"command": ["python", "-c", made_once], "run": "once"}],
            "env": {"PW": [{"secret": f"{name}.admin"}]},
            "processes": [{**main, **process} for process in processes or ({},)],
            "ready": {"http": "http://127.0.0.1:8000/made", "timeout": 30.0},
            "stop": {"signal": "INT", "timeout": 5.0},
            "ports": {"http": 8000},
            "container": {
                "name": f"{ws.id}-{name}",
                "network": ws.id,
                "alias": name,
                "volume": f"{ws.id}-{name}",
                "user": "10001:10001",
                "publish": {},
                "mounts": [],
            },
            **more,
        }

    return make


def refusal(ws: Workspace, spec: Spec, made: str) -> tuple[str, str]:
    """Code and text of why a component did not come up."""
    with pytest.raises(StackError) as caught:
        component.ensure(ws, spec, made, silent, NONE)
    return caught.value.diagnostics[0].code, caught.value.diagnostics[0].detail


def inside(container: str, *command: str) -> str:
    """What a command in a container says."""
    said: list[str] = []
    assert execute(container, command, NONE, said.append) == 0, said
    return "\n".join(said)


def test_image_has_nothing_of_this_machine(engine: docker.APIClient, made: str) -> None:
    """Neither its settings nor its history names a stack, an address, a variable or a certificate of the build."""
    about, history = engine.inspect_image(made), engine.history(made)

    assert about["Config"]["Labels"] == {"stackwright.environment": KEY}
    assert about["Config"]["User"] == "10001:10001"
    base = engine.inspect_image(BASE)["Config"]["Env"] or []
    assert (about["Config"]["Env"] or []) == base
    assert [line["CreatedBy"] for line in history[:-1]] == ["cat"] * (len(history) - 1)
    assert not about["Config"]["Volumes"]


def test_two_commands_build_an_image_once(engine: docker.APIClient, ws: Workspace) -> None:
    """The second waits for the first, and both have the same one."""
    heard: list[str] = []
    got: list[str] = []

    def build() -> None:
        got.append(image.ensure(ws, environment(f"{KEY}-twice"), lambda *told: heard.append(told[2]), NONE))

    builders = [threading.Thread(target=build) for _ in range(2)]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join(120)

    assert len(got) == 2 and len(set(got)) == 1
    assert sum("keeping the image" in text for text in heard) == 1
    assert len(engine.images(got[0].partition(":")[0])) == 1


def test_cancelled_build_leaves_nothing(engine: docker.APIClient, ws: Workspace) -> None:
    """Whoever stops a build finds neither a container nor an image of it."""
    stop = threading.Event()

    with pytest.raises(Cancelled):
        image.ensure(ws, environment(f"{KEY}-never", packages=["numpy"]), lambda *_: stop.set(), stop)

    assert named(engine, f"{KEY}-never") == []


def test_killed_build_goes_by_itself(engine: docker.APIClient, ws: Workspace) -> None:
    """After SIGKILL the engine removes the build on its own, and the next one is not in its way."""
    spec = environment(f"{KEY}-killed")
    script = f"""
import os, threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from stackwright.places.docker import image
from stackwright.runtime.workspace import Workspace
def heard(*_):
    os.kill(os.getpid(), {int(signal.SIGKILL)})
image.ensure(Workspace.open(Path({str(ws.root)!r})), {json.loads(json.dumps(spec))!r}, heard, threading.Event())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    builder = image.builder(image.reference(spec["key"], engine.inspect_image(BASE)["Id"]))
    luggage = next(mount["Name"] for mount in engine.inspect_container(builder)["Mounts"] if mount["Type"] == "volume")

    assert image.ensure(ws, spec, silent, NONE)

    assert named(engine, builder) == named(engine, luggage) == []


@pytest.mark.parametrize(
    ("more", "code", "text"),
    [
        ({"base": "stackwright.invalid/none:1"}, "P162", "has no `stackwright.invalid/none:1`"),
        ({"base": "stackwright/gone-1:0123"}, "P162", "it is made here"),
        ({"python": ">=3.99"}, "P164", "The base has 3."),
        ({"packages": ["six==0.0.99"]}, "P164", "six==0.0.99"),
        ({"system": ["no-such-program"]}, "P163", "Unable to locate package no-such-program"),
    ],
)
def test_images_that_cannot_be(ws: Workspace, more: Spec, code: str, text: str) -> None:
    """Each cause has its words, and no half image is left."""
    with pytest.raises(StackError) as caught:
        image.ensure(ws, environment(f"{KEY}-not", **more), silent, NONE)

    assert caught.value.diagnostics[0].code == code
    assert text in caught.value.diagnostics[0].detail
    assert place.image_size(f"{KEY}-not") == 0


def test_component(engine: docker.APIClient, ws: Workspace, made: str, spec: Callable[..., Spec]) -> None:
    """It runs as nobody special, with its files, and is adopted by whoever asks for the same."""
    one = spec("one")
    seen = component.ensure(ws, one, made, silent, NONE)
    about = engine.inspect_container(f"{ws.id}-one")

    assert component.ensure(ws, one, made, silent, NONE) == seen == component.observe(ws, one)
    assert engine.inspect_container(f"{ws.id}-one")["Id"] == about["Id"]
    assert about["HostConfig"]["CapDrop"] == ["ALL"] and about["HostConfig"]["Init"]
    assert about["HostConfig"]["SecurityOpt"] == ["no-new-privileges:true"]
    assert about["HostConfig"]["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 5}
    assert about["HostConfig"]["MemoryReservation"] == 64 * 2**20
    assert about["Config"]["StopSignal"] == "SIGINT" and about["Config"]["StopTimeout"] == 5
    assert inside(f"{ws.id}-one", "id", "-u") == "10001"
    assert (
        inside(f"{ws.id}-one", "stat", "-c", "%a %u", "/stack/run/conf/auth", "/stack/data") == "600 10001\n700 10001"
    )
    assert inside(f"{ws.id}-one", "cat", "/opt/stack/entry/hello.txt") == "hello"
    secret = Secrets(ws.secrets_file).get_or_make("one.admin")
    assert inside(f"{ws.id}-one", "cat", "/stack/run/conf/auth") == f"pw={secret}"
    assert secret not in json.dumps([about["Config"]["Labels"], about["Config"]["Cmd"], about["Config"]["Healthcheck"]])


def test_published_on_this_machine_only(
    engine: docker.APIClient, ws: Workspace, made: str, spec: Callable[..., Spec]
) -> None:
    """A port is published on 127.0.0.1, and somebody else's port is refused in plain words."""
    published = spec("published")
    published["container"]["publish"] = {"8000": 24917}
    component.ensure(ws, published, made, silent, NONE)

    with urllib.request.urlopen("http://127.0.0.1:24917/made", timeout=5) as answer:
        assert answer.read() == b"x"
    ports = engine.inspect_container(f"{ws.id}-published")["HostConfig"]["PortBindings"]
    assert ports == {"8000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "24917"}]}
    second = spec("second")
    second["container"]["publish"] = {"8000": 24917}
    code, text = refusal(ws, second, made)
    assert code == "P161" and "port is already allocated" in text
    component.stop(ws, "published", silent)


def test_several_processes_are_one_machine(ws: Workspace, made: str, spec: Callable[..., Spec]) -> None:
    """They share a network that outlives each of them, start in order, and are stopped together."""
    call = "import time, urllib.request as u; print(u.urlopen('http://127.0.0.1:8000/made').read()); time.sleep(999)"
    server = {"name": "server", "ready": {"tcp": "127.0.0.1:8000", "timeout": 30}}
    worker = {"name": "worker.0", "command": ["python", "-uc", call], "after": ["server"]}
    two = spec("two", server, worker)
    component.ensure(ws, two, made, silent, NONE)

    assert {name: unit.state for name, unit in place.units(ws).items() if name.startswith("two/")} == {
        "two/server": "up",
        "two/worker.0": "up",
    }
    assert "b'x'" in place.log(ws, "two").last(9)
    # All but the init process and itself.
    kill = (
        "import os; [os.kill(int(p), 9) for p in os.listdir('/proc') if p.isdigit() and int(p) not in (1, os.getpid())]"
    )
    execute(f"{ws.id}-two-server", ["python", "-c", kill], NONE, lambda _line: None)
    until = time.monotonic() + 20
    while place.units(ws)["two/server"].restarts == 0 and time.monotonic() < until:
        time.sleep(0.2)
    asked = ["python", "-c", "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8000/made').read())"]
    component.ensure(ws, two, made, silent, NONE)
    assert inside(f"{ws.id}-two-worker__0", *asked) == "b'x'"
    component.stop(ws, "two", silent)
    assert not [name for name in place.units(ws) if name.startswith("two/")]


def test_what_was_removed_behind_our_back(
    engine: docker.APIClient, ws: Workspace, made: str, spec: Callable[..., Spec]
) -> None:
    """A container that is gone is made again with the same data; a volume that is gone makes another generation."""
    one = spec("one")
    seen = component.ensure(ws, one, made, silent, NONE)
    engine.remove_container(f"{ws.id}-one", force=True)

    assert component.observe(ws, one) is None
    assert component.generation(ws, one) == seen.generation
    assert component.ensure(ws, one, made, silent, NONE) == seen
    assert inside(f"{ws.id}-one", "cat", "/stack/data/made") == "x"

    engine.remove_container(f"{ws.id}-one", force=True)
    engine.remove_volume(f"{ws.id}-one")
    assert component.generation(ws, one) is None
    assert component.ensure(ws, one, made, silent, NONE).generation != seen.generation
    assert inside(f"{ws.id}-one", "cat", "/stack/data/made") == "x"


@pytest.mark.parametrize(
    ("process", "more", "code", "text"),
    [
        ({"command": ["python", "-c", "import os; print(os.environ['PW']); exit(3)"]}, {}, "P167", "status 3"),
        ({"command": ["no-such"]}, {}, "P167", "exec no-such failed"),
        ({}, {"ready": {"tcp": "127.0.0.1:1", "timeout": 1.0}}, "P168", "127.0.0.1:1 does not answer"),
        ({}, {"ready": {"command": ["sh", "-c", "echo nope; exit 4"], "timeout": 1.0}}, "P168", "status 4 (nope)"),
        ({}, {"prepare": [{"command": ["python", "-c", "exit('no way')"], "run": "always"}]}, "P169", "no way"),
    ],
)
def test_components_that_do_not_come_up(
    ws: Workspace, made: str, spec: Callable[..., Spec], process: Spec, more: Spec, code: str, text: str
) -> None:
    """Each cause has its words and the end of the log, and never a secret."""
    found, detail = refusal(ws, spec("bad", process, **more), made)

    assert found == code and text in detail
    assert Secrets(ws.secrets_file).get_or_make("bad.admin") not in detail
    assert all(unit.state != "up" for name, unit in place.units(ws).items() if name.startswith("bad/"))


def test_once_means_once_when_it_succeeded(ws: Workspace, made: str, spec: Callable[..., Spec]) -> None:
    """A `once` step that was broken off finds an empty folder again; what it has made is not made twice."""
    half = [{"command": ["python", "-c", "open('/stack/data/half', 'x'); exit(1)"], "run": "once"}]
    assert refusal(ws, spec("half", prepare=half), made)[0] == "P169"
    assert refusal(ws, spec("half", prepare=half), made)[0] == "P169"  # not "File exists"

    whole = spec("half")
    component.ensure(ws, whole, made, silent, NONE)
    component.ensure(ws, {**whole, "env": {"NEW": "1"}}, made, silent, NONE)
    assert inside(f"{ws.id}-half", "ls", "/stack/data") == "made"
    assert inside(f"{ws.id}-half", "cat", "/stack/data/made") == "x"


def test_another_user_and_a_base_of_ours(
    engine: docker.APIClient, ws: Workspace, made: str, spec: Callable[..., Spec], tmp_path: Path
) -> None:
    """An image can be the base of another, and whoever is named owns the volume and writes where that is wanted."""
    upper = image.ensure(ws, environment(f"{KEY}-upper", base=made, prefix="/opt/stack/jobs"), silent, NONE)
    sizes = [engine.inspect_image(name)["Size"] for name in (made, upper)]
    assert sizes[1] - sizes[0] < 2_000_000  # nothing of the base is there twice
    os.chown(tmp_path, 1234, 1235)
    other = spec("other")
    other["container"] |= {"user": "1234:1235", "mounts": [{"from": str(tmp_path), "to": "/there", "write": True}]}

    component.ensure(ws, other, upper, silent, NONE)

    assert inside(f"{ws.id}-other", "stat", "-c", "%u:%g %a", "/stack", "/stack/data/made").split("\n") == [
        "1234:1235 700",
        "1234:1235 644",
    ]
    assert inside(f"{ws.id}-other", "python", "-c", "import getpass; print(getpass.getuser())") == "stack"
    inside(f"{ws.id}-other", "touch", "/there/new")
    assert (tmp_path / "new").exists()
    component.stop(ws, "other", silent)


def test_relay(engine: docker.APIClient, ws: Workspace, made: str, spec: Callable[..., Spec], tmp_path: Path) -> None:
    """A server on this machine's loopback is on the component's own loopback, for its prepare steps too."""
    (tmp_path / "page").write_text("here")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(tmp_path))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_port
        read = (
            f"import urllib.request as u; print(u.urlopen('http://127.0.0.1:{port}/page', timeout=5).read().decode())"
        )
        before = [{"command": ["python", "-c", f"{read}; open('/stack/data/made', 'w')"], "run": "once"}]
        far = spec("far", prepare=before)
        far["container"]["relay"] = [port]
        seen = component.ensure(ws, far, made, silent, NONE)

        assert inside(f"{ws.id}-far-main", "python", "-c", read) == "here"
        assert set(place.units(ws)) >= {"far/main"} and not [name for name in place.units(ws) if "relay" in name]
        assert engine.inspect_container(f"{ws.id}-far--relay")["HostConfig"]["CapDrop"] == ["ALL"]
        engine.kill(f"{ws.id}-far--relay")
        assert component.observe(ws, far) is None
        assert component.ensure(ws, far, made, silent, NONE) == seen
        assert inside(f"{ws.id}-far-main", "python", "-c", read) == "here"
        server.shutdown()
    component.stop(ws, "far", silent)


def test_grant(ws: Workspace, made: str, spec: Callable[..., Spec]) -> None:
    """It runs beside the server, with its secret in the environment and nowhere else."""
    component.ensure(ws, spec("one"), made, silent, NONE)
    say = "import os; print(os.getuid(), len(os.environ['GRANT_SECRET']), os.environ['STACK_COMPONENT'])"
    asked = {
        "consumer": "a",
        "need": "b",
        "server": "one",
        "secret": "a.b",
        "environment": {"key": KEY, "prefix": "/opt/stack/env"},
        "folder": "/stack",
        "path": [],
        "env": {"GRANT_SECRET": [{"secret": "a.b"}]},
        "command": ["python", "-c", say],
    }

    assert grant.run(ws, asked, "command", NONE) == (0, "10001 32 one")
    with pytest.raises(StackError, match="P172"):
        grant.run(ws, {**asked, "server": "nobody"}, "command", NONE)


def test_logs_go_on(ws: Workspace, made: str, spec: Callable[..., Spec]) -> None:
    """The last lines, then only what is new."""
    component.ensure(ws, spec("one"), made, silent, NONE)
    log = place.log(ws, "one")
    assert len(log.last(1)) == 1
    log.fresh()

    inside(f"{ws.id}-one", "python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/made?new')")
    until, fresh = time.monotonic() + 10, list[str]()
    while not fresh and time.monotonic() < until:
        fresh = [line for line in log.fresh() if "new" in line]

    assert len(fresh) == 1
    assert not [line for line in log.fresh() if "new" in line]


def test_somebody_elses_things(engine: docker.APIClient, ws: Workspace, made: str, spec: Callable[..., Spec]) -> None:
    """A volume or container of the very name but without our label is refused, and survives."""
    engine.create_volume(f"{ws.id}-theirs")
    taken = engine.create_container(BASE, ["true"], name=f"{ws.id}-named")
    try:
        assert refusal(ws, spec("theirs"), made)[0] == "P166"
        assert refusal(ws, spec("named"), made)[0] == "P161"
        place.sweep(ws, keep_images=True)
        network.ensure(ws)
        assert engine.inspect_volume(f"{ws.id}-theirs")
        assert engine.inspect_container(taken)
    finally:
        engine.remove_container(taken)
        engine.remove_volume(f"{ws.id}-theirs")


def test_stop_goes_the_recipes_way(ws: Workspace, made: str, spec: Callable[..., Spec]) -> None:
    """The recipe's signal, its time, and then by force."""
    deaf = [
        "python",
        "-uc",
        "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print('deaf'); time.sleep(999)",
    ]
    slow = spec(
        "slow", {"command": deaf}, ready={"command": ["true"]}, prepare=[], stop={"signal": "INT", "timeout": 2.0}
    )
    component.ensure(ws, slow, made, silent, NONE)
    until = time.monotonic() + 10
    while "deaf" not in place.log(ws, "slow").last(1) and time.monotonic() < until:
        time.sleep(0.1)

    began = time.monotonic()
    component.stop(ws, "slow", silent)

    assert 2.0 <= time.monotonic() - began < 8.0
    assert not [name for name in place.units(ws) if name.startswith("slow/")]


def test_kept_data_go_later(
    engine: docker.APIClient, made: str, spec: Callable[..., Spec], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`down --keep-data` keeps volumes and what knows of them, the next `down` finds them; on one engine only."""
    ws = Workspace.create(tmp_path / ".stack/keep", "keep", str(tmp_path / "stack.yaml"))
    network.ensure(ws)
    kept = spec("kept")
    kept["container"] |= {"name": f"{ws.id}-kept", "network": ws.id, "volume": f"{ws.id}-kept"}
    seen = component.ensure(ws, kept, made, silent, NONE)

    assert [one.kind for one in place.sweep(ws, keep_data=True, keep_images=True)] == ["container", "network"]
    assert place.prove(ws, keep_data=True, keep_images=True)[0] == []
    shutil.rmtree(ws.journal_dir)
    network.ensure(ws)
    assert component.ensure(ws, kept, made, silent, NONE) == seen
    place.sweep(ws, keep_data=True)
    assert [one.kind for one in place.prove(ws)[0]] == ["volume"]
    note = (ws.root / "engine").read_text()
    (ws.root / "engine").write_text("another")
    for act in (place.sweep, place.prove, network.ensure):
        with pytest.raises(StackError, match="P171"):
            act(ws)
    (ws.root / "engine").write_text(note)
    place.sweep(ws)
    assert named(engine, ws.id) == []


def test_names_of_processes(spec: Callable[..., Spec]) -> None:
    """Copies are told apart without a dot."""
    assert containers.name_of(spec("x", {"name": "a"}, {"name": "w.1"}), "w.1").endswith("-x-w__1")
