"""Where software comes from beside PyPI: one module a source, each with one function that fills an environment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from stackwright.folders import cache_dir
from stackwright.runtime.sources import archive, debian, go, maven, npm
from stackwright.runtime.sources.work import Work

_SOURCES = {"debian": debian, "npm": npm, "maven": maven, "go": go, "archive": archive}
INSTALL: dict[str, Callable[[Work], dict[str, str]]] = {name: source.install for name, source in _SOURCES.items()}
# What each calls on this machine; looked for before anything starts.
PROGRAMS: dict[str, tuple[str, ...]] = {name: source.PROGRAMS for name, source in _SOURCES.items()}
# The package that has a program, where its name is another.
PACKAGES = {"mvn": "maven", "go": "golang", "node": "nodejs", "java": "default-jre-headless"}
# Those whose words alone do not say what comes have a lock in the entry.
_LOCK: dict[str, Callable[[Work], str]] = {"npm": npm.lock, "maven": maven.lock}


def lock(source: str, wanted: tuple[str, ...]) -> str:
    """What a source would install now, with hashes."""
    with TemporaryDirectory() as folder:
        place, cache = Path(folder), cache_dir() / "sources" / source
        cache.mkdir(parents=True, exist_ok=True)
        none = threading.Event()
        work = Work("lock", wanted, None, place, place, place, cache, lambda _text: None, none)
        return _LOCK[source](work)
