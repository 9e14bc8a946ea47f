"""The scratch stack that a tool is proven in: the tool, and whatever the steps about its layers need beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from stackwright import folders
from stackwright.catalog.load import Catalog
from stackwright.manifest.blueprints import read_blueprint
from stackwright.model.catalog import Tool
from stackwright.model.deployer import CONTAINED, KubernetesDeployer
from stackwright.model.manifest import layers_of
from stackwright.operations.down import down
from stackwright.operations.find import DEMO, MANIFEST, PROOF, Target, find, forget_own
from stackwright.runtime import index
from stackwright.runtime.workspace import Workspace
from stackwright.smoke.pipeline import StepSpec


class Terms(NamedTuple):
    """What a proof is made with beside the tool."""

    keep: bool = False  # leave the stack of a tool that failed
    base: str | None = None  # of images
    private: bool = False  # nobody else sees the /tmp that this process sees
    cluster: tuple[tuple[str, str], ...] = ()  # what the manifest's `cluster:` says

    @property
    def words(self) -> str:
        """The same as options of the command."""
        base = f" --base {self.base}" if self.base else ""
        return base + "".join(f" --cluster {key}={value}" for key, value in self.cluster)


_USUAL = Terms()
_LONGEST = 31  # a stack's name


def stack_name(tool_id: str, target: str) -> str:
    """`prove-<tool>`: one such stack at a time, found by `stack list` should we be killed."""
    name = f"{PROOF}{tool_id}" + ("" if target == "process" else f"-{target}")
    if len(name) <= _LONGEST:
        return name
    return f"{name[: _LONGEST - 7]}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def manifest_of(
    catalog: Catalog, tool: Tool, target: str, steps: Sequence[StepSpec], terms: Terms = _USUAL
) -> dict[str, Any]:
    """The manifest of the scratch stack: the tool, what its needs are answered by, and else the demo's tools."""
    demo = read_blueprint(DEMO).data
    usual = {layer: chosen for key, chosen in demo["layers"].items() for layer in layers_of(key)}
    asked = {layer: usual[layer] for layer in sorted(_asked(tool.layers, steps)) if layer in usual}
    layers = asked | _answers(catalog, tool) | {layer: {"tool": tool.id, "target": target} for layer in tool.layers}
    stack = {"name": stack_name(tool.id, target), "target": "process", "layers": layers}
    if target in CONTAINED:  # what it needs has to be where it can reach it; jobs are run on this machine
        stack |= {"target": target} | ({"docker": {"base": terms.base}} if terms.base else {})
        stack |= {"cluster": dict(terms.cluster)} if target == KubernetesDeployer.target and terms.cluster else {}
        runners = [layer for layer in asked if layer not in tool.layers and "run_job" in catalog.layers()[layer].verbs]
        layers |= {layer: {"tool": asked[layer], "target": "process"} for layer in runners}
    if _about_models(catalog, tool, layers):
        stack["jobs"] = demo["jobs"]
    return stack | ({"catalogs": list(catalog.names)} if catalog.names else {})


def _answers(catalog: Catalog, tool: Tool) -> dict[str, str]:
    """The tools that join for its required needs anyhow, with their layers: so steps may speak to them, too.

    A server that loads models from a registry is shown a model that is in it.
    """
    joining = [catalog.interface(need.interface[0]).default for need in tool.needs.values() if not need.optional]
    return {
        layer: name for name in joining if name for layer, full in catalog.tool(name).layers.items() if full == "full"
    }


def _about_models(catalog: Catalog, tool: Tool, layers: Iterable[str]) -> bool:
    """Whether models are made or loaded by the stack's jobs; their packages are large, and few tools need them."""
    recipe, known = catalog.recipe(tool.id), catalog.layers()
    verbs = [verb for layer in layers if layer in known for verb in known[layer].verbs.values()]
    shares = recipe is not None and recipe.install.with_ == "jobs"
    return shares or any("model" in name for verb in verbs for name in (*verb.takes, *verb.returns))


def _asked(own: Iterable[str], steps: Sequence[StepSpec]) -> set[str]:
    """Every layer that the steps about these layers speak to, and the steps that those wait for."""
    named = {step.name: step for step in steps}
    todo = [step for step in steps if step.layers[0] in own]
    found: set[str] = set()
    seen: set[str] = set()
    while todo:
        step = todo.pop()
        if step.name not in seen:
            seen.add(step.name)
            found.update(step.layers)
            todo += [named[name] for name in step.needs]
    return found


def has_what_it_needs(own: Iterable[str], there: set[str], steps: Sequence[StepSpec]) -> bool:
    """Whether a stack of these layers can run any of the pipeline's steps about the tool's own."""
    runs: set[str] = set()
    for step in steps:  # in their order: a step waits for earlier ones only
        if set(step.layers) <= there and set(step.needs) <= runs:
            runs.add(step.name)
    return any(step.name in runs and step.layers[0] in own for step in steps)


@contextmanager
def scratch(manifest: dict[str, Any]) -> Iterator[Path]:
    """A manifest in a folder of its own; one that an earlier, killed run left is taken down first."""
    name = manifest["name"]
    for other in [workspace for workspace in Workspace.all() if workspace.name == name]:
        down(Target(None, other, name), False, lambda _: None)
    file = folders.state_dir() / name / MANIFEST
    with index.lock():  # first of all in the state folder, so that it notes what had to be made
        file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    file.write_text(json.dumps(manifest, indent=1), encoding="utf-8")  # a JSON document is a YAML document
    try:
        yield file
    finally:
        if file.is_file() and find(file).workspace is None:  # else something is left, for `stack down` to find
            forget_own(file)
