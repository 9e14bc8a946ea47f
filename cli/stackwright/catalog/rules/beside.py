"""Rules of what lies beside the YAML files: pins and lock.txt, smoke.py."""

from __future__ import annotations

import ast
import re

from stackwright.catalog.rules.entry import Entry, functions_in
from stackwright.errors import listed
from stackwright.model.catalog import Verb
from stackwright.model.requirement import Requirement

_LOCKED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)")


def check_beside(entry: Entry) -> None:
    """Every rule about packages and their lock, and about the verbs of the tool's full layers."""
    pins = _pins(entry)
    # What installs with the jobs is resolved with their packages, when a stack comes up.
    if pins and entry.recipe.install.with_ != "jobs":
        _lock(entry, pins)
    _verbs(entry)


def normal(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _pins(entry: Entry) -> list[Requirement]:
    pins = []
    for index, package in enumerate(entry.recipe.install.packages):
        if pin := Requirement.parse(package.replace("{{ version }}", entry.tool.version or "")):
            pins.append(pin)
            continue
        where = entry.in_recipe("install", "packages", index)
        hint = f'write it as\n    "{re.split(r"[<>=~! ]", package)[0]}==1.2.3"'
        entry.wrong("C080", "package is not pinned", f"`{package}` could be another one tomorrow.", where, hint)
    return pins


def _lock(entry: Entry, pins: list[Requirement]) -> None:
    hint = f"write it with\n    stack catalog lock {entry.tool.id}{entry.catalog.options}"
    where = entry.in_recipe("install", "packages", key=True)
    file = entry.catalog.lock(entry.tool.id)
    if file is None:
        detail = "Its packages come without hashes and change by themselves."
        entry.wrong("C081", "entry has no lock", detail, where, hint)
        return
    text = file.read_text(encoding="utf-8")
    locked = locked_versions(text)
    if missing := [f"`{pin.name}=={pin.version}`" for pin in pins if pin.version not in locked.get(pin.name, ())]:
        detail = f"lock.txt does not hold {', '.join(missing)}."
        entry.wrong("C082", "lock is not of this recipe", detail, where, hint)
    if leaks := leaks_in(text):
        detail = f"lock.txt says `{leaks[0]}`; it holds names, versions and hashes only."
        entry.wrong("C083", "lock holds more than pins", detail, where, hint)


def locked_versions(text: str) -> dict[str, set[str]]:
    """The versions in a lock by package; several where they depend on the platform."""
    locked: dict[str, set[str]] = {}
    for line in text.splitlines():
        if match := _LOCKED.match(line):
            locked.setdefault(normal(match[1]), set()).add(match[2])
    return locked


def leaks_in(text: str) -> list[str]:
    """Lines of a lock that are neither a pin nor a hash nor a comment, or that name a place; and pins without hash."""
    lines = [line for line in re.sub(r"\\\n\s*", " ", text).splitlines() if line.strip() and not line.startswith("#")]
    return [
        line[:80]
        for line in lines
        if not _LOCKED.match(line) or "--hash=" not in line or re.search(r"\s--(?!hash=)", line)
    ]


def _verbs(entry: Entry) -> None:
    layers, where = entry.catalog.layers(), entry.in_tool("layers", key=True)
    wanted = {
        verb: (layer, description)
        for layer, extent in entry.tool.layers.items()
        if extent == "full" and layer in layers
        for verb, description in layers[layer].verbs.items()
    }
    if not wanted:
        return
    file = entry.catalog.verbs(entry.tool.id)
    try:
        functions = functions_in(file)
    except FileNotFoundError:
        detail = "smoke.py speaks the verbs of a tool's layers; there is none."
        entry.wrong("C086", "entry has no smoke.py", detail, where)
        return
    except (SyntaxError, ValueError) as error:
        entry.wrong("C087", "smoke.py is no Python", f"`{file.name}`: {error}.", where)
        return
    for verb, (layer, description) in wanted.items():
        takes = functions.get(verb)
        if takes is None and description.optional:
            continue
        if takes is None or [argument.arg for argument in _positional(takes)[:1]] != ["ctx"]:
            written = ", ".join(["ctx", *description.takes])
            detail = f"`{layer}` is a full layer of this tool, and {file.name} has no `def {verb}({written})`."
            entry.wrong("C084", "verb is missing", detail, where, "a layer done in part is `partial`")
        elif why := _misfit(takes, description):
            entry.wrong("C085", "verb does not take what it gets", f"`{verb}` of {file.name} {why}.", where)


def _misfit(takes: ast.arguments, verb: Verb) -> str:
    """Why a function cannot be called as the verb is; empty where it can."""
    positional = _positional(takes)
    defaults = [*[None] * (len(positional) - len(takes.defaults)), *takes.defaults, *takes.kw_defaults]
    known = {a.arg: default for a, default in zip([*positional, *takes.kwonlyargs], defaults, strict=True)}
    del known["ctx"]
    if not takes.kwarg and (missing := set(verb.takes) - set(known)):
        return f"has no parameter {listed(sorted(missing))}"
    if unknown := {name for name, default in known.items() if default is None} - set(verb.takes):
        return f"asks for {listed(sorted(unknown))}, which nobody gives"
    return ""


def _positional(takes: ast.arguments) -> list[ast.arg]:
    return [*takes.posonlyargs, *takes.args]
