"""The cache tells what it holds and for whom, and gives up only what nobody uses."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from stackwright.folders import cache_dir
from stackwright.operations.cache import prune, size
from stackwright.runtime.flock import locked
from stackwright.runtime.workspace import Workspace


def _environment(key: str, days: float) -> Path:
    """One as an install leaves it, wanted last so many days ago."""
    prefix = cache_dir() / "environments" / key
    (prefix / "bin").mkdir(parents=True)
    (prefix / "bin" / "tool").write_bytes(b"x" * 1000)
    (prefix / "complete.json").write_text(json.dumps({"v": 1, "key": key, "bytes": 1000}))
    used = prefix.with_name(f"{key}.used")
    used.touch()
    os.utime(used, (time.time() - days * 86400,) * 2)
    return prefix


@pytest.fixture
def cache(user_folders: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Three environments: of a stack, of nobody for long, of nobody since yesterday; and nobody's container engine."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{user_folders}/no-engine.sock")
    stack = Workspace.create(user_folders / ".stack" / "churn", "churn", str(user_folders / "stack.yaml"))
    stack.plan_file.write_text(json.dumps({"environments": [{"key": "wanted-1"}]}))
    return {key: _environment(key, days) for key, days in (("wanted-1", 99), ("old-2", 40), ("fresh-3", 1))}


def test_size_says_for_whom(cache: dict[str, Path]) -> None:
    """Each environment with its bytes, its days, and the stacks that are made of it."""
    found = {one.key: one for one in size().environments}
    assert found.keys() == cache.keys()
    assert found["wanted-1"].stacks == ("churn",)
    assert found["old-2"].stacks == ()
    assert 39 < found["old-2"].days < 41
    assert found["old-2"].bytes == 1000


def test_prune_takes_what_nobody_uses(cache: dict[str, Path]) -> None:
    """What a stack is made of stays however old, what is fresh stays, and nothing of what goes is left."""
    done = prune(30)
    assert (done.removed, done.bytes) == (("old-2",), 1000)
    assert [key for key, prefix in cache.items() if prefix.exists()] == ["wanted-1", "fresh-3"]
    assert not [
        path for path in (cache_dir() / "environments").iterdir() if "old-2" in path.name if path.stat().st_size
    ]
    assert prune(0).removed == ("fresh-3",)
    assert cache["wanted-1"].exists()


def test_what_is_being_installed_is_left_alone(cache: dict[str, Path]) -> None:
    """Whoever holds an environment's lock keeps it."""
    with locked(cache["old-2"].with_name("old-2.lock")):
        assert prune(30).removed == ()
    assert cache["old-2"].exists()
