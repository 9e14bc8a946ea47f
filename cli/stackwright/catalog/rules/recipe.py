"""Rules of recipe.yaml that are about its shape; what its references mean is in scope.py."""

from __future__ import annotations

import re
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import PurePosixPath

from stackwright.catalog.forms import parse
from stackwright.catalog.rules.entry import BASE, Entry, hint_of, settled
from stackwright.model.catalog import Endpoint, Ready

_RANGE = re.compile(r"(>=|<=|==|~=|!=|<|>)?\s*\d+(\.\d+)*(\.\*)?(\s*,\s*(>=|<=|==|~=|!=|<|>)\s*\d+(\.\d+)*(\.\*)?)*")
_OF_A_SERVICE = ("command", "processes", "prepare", "ready", "endpoints", "grant", "stop")


def check_recipe(entry: Entry) -> None:
    """Every rule about the shape of recipe.yaml, and how it fits to tool.yaml."""
    _kind(entry)
    _names(entry)
    _install(entry)
    _ready(entry)
    _processes(entry)
    for name in entry.tool.provides:
        if entry.tool.kind == "service" and name not in entry.recipe.endpoints:
            detail = f"tool.yaml provides `{name}`, and recipe.yaml has no such endpoint."
            entry.wrong("C040", "endpoint is missing", detail, entry.in_recipe("endpoints", key=True))
    for name, endpoint in entry.recipe.endpoints.items():
        _endpoint(entry, name, endpoint)
    _grant(entry)
    _files(entry)
    _env_of(entry)


def _kind(entry: Entry) -> None:
    written = [key for key in _OF_A_SERVICE if key in entry.recipe.model_fields_set]
    if entry.tool.kind != "service":
        for key in written:
            detail = f"`{entry.tool.id}` is a {entry.tool.kind}; only a service has `{key}`."
            entry.wrong("C041", "only a service runs", detail, entry.in_recipe(key, key=True))
        if entry.tool.provides:
            detail = f"`{entry.tool.id}` is a {entry.tool.kind}; nobody can reach it."
            entry.wrong("C042", "only a service has endpoints", detail, entry.in_tool("provides", key=True))
        return
    if (entry.recipe.command is None) is not bool(entry.recipe.processes):
        detail = "A service has either `command` or `processes`."
        entry.wrong("C043", "service needs one way to run", detail, entry.in_recipe())
    if entry.recipe.ready is None:
        detail = "Nothing says when it is up, so that everything after it would start too early."
        hint = 'add a line to recipe.yaml\n    ready: {http: "{{ endpoints.NAME.url }}/health", timeout: 60s}'
        entry.wrong("C044", "service does not say when it is ready", detail, entry.in_recipe(), hint)


def _names(entry: Entry) -> None:
    recipe = entry.recipe
    for key, names in (("secrets", recipe.secrets), ("files", recipe.files), ("endpoints", recipe.endpoints)):
        entry.names(names, entry.in_recipe(key, key=True), f"one of `{key}`")
    entry.names(recipe.processes, entry.in_recipe("processes", key=True), "a process")
    for index, secret in enumerate(recipe.secrets):
        if secret in entry.tool.needs:
            detail = f"`{secret}` is also a need; both would be kept under the same key."
            entry.wrong("C045", "secret is named like a need", detail, entry.in_recipe("secrets", index))


def _install(entry: Entry) -> None:
    python = entry.recipe.install.python
    if not _RANGE.fullmatch(python):
        hint = 'write a range\n    python: ">=3.11,<3.14"'
        where = entry.in_recipe("install", "python")
        entry.wrong("C046", "python is no version range", f"`{python}` is none.", where, hint)


def _ready(entry: Entry) -> None:
    asked: dict[tuple[str, ...], Ready | None] = {("ready",): entry.recipe.ready}
    asked |= {("processes", name, "ready"): process.ready for name, process in entry.recipe.processes.items()}
    for path, ready in asked.items():
        ways = [ready.http, ready.tcp, ready.command] if ready else []
        if ready and (sum(way is not None for way in ways) != 1 or (ready.json_ is not None and ready.http is None)):
            detail = "It is one of `http` (with `json`, if that matters), `tcp` and `command`."
            entry.wrong("C047", "ready is not one question", detail, entry.in_recipe(*path))


