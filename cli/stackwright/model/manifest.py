"""The manifest's nouns: what the user asked for, each with the place it was written at."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from stackwright.errors import Where
from stackwright.model.base import Model
from stackwright.model.cluster import Cluster

Value = str | int | float | bool | None

SPLIT = {"orchestration": ("data-pipelines", "experiment-pipelines")}  # one key of a manifest, two layers


def layers_of(key: str) -> tuple[str, ...]:
    """The layers that a key under `layers:` stands for."""
    return SPLIT.get(key, (key,))


class Reference(Model):
    """Where a secret of the user's own lies; it is looked up when the stack comes up, and never written here."""

    source: Literal["env", "file", "command"]
    words: tuple[str, ...]  # a variable's name, a path, a command line
    where: Where
    about: str = ""  # what it is for, where the manifest does not say it


class Choice(Model):
    """One tool for one layer key, as written in the manifest."""

    layer: str  # the key as written: a layer, or `orchestration`
    tool: str = ""  # empty: the default tool of the endpoint's interface
    target: str
    endpoint: dict[str, Value | Reference] | None = None  # of what runs elsewhere
    settings: dict[str, Value] = {}
    needs: dict[str, tuple[str, ...]] = {}  # need -> component ids or layers
    gpu: int = 0  # GPUs of each process that does the work; 0: as the recipe says
    where: Where
    places: dict[str, Where] = {}  # "settings.workers" -> where


class Jobs(Model):
    """What the stack's own jobs need beside the clients of what they are wired to."""

    python: str = ">=3.11,<3.14"
    packages: tuple[str, ...] = ()
    debian: tuple[str, ...] = ()  # `r-base-core>=4.2`
    system: tuple[str, ...] = ()  # programs of this machine


class Docker(Model):
    """What the containers of a stack are made from."""

    base: str | None = None  # an image; None: an official one of Python, by what each tool needs


class Manifest(Model):
    """stack.yaml, checked."""

    name: str
    about: str = ""
    blueprint: str | None = None
    target: str = "process"
    catalogs: dict[str, Where] = {}  # of other people, by their names
    choices: tuple[Choice, ...]
    jobs: Jobs = Jobs()
    docker: Docker = Docker()
    cluster: Cluster | None = None
    file: Path
    blueprint_layers: tuple[str, ...] = ()  # what coverage is measured against
    partial: bool = False  # something of it was wrong and is left out: its choices can be checked, not wired

    @property
    def folder(self) -> Path:
        """The folder beside whose files the stack lives; nothing outside it is read."""
        return self.file.parent
