"""Validate and plan of twelve layers with generated entries, as CPU against a bare interpreter. Ratios of one run."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

LAYERS = [
    "storage",
    "database",
    "data-versioning",
    "data-quality",
    "feature-store",
    "data-pipelines",
    "compute-engine",
    "training",
    "experiment-tracking",
    "model-registry",
    "serving",
    "monitoring",
]

TOOL = """about: Generated tool {n}.
home: https://example.org
license: MIT
kind: service
layers: {{{layer}: full}}
version: "1.{n}"
provides: {{api: web{n}}}
needs:
  before: {{interface: web{previous}, optional: true, about: The tool before it.}}
settings: {{size: {{type: integer, default: 1, about: How much.}}}}
"""
RECIPE = """install: {python: ">=3.11,<3.14"}
secrets: [admin]
command: [python, -m, http.server, "--bind={{ listen.api.host }}", "{{ listen.api.port }}"]
env:
  SIZE: "{{ settings.size }}"
  ADMIN: "{{ secrets.admin }}"
  BEFORE: {first: [{when: needs.before, value: "{{ needs.before.url }}"}, none]}
endpoints: {api: {port: 80}}
ready: {http: "{{ endpoints.api.url }}/"}
"""
RUN = """
import sys
from pathlib import Path
from stackwright.catalog.load import Catalog
from stackwright.manifest.load import load_manifest
from stackwright.resolve import Identity, resolve
folder = Path(sys.argv[1])
catalog = Catalog((folder / "catalog",))
manifest, mistakes = load_manifest(folder / "stack.yaml", catalog)
assert not mistakes, mistakes
if sys.argv[2] == "plan":
    who = Identity("bench-000000", folder / ".stack", {}, False, folder, folder)
    plan, mistakes = resolve(manifest, catalog, who)
    assert plan and len(plan.components) == 12, mistakes
    plan.model_dump_json()
"""


def generate(folder: Path) -> None:
    """A catalog of twelve tools, each wired to the one before, and a manifest that uses them all."""
    interfaces = folder / "catalog" / "_interfaces"
    interfaces.mkdir(parents=True)
    for n, layer in enumerate(LAYERS):
        field = 'fields: {url: {derive: "http://{{ host }}:{{ port }}"}}'
        (interfaces / f"web{n}.yaml").write_text(f"about: Generated.\n{field}\n")
        entry = folder / "catalog" / f"tool{n}"
        entry.mkdir()
        (entry / "tool.yaml").write_text(TOOL.format(n=n, layer=layer, previous=max(0, n - 1)))
        (entry / "recipe.yaml").write_text(RECIPE)
    lines = "".join(f"  {layer}: tool{n}\n" for n, layer in enumerate(LAYERS))
    (folder / "stack.yaml").write_text(f"name: bench\nlayers:\n{lines}")


def cpu(*words: str) -> float:
    """The least CPU seconds of five runs."""
    best = float("inf")
    for _ in range(5):
        process = subprocess.Popen([sys.executable, *words])
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
        assert status == 0, words
        best = min(best, usage.ru_utime + usage.ru_stime)
    return best


def main() -> None:
    """Print both ratios."""
    with tempfile.TemporaryDirectory() as scratch:
        generate(Path(scratch))
        bare = cpu("-c", "pass")
        for what in ("validate", "plan"):
            took = cpu("-c", RUN, scratch, what)
            print(f"{what} of 12 layers  {took * 1000:5.0f} ms CPU = {took / bare:5.1f} x python -c pass")


if __name__ == "__main__":
    main()
