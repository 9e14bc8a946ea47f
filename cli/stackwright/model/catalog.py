"""Catalog nouns: what a tool is, how its deployer runs it, what travels on a wire, what a layer asks."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from stackwright.model.base import Model

# Parts of an entry that hold references (`{{ a.b }}`) or the forms when/first/each; catalog/checks.py proves them.
Tree = Any


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _seconds(value: object) -> object:
    if isinstance(value, str) and value.endswith("s") and value[:-1].replace(".", "", 1).isdigit():
        return float(value[:-1])
    if isinstance(value, str):
        raise ValueError("a duration is seconds with an `s`: `30s`")
    return value


def _date(value: str) -> str:
    if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?", value):
        raise ValueError("a day or a month: `2026-08-07`, `2026-08`")
    return value


def _source(value: str) -> str:
    if not re.fullmatch(rf"({'|'.join(_GET_FROM)}):\S.*|(contract|purchase|download)( \(.+\))?", value):
        sources = ", ".join(_GET_FROM)
        raise ValueError(f"`contract`, `purchase`, `download`, or one of {sources} and a name: `pypi:NAME`")
    return value


_GET_FROM = ("api", "debian", "docker", "download", "helm", "npm", "pypi", "terraform")  # api: variables with its keys
Words = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Seconds = Annotated[float, BeforeValidator(_seconds), Field(gt=0, le=3600)]
Program = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$")]
Date = Annotated[str, AfterValidator(_date)]
# A name that nobody looked up at its source says so: `docker:apache/kafka (unverified)`.
Source = Annotated[str, AfterValidator(_source)]
SettingType = Literal["string", "integer", "number", "boolean", "folder"]


class Setting(Model):
    """One knob of a tool; `folder` is a path inside the manifest's folder, its default inside the entry's."""

    type: SettingType
    default: str | int | float | bool | None = None
    choices: tuple[str | int, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    about: str


class Need(Model):
    """What a tool wants from another: by interface, never by tool."""

    interface: Words
    optional: bool = False
    many: bool = False
    features: tuple[str, ...] = ()
    about: str


class Status(Model):
    """What became of a tool, as of a date (`2026-08`, `2026-08-07`), and who says so."""

    state: Literal["active", "renamed", "acquired", "archived", "shut-down"]
    as_of: Date
    note: str = ""
    source: str
    unverified: bool = False  # nothing dated was found: a memory, or a guess from silence


class Tool(Model):
    """catalog/<id>/tool.yaml: what it is, on every target."""

    id: str
    about: str
    home: str
    license: str
    kind: Literal["service", "library", "job", "vendor"]
    layers: dict[str, Literal["full", "partial"]]
    status: Status | None = None
    successor: Words = ()  # what takes its place: ids of the catalog, else names
    get: tuple[Source, ...] = ()  # where it is had from: `pypi:NAME`, `contract`
    same_as: str | None = None  # the entry that runs it, under the id people type
    version: str | None = None
    provides: dict[str, str] = {}
    features: dict[str, tuple[str, ...]] = {}
    formats: tuple[str, ...] = ()  # of the models that it makes, keeps, serves or explains; none: any file
    needs: dict[str, Need] = {}
    settings: dict[str, Setting] = {}

    @property
    def fate(self) -> str:
        """Why nothing here runs it, and what took its place, in sentences."""
        told = f"`{self.id}` runs on no target: the catalog knows what it is, but not how to start it."
        if self.status and self.status.state != "active":
            note = f": {self.status.note}" if self.status.note else ""
            sure = "not verified" if self.status.unverified else f"as of {self.status.as_of}"
            told = f"`{self.id}` was {self.status.state.replace('-', ' ')}{note} ({sure})."
        successors = " or ".join(f"`{name}`" for name in self.successor)
        return f"{told} Its place is taken by {successors}." if successors else told


# Where software comes from beside PyPI (runtime/sources has a module for each), and the entry's lock of it.
SOURCES = {"debian": "", "npm": "npm.lock.json", "maven": "maven.lock", "go": "", "archive": ""}


class Install(Model):
    """How the recipe's software gets here, into an environment of its own or (`with: jobs`) the jobs'."""

    python: str = ">=3.11,<3.14"
    packages: tuple[str, ...] = ()  # from PyPI
    debian: tuple[str, ...] = ()  # `name>=7.0,<8`: unpacked, never installed on the machine
    npm: tuple[str, ...] = ()  # `name@version`
    maven: tuple[str, ...] = ()  # `group:artifact:version[:type[:classifier]]`, `!group:artifact` leaves one out
    go: tuple[str, ...] = ()  # `module@version[/folder]`, built here
    archive: tuple[str, ...] = ()  # `https://…#sha256=…`
    system: tuple[Program, ...] = ()  # programs of this machine that it calls, found on the user's PATH
    path: tuple[str, ...] = ()  # folders with executables, references allowed, put before the environment's bin
    with_: Literal["jobs"] | None = Field(default=None, alias="with")

    @property
    def sources(self) -> dict[str, tuple[str, ...]]:
        """What comes from elsewhere than PyPI, by its source."""
        return {name: wanted for name in SOURCES if (wanted := getattr(self, name))}


class File(Model):
    """A configuration file, mode 0600, at `path` (default: its name) in the component's run folder."""

    format: Literal["json", "yaml", "ini", "lines"]
    data: Tree
    path: str | None = None


