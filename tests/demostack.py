"""The demo's nine layers as a stack of a test's own, and what an administrator can do behind its back."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from livestack import Live
from stackwright.folders import shipped
from stackwright.model.plan import Plan
from stackwright.runtime.secrets import Secrets
from stackwright.smoke.site import Site

BEHIND = "BEHIND_THE_STACKS_BACK"  # in the environment of what a test starts with a password
# Every wire is probed before the steps of a pipeline, and this one has next to none.
PROBES_ONLY = """
from stackwright.smoke.pipeline import Pipeline
PIPELINE = Pipeline("probes")
@PIPELINE.step("nothing", "database")
def nothing(run):
    return {}
"""


@contextmanager
def demo(root: Path, name: str) -> Iterator[Live]:
    """Its manifest and a pipeline `probes.py` in a folder of that name; down in the end, whatever happened to it."""
    stack = Live(root / name, f"{name}{os.getpid()}")  # ports go by the name, and several may run at once
    stack.folder.mkdir()
    try:
        stack.stack("init", "--blueprint", "demo", "--yes")
        manifest = stack.folder / "stack.yaml"
        manifest.write_text(re.sub(r"(?m)^name: .*", f"name: {stack.name}", manifest.read_text()))
        (stack.folder / "probes.py").write_text(PROBES_ONLY)
        yield stack
    finally:
        if stack.watermark():
            stack.down()


def site_of(stack: Live) -> Site:
    """The stack with its wires and its secrets as they are now."""
    plan = Plan.model_validate_json((stack.root / "plan.json").read_text())
    return Site(plan, stack.root, Secrets(stack.root / "secrets.json"), {}, (shipped() / "catalog",))


def sql(stack: Live, *statements: str) -> None:
    """What the database's administrator says."""
    site = site_of(stack)
    database = site.plan.component("database")
    assert database.spec
    login = {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(database.ports["sql"]),
        "PGUSER": "stack",
        "PGDATABASE": "postgres",
        "PGPASSWORD": site.secrets.fill([{"secret": "database.admin"}]),
        BEHIND: "1",
    }
    words = [word for statement in statements for word in ("-c", statement)]
    psql = [f"{database.spec['path'][0]}/psql", "-X", "-q", "-v", "ON_ERROR_STOP=1"]
    subprocess.run([*psql, *words], env=login, check=True, stdout=subprocess.DEVNULL)
