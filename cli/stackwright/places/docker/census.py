"""What of a stack is on the engine, taking it away, and the proof that nothing is left."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from stackwright.errors import StackError
from stackwright.places.docker import component, containers, image, labels, volume
from stackwright.places.docker.engine import Engine, asking, claim, claimed
from stackwright.runtime import journal
from stackwright.runtime.steps import client_journal
from stackwright.runtime.sweep import Leftover
from stackwright.runtime.workspace import Workspace

_KINDS = ("container", "network", "volume", "image")
_MOMENT, _LONGEST = 5.0, 30.0  # seconds


def made_for(ws: Workspace) -> list[str]:
    """The images that a stack has been made of, by its journal."""
    entries = journal.read(ws.journal_dir / "client.jsonl")
    return list(dict.fromkeys(str(entry["id"]) for entry in entries if entry["kind"] == "image"))


def sweep(ws: Workspace, keep_data: bool, keep_images: bool) -> list[Leftover]:
    """Take away what is ours; returns what nobody expected, as volumes and images are never gone before."""
    engine = _reached(ws)
    if engine is None:
        return []
    with asking(ws.id):
        _await_builds(engine, ws)
        found = _found(engine, ws, keep_data, keep_images)
        for one in found:
            client_journal(ws).write("intent", one.kind, "", one.what)
            _remove(engine, ws, one)
    return [one for one in found if one.kind in ("container", "network")]


def prove(ws: Workspace, keep_data: bool, keep_images: bool) -> tuple[list[Leftover], dict[str, int]]:
    """What is left by a fresh listing (empty: the proof), and how many things were looked at."""
    engine = _reached(ws)
    if engine is None:
        return [], {}
    with asking(ws.id):
        looked_at = {
            "containers": len(engine.containers(all=True)),
            "networks": len(engine.networks()),
            "volumes": len(engine.volumes()["Volumes"] or []),
            "images": len(engine.images()),
        }
        return _found(engine, ws, keep_data, keep_images), looked_at


def _reached(ws: Workspace) -> Engine | None:
    """The engine that the stack is on, or may be on where its workspace was deleted; None where it is on none."""
    began = claimed(ws) or any(entry["kind"] in _KINDS for entry in journal.read(ws.journal_dir / "client.jsonl"))
    if not began and ws.whole:
        return None
    try:
        with asking(ws.id) as engine:
            if claimed(ws):
                claim(ws, engine)
    except StackError:
        if began:
            raise
        return None  # nobody knows, and most stacks have no containers
    return engine


def _found(engine: Engine, ws: Workspace, keep_data: bool, keep_images: bool) -> list[Leftover]:
    """What there is, in the order in which it can be removed."""
    ours = containers.of(engine, ws)
    images = {*made_for(ws), *(one["Image"] for one in ours)}
    return [
        *(Leftover("container", _name(one), one["Status"], f"docker rm -fv {_name(one)}") for one in ours),
        *(
            Leftover("network", one["Name"], "", f"docker network rm {one['Name']}")
            for one in engine.networks(filters=labels.wanted(ws))
        ),
        *(
            Leftover("volume", name, "", f"docker volume rm {name}")
            for name in ([] if keep_data else volume.of(engine, ws))
        ),
        *([] if keep_images else _images(engine, ws, images)),
    ]


def _images(engine: Engine, ws: Workspace, made: set[str]) -> Iterator[Leftover]:
    """Images that were made for it and that nobody else needs now; nameless ones are builds that were killed."""
    used = {one["ImageID"] for one in engine.containers(all=True) if labels.on(one).get(labels.STACK) != ws.id}
    planned = {name for other in Workspace.all() if other.id != ws.id for name in made_for(other)}
    every = engine.images(filters={"label": [labels.ENVIRONMENT]})
    for one in sorted(every, key=lambda one: -one["Created"]):  # one may be the base of another
        names = [name for name in one["RepoTags"] or () if name != "<none>:<none>"]
        ours = not names or any(name in made and name not in planned for name in names)
        if ours and one["Id"] not in used:
            what = names[0] if names else one["Id"]
            yield Leftover("image", what, "", f"docker rmi {what}")


def _remove(engine: Engine, ws: Workspace, found: Leftover) -> None:
    from docker.errors import APIError, NotFound

    with suppress(NotFound):
        if found.kind == "container":
            component.remove(engine, [one for one in containers.of(engine, ws) if _name(one) == found.what])
        elif found.kind == "network":
            engine.remove_network(found.what)
        elif found.kind == "volume":
            engine.remove_volume(found.what)
        else:
            with suppress(APIError):  # somebody has just begun to use it
                engine.remove_image(found.what)


def _await_builds(engine: Engine, ws: Workspace) -> None:
    """A build whose command was killed goes by itself, in a moment; one that goes on is somebody else's."""
    names, began = {image.builder(one) for one in made_for(ws)}, time.monotonic()
    while building := [one for one in engine.containers(all=True) if _name(one) in names]:
        waited = time.monotonic() - began
        if waited > _LONGEST or (waited > _MOMENT and all(one["State"] == "running" for one in building)):
            return
        for one in building:
            image.remove_stillborn(engine, _name(one))
        time.sleep(0.2)


def kept() -> list[tuple[str, int]]:
    """Every image of ours and its size, whichever stack it was made for."""
    with asking("images") as engine:
        found = engine.images(filters={"label": [labels.ENVIRONMENT]})
    named = [(name, int(one["Size"])) for one in found for name in one["RepoTags"] or ()]
    return [one for one in named if one[0].startswith(image.OURS)]


def prune(before: float) -> list[tuple[str, int]]:
    """Remove the images made before a time that no stack of this user is made of and no container uses."""
    from docker.errors import APIError

    planned = {name for ws in Workspace.all() for name in made_for(ws)}
    with asking("images") as engine:
        found = engine.images(filters={"label": [labels.ENVIRONMENT]})
    gone = []
    for one in sorted(found, key=lambda one: -one["Created"]):  # one may be the base of another
        for name in one["RepoTags"] or ():
            if name.startswith(image.OURS) and name not in planned and one["Created"] <= before:
                with asking(name) as engine, suppress(APIError):
                    engine.remove_image(name)
                    gone.append((name, int(one["Size"])))
    return gone


def image_size(key: str) -> int:
    """Bytes of the image of an environment; 0 where there is none."""
    return max((size for name, size in kept() if name.startswith(image.reference(key, ""))), default=0)


def _name(one: dict[str, Any]) -> str:
    return str(one["Names"][0]).removeprefix("/") if one["Names"] else str(one["Id"])
