"""Programs built from Go modules, with the machine's Go: `module@version`, or `module@version/folder/of/the/program`.

The checksum database vouches for the module, the module's own go.sum for what it is built from. Everything that the
build needs is fetched into the environment's scratch folder and goes with it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from stackwright.runtime.program import ProgramError
from stackwright.runtime.sources.work import Work

PROGRAMS = ("go",)
_WISH = re.compile(r"([^@]+)@([^/]+)(?:/(.+))?")


def install(work: Work) -> dict[str, str]:
    """Build each program into `bin`; the answer is the modules' checksums."""
    got = {}
    for wish in work.wanted:
        match = _WISH.fullmatch(wish)
        if not match:
            raise work.refuse(f"`{wish}`, which is not `module@version`.", "write the module's path and its version")
        module, version, folder = match.groups()
        name = re.sub(r"/v\d+$", "", folder or module).rsplit("/", 1)[-1]
        work.tell(f"fetching {module} {version}")
        try:
            got[f"{module}@{version}"] = _build(work, f"{module}@{version}", folder or ".", name)
        except ProgramError as error:
            hint = f"see what Go can reach with\n    go mod download {module}@{version}"
            raise work.refuse(f"`{name}` from Go's modules.", hint, error.tail) from error
    return got


def _build(work: Work, module: str, folder: str, name: str) -> str:
    work.run("go", "mod", "download", module, env=_env(work))
    ask = ["go", "mod", "download", "-json", module]
    done = subprocess.run(ask, cwd=work.scratch, env=_env(work), capture_output=True, text=True, check=True)
    about = json.loads(done.stdout)
    source = work.scratch / "source" / name
    shutil.copytree(about["Dir"], source)  # Go builds in a module's own folder only, where it would write
    work.tell(f"building {name}; that takes minutes")
    packages = 0

    def said(line: str) -> None:
        nonlocal packages
        packages += not line.startswith(("go:", "#"))
        if packages % 100 == 99:
            work.tell(f"building {name}: {packages + 1} packages so far")

    words = ["-v", "-mod=mod", "-trimpath", "-ldflags=-s -w", "-o", str(work.part / "bin" / name), f"./{folder}"]
    work.run("go", "build", "-C", source, *words, env=_env(work), said=said)
    return str(about["Sum"])


def _env(work: Work) -> dict[str, str]:
    """Go as the user has set it up, with its caches, and its notes about its own use, in the scratch folder."""
    own = {"GOPATH": "gopath", "GOMODCACHE": "modules", "GOCACHE": "built", "GOTMPDIR": ".", "XDG_CONFIG_HOME": "."}
    places = {name: str(Path(work.scratch, folder)) for name, folder in own.items()}
    settings = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config", "go", "env").expanduser()
    chosen = {"GOENV": str(settings)} if settings.is_file() else {}
    fixed = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-modcacherw", "GOWORK": "off"}
    return {**chosen, **os.environ, **places, **fixed}
