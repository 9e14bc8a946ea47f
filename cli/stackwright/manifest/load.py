"""Reads stack.yaml: every mistake at once, nothing run, nothing read but the file itself (and shipped blueprints)."""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from stackwright.errors import Diagnostic, StackError, Where, did_you_mean, listed, nearest
from stackwright.manifest.blueprints import blueprint_layers, blueprint_names
from stackwright.manifest.cluster import cluster_of
from stackwright.manifest.endpoint import endpoint_of
from stackwright.manifest.mistakes import missing, mistakes
from stackwright.manifest.schema import ManifestShape, ToolShape
from stackwright.misfits import path_of
from stackwright.model.deployer import TARGETS
from stackwright.model.manifest import SPLIT, Choice, Docker, Jobs, Manifest
from stackwright.model.requirement import Requirement
from stackwright.yamlfile import Document, Path_, read_yaml, shown

MAX_MISTAKES = 50  # a file of noise has thousands; the first ones show what it is

_TARGETS_LATER = ("cloud-aws", "cloud-gcp", "cloud-azure")
_RANGE = re.compile(r"(?:>=|<=|<|>|!=|~=) ?3\.[0-9]{1,3}(?:\.[0-9]{1,3})?|[!=]= ?3\.[0-9]{1,3}(?:\.\*|\.[0-9]{1,3})")


class Layers(Protocol):
    """What the loader asks a catalog: the closed list of layers."""

    def layers(self) -> Mapping[str, object]:
        """The layers by name."""


def load_manifest(path: Path, catalog: Layers, text: str | None = None) -> tuple[Manifest | None, list[Diagnostic]]:
    """The manifest and every mistake in it, in the order of its lines; `text` stands for the file where it is given.

    With mistakes the manifest is `partial`, without what was wrong, or None where nothing could be kept.
    """
    try:
        document = read_yaml(path, text)
    except StackError as error:
        return None, list(error.diagnostics)
    shape, found = _shape(document)
    manifest = None
    if shape:
        manifest, wrong = _Reader(document, shape, catalog.layers()).read(path.absolute())
        found += wrong
        if found:
            manifest = manifest.model_copy(update={"partial": True})
    found.sort(key=lambda d: (d.where.line, d.where.column) if d.where else (0, 0))
    return manifest, found[:MAX_MISTAKES]


def _shape(document: Document) -> tuple[ManifestShape | None, list[Diagnostic]]:
    """The file's shape; what does not fit is told and left out, so that the rest can be read too."""
    try:
        return ManifestShape.model_validate(document.data), []
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False)[:MAX_MISTAKES]
    found = mistakes(details, document)
    try:
        return ManifestShape.model_validate(_without(document, details)), found
    except ValidationError:
        return None, found


def _without(document: Document, wrong: Iterable[ErrorDetails]) -> dict[str, Any]:
    """The data without unknown keys, without layers of a wrong shape, and without other keys of a wrong shape."""
    kept: dict[str, Any] = copy.deepcopy(document.data)
    for error in wrong:
        path = path_of(error, document)
        alone = error["type"] == "extra_forbidden" and "endpoint" not in path
        cut = path if alone else path[: 2 if path[0] == "layers" else 1]
        around: Any = kept
        for step in cut[:-1]:
            around = around.get(step, {}) if isinstance(around, dict) else around[step]
        if isinstance(around, dict):
            around.pop(cut[-1], None)
    return {"name": "unnamed", **kept}


