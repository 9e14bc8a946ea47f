"""Describes everything in full: the specs that Terraform carries and the runtime starts (docs/architecture.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stackwright.catalog.dump import dump_file
from stackwright.catalog.load import INTERFACES
from stackwright.catalog.refs import as_text, evaluate, words
from stackwright.model.base import Text, as_json
from stackwright.model.catalog import Process, Ready
from stackwright.model.deployer import ProcessDeployer
from stackwright.model.plan import Component, Endpoint, Wire
from stackwright.resolve.contained import limits, place_of
from stackwright.resolve.context import Fields, World, as_endpoint
from stackwright.resolve.draft import JOBS, Draft, Link
from stackwright.resolve.environments import spoken_beside
from stackwright.resolve.gpus import asked
from stackwright.resolve.order import order

Spec = dict[str, Any]


def component_of(draft: Draft, world: World) -> Component:
    """The component in full; its servers have been described before."""
    context = world.contexts[draft.id]
    env = _env(draft, world, context)
    files = {context["files"][name]: _content(file, context) for name, file in draft.recipe.files.items()}
    contained = draft.contained
    open_ = world.told(draft) if contained else draft.recipe.endpoints
    beside = world.environments.get(spoken_beside(draft.id))
    return Component(
        id=draft.id,
        tool=draft.tool.id,
        version=(draft.tool.version or "") if draft.given is None else "",  # its owner's is not known
        target=draft.target,
        kind="service" if draft.tool.kind == "vendor" else draft.tool.kind,
        layers=tuple(draft.layers),
        because=draft.because,
        where=draft.where,
        settings=context["settings"],
        environment=world.environments[draft.id].key,
        spoken_in=beside.key if beside else None,
        system=() if contained else draft.recipe.install.system,
        ports={name: world.port(draft, name).here for name in context["listen"] if name in open_},
        endpoints=offered(draft, world, world.viewer(JOBS)),
        given=_given(draft, world),
        features=draft.tool.features,
        env=env,
        files={} if contained else dict(sorted(files.items())),
        spec=asked(draft, _spec(draft, world, context, env, files)) if draft.runs else None,
        after=tuple(sorted({step for link in world.links if link.consumer == draft.id for step in _before(link)})),
    )


def wire_of(link: Link, world: World) -> Wire:
    """The wire, with the spec of its grant where it has one."""
    return Wire(
        consumer=link.consumer,
        need=link.slot,
        server=link.server,
        endpoint=link.endpoint,
        interface=link.interface,
        fields=as_endpoint(link.interface, world.over(link, world.viewer(JOBS))).fields,
        origin=link.origin,
        grant=_grant_spec(link, world) if link.grant else None,
    )


def _before(link: Link) -> tuple[str, ...]:
    return (link.server, f"grant:{link.id}") if link.grant else (link.server,)


def offered(draft: Draft, world: World, viewer: str) -> dict[str, Endpoint]:
    """The endpoints as the stack's jobs see them there: with the jobs' own share."""
    links = {link.endpoint: link for link in world.links if link.consumer == JOBS and link.server == draft.id}
    return {
        name: as_endpoint(
            interface, world.over(links[name], viewer) if name in links else world.seen(draft, name, {}, viewer)
        )
        for name, interface in draft.tool.provides.items()
        if name in draft.recipe.endpoints
    }


def _given(draft: Draft, world: World) -> Endpoint | None:
    if draft.given is None or not draft.tool.provides:
        return None
    return as_endpoint(next(iter(draft.tool.provides.values())), world.as_given(draft))


def _env(draft: Draft, world: World, context: Fields) -> dict[str, Text]:
    """The interfaces' standard variables that the recipe asks for, then its own."""
    env: dict[str, Text] = {}
    for reference in draft.recipe.env_of:
        fields = context["needs"].get(reference.removeprefix("needs."))
        if fields:
            env |= standard_env(fields, world)
    own = _texts(draft.recipe.env, context)
    if draft.given is not None and not draft.tool.provides:  # a vendor's client reads variables
        own = draft.given
    return dict(sorted({**env, **own}.items()))


def standard_env(fields: Fields, world: World) -> dict[str, Text]:
    """The variables by which every client of an interface finds its server; those without a value are left out."""
    client = world.catalog.interface(fields["interface"]).client
    variables = client.env if client else {}
    return _texts({name: text for name, text in variables.items() if set(words(text)) <= set(fields)}, fields)


def _texts(env: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Text]:
    values = evaluate(dict(env), context)
    return {name: as_text(value) for name, value in sorted(values.items()) if value is not None}


def _content(file: Any, context: Fields) -> Text:
    return dump_file(file.format, evaluate(file.data, context))


