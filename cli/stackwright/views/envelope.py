"""What programs read: one JSON envelope on stdout, errors too."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any

from stackwright.errors import Diagnostic
from stackwright.views import terminal

VERSION = 1


def show(command: str, result: object, ok: bool = True, diagnostics: Iterable[Diagnostic] = ()) -> None:
    """Print `{"v", "command", "ok", "result", "diagnostics"}`; ok is whether the exit code is 0."""
    envelope = {
        "v": VERSION,
        "command": command,
        "ok": ok,
        "result": plain(result),
        "diagnostics": [plain(diagnostic) for diagnostic in diagnostics],
    }
    terminal.write(json.dumps(envelope, ensure_ascii=False, indent=2) + "\n")


def plain(value: Any) -> Any:
    """The value as JSON has it: dataclasses and models as objects, paths as strings."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {part.name: plain(getattr(value, part.name)) for part in dataclasses.fields(value)}
    if hasattr(value, "_asdict"):  # a named tuple
        return plain(value._asdict())
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, PurePath) else value
