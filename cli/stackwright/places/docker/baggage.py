"""What an install inside a container has of this machine: installer, uv, certificates, settings, locks, caches."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import stackwright
from stackwright.folders import cache_dir
from stackwright.places.archive import Item, owner_of, tree
from stackwright.places.docker.engine import SOCKET, Engine
from stackwright.runtime import sources, uv

PLACE = "/build"  # a volume, so that nothing there gets into the image

_CODE = ("__init__.py", "errors.py", "folders.py", "runtime")
# What says where packages come from and how they are reached.
_VARIABLES = re.compile(
    r"(https?|no|all|ftp)_proxy|npm_config_.*|GO(PROXY|PRIVATE|NOSUMDB|SUMDB|NOPROXY)|MAVEN_.*", re.IGNORECASE
)
_CERTIFICATES = (
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "NODE_EXTRA_CA_CERTS",
    "PIP_CERT",
)
_SETTINGS = (".config/uv/uv.toml", ".config/pip/pip.conf", ".config/go/env", ".npmrc", ".m2/settings.xml", ".netrc")


class Baggage(NamedTuple):
    """Packed for one install."""

    items: list[Item]  # below PLACE
    command: list[str]  # for the base's Python
    env: dict[str, str]
    user: str  # who installs
    programs: dict[str, str]  # that must be there, with the package that has them


def mounts(engine: Engine, spec: dict[str, Any]) -> list[Any]:
    """The volume, and this machine's own caches and compiler where the engine is on this machine."""
    from docker.types import Mount

    volume = Mount(PLACE, None, type="volume")
    if engine.base_url != SOCKET or sys.platform != "linux":
        return [volume]
    shared = {f"{PLACE}/uv-cache": uv.cache_folder()}
    # Debian's lists are those of one release, and the base may be another.
    kinds = [kind for kind in spec.get("sources", {}) if kind != "debian"]
    shared |= {f"{PLACE}/cache/sources/{kind}": cache_dir() / "sources" / kind for kind in kinds}
    for folder in shared.values():
        folder.mkdir(parents=True, exist_ok=True)
    found = [volume, *(Mount(place, str(folder), type="bind") for place, folder in shared.items())]
    compiler = _compiler() if "go" in kinds else None
    return [*found, Mount(f"{PLACE}/go", str(compiler), type="bind", read_only=True)] if compiler else found


def pack(spec: dict[str, Any], engine: Engine) -> Baggage:
    """Everything an install of that environment needs."""
    inside = {**spec, "lock": spec.get("lock") and f"{PLACE}/locks/lock.txt"}
    inside["locks"] = {kind: f"{PLACE}/locks/{kind}" for kind in spec.get("locks", {})}
    called = {*spec.get("system", ()), *(p for kind in spec.get("sources", {}) for p in sources.PROGRAMS[kind])}
    user = _user(engine)
    owner = owner_of(user)
    return Baggage(
        items=[
            item._replace(owner=owner)
            for item in (
                *(Item(name, None, 0o755) for name in ("cache", "cache/sources", "state")),
                *_code(),
                *_uv(engine),
                *_home(),
                *_locks(spec),
                Item("spec.json", json.dumps(inside).encode(), 0o600),
                *(Item("ca.crt", data, 0o644) for data in [_certificates()] if data),
            )
        ],
        command=["-m", "stackwright.runtime.installer", f"{PLACE}/spec.json"],
        env=_env(),
        user=user,
        programs={program: sources.PACKAGES.get(program, program) for program in sorted(called)},
    )


def _compiler() -> Path | None:
    """This machine's Go, which is whole in one folder; a distribution's is often too old."""
    program = shutil.which("go")
    root = Path(program).resolve().parent.parent if program else None
    return root if root and (root / "pkg/tool").is_dir() else None


def _user(engine: Engine) -> str:
    """Who installs: ourselves, so that what is written to this machine's caches is ours."""
    rootless = any("rootless" in option for option in engine.info().get("SecurityOptions") or ())
    return "0:0" if rootless else f"{os.geteuid()}:{os.getegid()}"


def _env() -> dict[str, str]:
    env = {name: value for name, value in uv.environment(os.environ).items() if name.startswith("UV_")}
    env = {name: value for name, value in env.items() if not Path(value).exists()}  # a place of this machine
    env |= {name: value for name, value in os.environ.items() if _VARIABLES.fullmatch(name)}
    if _certificates():
        env |= dict.fromkeys(_CERTIFICATES, f"{PLACE}/ca.crt")
    return env | {
        "HOME": f"{PLACE}/home",
        "PATH": f"{PLACE}/bin:{PLACE}/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        "PYTHONPATH": f"{PLACE}/lib",
        "PYTHONDONTWRITEBYTECODE": "1",
        "STACK_CACHE_DIR": f"{PLACE}/cache",
        "STACK_STATE_DIR": f"{PLACE}/state",
        "UV_CACHE_DIR": f"{PLACE}/uv-cache",
    }


def _code() -> Iterator[Item]:
    """The installer is our own code, which needs nothing but Python."""
    package = Path(stackwright.__file__).parent
    yield Item("lib", None, 0o755)
    yield Item("lib/stackwright", None, 0o755)
    for name in _CODE:
        place = package / name
        if place.is_dir():
            yield from tree(place, f"lib/stackwright/{name}")
        else:
            yield Item(f"lib/stackwright/{name}", place.read_bytes(), 0o644)


def _uv(engine: Engine) -> Iterator[Item]:
    """uv runs there as it is where the engine's containers are of this machine's kind."""
    yield Item("bin", None, 0o755)
    about = engine.version()
    if sys.platform == "linux" and about.get("Arch") == {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine()):
        yield Item("bin/uv", Path(uv.find()).read_bytes(), 0o755)


def _home() -> Iterator[Item]:
    """A home with the user's settings of those who fetch packages."""
    yield Item("home", None, 0o700)
    home = Path(os.environ.get("HOME") or "/nonexistent")
    for name in _SETTINGS:
        if (home / name).is_file():
            parts = name.split("/")
            yield from (Item("/".join(["home", *parts[:depth]]), None, 0o700) for depth in range(1, len(parts)))
            yield Item(f"home/{name}", (home / name).read_bytes(), 0o600)


def _locks(spec: dict[str, Any]) -> Iterator[Item]:
    yield Item("locks", None, 0o755)
    files = {"lock.txt": spec.get("lock"), **spec.get("locks", {})}
    yield from (Item(f"locks/{name}", Path(file).read_bytes(), 0o644) for name, file in files.items() if file)


def _certificates() -> bytes | None:
    """Whom this machine trusts."""
    file = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    try:
        return Path(file).read_bytes() if file else None
    except OSError:
        return None
