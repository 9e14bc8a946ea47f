"""The user's cache of environments: how big, what for, filled ahead, and emptied of what nobody uses."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from stackwright.folders import cache_dir
from stackwright.model.report import CachedEnvironment, CacheSize, Event, Prefetched, Pruned
from stackwright.operations import places
from stackwright.operations.find import Target

if TYPE_CHECKING:
    from stackwright.model.report import Progress

_DAY = 86400.0


def size() -> CacheSize:
    """Everything in it, the largest environments first."""
    from stackwright.runtime import cached

    now = time.time()
    known = [
        CachedEnvironment(one.key, one.bytes, (now - one.used) / _DAY, one.stacks) for one in cached.environments()
    ]
    other = sum(path.stat().st_size for path in cached.loose())
    return CacheSize(str(cache_dir()), other, tuple(sorted(known, key=lambda one: -one.bytes)), tuple(places.images()))


def prune(days: float) -> Pruned:
    """Take away what no stack of this user is made of and nobody has wanted for so many days, images too."""
    from stackwright.runtime import cached

    limit = time.time() - days * _DAY
    old = [one for one in cached.environments() if not one.stacks and one.used <= limit]
    gone = [one for one in old if cached.remove(one.key)]
    images = places.prune_images(limit)
    names = [one.key for one in gone] + [name for name, _ in images]
    return Pruned(tuple(names), sum(one.bytes for one in gone) + sum(size for _, size in images))


def prefetch(target: Target, progress: Progress) -> Prefetched:
    """Install what a manifest's stack needs, so that its `up` needs no network."""
    from stackwright.operations.plan import resolved
    from stackwright.runtime.install import ensure_environment, environment_complete

    def tell(subject: str, phase: str, text: str) -> None:
        progress(Event(subject, phase, text))

    wanted = [one.spec for one in resolved(target)[1].environments if not one.base]
    there = [spec["key"] for spec in wanted if environment_complete(spec)]
    for spec in wanted:
        ensure_environment(spec, tell, threading.Event())
    return Prefetched(tuple(spec["key"] for spec in wanted if spec["key"] not in there), tuple(there))
