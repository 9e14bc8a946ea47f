"""Servers that somebody has already: wired like any other, never stopped, and left as they were."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from exposure import Search
from foreign import PASSWORD, S3_KEY, Foreign, foreign
from livestack import Live, place

pytestmark = pytest.mark.live

LAYERS = {"data-versioning": "dvc", "experiment-tracking": "mlflow"}
# As they are, and as they stand in JSON.
KNOWN = {"database.password": PASSWORD, "storage.secret_key": S3_KEY}
SECRETS = Search(KNOWN | {f"{name} in JSON": json.dumps(secret)[1:-1] for name, secret in KNOWN.items()})


@pytest.fixture(scope="module")
def servers() -> Iterator[Foreign]:
    """The servers, started by hand."""
    with place() as root, foreign(root / "servers") as started:
        yield started


@pytest.fixture
def stack(servers: Foreign) -> Iterator[Live]:
    """A stack beside them, with its owner's secrets at hand; whatever happened, it is down in the end."""
    with place() as root:
        made = Live(root / "stack", "external", {"DB_PASSWORD": PASSWORD}).write({})
        shutil.copy(servers.folder / "s3.key", made.folder)
        yield made
        if made.watermark():
            made.down()


def test_a_whole_life(stack: Live, servers: Foreign) -> None:
    """Up, smoke and down beside data that is not ours: what was there is there, and nothing else; both still run."""
    before = servers.owners()
    stack.write({**servers.endpoints("helper"), **LAYERS})
    stack.stack("up")
    during = servers.owners()
    mine = json.loads((stack.root / "stack.json").read_text())["id"]
    assert {name for name in during["buckets"] if name not in before["buckets"]} == {
        name for name in during["buckets"] if name.startswith(f"{mine}-")
    }
    assert len(during["databases"]) == len(before["databases"]) + 2
    assert (during["rows"], during["buckets"]["mine"]) == (before["rows"], before["buckets"]["mine"])
    states = {c["id"]: c["state"] for c in stack.answer("status")["components"]}
    assert (states["database"], states["storage"], states["experiment-tracking"]) == ("external", "external", "up")
    report = stack.answer("smoke")
    assert {s["layer"] for s in report["steps"] if s["state"] == "passed"} >= {"storage", "database", "data-versioning"}
    said = stack.stack("outputs") + stack.stack("logs", "experiment-tracking") + stack.stack("plan")
    assert SECRETS(said) == set()
    found = SECRETS.files(stack.root)
    assert found.pop(stack.root / "secrets.json")
    assert found == {path: keys for path, keys in found.items() if "components/experiment-tracking/data" in str(path)}
    assert "log is there" in stack.stack("logs", "database", code=2)
    stack.stack("up")  # changes nothing, and asks for nothing twice
    stack.stack("down")
    assert not stack.root.exists()
    assert servers.owners() == before
    assert servers.alive


def test_shares_of_what_left_the_stack_are_taken_back(stack: Live, servers: Foreign) -> None:
    """`up` without a consumer takes its shares back; `down --keep-data` keeps those of the others until they go."""
    before = servers.owners()
    stack.write({**servers.endpoints("helper"), "data-versioning": "dvc"})
    stack.stack("up")
    buckets = set(servers.owners()["buckets"])
    stack.write(servers.endpoints("helper"))
    stack.stack("up")
    assert len(set(servers.owners()["buckets"])) == len(buckets) - 1
    stack.stack("down", "--keep-data")
    assert len(set(servers.owners()["buckets"])) == len(buckets) - 1
    stack.stack("down")
    assert servers.owners() == before


@pytest.mark.parametrize(
    ("user", "variables", "code", "said"),
    [
        ("helper", {"DB_PASSWORD": "wrong"}, 1, ("P031", "`database`", "password authentication failed", "started")),
        ("guest", {}, 1, ("P130", "permission denied", "the right to make a share")),
    ],
)
def test_what_does_not_let_us_in(
    stack: Live, servers: Foreign, user: str, variables: dict[str, str], code: int, said: tuple[str, ...]
) -> None:
    """Wrong credentials are told before anything is started; a user without rights, with what it lacks."""
    before = servers.owners()
    stack.write({**servers.endpoints(user), "data-versioning": "dvc"})
    told = stack.stack("up", code=code, **variables)
    assert [words for words in said if words not in told] == []
    assert SECRETS(told) == set()
    assert [proc for proc in stack.marked() if proc.name == "stack-keeper"] == []
    stack.stack("down")
    assert servers.owners() == before


def test_a_server_that_is_gone_at_the_end(stack: Live, servers: Foreign) -> None:
    """What cannot be taken back is said and not forgotten; the next `down` takes it back."""
    before = servers.owners()
    stack.write(servers.endpoints("helper"))
    stack.stack("up")
    with servers.unreachable():
        told = stack.stack("down", code=4)
    assert "share" in told and "external-" in told
    assert Path(stack.root / "secrets.json").exists()
    stack.stack("down")
    assert servers.owners() == before
