"""Which packages go together: an environment for each tool, and one for the stack's jobs and what must match them."""

from __future__ import annotations

import hashlib
import platform
import re
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from stackwright.catalog.load import Catalog
from stackwright.catalog.refs import as_text, evaluate
from stackwright.errors import Diagnostic, Where
from stackwright.model.catalog import SOURCES, Tool
from stackwright.model.manifest import Manifest
from stackwright.model.plan import Environment
from stackwright.model.requirement import Requirement
from stackwright.resolve.draft import JOBS, Draft, Link

Words = tuple[str, ...]

_CLAUSE = re.compile(r"(>=|<)\s*(\d+)\.(\d+)(?:\.(\d+))?|(==)\s*(\d+)\.(\d+)\.\*")


@dataclass(frozen=True)
class _Wish:
    """Something the jobs environment has to satisfy, and who says so."""

    who: str
    text: str  # a package, or a range of Pythons
    where: Where | None = None


def environments(
    manifest: Manifest, drafts: Iterable[Draft], links: Iterable[Link], catalog: Catalog, cache: Path
) -> tuple[dict[str, Environment], list[Diagnostic]]:
    """Each component's environment by its id, the jobs' under `jobs`, and the packages that do not go together."""
    drafts = list(drafts)
    jobs, found = _jobs_environment(manifest, drafts, links, catalog, cache)
    chosen = {JOBS: jobs}
    for draft in drafts:
        chosen[draft.id] = jobs if draft.recipe.install.with_ == JOBS else _own_environment(draft, catalog, cache)
    return chosen, found


def of_a_job(packages: Words, python: str, cache: Path) -> Environment:
    """One that a job asked for while it is already running: what a pipeline's steps need beside each other."""
    return _environment("job", cache, python, tuple(sorted(packages)), sources={})


def _own_environment(draft: Draft, catalog: Catalog, cache: Path) -> Environment:
    install, tool = draft.recipe.install, draft.tool
    packages = _pinned(install.packages, tool)
    sources = {source: _pinned(wanted, tool) for source, wanted in install.sources.items()}
    files = {source: catalog.lock(tool.id, SOURCES[source]) for source in sources if SOURCES[source]}
    locks = {source: file for source, file in files.items() if file}
    lock = catalog.lock(tool.id)
    return _environment(tool.id, cache, install.python, packages, lock=lock, sources=sources, locks=locks)


def _environment(
    name: str,
    cache: Path,
    python: str,
    packages: Words,
    *,
    sources: Mapping[str, Words],
    lock: Path | None = None,
    locks: Mapping[str, Path] = MappingProxyType({}),
) -> Environment:
    # By content: two stacks with the same lock share what is installed, wherever the catalog lies.
    content = lock.read_bytes() if lock else "\n".join(packages).encode()
    kind = "lock" if lock else "packages"
    made_of = "\0".join([kind, python, sys.platform, platform.machine()]).encode() + b"\0" + content
    for source, wanted in sources.items():
        made_of += "\0".join(["", source, *wanted, *_system(source)]).encode()
        made_of += locks[source].read_bytes() if source in locks else b""
    key = f"{name}-{hashlib.sha256(made_of).hexdigest()[:16]}"
    return Environment(
        key=key,
        python=python,
        lock=str(lock) if lock else None,
        packages=packages,
        sources=dict(sources),
        locks={source: str(file) for source, file in locks.items()},
        prefix=str(cache / "environments" / key),
    )


def _system(source: str) -> Words:
    """Debian's packages are made for one release of one distribution."""
    if source != "debian":
        return ()
    with suppress(OSError):
        release = platform.freedesktop_os_release()
        return release["ID"], release.get("VERSION_ID", "")
    return ()


def _pinned(packages: Iterable[str], tool: Tool) -> tuple[str, ...]:
    return tuple(sorted({str(as_text(evaluate(package, {"version": tool.version}))) for package in packages}))


