"""Grants run beside the live server, with secrets in the environment only."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from stackwright.errors import StackError
from stackwright.runtime import component, grant, shares
from stackwright.runtime.secrets import Secrets
from webstack import Stack, argv_of_everything


def spec(stack: Stack, program: str, **changed: Any) -> dict[str, Any]:
    server = stack.spec("database")
    component.ensure(stack.ws, server, stack.progress, stack.cancel)
    return {
        "v": 1,
        "name": "app-store",
        "consumer": "app",
        "need": "store",
        "server": "database",
        "secret": "app.store",
        "environment": server["environment"],
        "path": [],
        "folder": server["folder"],
        "unprivileged": False,
        "command": ["python", "-c", program],
        "env": {"GRANT_NAME": "app-store", "GRANT_SECRET": [{"secret": "app.store"}]},
    } | changed


def give(stack: Stack, asked: dict[str, Any]) -> None:
    grant.ensure_grant(stack.ws, asked, stack.progress, stack.cancel)


def test_a_grant_gets_its_name_and_secret(stack: Stack) -> None:
    """The command runs in the server's folder and environment, with the consumer's secret by variable."""
    asked = spec(
        stack, "import json, os, time; time.sleep(0.3); json.dump(dict(os.environ), open('../data/granted', 'w'))"
    )
    seen: list[str] = []
    done = threading.Event()
    looking = threading.Thread(
        target=lambda: [seen.append(argv_of_everything()) for _ in iter(lambda: done.wait(0.02), True)]
    )
    looking.start()
    give(stack, asked)
    done.set()
    looking.join()
    granted = Path(asked["folder"], "data/granted").read_text()
    secret = Secrets(stack.ws.secrets_file).get_or_make("app.store")
    assert f'"GRANT_SECRET": "{secret}"' in granted and '"GRANT_NAME": "app-store"' in granted
    assert f'"HOME": "{asked["folder"]}/home"' in granted and '"STACK_COMPONENT": "database"' in granted
    assert any("json.dump" in argv for argv in seen) and not any(secret in argv for argv in seen)
    assert ("app.store", "granting", "a share of database") in stack.told


def test_a_server_that_refuses_at_first_is_asked_again(stack: Stack) -> None:
    """A server that is just up may refuse a few times; that is no failure."""
    asked = spec(
        stack, "import sys; f = open('../data/tries', 'a+'); f.write('x'); f.seek(0); sys.exit(len(f.read()) < 3)"
    )
    give(stack, asked)
    assert Path(asked["folder"], "data/tries").read_text() == "xxx"


def test_a_refusal_is_told_without_the_secret(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the last try the wire, the server and what was said are told; the secret that was said is not."""
    monkeypatch.setattr(grant, "_PAUSES", (0.01,))
    asked = spec(stack, "import os, sys; sys.exit('bad password ' + os.environ['GRANT_SECRET'])")
    with pytest.raises(StackError) as caught:
        give(stack, asked)
    (told,) = caught.value.diagnostics
    assert told.code == "P130"
    assert "`app.store`" in told.detail and "`database`" in told.detail
    assert told.detail.endswith("exited with status 1. It said:\n  bad password ***")
    assert told.hint.endswith("    stack logs database")


def test_a_hanging_grant_ends(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that never ends is ended with its children, and told so."""
    monkeypatch.setattr(grant, "_TIMEOUT", 1.0)
    asked = spec(stack, "import subprocess; subprocess.run(['sleep', '4242'])")
    with pytest.raises(StackError) as caught:
        give(stack, asked)
    assert "did not end within 1 s" in caught.value.diagnostics[0].detail
    assert "sleep 4242" not in argv_of_everything().replace("'sleep', '4242'", "")


def test_a_secret_word_is_refused(stack: Stack) -> None:
    """A grant whose command line would show the secret is not run."""
    asked = spec(stack, "pass")
    asked["command"] = ["python", "-c", [{"secret": "app.store"}]]
    with pytest.raises(StackError, match="P120"):
        give(stack, asked)


SHARE = "import os, pathlib, sys; sys.exit(0 if pathlib.Path('../data/may').exists() else 'no right to')"


def elsewhere(stack: Stack, program: str) -> dict[str, Any]:
    """A share of a server that outlives the stack."""
    asked = spec(stack, program, name="it-1-app-store", revoke=["python", "-c", SHARE])
    return {**asked, "folder": str(stack.ws.components / "far")}  # which nobody has made


def test_a_share_elsewhere_is_noted_before_it_is_asked_for(stack: Stack) -> None:
    """Whatever becomes of the command, `down` knows what may be there; the note holds no secret."""
    asked = elsewhere(stack, "import pathlib, sys; sys.exit(str(list(pathlib.Path('../../../shares').iterdir())))")
    stack.cancel.set()
    with pytest.raises(BaseException):  # noqa: B017 (cancelled)
        give(stack, asked)
    stack.cancel.clear()
    (noted,) = shares.noted(stack.ws)
    assert noted == asked
    file = stack.ws.shares / "it-1-app-store.json"
    assert file.stat().st_mode & 0o077 == 0
    assert Secrets(stack.ws.secrets_file).get_or_make("app.store") not in file.read_text()


def test_a_share_elsewhere_is_taken_back_once_it_can_be(stack: Stack) -> None:
    """What cannot be taken back stays noted, with the server's words; what is taken back is forgotten."""
    asked = elsewhere(stack, "")
    give(stack, asked)
    assert grant.revoke_grant(stack.ws, asked, stack.cancel) == "no right to"
    assert shares.noted(stack.ws) == [asked]
    data = Path(asked["folder"], "data")
    data.mkdir()
    (data / "may").touch()
    assert grant.revoke_grant(stack.ws, asked, stack.cancel) == ""
    assert shares.noted(stack.ws) == []
