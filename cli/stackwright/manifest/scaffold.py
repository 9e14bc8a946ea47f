"""Writes a new stack.yaml: a blueprint's layers written out, so that an upgrade changes nothing silently."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol

from stackwright.errors import Diagnostic, Exit, StackError, did_you_mean, listed
from stackwright.manifest.blueprints import blueprint_names, read_blueprint
from stackwright.manifest.mistakes import not_a_stack_name
from stackwright.manifest.schema import STACK_NAME
from stackwright.model.catalog import Tool
from stackwright.model.manifest import SPLIT, layers_of
from stackwright.yamlfile import shown

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_NO_TEXT = re.compile(r"(?i)true|false|null|y|yes|n|no|on|off")  # the last six to editors that read YAML 1.1


class Tools(Protocol):
    """What the scaffold asks a catalog: which layers and tools there are, and what a tool is."""

    def layers(self) -> Mapping[str, object]:
        """The layers by name."""

    def tools(self) -> list[str]:
        """Every tool's name."""

    def tool(self, tool_id: str, /) -> Tool:
        """What a tool is."""

    def targets(self, tool_id: str, /) -> tuple[str, ...]:
        """The targets a tool runs on; none for one that is only known."""


def scaffold(name: str, blueprint: str, picks: Mapping[str, str], catalog: Tools, without: Collection[str] = ()) -> str:
    """The text of a new manifest: the blueprint's layers with the picked tools; StackError where a word is unknown."""
    _refuse_unknown(name, blueprint, picks, catalog)
    ready = read_blueprint(blueprint).data
    lines = [
        f"name: {_inline(name)}",
        f"blueprint: {_inline(blueprint)}  # `stack plan` says what is missing of it",
        f"target: {_inline(ready.get('target', 'process'))}",
        "layers:",
    ]
    placed = {layer: _placed(tool, ready.get("target", "process"), catalog) for layer, tool in picks.items()}
    for layer, value in _layers(ready.get("layers", {}), placed).items():
        if layer not in without:
            lines += _layer(layer, value, catalog)
    if ready.get("jobs"):
        lines += ["# What your own code imports, beside the clients of these tools.", "jobs:"]
        lines += [f"  {key}: {_inline(value)}" for key, value in ready["jobs"].items()]
    return "\n".join(lines) + "\n"


def _placed(tool: str, target: str, catalog: Tools) -> str | dict[str, str]:
    """A picked tool; one that does not run on the stack's target brings its own."""
    targets = catalog.targets(tool)
    return tool if target in targets else {"tool": tool, "target": targets[0]}


def _layers(ready: Mapping[str, Any], picks: Mapping[str, Any]) -> dict[str, Any]:
    """The blueprint's layers with the picks in their places; new layers come last."""
    layers: dict[str, Any] = {}
    for key, value in ready.items():
        parts = layers_of(key)
        if key not in picks and len(parts) > 1 and any(part in picks for part in parts):
            layers |= dict.fromkeys(parts, value)  # one of them is picked: it has to be written by itself
        elif not any(key in SPLIT[whole] for whole in SPLIT if whole in picks):
            layers[key] = value
    return {**layers, **picks}


def _layer(layer: str, value: Any, catalog: Tools) -> Iterator[str]:
    choices = value if isinstance(value, list) else [value]
    for choice in choices:
        tool = choice["tool"] if isinstance(choice, dict) else choice
        if tool in catalog.tools():
            yield f"  # {tool}: {' '.join(catalog.tool(tool).about.split())}"
    if not isinstance(value, dict):
        yield f"  {layer}: {_inline(value)}"
        return
    yield f"  {layer}:"
    yield from (f"    {key}: {_inline(part)}" for key, part in value.items())


def _inline(value: Any) -> str:
    """A value on one line of YAML; what might be read as something else is quoted as JSON, which YAML contains."""
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) and not _NO_TEXT.fullmatch(value)
        return value if plain else json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return f"[{', '.join(_inline(item) for item in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_inline(key)}: {_inline(item)}" for key, item in value.items()) + "}"
    return json.dumps(value)


def _refuse_unknown(name: str, blueprint: str, picks: Mapping[str, str], catalog: Tools) -> None:
    found = [] if re.fullmatch(STACK_NAME, name) else [not_a_stack_name(name, typed="stack init")]
    if blueprint not in blueprint_names():
        found.append(_unknown("M015", "no such blueprint", "blueprint", blueprint, blueprint_names()))
    layers = [*catalog.layers(), *SPLIT]
    for layer, tool in picks.items():
        if layer not in layers:
            found.append(_unknown("M016", "no such layer to pick for", "layer", layer, layers))
            continue
        doing = [
            t for t in catalog.tools() if catalog.targets(t) and set(layers_of(layer)) & set(catalog.tool(t).layers)
        ]
        if tool not in doing:
            found.append(_no_pick(layer, tool, doing, catalog))
    if found:
        raise StackError(found, Exit.USAGE)


def _no_pick(layer: str, tool: str, doing: list[str], catalog: Tools) -> Diagnostic:
    told = _unknown("M017", "no such tool to pick", f"tool for `{layer}`", tool, doing)
    gone = tool in catalog.tools() and not catalog.targets(tool)
    return replace(told, detail=catalog.tool(tool).fate) if gone else told


def _unknown(code: str, summary: str, kind: str, word: str, known: list[str]) -> Diagnostic:
    hint = did_you_mean(word, known, f"the choices are {listed(known)}" if known else "")
    return Diagnostic(code, summary, f"`{shown(word)}` is not the name of a {kind}.", hint=hint)
