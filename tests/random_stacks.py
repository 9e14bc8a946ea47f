"""Twenty manifests drawn from the proven tools: up, smoke, down and a census each; whoever has an hour runs it.

    python tests/random_stacks.py [--seed N] [--count N] [--only K]… [--draw]

Six to twelve layers, a random tool for each, every wire left to the resolver. A manifest is fine when it is refused
before anything starts, with a reason, or when it comes up, every step passes in both pipelines that speak to all
layers, and a census of everything is equal after it. Each runs in namespaces of its own, with loopback alone.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stackwright.catalog.load import Catalog
from stackwright.catalog.proof import verdict
from stackwright.folders import cache_dir, shipped
from stackwright.yamlfile import read_yaml

STACK = [sys.executable, "-m", "stackwright"]
ISOLATED = [sys.executable, str(Path(__file__).with_name("isolated.py")), "--offline"]
PIPELINES = ("layers", "lifecycle")


def draw(seed: int, count: int) -> Iterator[dict[str, Any]]:
    """The manifests, the same ones for the same seed and the same proofs."""
    catalog, choice = Catalog.shipped(), random.Random(seed)
    doing: dict[str, list[str]] = {}
    for tool in catalog.tools():
        if "process" in catalog.targets(tool) and verdict(catalog, tool).state != "never run":
            for layer in catalog.tool(tool).layers:
                doing.setdefault(layer, []).append(tool)
    jobs = read_yaml(shipped() / "blueprints" / "demo.yaml").data["jobs"]
    for number in range(count):
        layers = choice.sample(sorted(doing), choice.randint(6, min(12, len(doing))))
        chosen = {layer: choice.choice(doing[layer]) for layer in layers}
        yield {"name": f"random-{seed}-{number}", "layers": chosen, "jobs": jobs}


def try_out(manifest: dict[str, Any]) -> tuple[str, str]:
    """`passed`, `refused` (with the resolver's reasons) or `failed`, and what is to be read about it."""
    with tempfile.TemporaryDirectory(prefix="stack-random-") as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)  # some tools run as somebody else
        (folder / "stack.yaml").write_text(json.dumps(manifest))
        checked = said(["validate", "--json"], folder)
        if checked.returncode == 2:
            found = json.loads(checked.stdout)["diagnostics"]
            return "refused", "; ".join(f"{d['code']}: {d['detail']}" for d in found)
        if checked.returncode:
            return "failed", checked.stdout + checked.stderr
        fetched = said(["cache", "prefetch", "--quiet"], folder)
        if fetched.returncode:
            return "failed", fetched.stdout + fetched.stderr
        script = folder / "all.sh"
        stack = " ".join(STACK)
        script.write_text(
            f"cd {folder}; export STACK_STATE_DIR={folder}/state; code=0\n"
            f"{stack} up --quiet && {{\n"
            + "".join(f"{stack} smoke --pipeline {name} --json > {name}.json || code=1\n" for name in PIPELINES)
            + f"}} || code=1\n{stack} down --quiet || code=4\nrm -rf {folder}/state {folder}/.stack; exit $code\n"
        )
        allow = ["--allow", str(cache_dir()), "--allow", str(folder)]
        done = subprocess.run(
            [*ISOLATED, *allow, "--", "bash", str(script)], capture_output=True, text=True, check=False
        )
        problems = [line for name in PIPELINES for line in failures(folder / f"{name}.json")]
        if done.returncode == 0 and not problems:
            return "passed", summary(folder)
        return "failed", "\n".join([*problems, done.stdout[-3000:], done.stderr[-3000:]])


def said(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """A command of ours to its end."""
    return subprocess.run([*STACK, *words], cwd=folder, capture_output=True, text=True, check=False)


def failures(file: Path) -> list[str]:
    """What failed in a pipeline's report; that it ran no step is a failure, too."""
    try:
        report = json.loads(file.read_text())["result"]
    except (OSError, ValueError):
        return [f"no report of {file.stem}"]
    if report is None:
        return [file.read_text()]
    wires = [f"{file.stem}: wire {w['wire']}: {w['detail']}" for w in report["wires"] if not w["passed"]]
    return wires + [
        f"{file.stem}: {step['component']}: {step['name']}: {step['detail']}"
        for step in report["steps"]
        if step["state"] == "failed"
    ]


def summary(folder: Path) -> str:
    """How many steps passed."""
    steps = [s for name in PIPELINES for s in json.loads((folder / f"{name}.json").read_text())["result"]["steps"]]
    return f"{sum(step['state'] == 'passed' for step in steps)} steps passed"


def main() -> int:
    """Try the drawn manifests one after the other; exit 1 where one failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--only", type=int, action="append", metavar="K", help="the K-th of them alone")
    parser.add_argument("--draw", action="store_true", help="only show them")
    options = parser.parse_args()
    verdicts: list[str] = []
    for number, manifest in enumerate(draw(options.seed, options.count)):
        if options.only and number not in options.only:
            continue
        print(f"{manifest['name']}: {' '.join(f'{layer}={tool}' for layer, tool in manifest['layers'].items())}")
        if not options.draw:
            began = time.monotonic()
            outcome, detail = try_out(manifest)
            verdicts.append(outcome)
            print(f"  {outcome} in {time.monotonic() - began:.0f} s: {detail}", flush=True)
    print(", ".join(f"{verdicts.count(kind)} {kind}" for kind in ("passed", "refused", "failed")))
    return 1 if "failed" in verdicts else 0


if __name__ == "__main__":
    sys.exit(main())
