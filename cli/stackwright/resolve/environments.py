"""Which packages go together: an environment for each tool, and one for the stack's jobs and what must match them."""

from __future__ import annotations

import hashlib
import platform
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from stackwright.catalog.load import Catalog
from stackwright.catalog.proof import read as read_proof
from stackwright.catalog.refs import as_text, evaluate
from stackwright.errors import Diagnostic, Where
from stackwright.model.catalog import SOURCES, Tool
from stackwright.model.deployer import Contained, DockerDeployer, ProcessDeployer
from stackwright.model.manifest import Manifest
from stackwright.model.plan import Environment
from stackwright.model.requirement import Requirement
from stackwright.resolve.draft import JOBS, Draft, Link, runs_jobs
from stackwright.resolve.images import base_image, minor_of

Words = tuple[str, ...]

JOBS_INSIDE = "jobs in containers"  # whose environment that is, where there is one

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
    inside = [draft for draft in drafts if _with_jobs(draft, catalog)]
    if inside:
        base = base_image(manifest.docker.base, _fits(jobs.python), sys.version_info.minor)
        system = {p for draft in inside if draft.recipe.install.with_ == JOBS for p in draft.recipe.install.system}
        chosen[JOBS_INSIDE] = _image(jobs, base, (*sorted({*system, *manifest.jobs.system}),), Contained.jobs)
    for draft in drafts:
        own = jobs if draft.recipe.install.with_ == JOBS else _own_environment(draft, catalog, cache)
        chosen[draft.id] = own
        if draft.contained:
            if _speaks_beside(draft, catalog):
                chosen[spoken_beside(draft.id)] = own
            chosen[draft.id] = image = _image_of(draft, own, chosen.get(JOBS_INSIDE), manifest.docker.base, catalog)
            found += _unfit(draft, own.python, str(image.base))
    return chosen, found


def _image_of(
    draft: Draft, own: Environment, jobs: Environment | None, base: str | None, catalog: Catalog
) -> Environment:
    """That of the jobs' for what shares their environment, and on top of it for what runs jobs; else one of its own."""
    install = draft.recipe.install
    if jobs and install.with_ == JOBS:
        return jobs
    if jobs and runs_jobs(draft, catalog):
        image = _image(own, str(jobs.base), (jobs.key, *install.system))
        return image.model_copy(update={"system": install.system, "on": jobs.key})
    return _image(own, base_image(base, _fits(own.python), _likely(draft, catalog)), install.system)


def spoken_beside(component: str) -> str:
    """The word for the environment of this machine in which verbs of a component in containers are spoken."""
    return f"verbs of {component}"


def _with_jobs(draft: Draft, catalog: Catalog) -> bool:
    """Whether its containers have the jobs' environment: it unpickles their objects, or it runs them."""
    with_ = draft.recipe.install.with_ == JOBS or runs_jobs(draft, catalog)
    return draft.contained and with_


def _speaks_beside(draft: Draft, catalog: Catalog) -> bool:
    """Whether the jobs' environment lacks a client for something that it offers."""
    offered = draft.tool.provides.values()
    return not offered or not all(catalog.interface(name).client for name in offered)


def _fits(python: str) -> Callable[[int], bool]:
    return lambda minor: narrowed([python, f"==3.{minor}.*"]) is not None


def _likely(draft: Draft, catalog: Catalog) -> int | None:
    """The Python on which the tool was proven."""
    places = (DockerDeployer.target, ProcessDeployer.target)  # the same image, wherever it runs
    proven = next(filter(None, (read_proof(catalog, draft.tool.id, place) for place in places)), None)
    version = re.fullmatch(r"3\.(\d+)", str((proven or {}).get("python")))
    return int(version[1]) if version else None


def _unfit(draft: Draft, python: str, base: str) -> list[Diagnostic]:
    minor = minor_of(base)
    if minor is None or _fits(python)(minor):
        return []
    detail = f"{draft.shown} runs on Python `{python}`, and the image `{base}` has Python 3.{minor}."
    hint = "leave `docker.base` out, or name an image with such a Python\n    docker: {base: IMAGE}"
    return [Diagnostic("R028", "image has no Python that fits", detail, draft.where, hint)]


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
    key = _key(name, made_of)
    return Environment(
        key=key,
        python=python,
        lock=str(lock) if lock else None,
        packages=packages,
        sources=dict(sources),
        locks={source: str(file) for source, file in locks.items()},
        prefix=str(cache / "environments" / key),
    )


def _image(own: Environment, base: str, system: Words, prefix: str = Contained.environment) -> Environment:
    """The same, installed in a container of a base together with the programs that it calls."""
    # Its key names this machine's release where Debian packages are among it: an image too many, never a wrong one.
    key = _key(own.key.rpartition("-")[0], "\0".join([own.key, "image", prefix, base, *system]).encode())
    return own.model_copy(update={"key": key, "base": base, "system": system, "prefix": prefix})


def _key(name: str, made_of: bytes) -> str:
    return f"{name}-{hashlib.sha256(made_of).hexdigest()[:16]}"


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
    if python and any(
        _with_jobs(draft, catalog) for draft in drafts
    ):  # objects travel pickled: one Python here and there
        base = base_image(manifest.docker.base, _fits(python), sys.version_info.minor)
        if minor := minor_of(base):
            ranges.append(_Wish(f"the image `{base}`, in which tools share the jobs' environment,", f"==3.{minor}.*"))
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
