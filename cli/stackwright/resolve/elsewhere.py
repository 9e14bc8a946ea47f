"""Components that run elsewhere: described by what the manifest says of them, and by no recipe."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from stackwright.catalog.load import Catalog
from stackwright.errors import Diagnostic, nearest
from stackwright.model.base import Secret
from stackwright.model.catalog import Endpoint, GrantRecipe, Install, Interface, Recipe, Tool
from stackwright.model.deployer import ExternalDeployer, HostedDeployer
from stackwright.model.manifest import Choice, Reference
from stackwright.resolve.draft import JOBS, listed

Fields = dict[str, Any]

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?\.?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*")
_URL = re.compile(r"https?://[\x21-\x7e]+")
_USUAL = {"http": 80, "https": 443}
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")


class Described(NamedTuple):
    """A component that runs elsewhere, in the words of those that run here."""

    tool: Tool  # no more of it than was given
    recipe: Recipe  # without a process
    given: Fields  # fields of its endpoint, or variables
    references: dict[str, Reference]  # key of a secret -> where the user has it


def with_tool(choice: Choice, catalog: Catalog) -> tuple[Choice, list[Diagnostic]]:
    """The choice with the tool that its interface stands for, where the manifest names none."""
    if choice.target != ExternalDeployer.target:
        return choice, []
    name = (choice.endpoint or {}).get("interface")
    if not isinstance(name, str) or name not in catalog.interfaces():
        return choice, [_no_interface(choice, name, catalog.interfaces())]
    return choice.model_copy(update={"tool": choice.tool or catalog.interface(name).default or ""}), []


def as_written(choice: Choice) -> Fields:
    """The endpoint without its places: what is written the same is the same server."""
    endpoint = choice.endpoint or {}
    return {name: (v.source, v.words) if isinstance(v, Reference) else v for name, v in endpoint.items()}


def nothing_of_ours(choice: Choice) -> list[Diagnostic]:
    """Settings and needs are for what is started here."""
    found = []
    devices = {"": choice.gpu} if choice.gpu else {}
    for key, said in (("settings", choice.settings), ("needs", choice.needs), ("gpu", devices)):
        for name in list(said)[:1]:
            detail = f"`{choice.layer}` runs elsewhere, so nobody here can set it up."
            where = choice.places.get(f"{key}.{name}".rstrip("."), choice.where)
            found.append(
                Diagnostic("R020", "setting of something that runs elsewhere", detail, where, f"leave `{key}` out")
            )
    return found


def external(choice: Choice, tool: Tool, component: str, catalog: Catalog) -> tuple[Described | None, list[Diagnostic]]:
    """The server that an endpoint describes, as the component of that id."""
    endpoint = dict(choice.endpoint or {})
    name = str(endpoint.pop("interface"))
    offered = next((own for own, interface in tool.provides.items() if interface == name), None)
    if offered is None:
        return None, [_not_offered(choice, tool, name)]
    interface = catalog.interface(name)
    reader = _Reader(choice, component, interface)
    given = reader.read(endpoint)
    if reader.found:
        return None, reader.found
    port = int(given["port"])
    recipe = Recipe(
        install=_install(interface, tool, catalog),
        endpoints={offered: Endpoint(port=port)},
        grant=GrantRecipe(command=[], fields=interface.grant) if interface.grant else None,
    )
    shown = tool.model_copy(update={"provides": {offered: name}, "features": {}, "needs": {}, "settings": {}})
    return Described(shown, recipe, given, reader.references), []


def hosted(choice: Choice, tool: Tool, component: str, catalog: Catalog) -> tuple[Described | None, list[Diagnostic]]:
    """A vendor's service, with the user's credentials: from the variables of the vendor's own client, unless told."""
    entry, endpoint = catalog.hosted(tool.id), dict(choice.endpoint or {})
    found = [_unknown(choice, name, entry.credentials) for name in endpoint if name not in entry.credentials]
    given: Fields = {}
    references: dict[str, Reference] = {}
    for name, credential in entry.credentials.items():
        value = endpoint.get(name, credential.default)
        if value is None and credential.optional:
            continue
        if isinstance(value, Reference) or value is None:
            own, key = Reference(source="env", words=(name,), where=choice.where), f"{component}.{name}"
            about = f"{credential.about} Get it at {entry.keys}."
            references[key] = (value or own).model_copy(update={"about": about})
            given[name] = (Secret(secret=key),)
        elif credential.secret:
            found.append(_open_secret(choice, name))
        else:
            given[name] = str(value)
    if found:
        return None, found
    shown = tool.model_copy(update={"provides": {}, "features": {}, "needs": {}, "settings": {}})
    return Described(shown, Recipe(install=Install(with_=JOBS)), given, references), []