def _spec(draft: Draft, world: World, context: Fields, env: dict[str, Text], files: dict[str, Text]) -> Spec:
    recipe = draft.recipe
    source = str(world.catalog.folder(draft.tool.id))
    processes, more = _processes(draft, context), Spec()
    if draft.contained:
        processes = [{**process, "limits": limits(recipe, process["name"])} for process in processes]
        more = place_of(draft, world)
    return {
        "v": 1,
        "component": draft.id,
        "tool": draft.tool.id,
        "environment": _environment(draft, world),
        "path": _path(draft, world, context),
        "folder": world.starter(draft).folder,
        "unprivileged": recipe.root == "refused",
        "entry": {"from": source, "to": context["here"]} if context["here"] != source else None,
        "files": [{"path": path, "content": as_json(content)} for path, content in sorted(files.items())],
        "prepare": [{"command": _command(step.command, context), "run": step.run} for step in recipe.prepare],
        "env": {name: as_json(value) for name, value in env.items()},
        "processes": processes,
        "ready": _ready(recipe.ready, context),
        "stop": {"signal": recipe.stop.signal, "timeout": recipe.stop.timeout},
        "ports": {name: listen["port"] for name, listen in context["listen"].items()},
        **more,
    }


def _path(draft: Draft, world: World, context: Fields) -> list[str]:
    """The recipe's folders of executables, and the one where `up` links the programs of this machine that it calls."""
    install = draft.recipe.install
    own = [str(as_text(evaluate(path, context))) for path in install.path]
    linked = install.system and draft.target == ProcessDeployer.target
    return [*own, str(world.identity.workspace / "bin")] if linked else own


def _environment(draft: Draft, world: World) -> dict[str, str]:
    environment = world.environments[draft.id]
    return {"key": environment.key, "prefix": environment.prefix}


def _processes(draft: Draft, context: Fields) -> list[Spec]:
    """Every process and copy of one, those that others wait for first."""
    recipe = draft.recipe
    if recipe.command:
        return [{"name": "main", "command": _command(recipe.command, context), "env": {}, "after": [], "ready": None}]
    names = {name: _copies(name, process, context) for name, process in recipe.processes.items()}
    first, _ = order(list(recipe.processes), {name: process.after for name, process in recipe.processes.items()})
    after = {name: [copy for other in recipe.processes[name].after for copy in names[other]] for name in first}
    return [
        _process(copy, index, recipe.processes[name], after[name], context)
        for name in first
        for index, copy in enumerate(names[name])
    ]


def _copies(name: str, process: Process, context: Fields) -> list[str]:
    """A process whose number can be set is numbered even when there is one of it, so that its name stays."""
    if process.count == 1:
        return [name]
    return [f"{name}.{index}" for index in range(int(evaluate(process.count, context)))]


def _process(name: str, index: int, process: Process, after: list[str], context: Fields) -> Spec:
    context = {**context, "self": {**context["self"], "name": name, "index": index}}
    return {
        "name": name,
        "command": _command(process.command, context),
        "env": {key: as_json(value) for key, value in _texts(process.env, context).items()},
        "after": after,
        "ready": _ready(process.ready, context),
    }


def _command(tree: Any, context: Mapping[str, Any]) -> list[Any]:
    words: Iterable[Any] = evaluate(tree, context)
    return [as_json(as_text(word)) for word in words]


def _ready(ready: Ready | None, context: Fields) -> Spec | None:
    if ready is None:
        return None
    spec: Spec = {"timeout": ready.timeout}
    for kind in ("http", "tcp"):
        if getattr(ready, kind):
            spec[kind] = as_json(as_text(evaluate(getattr(ready, kind), context)))
    if ready.command:
        spec["command"] = _command(ready.command, context)
    if ready.json_:
        spec["json"] = {path: evaluate(value, context) for path, value in ready.json_.items()}
    return spec


def _grant_spec(link: Link, world: World) -> Spec:
    """The server's grant recipe, filled in for one consumer."""
    server, context = world.drafts[link.server], world.grant_context(link)
    recipe = server.recipe.grant
    assert recipe is not None  # only links to servers with a recipe have a grant's name
    if server.given is not None:
        how = _share_elsewhere(link, context["grant"], world)
    else:
        env = {name: as_json(value) for name, value in _texts(recipe.env, context).items()}
        how = {"command": _command(recipe.command, context), "env": env}
    return {
        "v": 1,
        "name": context["grant"]["name"],
        "consumer": link.consumer,
        "need": link.slot,
        "server": link.server,
        "secret": link.id,
        "environment": _environment(server, world),
        "path": _path(server, world, context),
        "folder": world.starter(server).folder,
        "unprivileged": server.recipe.root == "refused",
        **({"place": server.target} if server.contained else {}),
        **how,
    }


def _share_elsewhere(link: Link, share: Fields, world: World) -> Spec:
    """Nothing of the server is here: its share is made, and removed, by the interface, with the credentials given."""
    files = [folder / INTERFACES / f"{link.interface}.py" for folder in world.catalog.folders]
    interface = next((file for file in files if file.is_file()), files[0])
    fields = as_endpoint(link.interface, world.as_given(world.drafts[link.server])).fields
    env: dict[str, Text] = {
        f"FIELD_{name}": value if not isinstance(value, int) else str(value) for name, value in fields.items()
    }
    env |= {"GRANT_NAME": share["name"], "GRANT_SECRET": (share["secret"],)}
    env["PYTHONPATH"] = str(world.identity.workspace / "jobs" / "lib")
    words = ["python", "-m", "stackwright_job.shares", str(interface)]
    return {
        "command": [*words, "grant"],
        "revoke": [*words, "revoke"],
        "env": {name: as_json(value) for name, value in sorted(env.items())},
    }