def _jobs_environment(
    manifest: Manifest, drafts: list[Draft], links: Iterable[Link], catalog: Catalog, cache: Path
) -> tuple[Environment, list[Diagnostic]]:
    tools = {draft.id: draft for draft in drafts}
    here = Where(str(manifest.file), 1)
    wishes = [_Wish("`jobs.packages` of the manifest", package, here) for package in manifest.jobs.packages]
    ranges = [_Wish("`jobs.python` of the manifest", manifest.jobs.python, here)]
    for link in links:
        client = catalog.interface(link.interface).client
        if link.consumer == JOBS and client:
            server = tools[link.server]
            who = f"the client of {server.shown}"
            wishes += [_Wish(who, package, server.where) for package in _pinned(client.packages, server.tool)]
    for draft in drafts:
        install = draft.recipe.install
        if install.with_ == JOBS:
            who = f"{draft.shown}, which shares the jobs' environment,"
            wishes += [_Wish(who, package, draft.where) for package in _pinned(install.packages, draft.tool)]
            ranges.append(_Wish(who, install.python, draft.where))
    packages = tuple(sorted({wish.text for wish in wishes}))
    python = narrowed(wish.text for wish in ranges)
    found = list(_conflicts(wishes))
    if python is None:
        found.append(_no_python(ranges))
    sources = _jobs_sources(manifest, drafts)
    return _environment(JOBS, cache, python or manifest.jobs.python, packages, sources=sources), found


def _jobs_sources(manifest: Manifest, drafts: Iterable[Draft]) -> dict[str, Words]:
    """What the jobs, and the tools that share their environment, have from elsewhere than PyPI."""
    wanted: dict[str, set[str]] = {"debian": set(manifest.jobs.debian)}
    for draft in drafts:
        install = draft.recipe.install
        if install.with_ == JOBS:
            for source, words in install.sources.items():
                wanted.setdefault(source, set()).update(_pinned(words, draft.tool))
    return {source: tuple(sorted(words)) for source, words in sorted(wanted.items()) if words}


def _conflicts(wishes: Iterable[_Wish]) -> Iterable[Diagnostic]:
    """Packages that two sides pin to different versions; under two different markers both can hold."""
    known: dict[str, list[tuple[_Wish, Requirement]]] = {}
    for wish in wishes:
        requirement = Requirement.parse(wish.text)
        if requirement is None:
            continue  # an entry's package that is no pin is for `stack catalog check` to refuse
        others = known.setdefault(requirement.name, [])
        for other, pin in others:
            apart = pin.marker and requirement.marker and pin.marker != requirement.marker
            if pin.version != requirement.version and not apart:
                yield _conflict(other, wish, requirement.name)
                break
        others.append((wish, requirement))


def _conflict(one: _Wish, other: _Wish, package: str) -> Diagnostic:
    detail = f"{_capital(one.who)} wants `{one.text}`, and {other.who} wants `{other.text}`."
    if one.who.startswith("`jobs.packages`"):
        hint = f'write under `jobs`\n    packages: ["{other.text}"]'
    else:
        hint = f"choose other tools for one of them, or leave `{package}` to one side"
    return Diagnostic("R018", "packages of the jobs conflict", detail, one.where or other.where, hint)


def _no_python(ranges: list[_Wish]) -> Diagnostic:
    said = ", ".join(f"{wish.who} says `{wish.text}`" for wish in ranges)
    others = narrowed(wish.text for wish in ranges[1:])
    hint = f'write under `jobs`\n    python: "{others}"' if others else "choose tools that share a Python version"
    return Diagnostic("R019", "no Python version fits the jobs", _capital(f"{said}."), ranges[0].where, hint)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def narrowed(ranges: Iterable[str]) -> str | None:
    """The Python versions that are in all ranges, as a range; None where there are none."""
    low, high, rest = (3, 0, 0), (4, 0, 0), list[str]()
    for clause in dict.fromkeys(clause.strip() for text in ranges for clause in text.split(",")):
        match = _CLAUSE.fullmatch(clause)
        if match is None:
            rest.append(clause)
            continue
        if match[5]:
            major, minor = int(match[6]), int(match[7])
            low, high = max(low, (major, minor, 0)), min(high, (major, minor + 1, 0))
        elif match[1] == ">=":
            low = max(low, (int(match[2]), int(match[3]), int(match[4] or 0)))
        else:
            high = min(high, (int(match[2]), int(match[3]), int(match[4] or 0)))
    return ",".join([f">={_dotted(low)}", f"<{_dotted(high)}", *rest]) if low < high else None


def _dotted(version: tuple[int, int, int]) -> str:
    return ".".join(str(part) for part in (version if version[2] else version[:2]))