@dataclass
class _Reader:
    """Checks an endpoint's fields against its interface; secrets become places for them."""

    choice: Choice
    component: str
    interface: Interface
    found: list[Diagnostic] = field(default_factory=list)
    references: dict[str, Reference] = field(default_factory=dict)

    def read(self, endpoint: Fields) -> Fields:
        """The fields, `host` and `port` among them."""
        known = {"host", "port", *self._settable()}
        given: Fields = {}
        for name, value in endpoint.items():
            if name not in known:
                self.found.append(_unknown(self.choice, name, known))
            elif isinstance(value, Reference) and name in ("host", "port", "url"):
                self._wrong(name, "has to be in the manifest: the plan is made from it", f"{name}: …")
            elif isinstance(value, Reference):
                key = f"{self.component}.{name}"
                self.references[key] = value
                given[name] = (Secret(secret=key),)
            elif name in self.interface.fields and self.interface.fields[name].secret:
                self.found.append(_open_secret(self.choice, name))
            elif self._fits(name, value):
                given[name] = value if name == "port" else str(value)
        return self._complete(given, endpoint)

    def _settable(self) -> Iterable[str]:
        """A secret that is made of other fields is never given by itself: it could contradict them."""
        return (name for name, field in self.interface.fields.items() if not (field.derive and field.secret))

    def _fits(self, name: str, value: Any) -> bool:
        whole = isinstance(value, int) and not isinstance(value, bool)
        if name == "port":
            fits, wanted = whole and 0 < value < 65536, "has to be a whole number from 1 to 65535"
        elif name == "host":
            fits, wanted = isinstance(value, str) and bool(_HOST.fullmatch(value)), "has to be a host's name or address"
        elif name == "url":
            fits, wanted = isinstance(value, str) and _address(value) is not None, "has to be an address of the web"
        else:
            text = isinstance(value, str) and value != "" and not _UNPRINTABLE.search(value)
            fits, wanted = text or whole, "has to be a text on one line, or a whole number"
        if not fits:
            examples = {"port": "port: 5432", "host": "host: db.example.org", "url": "url: https://s3.example.org"}
            self._wrong(name, wanted, examples.get(name, f"{name}: TEXT"))
        return fits

    def _complete(self, given: Fields, endpoint: Mapping[str, Any]) -> Fields:
        """With the host and port of an address, and nothing missing."""
        if "url" in given:
            host, port = _address(given["url"]) or ("", 0)
            given = {"host": host, "port": port} | given
        needed = ["host", "port", *(n for n, f in self.interface.fields.items() if f.default is None and not f.derive)]
        missing = [name for name in needed if name not in given and name not in endpoint]
        if missing and set(endpoint) <= {"host", "port", *self.interface.fields}:  # else one is misspelt
            detail = (
                f"A `{self.interface.name}` has {listed(missing)}, which the endpoint of `{self.choice.layer}` lacks."
            )
            secret = {name for name, field in self.interface.fields.items() if field.secret}
            lines = "".join(f"\n    {name}: {'{env: NAME}' if name in secret else '…'}" for name in missing)
            where = self.choice.places.get("endpoint.interface", self.choice.where)
            self.found.append(Diagnostic("R021", "endpoint is not complete", detail, where, f"add{lines}"))
        return given

    def _wrong(self, name: str, wanted: str, example: str) -> None:
        where = self.choice.places.get(f"endpoint.{name}", self.choice.where)
        detail = f"`{name}` of `{self.choice.layer}` {wanted}."
        self.found.append(Diagnostic("R022", "endpoint's field does not fit", detail, where, f"write\n    {example}"))


def _address(url: str) -> tuple[str, int] | None:
    """Host and port of an address that holds no user, no query and no words that could become something else."""
    if not _URL.fullmatch(url) or set(url) & set("\"'\\`{}<>|^?#@"):
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _USUAL[parts.scheme]
    except ValueError:
        return None
    return (host, port) if _HOST.fullmatch(host) else None


def _install(interface: Interface, tool: Tool, catalog: Catalog) -> Install:
    """Verbs are spoken in the jobs' environment where that has a client, else in the tool's own."""
    recipe = catalog.recipe(tool.id)
    if interface.client is not None or recipe is None:
        return Install(with_=JOBS)
    return recipe.install.model_copy(update={"system": ()})


def _no_interface(choice: Choice, name: Any, known: list[str]) -> Diagnostic:
    near = nearest(str(name), known) if name else None
    detail = f"The endpoint of `{choice.layer}` does not say what its server speaks."
    if name:
        detail = f"The endpoint of `{choice.layer}` speaks `{name}`, which is no interface."
    hint = f"did you mean `{near}`?" if near else f"write one of {listed(known)}\n    interface: {known[0]}"
    where = choice.places.get("endpoint.interface", choice.where)
    return Diagnostic("R023", "interface of the endpoint is unknown", detail, where, hint)


def _not_offered(choice: Choice, tool: Tool, name: str) -> Diagnostic:
    speaks = f"it speaks {listed(tool.provides.values())}" if tool.provides else "it speaks none"
    where = choice.places.get("endpoint.interface", choice.where)
    hint = f"leave `tool` out, or write\n    interface: {next(iter(tool.provides.values()), name)}"
    return Diagnostic(
        "R024", "tool does not speak the interface", f"`{tool.id}` is no `{name}`; {speaks}.", where, hint
    )


def _unknown(choice: Choice, name: str, known: Iterable[str]) -> Diagnostic:
    near = nearest(name, known)
    hint = f"did you mean `{near}`?" if near else f"its fields are {listed(sorted(known))}"
    where = choice.places.get(f"endpoint.{name}", choice.where)
    return Diagnostic(
        "R025", "unknown field of an endpoint", f"`{name}` of `{choice.layer}` means nothing.", where, hint
    )


def _open_secret(choice: Choice, name: str) -> Diagnostic:
    detail = f"`{name}` of `{choice.layer}` is a secret, and everybody who reads the manifest would know it."
    where = choice.places.get(f"endpoint.{name}", choice.where)
    ways = ("{env: NAME}", "{file: PATH}", "{command: [PROGRAM, WORD]}")
    hint = "say where it lies" + "".join(f"\n    {name}: {way}" for way in ways)
    return Diagnostic("R026", "secret is written out", detail, where, hint)


DESCRIBE = {ExternalDeployer.target: external, HostedDeployer.target: hosted}
