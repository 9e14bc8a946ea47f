"""A manifest with servers and services that run elsewhere, and all that its author may get wrong, as people read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

MANIFESTS = {
    "elsewhere-wrong": """\
name: churn
layers:
  database:
    target: external
    endpoint: {interface: postgres, host: "db corp", port: 5432, database: ml, usename: me, password: hunter2}
  storage:
    target: external
    settings: {region: eu}
    endpoint: {interface: s3, url: "https://s3.corp", bucket: ml, access_key: me}
  experiment-tracking: {tool: wandb, target: hosted, endpoint: {WANDB_API_KEI: {env: KEY}}}
  serving: {tool: mlserver, endpoint: {host: x}}
  monitoring: {target: external}
  labeling: {target: external, endpoint: {interface: postgre, host: x, port: 1}}
  data-quality: {tool: postgres, target: external, endpoint: {interface: s3, password: {env: A, file: b}}}
""",
    "elsewhere-missing": """\
name: churn
layers:
  database:
  - target: external
    endpoint: {interface: postgres, host: db.corp, port: 5432, database: ml, username: me, password: {env: DB_PASSWORD}}
  - target: external
    endpoint: {interface: redis, host: cache.corp, port: 6379, password: {command: ["false", show]}}
  storage:
    target: external
    endpoint: {interface: s3, url: "https://s3.corp", bucket: ml, access_key: me, secret_key: {file: s3.key}}
  experiment-tracking: {tool: wandb, target: hosted}
""",
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_what_is_said(name: str, here: Path, stack: Any, snapshot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every mistake at once, each with its place and what to type; exit code 2, and nothing was made."""
    for variable in ("DB_PASSWORD", "WANDB_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    (here / "stack.yaml").write_text(MANIFESTS[name])
    answer = stack("up", width=100)
    snapshot(name, answer)
    assert answer.code == 2
    assert [path.name for path in here.iterdir()] == ["stack.yaml"]
