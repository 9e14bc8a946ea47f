"""The user's cache of environments: how big, what for, filled ahead, and emptied of what nobody uses."""

from __future__ import annotations

import time

from stackwright.folders import cache_dir
from stackwright.model.report import CachedEnvironment, CacheSize, Prefetched, Progress, Pruned
from stackwright.operations import places
from stackwright.operations.find import Target

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
    from stackwright.operations.work import install
    from stackwright.runtime.install import environment_complete

    wanted = [one for one in resolved(target)[1].environments if not one.base]
    there = tuple(one.key for one in wanted if environment_complete(one.spec))
    for one in wanted:
        install(one, progress)
    return Prefetched(tuple(one.key for one in wanted if one.key not in there), there)
