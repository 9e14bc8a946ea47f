"""Reads catalog entries, interfaces and layers, and only those that are asked for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError

from stackwright import folders
from stackwright.catalog.explain import explain, unknown_key
from stackwright.errors import Diagnostic, Exit, StackError, nearest
from stackwright.model.base import Model
from stackwright.model.catalog import Hosted, Interface, Layer, Recipe, Tool
from stackwright.yamlfile import Document, read_yaml

M = TypeVar("M", bound=Model)

ID = re.compile(r"[a-z][a-z0-9-]*")  # also what keeps a name from a manifest inside the catalog's folders
INTERFACES = "_interfaces"


class Catalog:
    """One or several catalog folders, read lazily. Whatever is wrong in a file is a StackError with its places."""

    def __init__(self, folders: tuple[Path, ...], names: tuple[str, ...] = ()) -> None:
        self.folders = folders
        self.names = names  # of the catalogs that are not shipped
        self._tools: dict[str, Path] | None = None
        self._read: dict[Path, tuple[Any, Document]] = {}

    @property
    def options(self) -> str:
        """What to add to a command so that it is about this catalog."""
        return "".join(f" --catalog {name}" for name in self.names)

    @classmethod
    def shipped(cls) -> Catalog:
        """The catalog that comes with Stackwright."""
        return cls((folders.shipped() / "catalog",))

    def tools(self) -> list[str]:
        """The ids of all tools, sorted: a folder is the registration."""
        return sorted(self._entries())

    def own_tools(self) -> list[str]:
        """The tools of the catalogs that were asked for: without the shipped ones where there are others."""
        return [tool_id for tool_id, folder in sorted(self._entries().items()) if folder.parent in self._own]

    @property
    def _own(self) -> tuple[Path, ...]:
        return self.folders[1:] or self.folders

    def folder(self, tool_id: str) -> Path:
        """The folder of an entry."""
        found = self._entries().get(tool_id)
        if found is None:
            near = nearest(tool_id, self._entries())
            hint = f"did you mean `{near}`?" if near else "the tools are listed by\n    stack catalog list"
            _refuse(Diagnostic("C001", "tool is unknown", f"No tool `{tool_id}` is in the catalog.", hint=hint))
        return found

    def tool(self, tool_id: str) -> Tool:
        """What a tool is: its tool.yaml."""
        return self._model(self.folder(tool_id) / "tool.yaml", Tool, "id", tool_id)[0]

    def recipe(self, tool_id: str) -> Recipe | None:
        """How a tool is run: its recipe.yaml; None for one that nobody can run."""
        file = self.folder(tool_id) / "recipe.yaml"
        return self._model(file, Recipe)[0] if file.exists() else None

    def source(self, tool_id: str, file: str) -> Document:
        """The document behind `tool.yaml` or `recipe.yaml`, which knows the place of every key."""
        path = self.folder(tool_id) / file
        return self._model(path, Tool, "id", tool_id)[1] if file == "tool.yaml" else self._model(path, Recipe)[1]

    def lock(self, tool_id: str, name: str = "lock.txt") -> Path | None:
        """The entry's lock of what comes from PyPI, or from another source, if it has one."""
        file = self.folder(tool_id) / name
        return file if file.is_file() else None

    def targets(self, tool_id: str) -> tuple[str, ...]:
        """The targets a tool runs on, beside servers of its kind that somebody has already."""
        files = {"process": "recipe.yaml", "docker": "recipe.yaml", "hosted": "hosted.yaml"}
        there = [target for target, file in files.items() if (self.folder(tool_id) / file).exists()]
        if "docker" in there and (self.tool(tool_id).kind != "service" or "docker" in self.refusals(tool_id)):
            there.remove("docker")  # what runs nowhere runs in no container: a library is used on this machine
        return tuple(there)

    def refusals(self, tool_id: str) -> dict[str, str]:
        """The targets on which its recipe does not run, and why."""
        file = self.folder(tool_id) / "recipe.yaml"
        if not file.exists() or b"not_on" not in file.read_bytes():  # few have it, and reading all takes its time
            return {}
        recipe = self.recipe(tool_id)
        return {str(target): why for target, why in recipe.not_on.items()} if recipe else {}

    def hosted(self, tool_id: str) -> Hosted:
        """How a vendor's service is reached: its hosted.yaml."""
        return self._model(self.folder(tool_id) / "hosted.yaml", Hosted)[0]

    def interfaces(self) -> list[str]:
        """The names of all interfaces, sorted."""
        return sorted({file.stem for folder in self.folders for file in (folder / INTERFACES).glob("*.yaml")})

    def own_interfaces(self) -> set[str]:
        """The interfaces of the catalogs that were asked for."""
        return {file.stem for folder in self._own for file in (folder / INTERFACES).glob("*.yaml")}

    def interface(self, name: str) -> Interface:
        """What travels on a wire."""
        return self._interface(name)[0]

    def interface_source(self, name: str) -> Document:
        """The document behind an interface."""
        return self._interface(name)[1]

    def layers(self) -> dict[str, Layer]:
        """The closed list of layers, in the order it is written."""
        file = folders.shipped() / "blueprints" / "_layers.yaml"
        if file not in self._read:
            document = read_yaml(file)
            built = {name: self._build(document, Layer, (name,), {"name": name}) for name in document.data}
            self._read[file] = built, document
        layers: dict[str, Layer] = self._read[file][0]
        return layers

    def formats(self) -> dict[str, str]:
        """The closed list of model formats, and what each is."""
        file = folders.shipped() / "blueprints" / "_formats.yaml"
        if file not in self._read:
            document = read_yaml(file)
            self._read[file] = document.data, document
        formats: dict[str, str] = self._read[file][0]
        return formats

    def _interface(self, name: str) -> tuple[Interface, Document]:
        files = [folder / INTERFACES / f"{name}.yaml" for folder in self.folders] if ID.fullmatch(name) else []
        files = [file for file in files if file.is_file()]
        if len(files) > 1:
            detail = f"`{name}` is in `{files[0].parent}` and in `{files[1].parent}`."
            _refuse(Diagnostic("C114", "interface is in two catalogs", detail, hint="give one of them another name"))
        if not files:
            near = nearest(name, self.interfaces())
            hint = f"did you mean `{near}`?" if near else f"the interfaces are {', '.join(self.interfaces())}"
            _refuse(Diagnostic("C002", "interface is unknown", f"No interface `{name}` is in the catalog.", hint=hint))
        return self._model(files[0], Interface, "name", name)

    def _entries(self) -> dict[str, Path]:
        if self._tools is None:
            entries = [path for folder in self.folders if folder.is_dir() for path in folder.iterdir()]
            found: dict[str, Path] = {}
            for path in entries:
                # A folder with neither file is what git leaves behind of an entry that another commit has.
                if not ID.fullmatch(path.name) or not any(
                    (path / file).exists() for file in ("tool.yaml", "recipe.yaml")
                ):
                    continue
                if path.name in found:
                    detail = f"`{path.name}` is in `{found[path.name].parent}` and in `{path.parent}`."
                    _refuse(Diagnostic("C003", "tool is in two catalogs", detail))
                found[path.name] = path
            self._tools = found
        return self._tools

    def _model(self, file: Path, model: type[M], key: str = "", value: str = "") -> tuple[M, Document]:
        """The model in a file; `key` is what the file's place says and the file must not."""
        if file not in self._read:
            document = read_yaml(file)
            self._read[file] = self._build(document, model, (), {key: value} if key else {}), document
        return self._read[file]

    @staticmethod
    def _build(document: Document, model: type[M], at: tuple[str, ...], given: dict[str, str]) -> M:
        data: Any = document.data
        for part in at:
            data = data[part]
        known = {info.alias or name for name, info in model.model_fields.items()} - set(given)
        wrong = [unknown_key(document, (*at, key), known) for key in given if isinstance(data, dict) and key in data]
        try:
            made = model.model_validate({**data, **given} if isinstance(data, dict) else data)
        except ValidationError as error:
            wrong += explain(error, document, model, at, tuple(given))
        if wrong:
            raise StackError(wrong, Exit.USAGE)
        return made


def _refuse(diagnostic: Diagnostic) -> NoReturn:
    raise StackError(diagnostic, Exit.USAGE)
