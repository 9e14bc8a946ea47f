"""Packages from npm, exactly as the lock says, without running their install scripts: `name@version`."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from stackwright.runtime.program import ProgramError
from stackwright.runtime.sources.work import Work

PROGRAMS = ("npm", "node")
_QUIET = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


def install(work: Work) -> dict[str, str]:
    """Put the packages into `npm/node_modules` and their programs on the PATH; the answer is their versions."""
    place = work.part / "npm"
    place.mkdir()
    _describe(work, place)
    if work.lock:
        shutil.copyfile(work.lock, place / "package-lock.json")
    work.tell(f"fetching {', '.join(work.wanted)}")
    _npm(work, place, "ci" if work.lock else "install")
    for program in sorted((place / "node_modules/.bin").glob("*")):
        link = work.part / "bin" / program.name
        if not os.path.lexists(link):
            link.symlink_to(os.path.relpath(program, link.parent))
    packages = json.loads((place / "node_modules/.package-lock.json").read_text(encoding="utf-8"))["packages"]
    return {path.removeprefix("node_modules/"): package["version"] for path, package in packages.items()}


def lock(work: Work) -> str:
    """Every package with its hash, and no word of where it was found."""
    _describe(work, work.scratch)
    _npm(work, work.scratch, "install", "--package-lock-only", "--omit-lockfile-registry-resolved")
    return (work.scratch / "package-lock.json").read_text(encoding="utf-8")


def _describe(work: Work, place: Path) -> None:
    wanted = dict(word.rsplit("@", 1) for word in work.wanted)
    about = {"name": "environment", "version": "1.0.0", "private": True, "dependencies": wanted}
    (place / "package.json").write_text(json.dumps(about), encoding="utf-8")


def _npm(work: Work, place: Path, *words: str) -> None:
    env = {**os.environ, "npm_config_update_notifier": "false", "npm_config_cache": str(work.cache)}
    try:
        work.run("npm", *words, *_QUIET, "--prefix", place, env=env)
    except ProgramError as error:
        hint = f"see what npm has with\n    npm view {work.wanted[0]}"
        raise work.refuse(f"{', '.join(work.wanted)} from npm.", hint, error.tail) from error
