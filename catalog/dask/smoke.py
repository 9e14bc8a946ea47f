"""Dask's verbs, spoken with its own client."""

from functools import cache
from pathlib import Path

from distributed import Client

from stackwright_job.entry import load_module


def map(ctx, module, function, items):
    """`function` of the file `module` applied to every item on the workers; `workers` says which one did which."""
    client = _client(ctx)
    client.upload_file(module)
    futures = client.map(getattr(load_module(Path(module), Path(module).stem), function), items, pure=False)
    results = client.gather(futures)
    # Asked from the scheduler, not from the function: where each result was made.
    where = client.who_has(futures)
    return {"results": results, "workers": [where[future.key][0] for future in futures]}


def workers(ctx):
    """The ids of the workers that are there."""
    return {"ids": sorted(_client(ctx).scheduler_info(n_workers=-1)["workers"])}


def _client(ctx):
    return _connected(ctx.endpoints["scheduler"]["url"])


@cache
def _connected(url):
    return Client(url, timeout=15, set_as_default=False)
