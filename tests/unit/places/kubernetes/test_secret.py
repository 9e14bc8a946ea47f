"""What goes into a component's Secret: what is secret and its files, the same each time, and not too much."""

from __future__ import annotations

import base64
import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

import apiserver
from stackwright.errors import StackError
from stackwright.places.kubernetes import labels, secret
from stackwright.runtime.secrets import Secrets
from stackwright.runtime.workspace import Workspace


def test_only_what_is_secret(ws: Workspace, spec: dict[str, Any]) -> None:
    """Variables with secrets by the keys that the chart refers to, plain ones not; files with theirs, private."""
    word = Secrets(ws.secrets_file).get_or_make("database.admin")
    spec["processes"][0]["env"] = {"OWN": [{"secret": "database.admin"}], "MORE": "plain"}

    found = secret.content(ws, spec)

    assert found["env.URL"].decode() == f"x://{word}" and found["main.OWN"].decode() == word
    assert "env.PLAIN" not in found and "main.MORE" not in found
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(found["stack.tgz"]))) as tar:
        member = tar.getmember("run/conf")
        content = tar.extractfile(member)
        assert member.mode == 0o600 and content and content.read().decode() == f"pw={word}"
    assert {"inside.py", "asking.py", "fill.json"} <= set(found)


def test_the_same_is_the_same(ws: Workspace, spec: dict[str, Any], tmp_path: Path) -> None:
    """No time of today is in it: else every `up` would be an upgrade."""
    (tmp_path / "entry").mkdir()
    (tmp_path / "entry/flow.py").write_text("x = 1")
    spec["entry"] = {"from": str(tmp_path / "entry"), "to": "/opt/stack/entry"}
    before = secret.content(ws, spec)
    (tmp_path / "entry/flow.py").touch()

    assert secret.content(ws, spec) == before


def test_too_much_is_refused(ws: Workspace, spec: dict[str, Any], tmp_path: Path) -> None:
    """What does not fit is told by name and size, before the cluster is asked."""
    import os

    (tmp_path / "policies").mkdir()
    (tmp_path / "policies/big.bin").write_bytes(os.urandom(2 << 20))
    spec["pod"]["folders"] = [{"from": str(tmp_path / "policies"), "to": "/opt/stack/folders/policies"}]

    with pytest.raises(StackError) as error:
        secret.content(ws, spec)
    found = error.value.diagnostics[0]
    assert found.code == "P189" and f"the folder `{tmp_path / 'policies'}` with 2,0" in found.detail


def test_it_is_written_where_it_is_another(api: apiserver.Api, ws: Workspace, spec: dict[str, Any]) -> None:
    """What is there and the same keeps its version; with `anew`, or another content, it gets another one."""
    place = f"/api/v1/namespaces/{ws.id}/secrets"
    data = {key: base64.b64encode(value).decode() for key, value in secret.content(ws, spec).items()}
    there = {"metadata": {"name": "database", "annotations": {labels.VERSION: "one"}}, "data": data}
    api.lists(place, there)
    assert secret.ensure(ws, spec) == ("database", "one")
    assert api.done == []

    api.answers[f"{place}/database"] = there | {"data": {**data, "env.URL": "b2xk"}}
    assert secret.ensure(ws, spec)[1] != "one"
    assert secret.ensure(ws, spec, anew=True)[1] != "one"
    verb, path, written = api.done[0]
    assert (verb, path) == ("PUT", f"{place}/database")
    assert written["metadata"]["labels"] == spec["pod"]["labels"]


def test_a_missing_object_is_noticed(api: apiserver.Api, ws: Workspace, spec: dict[str, Any]) -> None:
    """Helm does not see what was removed behind its back; the Secret's version goes, and with it the release is new."""
    api.lists(
        f"/api/v1/namespaces/{ws.id}/secrets", {"metadata": {"name": "database", "annotations": {labels.VERSION: "1"}}}
    )
    for place in (
        secret.workload_path(spec),
        f"/apis/networking.k8s.io/v1/namespaces/{ws.id}/networkpolicies/database",
    ):
        api.answers[place] = {"metadata": {"name": "database"}}
    assert secret.observe(ws, spec) is None

    api.answers[f"/api/v1/namespaces/{ws.id}/services/database"] = {"metadata": {"name": "database"}}
    assert secret.observe(ws, spec) == "1"


def test_changed_steps_follow_what_they_depend_on(ws: Workspace, spec: dict[str, Any]) -> None:
    """A `changed` step is due again when a variable is another, and not because a secret has a value."""

    def inputs() -> str:
        spec["prepare"] = [{"command": ["migrate"], "run": "changed"}]
        return str(json.loads(secret.content(ws, spec)["fill.json"])["prepare"][0]["inputs"])

    before = inputs()
    assert inputs() == before
    spec["env"]["PLAIN"] = "2"
    assert inputs() != before
