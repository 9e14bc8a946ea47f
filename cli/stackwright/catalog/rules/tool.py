"""Rules of tool.yaml."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

from stackwright.catalog.load import ID
from stackwright.catalog.rules.entry import Entry, hint_of
from stackwright.errors import StackError
from stackwright.model.catalog import Need, Setting

MAX_SETTINGS = 7
MAX_LINES = 80

# SPDX in shape: the list of its names is not ours to keep.
_LICENSE = re.compile(r"proprietary|\(?\w[\w.+-]*\)?( (AND|OR|WITH) \(?\w[\w.+-]*\)?)*")

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "folder": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


def check_tool(entry: Entry) -> None:
    """Every rule about tool.yaml alone."""
    _about(entry)
    _layers(entry)
    _formats(entry)
    _kind(entry)
    _others(entry)
    _endpoints(entry)
    entry.names(entry.tool.settings, entry.in_tool("settings", key=True), "a setting")
    if len(entry.tool.settings) > MAX_SETTINGS:
        detail = f"It has {len(entry.tool.settings)} settings; people can oversee {MAX_SETTINGS}."
        entry.wrong("C022", "tool has too many settings", detail, entry.in_tool("settings", key=True))
    for name, setting in entry.tool.settings.items():
        _setting(entry, name, setting)
    entry.names(entry.tool.needs, entry.in_tool("needs", key=True), "a need")
    for name, need in entry.tool.needs.items():
        _need(entry, name, need)
    _length(entry)


def _about(entry: Entry) -> None:
    for key in ("about", "home", "license"):
        value = getattr(entry.tool, key)
        if not value.strip() or (key == "home" and not value.startswith(("https://", "http://"))):
            detail = f"`{key}` is `{value}`; it has to be {'an address' if key == 'home' else 'a few words'}."
            entry.wrong("C020", "tool is not described", detail, entry.in_tool(key))
    if not _LICENSE.fullmatch(entry.tool.license):
        detail = f"`{entry.tool.license}` is neither `proprietary` nor made of SPDX names."
        entry.wrong("C032", "license is not one that programs know", detail, entry.in_tool("license"))


def _layers(entry: Entry) -> None:
    known = entry.catalog.layers()
    if entry.has_recipe and not entry.tool.layers:
        detail = f"`{entry.tool.id}` does no layer's job."
        entry.wrong("C023", "tool has no layer", detail, entry.in_tool("layers"), hint_of("", known))
    for layer in entry.tool.layers:
        if layer not in known:
            detail = f"`{layer}` is not in the list of layers."
            where = entry.in_tool("layers", layer, key=True)
            entry.wrong("C024", "layer is unknown", detail, where, hint_of(layer, known))


def _formats(entry: Entry) -> None:
    known = entry.catalog.formats()
    for number, name in enumerate(entry.tool.formats):
        if name not in known:
            detail = f"`{name}` is not in the list of model formats."
            hint = hint_of(name, known)
            entry.wrong("C035", "model format is unknown", detail, entry.in_tool("formats", number), hint)


def _kind(entry: Entry) -> None:
    if entry.tool.kind == "vendor" and entry.has_recipe:
        detail = f"`{entry.tool.id}` is a vendor's service, which nobody else can run, yet there is a recipe.yaml."
        entry.wrong("C025", "kind and recipe do not fit", detail, entry.in_tool("kind"))
    if not entry.has_recipe and not entry.tool.status:
        detail = f"`{entry.tool.id}` has neither a recipe.yaml nor a `status`: nobody learns what to make of it."
        hint = "add what is known to tool.yaml\n    status: {state: active, as_of: 2026-08, source: WHERE IT WAS READ}"
        entry.wrong("C033", "tool has neither recipe nor status", detail, entry.in_tool(), hint)
    if entry.has_recipe and not entry.tool.version:
        detail = "What is installed has a version, which stands in tool.yaml and nowhere else."
        hint = 'add a line to tool.yaml\n    version: "1.2.3"'
        entry.wrong("C026", "tool has no version", detail, entry.in_tool(), hint)


def _others(entry: Entry) -> None:
    """What reads like an id of the catalog has to be one; a successor outside it has a name with capitals."""
    ids = entry.catalog.tools()
    named: list[tuple[str, tuple[str | int, ...]]] = [
        (word, ("successor", index)) for index, word in enumerate(entry.tool.successor)
    ]
    named += [(entry.tool.same_as, ("same_as",))] if entry.tool.same_as else []
    for word, path in named:
        if ID.fullmatch(word) and (word not in ids or word == entry.tool.id):
            detail = f"`{word}` is no other tool of the catalog."
            entry.wrong("C034", "entry points to no tool", detail, entry.in_tool(*path), hint_of(word, ids))


def _endpoints(entry: Entry) -> None:
    entry.names(entry.tool.provides, entry.in_tool("provides", key=True), "an endpoint")
    for endpoint, interface in entry.tool.provides.items():
        _known_interface(entry, interface, "provides", endpoint)
    for endpoint in set(entry.tool.features) - set(entry.tool.provides):
        detail = f"`{endpoint}` has features, and the tool does not provide it."
        where = entry.in_tool("features", endpoint, key=True)
        entry.wrong("C027", "features belong to no endpoint", detail, where, hint_of(endpoint, entry.tool.provides))


def _known_interface(entry: Entry, interface: str, *path: str | int) -> None:
    if entry.interface(interface) is None and interface not in entry.catalog.interfaces():
        detail = f"There is no `_interfaces/{interface}.yaml`."
        hint = hint_of(interface, entry.catalog.interfaces())
        entry.wrong("C028", "interface is not in the catalog", detail, entry.in_tool(*path), hint)


def _need(entry: Entry, name: str, need: Need) -> None:
    for interface in need.interface:
        _known_interface(entry, interface, "needs", name, "interface")
    if not need.optional and need.features and not _somebody_offers(entry, need):
        detail = f"`{name}` is required, and no tool offers {' or '.join(need.interface)} with " + ", ".join(
            need.features
        )
        where = entry.in_tool("needs", name, "features")
        entry.wrong("C029", "feature is offered by nobody", f"{detail}.", where)


def _somebody_offers(entry: Entry, need: Need) -> bool:
    for tool_id in entry.catalog.tools():
        try:
            tool = entry.catalog.tool(tool_id)
        except StackError:  # reported where that entry is checked
            continue
        for endpoint, interface in tool.provides.items():
            if interface in need.interface and set(need.features) <= set(tool.features.get(endpoint, ())):
                return True
    return False


def _setting(entry: Entry, name: str, setting: Setting) -> None:
    wrong = misfit(setting, setting.default) if setting.default is not None else ""
    wrong = wrong or next((f"choice {why}" for choice in setting.choices if (why := misfit(setting, choice))), "")
    if not wrong and setting.type == "folder" and setting.default is not None:
        folder = PurePosixPath(str(setting.default))
        if folder.is_absolute() or ".." in folder.parts or not (entry.folder / folder).is_dir():
            wrong = f"`{folder}` is no folder of the entry"
    if wrong:
        where = entry.in_tool("settings", name, "default")
        entry.wrong("C030", "setting does not fit itself", f"`{name}`: {wrong}.", where)


def misfit(setting: Setting, value: Any) -> str:
    """Why a value is not one that the setting takes; empty where it is."""
    if not isinstance(value, _TYPES[setting.type]) or (isinstance(value, bool) and setting.type != "boolean"):
        return f"`{value}` is no {setting.type}"
    if setting.choices and value not in setting.choices:
        return f"`{value}` is not among its choices"
    if isinstance(value, int | float) and not isinstance(value, bool):
        low, high = setting.minimum, setting.maximum
        if (low is not None and value < low) or (high is not None and value > high):
            return f"`{value}` is outside its limits"
    return ""


def _length(entry: Entry) -> None:
    for file in ("tool.yaml", "recipe.yaml"):
        path = entry.folder / file
        lines = len(path.read_text(encoding="utf-8").splitlines()) if path.exists() else 0
        if lines > MAX_LINES:
            where = (entry.in_tool if file == "tool.yaml" else entry.in_recipe)()
            detail = f"It has {lines} lines; an entry that needs more than {MAX_LINES} needs a script beside it."
            entry.wrong("C031", "file is too long", detail, where)
