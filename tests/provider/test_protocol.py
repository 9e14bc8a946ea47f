"""Real Terraform against the servicer with one small resource: what the protocol may send comes back as it was."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stackwright.engine.find import find_terraform
from stackwright.engine.hosted import clean_environment
from stackwright.errors import Diagnostic, StackError
from stackwright.provider.address import ADDRESS, reattach
from stackwright.provider.schema import Attribute, Schema
from stackwright.provider.server import Server
from stackwright.provider.session import Session
from stackwright.provider.values import UNKNOWN

VALUES = ["object", {"numbers": ["list", "number"], "names": ["map", "string"], "nothing": "string", "yes": "bool"}]


class Echo:
    """A thing that is what it is given, and remembers what it was asked."""

    schema = Schema(
        (
            Attribute("name", "Another name is another thing.", replace=True),
            Attribute("values", "Any values.", VALUES),
            Attribute("seen", "Known after apply.", computed=True),
        )
    )

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.fail = ""

    def validate(self, config: dict[str, Any]) -> None:
        self.calls.append(("validate", config))

    def read(self, state: dict[str, Any]) -> dict[str, Any] | None:
        self.calls.append(("read", state))
        return state

    def plan(self, prior: dict[str, Any] | None, proposed: dict[str, Any]) -> dict[str, Any]:
        self.calls.append(("plan", proposed))
        changed = prior is None or any(prior[k] != proposed[k] for k in ("name", "values"))
        return {**proposed, "seen": UNKNOWN if changed else prior["seen"]}

    def apply(self, prior: dict[str, Any] | None, planned: dict[str, Any]) -> dict[str, Any]:
        self.calls.append(("apply", planned))
        if self.fail == "stack":
            raise StackError(Diagnostic("X001", "it failed", "In this way.", hint="do this"))
        if self.fail:
            raise RuntimeError(self.fail)
        return {**planned, "seen": f"seen {planned['name']}"}

    def delete(self, prior: dict[str, Any]) -> None:
        self.calls.append(("delete", prior))


class Root:
    """A root module of echoes and a Terraform that runs it."""

    def __init__(self, folder: Path, echo: Echo, environment: dict[str, str]) -> None:
        self.folder, self.echo, self.environment = folder, echo, environment

    def write(self, body: str) -> None:
        head = 'terraform {\n  required_providers {\n    stackwright = { source = "' + ADDRESS + '" }\n  }\n}\n'
        (self.folder / "main.tf").write_text(head + body, encoding="utf-8")

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [*find_terraform().command, *words]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )

    def apply(self) -> subprocess.CompletedProcess[str]:
        return self.run("apply", "-auto-approve", "-no-color")

    def attributes(self) -> dict[str, Any]:
        state = json.loads((self.folder / "terraform.tfstate").read_text())
        return state["resources"][0]["instances"][0]["attributes"]


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Root]:
    echo = Echo()
    server = Server(Session(), {"stackwright_echo": echo}, str(tmp_path / "s"))
    environment = {**clean_environment(tmp_path), "TF_REATTACH_PROVIDERS": json.dumps(reattach(str(tmp_path / "s")))}
    root = Root(tmp_path, echo, environment)
    root.write("")
    assert root.run("init").returncode == 0
    yield root
    server.stop()


def test_values_arrive_and_stay(root: Root) -> None:
    """Fractions, huge integers, nulls and hostile strings arrive exactly, and the next plan is empty."""
    root.write("""
resource "stackwright_echo" "a" {
  name = "a"
  values = {
    numbers = [1, 0.1, 1e30, 12345678901234567890123]
    names   = { "k\\n$${x}" = "%%{if}" }
    nothing = null
    yes     = true
  }
}""")

    assert root.apply().returncode == 0

    applied = dict(root.echo.calls)["apply"]["values"]
    assert applied["numbers"][0] == 1
    assert float(applied["numbers"][1]) == 0.1
    assert applied["numbers"][2:] == [10**30, 12345678901234567890123]
    assert applied["names"] == {"k\n${x}": "%{if}"}
    assert applied["nothing"] is None
    assert root.run("plan", "-detailed-exitcode").returncode == 0


def test_refined_unknown(root: Root) -> None:
    """An unknown about which Terraform knows something ("starts with") is still UNKNOWN while planning."""
    root.write(
        'resource "stackwright_echo" "a" {\n  name = "a"\n}\n'
        'resource "stackwright_echo" "b" {\n  name = "b-${stackwright_echo.a.seen}"\n}'
    )

    assert root.apply().returncode == 0

    planned = [value["name"] for call, value in root.echo.calls if call == "plan"]
    assert UNKNOWN in planned
    assert "b-seen a" in [value["name"] for call, value in root.echo.calls if call == "apply"]


def test_replace(root: Root) -> None:
    """Another value of an attribute marked `replace` deletes the old thing and makes a new one."""
    root.write('resource "stackwright_echo" "a" {\n  name = "a"\n}')
    root.apply()
    root.echo.calls.clear()
    root.write('resource "stackwright_echo" "a" {\n  name = "b"\n}')

    assert root.apply().returncode == 0

    assert [call for call, _ in root.echo.calls if call in ("delete", "apply")] == ["delete", "apply"]


@pytest.mark.parametrize(("fail", "expected"), [("stack", "X001: it failed"), ("boom", "E002: provider failed")])
def test_failed_update_keeps_the_state(root: Root, fail: str, expected: str) -> None:
    """An update that fails is an error in Terraform, and the state stays what it was."""
    values = '{ numbers = [1], names = {}, nothing = "", yes = true }'
    root.write('resource "stackwright_echo" "a" {\n  name = "a"\n  values = ' + values + "\n}")
    root.apply()
    before = root.attributes()
    root.echo.fail = fail
    root.write('resource "stackwright_echo" "a" {\n  name = "a"\n}')

    failed = root.apply()

    assert failed.returncode == 1
    assert expected in failed.stderr
    assert root.attributes() == before


def test_stop_sets_the_event(tmp_path: Path) -> None:
    """StopProvider only asks; nothing ends by it."""
    from stackwright.provider.messages import message
    from stackwright.provider.servicer import Servicer

    session = Session()
    handlers: dict[str, Callable[[Any, Any], Any]] = Servicer(session, {}).handlers()
    handlers["StopProvider"](message("StopProvider.Request")(), None)

    assert session.cancel.is_set()


def test_every_call_is_known() -> None:
    """The servicer answers exactly the calls whose messages are defined."""
    from stackwright.provider.messages import methods
    from stackwright.provider.servicer import Servicer

    assert sorted(Servicer(Session(), {}).handlers()) == sorted(methods())