class Ready(Model):
    """When a process counts as up: an HTTP answer below 400 (and JSON fields), an open port, or a command's exit 0."""

    http: str | None = None
    json_: dict[str, Tree] | None = Field(default=None, alias="json")
    tcp: str | None = None
    command: Tree = None
    timeout: Seconds = 60.0


class Prepare(Model):
    """A command before the first process starts; `once` owns the data folder and starts it afresh until it succeeds."""

    command: Tree
    run: Literal["once", "changed", "always"] = "always"


class Resources(Model):
    """What one process wants: cores, memory and disk (`256Mi`), devices."""

    cpu: float | None = None
    memory: str | None = None
    disk: str | None = None
    gpu: int | None = None


class Process(Model):
    """One process of a component that has several; `count` copies of it."""

    command: Tree
    env: dict[str, Tree] = {}
    ready: Ready | None = None
    after: tuple[str, ...] = ()
    count: Tree = 1
    resources: Resources | None = None


class Endpoint(Model):
    """A port the tool opens: its usual number, the process that owns it, fields of its interface."""

    port: int
    of: str | None = None
    internal: bool = False
    fields: dict[str, Tree] = {}


class Stop(Model):
    """The tool's own way to stop; after `timeout` it is killed."""

    signal: Literal["TERM", "INT", "QUIT", "HUP"] = "TERM"
    timeout: Seconds = 10.0


class GrantRecipe(Model):
    """An idempotent command that gives one consumer a share of a shared server, and the fields the consumer gets."""

    command: Tree
    env: dict[str, Tree] = {}
    fields: dict[str, Tree]


class Recipe(Model):
    """catalog/<id>/recipe.yaml: one recipe for process, docker and kubernetes."""

    install: Install
    root: Literal["refused"] | None = None
    not_on: dict[Literal["docker", "kubernetes"], str] = {}  # target -> why the recipe does not run there
    secrets: tuple[str, ...] = ()
    files: dict[str, File] = {}
    prepare: tuple[Prepare, ...] = ()
    command: Tree = None
    processes: dict[str, Process] = {}
    env: dict[str, Tree] = {}
    env_of: tuple[str, ...] = ()
    endpoints: dict[str, Endpoint] = {}
    ready: Ready | None = None
    stop: Stop = Stop()
    resources: Resources | None = None
    grant: GrantRecipe | None = None


class InterfaceField(Model):
    """A field of an interface: given by the endpoint or grant, a default, or derived from other fields."""

    about: str = ""
    secret: bool = False
    default: str | int | None = None
    derive: str | None = None


class Credential(Model):
    """One variable that a vendor's client reads: a secret unless it says otherwise."""

    about: str
    secret: bool = True
    optional: bool = False
    default: str | None = None


class Hosted(Model):
    """catalog/<id>/hosted.yaml: a vendor's service, reached by the vendor's own client; login.py beside it tries it."""

    credentials: dict[Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")], Credential]
    client: str  # the vendor's package, for jobs that list it among theirs: clients rarely go together
    source: str  # where the variables and the login were read, with the version
    keys: str  # the page where a user gets the credentials


class Client(Model):
    """What jobs and consumers get: packages that speak the interface, and its standard variables."""

    packages: tuple[str, ...] = ()
    env: dict[str, str] = {}


class Interface(Model):
    """catalog/_interfaces/<name>.yaml: what travels on a wire. `host` and `port` always exist."""

    name: str
    about: str
    default: str | None = None
    exclusive: bool = False
    fields: dict[str, InterfaceField] = {}
    client: Client | None = None
    grant: dict[str, str] = {}  # fields of a consumer's own share of a server that somebody else runs


GPU_CHECK = "gpu_check"  # the optional verb of layers whose work GPUs do


class Verb(Model):
    """One smoke action of a layer."""

    about: str
    takes: dict[str, str] = {}
    returns: dict[str, str] = {}
    timeout: Seconds = 120.0
    optional: bool = False  # what a tool does not speak itself is spoken for it


class Layer(Model):
    """A job in a stack, from the closed list in blueprints/_layers.yaml."""

    name: str
    about: str
    verbs: dict[str, Verb]
