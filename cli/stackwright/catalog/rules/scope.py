"""Proves every reference of a recipe: that it leads somewhere in every stack, and that no secret gets where it shows.

It walks the trees as `refs.evaluate` does, but down every branch, and keeps what the branch's conditions guarantee.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from stackwright.catalog.forms import ANY, MalformedError, Reference, condition, form_of, parse, references
from stackwright.catalog.rules.entry import BASE, URL, Entry, hint_of
from stackwright.catalog.rules.tool import misfit
from stackwright.model.catalog import Interface
from stackwright.yamlfile import Path_

LISTEN = ("host", "port", "names")
SELF = ("host", "index", "name")
ALONE = ("version", "data_dir", "run_dir", "here", "prefix", "site_packages")
USUAL = (*ALONE, "settings", "needs", "listen", "endpoints", "published", "secrets", "files")
SPECIAL = {  # roots of certain places only
    "grant": "`grant.…` is for the commands, variables and fields of `grant`",
    "self": "`self.…` is for `processes`, whose copies it tells apart",
    "each": "`each.…` is for the `value` or `items` of an `each`",
}
ROOTS = (*USUAL, *SPECIAL)


@dataclass(frozen=True)
class Place:
    """What a part of a recipe may hold, and what the conditions around it guarantee."""

    secret: bool = False  # only we and the tool read it
    binds: bool = True  # the tool gets it when it starts
    roots: tuple[str, ...] = USUAL
    needs: Mapping[str, frozenset[str]] = field(default_factory=dict)  # need -> interfaces it has here
    settings: frozenset[str] = frozenset()  # settings that have a value here
    each: str | None = None  # the need whose endpoints are gone through


Part = tuple[Path_, Any, Place]


def check_scope(entry: Entry) -> None:
    """Every rule about the references and forms of a recipe."""
    walk = _Walk(entry)
    for at, tree, place in _parts(entry):
        if tree is not None:
            walk.tree(tree, at, place)
    walk.unused()


def _parts(entry: Entry) -> Iterator[Part]:
    """Every part of a recipe that may hold references, with what may stand there."""
    recipe, plain, hidden = entry.recipe, Place(), Place(secret=True)
    installing = Place(binds=False, roots=("version",))
    for name, wanted in {"packages": recipe.install.packages, **recipe.install.sources}.items():
        yield ("install", name), list(wanted), installing
    yield ("install", "path"), list(recipe.install.path), replace(installing, roots=ALONE)
    for name, file in recipe.files.items():
        yield ("files", name, "data"), file.data, hidden
        yield ("files", name, "path"), file.path, replace(installing, roots=())
    for index, step in enumerate(recipe.prepare):
        yield ("prepare", index, "command"), step.command, plain
    yield ("command",), recipe.command, plain
    yield ("env",), recipe.env, hidden
    asking, copies = Place(binds=False), (*USUAL, "self")
    for name, process in recipe.processes.items():
        at = ("processes", name)
        yield (*at, "command"), process.command, replace(plain, roots=copies)
        yield (*at, "env"), process.env, replace(hidden, roots=copies)
        yield (*at, "count"), process.count, asking
        if process.ready:
            yield (*at, "ready"), process.ready.model_dump(by_alias=True), replace(asking, roots=copies)
    for name, endpoint in recipe.endpoints.items():
        yield from _fields(("endpoints", name, "fields"), endpoint.fields, [entry.offered(name)], asking)
    if recipe.ready:
        yield ("ready",), recipe.ready.model_dump(by_alias=True), asking
    if recipe.grant:
        granting = replace(asking, roots=(*USUAL, "grant"))
        yield ("grant", "command"), recipe.grant.command, granting
        yield ("grant", "env"), recipe.grant.env, replace(granting, secret=True)
        offered = [entry.interface(name) for name in entry.tool.provides.values()]
        yield from _fields(("grant", "fields"), recipe.grant.fields, offered, granting)


def _fields(at: Path_, fields: Mapping[str, Any], offered: list[Interface | None], place: Place) -> Iterator[Part]:
    """Fields of an interface: a secret goes only into those that are marked as one, so that consumers hide it too."""
    for name, tree in fields.items():
        marked = any(_is_secret(interface, name) for interface in offered)
        yield (*at, name), tree, replace(place, secret=marked)


def _everywhere(entry: Entry) -> dict[Reference, bool]:
    """What a recipe can refer to wherever it is, and whether that is a secret: all but `needs` and `each`."""
    recipe = entry.recipe
    plain: list[Reference] = [(root,) for root in ALONE]
    plain += [("settings", name) for name in entry.tool.settings]
    plain += [("files", name) for name in recipe.files]
    plain += [("self", name) for name in SELF]
    plain += [("listen", name, word) for name in recipe.endpoints for word in LISTEN]
    plain += [("published", name, "url") for name in recipe.endpoints]
    known = dict.fromkeys(plain, False) | {("grant", "name"): False, ("grant", "secret"): True}
    known |= {("secrets", name): True for name in recipe.secrets}
    for name, endpoint in recipe.endpoints.items():
        for own in entry.own_fields(name, endpoint):
            known["endpoints", name, own] = _is_secret(entry.offered(name), own)
    return known


def _is_secret(interface: Interface | None, name: str) -> bool:
    found = interface.fields.get(name) if interface else None
    return bool(found and found.secret)


def _almost_a_form(node: dict[str, Any]) -> bool:
    """Whether a mapping that is no form looks meant as one."""
    keys = set(node)
    if keys & {"when", "each"}:
        return bool(keys & {"value", "items"}) or any(
            str(node.get(key, "")).startswith(("needs.", "settings.")) for key in ("when", "each")
        )
    return "first" in keys and any(form_of(item) for item in node["first"] if isinstance(node["first"], list))


class _Walk:
    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.bound: set[str] = set()
        self.used: set[Reference] = set()
        self.everywhere = _everywhere(entry)

    def tree(self, node: Any, at: Path_, place: Place) -> None:
        """Everything in a tree."""
        if isinstance(node, str):
            self._text(node, at, place)
        elif isinstance(node, list | tuple):
            for index, item in enumerate(node):
                self.tree(item, (*at, index), place)
        elif isinstance(node, dict):
            self._mapping(node, at, place)

    def unused(self) -> None:
        """What is declared and leads to nothing, and endpoints that nothing opens."""
        entry = self.entry
        declared = [("settings", name) for name in entry.tool.settings]
        declared += [("secrets", name) for name in entry.recipe.secrets]
        for root, name in declared:
            if (root, name) not in self.used and entry.has_recipe:
                where = (entry.in_tool if root == "settings" else entry.in_recipe)(root, name, key=True)
                detail = f"No reference `{{{{ {root}.{name} }}}}` is in the recipe, so that it would change nothing."
                entry.wrong("C060", "declared and never used", detail, where)
        for name in entry.recipe.endpoints:
            if name not in self.bound:
                detail = f"Neither a command nor a variable or file holds `{{{{ listen.{name}.port }}}}`."
                where = entry.in_recipe("endpoints", name, key=True)
                entry.wrong("C061", "endpoint is opened by nothing", detail, where)

    def _mapping(self, node: dict[str, Any], at: Path_, place: Place) -> None:
        where = self.entry.in_recipe(*at)
        match form_of(node):
            case "when":
                place = self._when(node["when"], at, place)
            case "each":
                place = self._each(str(node["each"]), at, place)
            case "first":
                self._first(node["first"], at)
            case None if _almost_a_form(node):
                hint = "a form is {when: …, value: …}, {each: …, items: …} or {first: [...]}, and nothing beside it"
                self.entry.wrong("C062", "form is incomplete", "It looks like `when`, `each` or `first`.", where, hint)
        for key, value in node.items():
            if "{{" in key:
                key_where = self.entry.in_recipe(*at, key, key=True)
                self.entry.wrong("C063", "keys hold no references", f"`{key}` would stay as it is.", key_where)
            if not (key in ("when", "each") and form_of(node)):
                self.tree(value, (*at, key), place)

    def _first(self, choices: list[Any], at: Path_) -> None:
        conditions = [repr(choice["when"]) if form_of(choice) == "when" else "" for choice in choices]
        if not choices or conditions[-1] or "" in conditions[:-1]:
            detail = "Only the last choice of a `first`, and that one, has no `when`: it is taken when no other is."
            self.entry.wrong("C064", "first has no last resort", detail, self.entry.in_recipe(*at, "first"))
        if len(set(conditions)) < len(conditions):
            detail = "A condition stands there twice; its second choice is never taken."
            self.entry.wrong("C065", "choice is never taken", detail, self.entry.in_recipe(*at, "first"))

    def _when(self, when: Any, at: Path_, place: Place) -> Place:
        """The place inside a `when`: what it guarantees is added."""
        path, literal = condition(when)
        tool, where = self.entry.tool, self.entry.in_recipe(*at, "when")
        if len(path) == 2 and path[0] == "needs" and path[1] in tool.needs:
            known = frozenset(tool.needs[path[1]].interface)
            if literal is ANY or literal in known:
                return replace(place, needs={**place.needs, path[1]: known if literal is ANY else frozenset({literal})})
            detail = f"`{path[1]}` is never answered by `{literal}`."
            self.entry.wrong("C066", "condition is never met", detail, where, hint_of(str(literal), known))
        elif len(path) == 2 and path[0] == "settings" and path[1] in tool.settings:
            self.used.add(path)
            if literal is ANY or not (why := misfit(tool.settings[path[1]], literal)):
                return replace(place, settings=place.settings | {path[1]})
            self.entry.wrong("C068", "setting never has that value", f"`{path[1]}`: {why}.", where)
        else:
            known_paths = [f"needs.{name}" for name in tool.needs] + [f"settings.{name}" for name in tool.settings]
            detail = f"`{'.'.join(path)}` is neither a need nor a setting of this tool."
            hint = hint_of(".".join(path), known_paths)
            self.entry.wrong("C067", "condition tests nothing", detail, where, hint)
        return place

    def _each(self, path: str, at: Path_, place: Place) -> Place:
        many = {f"needs.{name}": name for name, need in self.entry.tool.needs.items() if need.many}
        where = self.entry.in_recipe(*at, "each")
        if place.each:
            self.entry.wrong("C075", "each stands in an each", "One is as far as a recipe goes.", where)
        if path not in many:
            detail = f"`{path}` is no need with `many: true`."
            self.entry.wrong("C069", "each goes through nothing", detail, where, hint_of(path, many))
        return replace(place, each=many.get(path, ""), roots=(*place.roots, "each"))

    def _text(self, text: str, at: Path_, place: Place) -> None:
        try:
            parse(text)
        except MalformedError:
            detail = f"In `{text}`, a `{{{{` does not begin a reference."
            hint = "a reference has one space inside its braces: {{ settings.workers }}"
            self.entry.wrong("C070", "text holds half a reference", detail, self.entry.in_recipe(*at), hint)
        for reference in references(text):
            self._reference(reference, at, place)

    def _reference(self, reference: Reference, at: Path_, place: Place) -> None:
        root, text, where = reference[0], ".".join(reference), self.entry.in_recipe(*at)
        self.used.add(reference[:2])
        if root == "listen" and reference[2:] == ("port",) and place.binds:
            self.bound.add(reference[1])
        if home := self._elsewhere(root, place):
            detail = f"`{text}` has no meaning there."
            self.entry.wrong("C072", "reference stands in the wrong place", detail, where, home)
            return
        known = self._known(root, place)
        if reference not in known:
            near = hint_of(text, [".".join(path) for path in known] or ROOTS)
            detail = f"`{text}` is not among what this recipe can refer to here."
            self.entry.wrong("C071", "reference leads nowhere", detail, where, near)
            return
        self._guarded(reference, at, place)
        if known[reference] and not place.secret:
            detail = f"`{text}` is a secret; on a command line or in an address everybody can read it."
            hint = "secrets go into `env`, `files`, `grant.env` and fields with `secret: true`"
            self.entry.wrong("C073", "secret would be seen", detail, where, hint)

    @staticmethod
    def _elsewhere(root: str, place: Place) -> str:
        """Where a root belongs, if not here."""
        if root not in ROOTS or root in place.roots:
            return ""
        return SPECIAL.get(root) or f"here may stand {', '.join(f'`{name}`' for name in place.roots) or 'no reference'}"

    def _known(self, root: str, place: Place) -> dict[Reference, bool]:
        """Every path of a root that has a value here, and whether it is a secret."""
        if root == "each":
            return {(root, *path): secret for path, secret in self._need(place.each or "", place).items()}
        if root == "needs":
            single = [name for name, need in self.entry.tool.needs.items() if not need.many]
            return {(root, n, *path): secret for n in single for path, secret in self._need(n, place).items()}
        return {path: secret for path, secret in self.everywhere.items() if path[0] == root}

    def _need(self, name: str, place: Place) -> dict[Reference, bool]:
        """The fields that a need has here, whichever of its interfaces answers it; a secret in one is one in all."""
        need = self.entry.tool.needs.get(name)
        possible = place.needs.get(name) or (frozenset(need.interface) if need else frozenset())
        spoken = [interface for word in possible if (interface := self.entry.interface(word))]
        common = frozenset.intersection(*(frozenset(i.fields) for i in spoken)) if spoken else frozenset()
        return {(word,): any(_is_secret(i, word) for i in spoken) for word in common | BASE | {URL}}

    def _guarded(self, reference: Reference, at: Path_, place: Place) -> None:
        """What may be absent is used only where its own condition holds."""
        root, name = (*reference, "")[:2]
        need, setting = self.entry.tool.needs.get(name), self.entry.tool.settings.get(name)
        absent = root == "needs" and need is not None and need.optional and name not in place.needs
        unset = root == "settings" and setting is not None and setting.default is None and name not in place.settings
        if absent or unset:
            what = "an optional need" if absent else "a setting without a default"
            text = ".".join(reference)
            detail = f"`{text}` comes from {what}, and this place is there without it."
            hint = f'put it under its condition\n    {{when: {root}.{name}, value: "{{{{ {text} }}}}"}}'
            self.entry.wrong("C074", "value may be absent", detail, self.entry.in_recipe(*at), hint)
