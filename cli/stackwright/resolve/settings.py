"""The settings of a component: known, of the right type, within their limits, complete."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stackwright.errors import Diagnostic, nearest
from stackwright.model.catalog import Setting, Tool
from stackwright.model.manifest import Choice, Value
from stackwright.resolve.draft import listed

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "folder": (str,),
}
_WORDS = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "`true` or `false`",
    "folder": "a folder's name",
}


def check_settings(tool: Tool, choice: Choice, folder: Path, entry: Path) -> tuple[dict[str, Any], list[Diagnostic]]:
    """Every setting of the tool, the manifest's or its default; `folder` is the manifest's, `entry` the tool's."""
    found: list[Diagnostic] = []
    for name, value in choice.settings.items():
        wrong = _wrong(tool, choice, name, value, folder)
        found += [wrong] if wrong else []
    settings = {name: choice.settings.get(name, setting.default) for name, setting in tool.settings.items()}
    for name, setting in tool.settings.items():
        if setting.type == "folder" and isinstance(settings[name], str):
            base = folder if choice.settings.get(name) is not None else entry
            settings[name] = str(base / str(settings[name]))
    return settings, found


def default_settings(tool: Tool, entry: Path) -> dict[str, Any]:
    """The settings of a component nobody wrote anything about."""
    return {
        name: str(entry / str(setting.default)) if setting.type == "folder" and setting.default else setting.default
        for name, setting in tool.settings.items()
    }


def _wrong(tool: Tool, choice: Choice, name: str, value: Value, folder: Path) -> Diagnostic | None:
    where = choice.places.get(f"settings.{name}", choice.where)
    setting = tool.settings.get(name)
    if setting is None:
        near = nearest(name, tool.settings)
        known = f"its settings are {listed(tool.settings)}" if tool.settings else "leave `settings` out: it has none"
        hint = f"did you mean `{near}`?" if near else known
        return Diagnostic("R005", "unknown setting", f"`{tool.id}` has no setting `{name}`.", where, hint)
    if not _fits(setting, value):
        detail = f"`{name}` of `{tool.id}` has to be {_WORDS[setting.type]}, not {_shown(value)}."
        return Diagnostic("R006", "setting has the wrong type", detail, where, _example(name, setting, value))
    limit = _beyond(setting, value)
    if limit:
        detail = f"`{name}` of `{tool.id}` has to be {limit}, not {_shown(value)}."
        return Diagnostic("R007", "setting is out of range", detail, where, _example(name, setting, value))
    reason = _outside(str(value), folder) if setting.type == "folder" and value is not None else ""
    if reason:
        detail = f"`{name}` of `{tool.id}` names a folder {reason}; it has to be a folder beside the manifest."
        return Diagnostic("R008", "folder is out of bounds", detail, where, f"write\n    {name}: FOLDER")
    return None


def _fits(setting: Setting, value: Value) -> bool:
    if value is None:
        return setting.default is None
    if isinstance(value, bool):
        return setting.type == "boolean"
    return isinstance(value, _TYPES[setting.type])


def _beyond(setting: Setting, value: Value) -> str:
    """The limit that a value of the right type breaks."""
    if value is None:
        return ""
    if setting.choices and value not in setting.choices:
        return listed((str(choice) for choice in setting.choices), "or")
    if not isinstance(value, int | float) or isinstance(value, bool):
        return ""
    if setting.minimum is not None and value < setting.minimum:
        return f"at least {setting.minimum:g}"
    if setting.maximum is not None and value > setting.maximum:
        return f"at most {setting.maximum:g}"
    return ""


def _outside(value: str, folder: Path) -> str:
    """Why a folder setting is refused. Links are followed before the answer: what they lead to is what is read."""
    path = Path(value)
    if not value or path.is_absolute() or ".." in path.parts or value.startswith("~"):
        return "outside of the manifest's"
    try:
        real = (folder / path).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        return "that is not there"
    if not real.is_relative_to(folder.resolve()):
        return "that is a link out of the manifest's"
    return "" if real.is_dir() else "that is a file"


def _example(name: str, setting: Setting, value: Value) -> str:
    """A line that would be right."""
    if setting.choices:
        near = nearest(str(value), [str(choice) for choice in setting.choices])
        return f"write\n    {name}: {near or setting.choices[0]}"
    if setting.type == "string":
        return f'put it in quotes\n    {name}: "{value}"' if value is not None else f'write\n    {name}: "TEXT"'
    if setting.type in ("integer", "number"):
        if setting.maximum is not None and isinstance(value, int | float) and value > setting.maximum:
            return f"write\n    {name}: {setting.maximum:g}"
        example = next((e for e in (setting.default, setting.minimum) if isinstance(e, int | float)), 1)
        return f"write\n    {name}: {example:g}"
    return f"write\n    {name}: true" if setting.type == "boolean" else f"write\n    {name}: FOLDER"


def _shown(value: Value) -> str:
    if isinstance(value, str):
        text = value.encode("unicode_escape").decode()
        return f"the text `{text if len(text) <= 60 else text[:57] + '...'}`"
    return "nothing" if value is None else f"`{str(value).lower()}`"
