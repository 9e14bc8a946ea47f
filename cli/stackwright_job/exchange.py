"""Values between harness and worker: small ones inline, larger ones as `{file, sha256, size}`."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

INLINE = 64 * 1024
_PARCEL = {"file", "sha256", "size"}


def pack(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The same mapping with every value over 64 KB put into a file of `folder`."""
    return {name: _pack(value, folder) for name, value in values.items()}


def _pack(value: Any, folder: Path) -> Any:
    data = json.dumps(value).encode()
    if len(data) <= INLINE:
        return value
    digest = hashlib.sha256(data).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{digest}.json"
    file.write_bytes(data)
    return {"file": str(file), "sha256": digest, "size": len(data)}


def unpack(values: dict[str, Any]) -> dict[str, Any]:
    """The inverse of `pack`; ValueError when a file does not hold what was put into it."""
    return {name: _unpack(value) for name, value in values.items()}


def _unpack(value: Any) -> Any:
    if not (isinstance(value, dict) and set(value) == _PARCEL):
        return value
    data = Path(value["file"]).read_bytes()
    if len(data) != value["size"] or hashlib.sha256(data).hexdigest() != value["sha256"]:
        raise ValueError(f"{value['file']} does not hold what was put into it")
    return json.loads(data)


def sha256_of(file: Path | str) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with Path(file).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
