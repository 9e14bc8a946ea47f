"""An entry as its rules see it: what its files say, where they say it, and what was found wrong so far."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from stackwright.catalog.forms import NAME
from stackwright.catalog.load import Catalog
from stackwright.catalog.refs import words
from stackwright.errors import Diagnostic, StackError, Where, did_you_mean, listed
from stackwright.model.catalog import Endpoint, Interface, Need, Process, Recipe, Tool
from stackwright.yamlfile import Document

# What every endpoint has, whatever its interface: who answers, where, and what it speaks.
ADDRESS = frozenset({"host", "port"})
BASE = ADDRESS | {"component", "interface"}
URL = "url"  # http://host:port, where the interface does not say what it is


@dataclass
class Entry:
    """One entry. Rules report with `wrong` and go on."""

    catalog: Catalog
    tool: Tool
    tool_file: Document
    recipe: Recipe
    recipe_file: Document
    has_recipe: bool
    found: list[Diagnostic] = field(default_factory=list)

    @classmethod
    def read(cls, catalog: Catalog, tool_id: str) -> Entry:
        """The entry; StackError where its files do not even have the right shape."""
        tool, recipe = catalog.tool(tool_id), catalog.recipe(tool_id)
        tool_file = catalog.source(catalog.folder(tool_id) / "tool.yaml")
        recipe_file = catalog.source(catalog.folder(tool_id) / "recipe.yaml") if recipe else tool_file
        nothing = Recipe.model_validate({"install": {}})
        return cls(catalog, tool, tool_file, recipe or nothing, recipe_file, recipe is not None)

    @property
    def folder(self) -> Path:
        """Where the entry lies."""
        return self.catalog.folder(self.tool.id)

    @property
    def processes(self) -> dict[str, Process]:
        """The processes by name; `command` is the one process `main`."""
        if self.recipe.processes or self.recipe.command is None:
            return self.recipe.processes
        return {"main": Process(command=self.recipe.command)}

    def wrong(self, code: str, summary: str, detail: str, where: Where, hint: str = "") -> None:
        """Report a mistake."""
        self.found.append(Diagnostic(code, summary, detail, where, hint))

    def in_tool(self, *path: str | int, key: bool = False) -> Where:
        """A place in tool.yaml."""
        return self.tool_file.where(*path, key=key)

    def in_recipe(self, *path: str | int, key: bool = False) -> Where:
        """A place in recipe.yaml."""
        return self.recipe_file.where(*path, key=key)

    def interface(self, name: str) -> Interface | None:
        """The interface of that name; None where there is none, which one rule reports for all."""
        try:
            return self.catalog.interface(name)
        except StackError:
            return None

    def spoken(self, need: Need) -> list[Interface]:
        """The interfaces that may answer a need."""
        return [interface for name in need.interface if (interface := self.interface(name))]

    def offered(self, endpoint: str) -> Interface | None:
        """The interface of an own endpoint; None for an internal one."""
        name = self.tool.provides.get(endpoint)
        return self.interface(name) if name else None

    def own_fields(self, name: str, endpoint: Endpoint) -> frozenset[str]:
        """The fields of an own endpoint as the component itself sees them: without what only a grant gives."""
        interface = self.offered(name)
        if interface is None:
            return ADDRESS | {URL}
        known = settled(interface, ADDRESS | set(endpoint.fields))
        return known if URL in interface.fields else known | {URL}

    def names(self, names: Iterable[str], where: Where, what: str) -> None:
        """What references name has to be a word that they can spell."""
        for name in names:
            if not re.fullmatch(NAME, name):
                detail = f"`{name}` is {what}; such a name has small letters, digits and `_`, a letter first."
                self.wrong("C021", "name cannot be referenced", detail, where)


def settled(interface: Interface, given: frozenset[str] | set[str]) -> frozenset[str]:
    """The fields of an interface that have a value once `given` have: defaults, and what derives from both."""
    known = set(given) | {name for name, field in interface.fields.items() if field.default is not None}
    derived = {name: set(words(field.derive)) for name, field in interface.fields.items() if field.derive}
    while more := {name for name, needed in derived.items() if name not in known and needed <= known}:
        known |= more
    return frozenset(known)


def functions_in(file: Path) -> dict[str, ast.arguments]:
    """The functions of a Python file and what they take; OSError, SyntaxError or ValueError where it is none."""
    body = ast.parse(file.read_bytes()).body
    return {node.name: node.args for node in body if isinstance(node, ast.FunctionDef)}


def defines(file: Path, *names: str) -> bool:
    """Whether a Python file has functions of these names."""
    try:
        return set(names) <= set(functions_in(file))
    except (OSError, SyntaxError, ValueError):
        return False


def hint_of(word: str, known: Iterable[str]) -> str:
    """A hint with the nearest known word, or with all of them."""
    words = sorted(known)
    return did_you_mean(word, words, f"there is {listed(words)}" if 0 < len(words) <= 24 else "")
