"""Rules of what lies beside the YAML files: pins and lock.txt, smoke.py."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from stackwright.catalog.rules.entry import Entry
from stackwright.model.catalog import Verb

PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(\[[A-Za-z0-9._, -]+\])?==([^\s;*,]+)(\s*;.+)?")
_VERSION = "{{ version }}"


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


def pinned(package: str, version: str | None) -> tuple[str, str] | None:
    """Name and version of a package that is pinned to one; None for any other."""
    match = PIN.fullmatch(package.replace(_VERSION, version or ""))
    return (normal(match[1]), match[3]) if match else None


def _pins(entry: Entry) -> list[tuple[str, str]]:
    pins = []
    for index, package in enumerate(entry.recipe.install.packages):
        pin = pinned(package, entry.tool.version)
        if pin:
            pins.append(pin)
            continue
        where = entry.in_recipe("install", "packages", index)
        hint = f'write it as\n    "{re.split(r"[<>=~! ]", package)[0]}==1.2.3"'
        entry.wrong("C080", "package is not pinned", f"`{package}` could be another one tomorrow.", where, hint)
    return pins


def _lock(entry: Entry, pins: list[tuple[str, str]]) -> None:
    hint = f"write it with\n    stack catalog lock {entry.tool.id}{entry.catalog.options}"
    where = entry.in_recipe("install", "packages", key=True)
    file = entry.catalog.lock(entry.tool.id)
    if file is None:
        entry.wrong(
            "C081", "entry has no lock", "Its packages come without hashes and change by themselves.", where, hint
        )
        return
    text = file.read_text(encoding="utf-8")
    locked = locked_versions(text)
    if missing := [f"`{name}=={version}`" for name, version in pins if version not in locked.get(name, ())]:
        detail = f"lock.txt does not hold {', '.join(missing)}."
        entry.wrong("C082", "lock is not of this recipe", detail, where, hint)
    if leaks := leaks_in(text):
        detail = f"lock.txt says `{leaks[0]}`; it holds names, versions and hashes only."
        entry.wrong("C083", "lock holds more than pins", detail, where, hint)


def locked_versions(text: str) -> dict[str, set[str]]:
    """The versions in a lock by package; several where they depend on the platform."""
    locked: dict[str, set[str]] = {}
    for line in text.splitlines():
        match = re.match(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", line)
        if match:
            locked.setdefault(normal(match[1]), set()).add(match[2])
    return locked


def leaks_in(text: str) -> list[str]:
    """Lines of a lock that are neither a pin nor a hash nor a comment, or that name a place; and pins without hash."""
    lines = [line for line in re.sub(r"\\\n\s*", " ", text).splitlines() if line.strip() and not line.startswith("#")]
    return [
        line[:80] for line in lines if not PIN.match(line) or "--hash=" not in line or re.search(r"\s--(?!hash=)", line)
    ]


@dataclass(frozen=True)
class _Function:
    """A function's parameters after the first."""

    takes: frozenset[str]
    required: frozenset[str]
    anything: bool  # **arguments


def _verbs(entry: Entry) -> None:
    layers = entry.catalog.layers()
    wanted = {
        verb: (layer, description)
        for layer, extent in entry.tool.layers.items()
        if extent == "full" and layer in layers
        for verb, description in layers[layer].verbs.items()
    }
    if not wanted:
        return
    where = entry.in_tool("layers", key=True)
    functions = _functions(entry)
    if functions is None:
        return
    for verb, (layer, description) in wanted.items():
        function = functions.get(verb)
        if function is None:
            takes = "".join(f", {name}" for name in description.takes)
            detail = f"`{layer}` is a full layer of this tool, and smoke.py has no `def {verb}(ctx{takes})`."
            entry.wrong("C084", "verb is missing", detail, where, "a layer done in part is `partial`")
        elif why := _misfit(function, description):
            entry.wrong("C085", "verb does not take what it gets", f"smoke.py's `{verb}` {why}.", where)


def _misfit(function: _Function, verb: Verb) -> str:
    given = set(verb.takes)
    if not function.anything and (missing := given - function.takes):
        return f"has no parameter {' and '.join(f'`{name}`' for name in sorted(missing))}"
    if unknown := function.required - given:
        return f"asks for {' and '.join(f'`{name}`' for name in sorted(unknown))}, which nobody gives"
    return ""


def _functions(entry: Entry) -> dict[str, _Function] | None:
    """The functions of smoke.py whose first parameter is `ctx`; None, reported, when it is not there or not Python."""
    file, where = entry.folder / "smoke.py", entry.in_tool("layers", key=True)
    try:
        tree = ast.parse(file.read_bytes())
    except FileNotFoundError:
        detail = "smoke.py speaks the verbs of a tool's layers; there is none."
        entry.wrong("C086", "entry has no smoke.py", detail, where)
        return None
    except (SyntaxError, ValueError) as error:
        entry.wrong("C087", "smoke.py is no Python", f"It says: {error}.", where)
        return None
    found = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.args.args and node.args.args[0].arg == "ctx":
            rest = [argument.arg for argument in node.args.args[1:]]
            required = rest[: len(rest) - len(node.args.defaults)] if node.args.defaults else rest
            keyword = [argument.arg for argument in node.args.kwonlyargs]
            needed = [a for a, default in zip(keyword, node.args.kw_defaults, strict=True) if default is None]
            found[node.name] = _Function(
                frozenset(rest + keyword), frozenset(required + needed), node.args.kwarg is not None
            )
    return found
