"""Writes an entry's lock.txt: what its recipe installs on every platform, exact and hashed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

from stackwright.catalog.load import Catalog
from stackwright.catalog.refs import evaluate
from stackwright.catalog.rules.beside import leaks_in
from stackwright.errors import Diagnostic, StackError
from stackwright.model.catalog import SOURCES, Recipe

TIMEOUT = 600.0


def lock(catalog: Catalog, tool_id: str, upgrade: bool = False) -> Path:
    """Resolve the recipe's packages and write lock.txt; pins that still fit stay, unless `upgrade`."""
    recipe = catalog.recipe(tool_id)
    if recipe is None or not locks(recipe):
        detail = f"`{tool_id}` has no packages of its own: it installs nothing, or shares the jobs' environment."
        raise StackError(Diagnostic("C014", "nothing to lock", detail))
    packages = evaluate(list(recipe.install.packages), {"version": catalog.tool(tool_id).version})
    target = catalog.folder(tool_id) / "lock.txt"
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "lock.txt"
        if target.exists() and not upgrade:
            shutil.copyfile(target, fresh)  # uv keeps what is pinned there
        compile_lock(packages, oldest(recipe.install.python), fresh, tool_id)
        text = fresh.read_text(encoding="utf-8")
    if leaks := leaks_in(text):
        _fail(tool_id, f"The lock would hold more than pins and hashes: `{leaks[0]}`.")
    target.write_text(text, encoding="utf-8")
    return target


def locks(recipe: Recipe | None) -> bool:
    """Whether there is anything to lock: packages of its own, not the jobs'."""
    if recipe is None or recipe.install.with_ == "jobs":
        return False
    return bool(recipe.install.packages or any(SOURCES[source] for source in recipe.install.sources))


def oldest(python: str) -> str:
    """The oldest version of a range: `3.11` of `>=3.11,<3.14`."""
    bounds = re.findall(r"(>=|==|~=|>|<=|<|!=)?\s*(\d+\.\d+)", python)
    lower = [version for operator, version in bounds if operator in ("", ">=", "==", "~=", ">")]
    return lower[0] if lower else f"{sys.version_info.major}.{sys.version_info.minor}"


def compile_lock(packages: list[str], python: str, file: Path, tool_id: str) -> None:
    """Resolve packages for every platform into a hashed lock; what the file pins already stays where it fits."""
    from uv import find_uv_bin

    words = [find_uv_bin(), "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-header"]
    words += ["--no-annotate", "--no-emit-index-url", "--no-emit-find-links", "--python-version", python]
    # Which packages there are depends on the range alone, not on the interpreter that happens to ask.
    words += ["--python", sys.executable, "--no-python-downloads", "--output-file", str(file), "-"]
    try:
        done = subprocess.run(
            words,
            input="\n".join(packages),
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
            cwd=file.parent,
        )
    except subprocess.TimeoutExpired:
        _fail(tool_id, f"uv had no answer after {TIMEOUT:.0f} s.")
    if done.returncode:
        _fail(tool_id, "\n".join(["uv says:", *done.stderr.strip().splitlines()[-12:]]))


def _fail(tool_id: str, detail: str) -> NoReturn:
    hint = f"change the packages of {tool_id}/recipe.yaml, then\n    stack catalog lock {tool_id}"
    raise StackError(Diagnostic("C015", "packages cannot be locked", detail, hint=hint))
