"""A stack that has a component in a cluster of canned answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import apiserver
from stackwright.places.kubernetes import cluster
from stackwright.runtime.workspace import Workspace


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[apiserver.Api]:
    """The API server that the environment's kubeconfig names."""
    with apiserver.api(tmp_path) as told:
        monkeypatch.setenv("KUBECONFIG", str(told.kubeconfig))
        monkeypatch.delenv("HTTPS_PROXY", raising=False)
        cluster.forget()
        yield told
        cluster.forget()


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A stack's workspace."""
    monkeypatch.setenv("STACK_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "state").mkdir()
    root = tmp_path / ".stack" / "tiny"
    root.mkdir(parents=True)
    return Workspace.create(root, "tiny", str(tmp_path / "stack.yaml"))


@pytest.fixture
def spec(ws: Workspace) -> dict[str, Any]:
    """A component with data, one process, and a secret in its environment; the plan has it, too."""
    made = {
        "v": 1, "component": "database", "tool": "tinydb",
        "environment": {"key": "tinydb-1", "prefix": "/opt/stack/env"}, "path": [], "folder": "/stack",
        "entry": None, "files": [{"path": "/stack/run/conf", "content": ["pw=", {"secret": "database.admin"}]}],
        "prepare": [], "env": {"PLAIN": "1", "URL": ["x://", {"secret": "database.admin"}]},
        "processes": [{"name": "main", "command": ["db"], "env": {}, "after": [], "ready": None}],
        "ready": {"tcp": "127.0.0.1:5432", "timeout": 30.0}, "stop": {"signal": "INT", "timeout": 5.0},
        "ports": {"sql": 5432},
        "pod": {
            "namespace": ws.id, "name": "database", "publish": {"5432": 20001}, "storage": "1Gi",
            "labels": {"stackwright.stack": ws.id, "stackwright.component": "database"},
            "storage_class": None, "folders": [], "jobs": [],
        },
    }  # fmt: skip
    ws.plan_file.write_text(json.dumps({"components": [{"id": "database", "spec": made}]}))
    return made
