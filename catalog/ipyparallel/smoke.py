"""ipyparallel's verbs, spoken with its own client."""

import json
from functools import cache
from pathlib import Path

import ipyparallel

from stackwright_job.entry import load_module


def map(ctx, module, function, items):
    """`function` of the file `module` applied to every item on the engines; `workers` says which one did which."""
    client, name = _client(ctx), Path(module).stem
    # A function travels as its code and is put together again in the module it is from, which has to be there.
    client[:].apply_sync(_provide, name, Path(module).read_text(encoding="utf-8"))
    work = getattr(load_module(Path(module), name), function)
    done = client.load_balanced_view().map_async(work, items, ordered=True)
    results = done.get(timeout=ctx.left)
    # What the controller's replies say of each task.
    return {"results": results, "workers": [str(engine) for engine in done.engine_id]}


def workers(ctx):
    """The ids of the workers that are there."""
    return {"ids": sorted(str(engine) for engine in _client(ctx).ids)}


def _provide(name, source):
    import sys
    import types

    module = types.ModuleType(name)
    exec(compile(source, f"{name}.py", "exec"), module.__dict__)
    sys.modules[name] = module


_provide.__module__ = "__main__"  # the engines have no module of this file's name


def _client(ctx):
    return _connected(ctx.endpoints["controller"]["connection"])


@cache
def _connected(connection):
    return ipyparallel.Client(json.loads(connection), timeout=15)