class _Reader:
    """Looks up the words of a manifest whose shape is right."""

    def __init__(self, document: Document, shape: ManifestShape, layers: Collection[str]) -> None:
        self.document = document
        self.shape = shape
        self.layers = layers
        self.found: list[Diagnostic] = []

    def read(self, file: Path) -> tuple[Manifest, list[Diagnostic]]:
        shape = self.shape
        self._target(shape.target, ("target",))
        choices = [choice for key in shape.layers if self._layer(key) for choice in self._choices(key)]
        cluster, wrong = cluster_of(shape.cluster, self.document)
        self.found += wrong
        manifest = Manifest(
            name=shape.name,
            about=shape.about,
            blueprint=shape.blueprint,
            target=shape.target,
            catalogs={text: self.document.where("catalogs", index) for index, text in enumerate(shape.catalogs)},
            choices=tuple(choices),
            jobs=self._jobs(),
            docker=Docker(base=shape.docker.base),
            cluster=cluster,
            file=file,
            blueprint_layers=self._blueprint(),
        )
        return manifest, self.found

    def _add(self, code: str, summary: str, detail: str, where: Where, hint: str = "") -> None:
        self.found.append(Diagnostic(code, summary, detail, where, hint))

    def _layer(self, key: str) -> bool:
        """Whether a key is a layer, not already there under another key."""
        if len(self.found) > MAX_MISTAKES:  # looking for the nearest word takes its time
            return False
        where = self.document.where("layers", key, key=True)
        known = [*self.layers, *SPLIT]
        if key not in known:
            hint = did_you_mean(key, known, f"the layers are {listed(sorted(known))}")
            self._add("M007", "unknown layer", f"`{key}` is not a layer.", where, hint)
            return False
        others = [other for other in SPLIT if other != key and other in self.shape.layers and key in SPLIT[other]]
        if others:
            both = listed(SPLIT[others[0]])
            detail = f"`{others[0]}` already stands for {both}."
            self._add("M008", "layer is chosen twice", detail, where, f"leave out `{key}` or `{others[0]}`")
        return not others

    def _choices(self, key: str) -> list[Choice]:
        value = self.shape.layers[key]
        several = value if isinstance(value, list) else [value]
        choices: dict[str, Choice] = {}
        for index, one in enumerate(several):
            at: Path_ = ("layers", key, index) if isinstance(value, list) else ("layers", key)
            choice = self._choice(key, ToolShape(tool=one) if isinstance(one, str) else one, at)
            if choice is None:
                continue
            name = choice.tool or str((choice.endpoint or {}).get("interface"))
            if name in choices:
                detail = f"`{key}` names `{name}` twice."
                self._add("M009", "tool is chosen twice", detail, choice.where, f"leave one `{name}` out")
            choices.setdefault(name, choice)
        return list(choices.values())

    def _choice(self, key: str, one: ToolShape, at: Path_) -> Choice | None:
        if one.target:
            self._target(one.target, (*at, "target"))
        target, where = one.target or self.shape.target, self.document.where
        endpoint, wrong = endpoint_of(one.endpoint, target, self.document, at)
        if not (one.tool or one.endpoint or wrong):
            wrong = [missing((*at, "tool"), self.document)]
        self.found += wrong
        if wrong:
            return None
        places = {f"settings.{name}": where(*at, "settings", name, key=True) for name in one.settings}
        places |= {f"needs.{need}": where(*at, "needs", need, key=True) for need in one.needs}
        places |= {f"endpoint.{name}": where(*at, "endpoint", name, key=True) for name in endpoint or ()}
        places |= {"gpu": where(*at, "gpu", key=True)} if one.gpu else {}
        places |= {"tool": where(*at, "tool"), **({"target": where(*at, "target")} if one.target else {})}
        return Choice(
            layer=key,
            tool=one.tool or "",
            target=target,
            endpoint=endpoint,
            settings=one.settings,
            gpu=one.gpu or 0,
            needs={need: (to,) if isinstance(to, str) else tuple(to) for need, to in one.needs.items()},
            where=where(*at, key=at[-1] == key),
            places=places,
        )

    def _target(self, target: str, at: Path_) -> None:
        if target in TARGETS:
            return
        where, here, hint = self.document.where(*at), listed(TARGETS), f"write\n    target: {next(iter(TARGETS))}"
        if target in _TARGETS_LATER:
            detail = f"`{target}` is a target that this release does not have yet; it has {here}."
            self._add("M010", "target is not built yet", detail, where, hint)
            return
        if nearest(target, [*TARGETS, *_TARGETS_LATER]) in TARGETS:
            hint = did_you_mean(target, TARGETS)
        self._add("M011", "unknown target", f"`{target}` is not a target; this release has {here}.", where, hint)

    def _blueprint(self) -> tuple[str, ...]:
        name = self.shape.blueprint
        if name is None:
            return ()
        known = blueprint_names()
        if name in known:
            return blueprint_layers(name)
        hint, where = did_you_mean(name, known, f"the blueprints are {listed(known)}"), self.document.where("blueprint")
        self._add("M012", "unknown blueprint", f"No blueprint is called `{name}`.", where, hint)
        return ()

    def _jobs(self) -> Jobs:
        jobs, where = self.shape.jobs, self.document.where
        for index, package in enumerate(jobs.packages):
            if Requirement.parse(package) is None:
                detail = f"`{shown(package)}` is not one exact version of a package; no URLs, paths or options."
                name = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", package)
                hint = f'write\n    "{shown(name[0]) if name else "NAME"}==VERSION"'
                self._add("M013", "package is not pinned", detail, where("jobs", "packages", index), hint)
        if not self._is_range(jobs.python):
            detail = f"`{shown(jobs.python)}` is not a range of Python 3 versions."
            hint = 'write\n    python: ">=3.11,<3.14"'
            self._add("M014", "Python range is not understood", detail, where("jobs", "python"), hint)
        return Jobs(
            python=jobs.python,
            packages=tuple(jobs.packages),
            debian=tuple(sorted(jobs.debian)),
            system=tuple(sorted(jobs.system)),
        )

    @staticmethod
    def _is_range(text: str) -> bool:
        parts = text.split(",")
        return len(parts) <= 6 and all(_RANGE.fullmatch(part.strip()) for part in parts)
