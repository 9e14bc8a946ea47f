"""The verb `gpu_check`, for every tool that has none of its own: the product of `stackwright_job.gpu`, where the
layer's work is done.

What spreads work takes it to its workers by its own `map`; a server has it run in its own place, with its own
environment; what trains does that where its verbs are spoken.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stackwright.model.catalog import GPU_CHECK
from stackwright.model.plan import Component
from stackwright.smoke.pipeline import job_result
from stackwright.smoke.site import Site
from stackwright.smoke.worker import UnspokenError, Worker
from stackwright_job import gpu

_A_WORKER, _ROUNDS = 4, 3  # items for each, and how often, so that every one gets some
_Place = dict[str, Any]


def check(site: Site, worker: Callable[[], Worker], layer: str, component: Component) -> dict[str, list[_Place]]:
    """What the verb returns: what was found in every place where the component does this layer's work."""
    if component.elsewhere:
        raise UnspokenError(f"`{component.id}` runs elsewhere, and nobody can look there")
    return {"places": _PLACES[layer](site, worker, component)}


def asked(component: Component) -> int:
    """How many GPUs the recipe, or the manifest, wants for its processes."""
    return sum(process.get("limits", {}).get("gpu", 0) for process in (component.spec or {}).get("processes", ()))


def _workers(_site: Site, worker: Callable[[], Worker], component: Component) -> list[_Place]:
    """The report of each worker that took an item; the last of each, as any of them is as good."""
    spoken, layer = worker(), "compute-engine"
    ids = spoken.call(layer, "workers", {}, {})["ids"]
    work = {"module": gpu.__file__, "function": "on_worker", "items": [*range(_A_WORKER * len(ids))]}
    reports: dict[str, _Place] = {name: {"devices": [], "none": "it took none of the work"} for name in ids}
    for _ in range(_ROUNDS):
        done = spoken.call(layer, "map", work, {})
        reports |= dict(zip(done["workers"], done["results"], strict=True))
        if all("where" in found for found in reports.values()):
            break
    return [{**found, "where": f"{component.id} {name}"} for name, found in sorted(reports.items())]


def _trainer(site: Site, _worker: Callable[[], Worker], component: Component) -> list[_Place]:
    """In a process like that of its verbs, which train."""
    environment, folder = site.environment_of(component), site.workspace / "jobs" / "smoke" / "_gpu"
    words = [str(site.prefix(environment) / "bin" / "python"), *_script()]
    variables = {name: site.text(value) for name, value in component.env.items()}
    env = variables | site.process_env(environment, folder)
    done = subprocess.run(
        words, cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        timeout=site.timeout("training", GPU_CHECK),
    )  # fmt: skip
    return [_reported(component, done.stdout + done.stderr)]


def _server(site: Site, _worker: Callable[[], Worker], component: Component) -> list[_Place]:
    if site.inside is None:
        raise UnspokenError("nothing can be run inside a component here")
    python = f"{(component.spec or {})['environment']['prefix']}/bin/python"
    return [_reported(component, site.inside(component, [python, *_script()]))]


def _script() -> list[str]:
    """The check as words for any Python, wherever that is: nothing of ours need be there."""
    return ["-I", "-S", "-c", Path(gpu.__file__).read_text(encoding="utf-8")]


def _reported(component: Component, said: str) -> _Place:
    return {**job_result(said), "where": component.id}


_PLACES = {"compute-engine": _workers, "training": _trainer, "serving": _server}
