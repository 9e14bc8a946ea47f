"""The shape of stack.yaml, before its words are looked up: what editors, tests and the loader all read."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, WithJsonSchema

# The words of a manifest are names of things in lists that we hold; anything else stops here, before it is looked up.
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,79}$")]
Program = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$")]
DebianPackage = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.+-]{1,99}((==|!=|<=|>=|~=|<|>)[0-9.*]+(,|$))*$")]
Image = Annotated[str, Field(pattern=r"^[a-z0-9][A-Za-z0-9._:/-]{0,199}(@sha256:[0-9a-f]{64})?$")]
# A kubeconfig may call its contexts anything; clouds write colons, slashes and dots into them, people an `@`.
Context = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,252}$")]
_LABEL, _PORT = "[a-z0-9][a-z0-9-]{0,62}", "(:[1-9][0-9]{0,4})"
_HOST = f"(localhost{_PORT}?|{_LABEL}{_PORT}|{_LABEL}([.]{_LABEL}){{1,8}}{_PORT}?)"
Registry = Annotated[str, Field(pattern=f"^{_HOST}(/[a-z0-9]{{1,63}}([._-][a-z0-9]{{1,63}}){{0,8}}){{0,8}}$")]
Quantity = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,5}(Mi|Gi|Ti|M|G|T)$")]
StorageClass = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]
Region = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,39}$")]
Machine = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9._-]{1,63}$")]
Count = Annotated[int, Field(ge=0, le=1000)]
STACK_NAME = r"^[a-z][a-z0-9-]{0,30}$"


def _scalar(value: object) -> object:
    if value is not None and not isinstance(value, str | int | float | bool):
        raise ValueError("a text, a number, true or false")
    return value


def _form(value: object) -> str | None:
    forms = ((str, "<name>"), (list, "<list>"), (dict, "<mapping>"))
    return next((tag for kind, tag in forms if isinstance(value, kind)), None)


Scalar = Annotated[Any, AfterValidator(_scalar), WithJsonSchema({"type": ["string", "number", "boolean", "null"]})]


class Shape(BaseModel):
    """A mapping of the manifest: no unknown keys, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _one_of(wanted: str) -> Discriminator:
    """Which form a value has; what has none is told what is wanted."""
    return Discriminator(_form, custom_error_type="form", custom_error_message=wanted)


A_TOOL = _one_of("a tool's name, a list of them, or a mapping with `tool`")
Wished = Annotated[
    Annotated[Name, Tag("<name>")] | Annotated[list[Name], Tag("<list>")], _one_of("a name or a list of names")
]


class SecretShape(Shape):
    """Where a secret lies: one of the three."""

    env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")] | None = None
    file: Annotated[str, Field(min_length=1)] | None = None
    command: Annotated[list[str], Field(min_length=1)] | None = None


Given = Annotated[
    Annotated[Scalar, Tag("<value>")] | Annotated[SecretShape, Tag("<mapping>")],
    Discriminator(lambda value: "<mapping>" if isinstance(value, dict) else "<value>"),
]


class ToolShape(Shape):
    """One tool of a layer, with what is said about it."""

    tool: Name | None = None  # only what has an endpoint may leave it out
    target: Name | None = None
    endpoint: dict[Name, Given] | None = None
    settings: dict[Name, Scalar] = {}
    needs: dict[Name, Wished] = {}
    gpu: Annotated[int, Field(ge=1, le=64)] | None = None  # for each process that does the work


OneTool = Annotated[Annotated[Name, Tag("<name>")] | Annotated[ToolShape, Tag("<mapping>")], A_TOOL]
LayerShape = Annotated[
    Annotated[Name, Tag("<name>")]
    | Annotated[list[OneTool], Field(min_length=1), Tag("<list>")]
    | Annotated[ToolShape, Tag("<mapping>")],
    A_TOOL,
]


class JobsShape(Shape):
    """What the stack's own jobs need."""

    python: str = ">=3.11,<3.14"
    packages: list[str] = []
    debian: list[DebianPackage] = []
    system: list[Program] = []


class DockerShape(Shape):
    """What containers are made from."""

    base: Image | None = None


class NodesShape(Shape):
    """The machines that everything runs on but what wants a GPU."""

    type: Machine | None = None
    min: Count = 1
    max: Annotated[int, Field(ge=1, le=1000)] = 3


class GpuShape(Shape):
    """The machines with GPUs."""

    type: Machine
    min: Count = 0
    max: Annotated[int, Field(ge=1, le=1000)] = 1


class ClusterShape(Shape):
    """Where `target: kubernetes` runs."""

    provider: Literal["existing", "kind", "k3s", "aws-eks", "gcp-gke", "azure-aks"] = "existing"
    context: Context | None = None
    registry: Registry | None = None
    load: Literal["kind", "k3s", "containerd"] | None = None
    storage: Quantity = "8Gi"
    storage_class: StorageClass | None = None
    region: Region | None = None
    nodes: NodesShape = NodesShape()
    gpu: GpuShape | None = None


class ManifestShape(Shape):
    """The whole of stack.yaml."""

    name: Annotated[str, Field(pattern=STACK_NAME)]
    about: str = ""
    blueprint: Name | None = None
    target: Name = "process"
    catalogs: list[Annotated[str, Field(min_length=1)]] = []
    layers: Annotated[dict[Name, LayerShape], Field(min_length=1)]
    jobs: JobsShape = JobsShape()
    docker: DockerShape = DockerShape()
    cluster: ClusterShape | None = None
