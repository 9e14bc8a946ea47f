"""Small packages made on the spot, and uv pointed at them: installs that need no network at all."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path

import pytest


def make(folder: Path, name: str, version: str = "1.0", requires: tuple[str, ...] = (), code: str = "") -> Path:
    """A wheel with one module and one command, both of its name."""
    code = code or f"VERSION = {version!r}\n"
    files = {
        f"{name}.py": f"{code}\ndef main():\n    print({name!r}, {version!r})\n",
        f"{name}-{version}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        + "".join(f"Requires-Dist: {other}\n" for other in requires),
        f"{name}-{version}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{name}-{version}.dist-info/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
    }
    record = f"{name}-{version}.dist-info/RECORD"
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel, "w") as archive:
        lines = [f"{record},,"]
        for path, content in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).rstrip(b"=").decode()
            lines.append(f"{path},sha256={digest},{len(content)}")
            archive.writestr(path, content)
        archive.writestr(record, "\n".join(lines) + "\n")
    return wheel


def use(folder: Path, cache: Path, patch: pytest.MonkeyPatch) -> None:
    """Have uv take packages from this folder and nowhere else."""
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX"):
        patch.delenv(name, raising=False)
    patch.setenv("UV_FIND_LINKS", str(folder))
    patch.setenv("UV_NO_INDEX", "1")
    patch.setenv("UV_CACHE_DIR", str(cache))


def spec(cache: Path, key: str, *packages: str, lock: Path | None = None, python: str = ">=3.11") -> dict[str, object]:
    """An environment spec as the resolver makes it."""
    return {
        "v": 1,
        "key": key,
        "python": python,
        "lock": str(lock) if lock else None,
        "packages": list(packages),
        "prefix": str(cache / "environments" / key),
    }
