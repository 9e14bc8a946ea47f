"""Installs from the real registry."""

from __future__ import annotations

import shutil
import subprocess
import threading
from pathlib import Path

import pytest

import wheels
from stackwright.runtime import install

pytestmark = pytest.mark.live


def test_offline_the_second_time(user_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was resolved and fetched once is installed again without any network, even after the environment is gone."""
    spec = wheels.spec(user_folders / "cache", "tiny-1", "six==1.17.0", "idna", "click>=8")
    prefix = install.ensure_environment(spec, lambda *_: None, threading.Event())
    shutil.rmtree(prefix)
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there
    told: list[str] = []
    prefix = install.ensure_environment(spec, lambda *event: told.append(event[2]), threading.Event())
    done = subprocess.run(
        [prefix / "bin/python", "-c", "import six, idna, click; print(six.__version__)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "1.17.0\n"
    assert told[0].startswith("3 packages with Python")
