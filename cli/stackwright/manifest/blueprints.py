"""The ready stacks that ship with Stackwright: manifests with `about`, one file each."""

from __future__ import annotations

from pathlib import Path

from stackwright import folders
from stackwright.model.manifest import layers_of
from stackwright.yamlfile import Document, read_yaml


def blueprint_names() -> list[str]:
    """Every blueprint, sorted."""
    return sorted(p.stem for p in _folder().glob("*.yaml") if not p.name.startswith("_"))


def read_blueprint(name: str) -> Document:
    """The blueprint's file; the name must be one of `blueprint_names`."""
    return read_yaml(_folder() / f"{name}.yaml")


def blueprint_layers(name: str) -> tuple[str, ...]:
    """The layers of a blueprint, in its order."""
    chosen = read_blueprint(name).data.get("layers")
    keys = list(chosen) if isinstance(chosen, dict) else []
    return tuple(dict.fromkeys(layer for key in keys for layer in layers_of(key)))


def _folder() -> Path:
    return folders.shipped() / "blueprints"
