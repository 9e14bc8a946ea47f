"""Reads catalog entries, interfaces and layers, and only those that are asked for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError

from stackwright import folders
from stackwright.errors import Diagnostic, Exit, StackError, did_you_mean
from stackwright.misfits import Codes, misfits, unknown_key
from stackwright.model.base import Model
from stackwright.model.catalog import Hosted, Interface, Layer, Recipe, Tool
from stackwright.model.deployer import CONTAINED
from stackwright.yamlfile import Document, read_yaml

M = TypeVar("M", bound=Model)

ID = re.compile(r"[a-z][a-z0-9-]*")  # also what keeps a name from a manifest inside the catalog's folders
INTERFACES = "_interfaces"
_CODES = Codes(
    unknown=("C005", "key is unknown"), missing=("C004", "key is missing"), wrong=("C006", "value does not fit")
)


class Catalog:
    """One or several catalog folders, read lazily. Whatever is wrong in a file is a StackError with its places."""

    def __init__(self, folders: tuple[Path, ...], names: tuple[str, ...] = ()) -> None:
        self.folders = folders
        self.names = names  # of the catalogs that are not shipped
        self._tools: dict[str, Path] | None = None
        self._documents: dict[Path, Document] = {}
        self._models: dict[Path, Any] = {}

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
            hint = did_you_mean(tool_id, self._entries(), "the tools are listed by\n    stack catalog list")
            _refuse(Diagnostic("C001", "tool is unknown", f"No tool `{tool_id}` is in the catalog.", hint=hint))
        return found

    def tool(self, tool_id: str) -> Tool:
        """What a tool is: its tool.yaml."""
        return self._model(self.folder(tool_id) / "tool.yaml", Tool, id=tool_id)

    def recipe(self, tool_id: str) -> Recipe | None:
        """How a tool is run: its recipe.yaml; None for one that nobody can run."""
        file = self.folder(tool_id) / "recipe.yaml"
        return self._model(file, Recipe) if file.exists() else None

    def source(self, file: Path) -> Document:
        """The document in one of the catalog's files, which knows the place of every key; read once."""
        if file not in self._documents:
            self._documents[file] = read_yaml(file)
        return self._documents[file]

    def lock(self, tool_id: str, name: str = "lock.txt") -> Path | None:
        """The entry's lock of what comes from PyPI, or from another source, if it has one."""
        file = self.folder(tool_id) / name
        return file if file.is_file() else None

    def verbs(self, tool_id: str) -> Path:
        """The file of a tool's verbs: its smoke.py, else that of the interface its endpoint is called after."""
        own = self.folder(tool_id) / "smoke.py"
        called = [name for name, interface in self.tool(tool_id).provides.items() if name == interface]
        shared = (folder / INTERFACES / f"{name}_smoke.py" for name in called for folder in self.folders)
        return next((file for file in (own, *shared) if file.is_file()), own)

    def targets(self, tool_id: str) -> tuple[str, ...]:
        """The targets a tool runs on, beside servers of its kind that somebody has already."""
        files = dict.fromkeys(("process", *CONTAINED), "recipe.yaml") | {"hosted": "hosted.yaml"}
        there = [target for target, file in files.items() if (self.folder(tool_id) / file).exists()]
        if CONTAINED[0] in there:
            refused = CONTAINED if self.tool(tool_id).kind != "service" else tuple(self.refusals(tool_id))
            # What runs nowhere runs in no container: a library is used on this machine.
            there = [target for target in there if target not in refused]
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
        return self._model(self.folder(tool_id) / "hosted.yaml", Hosted)

    def interfaces(self) -> list[str]:
        """The names of all interfaces, sorted."""
        return sorted({file.stem for folder in self.folders for file in (folder / INTERFACES).glob("*.yaml")})

    def own_interfaces(self) -> set[str]:
        """The interfaces of the catalogs that were asked for."""
        return {file.stem for folder in self._own for file in (folder / INTERFACES).glob("*.yaml")}

    def interface(self, name: str) -> Interface:
        """What travels on a wire."""
        return self._model(self.interface_file(name), Interface, name=name)

    def layers(self) -> dict[str, Layer]:
        """The closed list of layers, in the order it is written."""
        file = folders.shipped() / "blueprints" / "_layers.yaml"
        if file not in self._models:
            written = self.source(file).data
            self._models[file] = {name: Layer.model_validate({**data, "name": name}) for name, data in written.items()}
        layers: dict[str, Layer] = self._models[file]
        return layers

    def formats(self) -> dict[str, str]:
        """The closed list of model formats, and what each is."""
        return self.source(folders.shipped() / "blueprints" / "_formats.yaml").data

    def interface_file(self, name: str) -> Path:
        """Where an interface is described; its Python file lies beside."""
        files = [folder / INTERFACES / f"{name}.yaml" for folder in self.folders] if ID.fullmatch(name) else []
        files = [file for file in files if file.is_file()]
        if len(files) > 1:
            detail = f"`{name}` is in `{files[0].parent}` and in `{files[1].parent}`."
            _refuse(Diagnostic("C114", "interface is in two catalogs", detail, hint="give one of them another name"))
        if not files:
            hint = did_you_mean(name, self.interfaces(), f"the interfaces are {', '.join(self.interfaces())}")
            _refuse(Diagnostic("C002", "interface is unknown", f"No interface `{name}` is in the catalog.", hint=hint))
        return files[0]

    def _entries(self) -> dict[str, Path]:
        if self._tools is None:
            entries = [path for folder in self.folders if folder.is_dir() for path in folder.iterdir()]
            found: dict[str, Path] = {}
            for path in entries:
                # A folder with neither file is what git leaves behind of an entry that another commit has.
                described = (path / "tool.yaml").exists() or (path / "recipe.yaml").exists()
                if not (ID.fullmatch(path.name) and described):
                    continue
                if path.name in found:
                    detail = f"`{path.name}` is in `{found[path.name].parent}` and in `{path.parent}`."
                    _refuse(Diagnostic("C003", "tool is in two catalogs", detail))
                found[path.name] = path
            self._tools = found
        return self._tools

    def _model(self, file: Path, model: type[M], **given: str) -> M:
        """The model in a file; what the file's place says is `given`, and the file must not say it."""
        if file not in self._models:
            self._models[file] = _built(self.source(file), model, given)
        made: M = self._models[file]
        return made


def _built(document: Document, model: type[M], given: dict[str, str]) -> M:
    known = [info.alias or name for name, info in model.model_fields.items() if name not in given]
    wrong = [unknown_key(document, (key,), known, _CODES) for key in given if key in document.data]
    try:
        made = model.model_validate({**document.data, **given})
    except ValidationError as error:
        wrong += misfits(error.errors(include_url=False), document, model, _CODES, given=given)
    if wrong:
        raise StackError(wrong, Exit.USAGE)
    return made


def _refuse(diagnostic: Diagnostic) -> NoReturn:
    raise StackError(diagnostic, Exit.USAGE)