def _processes(entry: Entry) -> None:
    processes = entry.recipe.processes
    for name, process in processes.items():
        for index, other in enumerate(process.after):
            if other not in processes:
                where = entry.in_recipe("processes", name, "after", index)
                hint = hint_of(other, set(processes) - {name})
                entry.wrong("C048", "process is unknown", f"`{name}` starts after `{other}`.", where, hint)
        if not _is_count(entry, process.count):
            where = entry.in_recipe("processes", name, "count")
            detail = f"`{process.count}` is neither a whole number nor a reference to a setting that is one."
            entry.wrong("C049", "count is no whole number", detail, where)
    try:
        TopologicalSorter({name: set(process.after) & set(processes) for name, process in processes.items()}).prepare()
    except CycleError as error:
        circle = error.args[1][1:]
        detail = f"{' and '.join(f'`{name}`' for name in circle)} would wait for each other for ever."
        where = entry.in_recipe("processes", circle[0], "after")
        entry.wrong("C050", "processes wait in a circle", detail, where)


def _is_count(entry: Entry, count: object) -> bool:
    if isinstance(count, int) and not isinstance(count, bool):
        return count >= 0
    match parse(count) if isinstance(count, str) and "{{" in count else ():
        case (("settings", name),):
            setting = entry.tool.settings.get(name)  # an unknown one is reported with all references
            return setting is None or setting.type == "integer"
    return False


def _endpoint(entry: Entry, name: str, endpoint: Endpoint) -> None:
    where = entry.in_recipe("endpoints", name, key=True)
    if (name in entry.tool.provides) is endpoint.internal:
        said = "provided and internal" if endpoint.internal else "neither provided in tool.yaml nor `internal: true`"
        entry.wrong("C051", "endpoint is for nobody or for everybody", f"`{name}` is {said}.", where)
    processes = entry.recipe.processes
    if processes and endpoint.of not in processes:
        detail = f"`of` has to say which process opens `{name}`."
        entry.wrong("C052", "endpoint belongs to no process", detail, where, hint_of(endpoint.of or "", processes))
    elif endpoint.of and not processes:
        detail = f"`{name}` has `of`, and there is one process only."
        entry.wrong("C053", "endpoint's process is superfluous", detail, where)
    _fields(entry, endpoint.fields, {name}, "endpoints", name, "fields")
    interface = entry.offered(name)
    if interface is None:
        return
    granted = set(entry.recipe.grant.fields) if entry.recipe.grant else set()
    filled = settled(interface, BASE | set(endpoint.fields) | granted)
    if missing := [field for field in interface.fields if field not in filled]:
        detail = f"Nobody fills {', '.join(f'`{field}`' for field in missing)} of the interface `{interface.name}`."
        entry.wrong("C054", "interface is not filled", detail, where)


def _fields(entry: Entry, fields: Mapping[str, object], endpoints: set[str], *path: str) -> None:
    """A field that is set has to be one of the interface, and not one that derives."""
    offered = [interface for name in endpoints if (interface := entry.offered(name))]
    known = {name for interface in offered for name, field in interface.fields.items() if not field.derive}
    for field in fields:
        if field not in known:
            detail = f"`{field}` is no field of {' or '.join(f'`{i.name}`' for i in offered) or 'any interface'}."
            where = entry.in_recipe(*path, field, key=True)
            entry.wrong("C055", "field is unknown", detail, where, hint_of(field, known))


def _grant(entry: Entry) -> None:
    if entry.recipe.grant is None:
        return
    _fields(entry, entry.recipe.grant.fields, set(entry.tool.provides), "grant", "fields")
    if not entry.tool.provides and entry.tool.kind == "service":
        detail = "It gives shares of a server that provides nothing."
        entry.wrong("C056", "grant is for nobody", detail, entry.in_recipe("grant", key=True))


def _files(entry: Entry) -> None:
    for name, file in entry.recipe.files.items():
        path = PurePosixPath(file.path or name)
        if path.is_absolute() or ".." in path.parts:
            detail = f"`{path}` would lie outside the component's folder."
            entry.wrong("C057", "file lies elsewhere", detail, entry.in_recipe("files", name, "path"))
        fits = {
            "ini": isinstance(file.data, dict) and all(isinstance(section, dict) for section in file.data.values()),
            "lines": isinstance(file.data, list),
        }
        if not fits.get(file.format, True):
            wanted = "a mapping of sections" if file.format == "ini" else "a list"
            detail = f"The data of a `{file.format}` file is {wanted}."
            entry.wrong("C058", "data does not fit the format", detail, entry.in_recipe("files", name, "data"))


def _env_of(entry: Entry) -> None:
    for index, path in enumerate(entry.recipe.env_of):
        root, _, name = path.partition(".")
        need = entry.tool.needs.get(name) if root == "needs" else None
        silent = [i.name for i in entry.spoken(need) if not (i.client and i.client.env)] if need else []
        if need is None or need.many or silent:
            why = "is no need that one server answers" if need is None or need.many else "has no standard variables"
            hint = hint_of(path, (f"needs.{name}" for name, need in entry.tool.needs.items() if not need.many))
            entry.wrong(
                "C059", "variables come from nowhere", f"`{path}` {why}.", entry.in_recipe("env_of", index), hint
            )
