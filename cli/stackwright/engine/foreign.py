"""Providers that are not ours: where Terraform gets them, and how they are told which cluster is meant.

A root that uses none is left as it is: nothing is configured, and nothing takes longer.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stackwright.errors import Diagnostic
from stackwright.folders import cache_dir

MIRROR = "STACK_PROVIDER_MIRROR"
_SOURCE = re.compile(r'^\s*source\s*=\s*"hashicorp/', re.MULTILINE)
_REFUSED = re.compile(
    r"Failed to query available provider packages|Failed to install provider|Invalid provider registry host"
    r"|Failed to resolve provider packages"
)
_NAMED = re.compile(r"\bhashicorp/([a-z0-9-]+)")
# Helm's own settings are the user's, not the stack's; nothing of ours is written beside them.
_HELM = ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME")


def used(folder: Path) -> bool:
    """Whether a root has providers of a registry."""
    try:
        return bool(_SOURCE.search((folder / "main.tf").read_text(encoding="utf-8")))
    except OSError:
        return False


def there(folder: Path) -> bool:
    """Whether those that were installed are still where they were: mirrors and caches are cleared."""
    places = (folder / ".terraform" / "providers").glob("*/*/*/*/*")  # host/namespace/name/version/platform
    return all(place.exists() for place in places)


def environment(folder: Path, workspace: Path) -> dict[str, str]:
    """What is set for Terraform beside everything else: where providers come from, and which cluster is meant."""
    if not used(folder):
        return {}
    return providers(folder) | dict.fromkeys(_HELM, str(folder / ".terraform" / "helm")) | _cluster(workspace)


def providers(folder: Path) -> dict[str, str]:
    """Where they come from: a mirror of the user's, else the registry and what was had of it before."""
    mirror = os.environ.get(MIRROR)
    if not mirror:
        cache = _cache()
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Without the second word a provider of the cache is fetched again, for a lock file that nobody keeps here.
        return {
            "TF_PLUGIN_CACHE_DIR": str(cache),
            "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "1",
        }
    config = folder / ".terraform" / "mirror.tfrc"
    config.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    config.write_text(_config(Path(mirror).absolute()), encoding="utf-8")
    return {"TF_CLI_CONFIG_FILE": str(config)}


def fingerprint(folder: Path) -> str:
    """What an init depends on beside the root."""
    return os.environ.get(MIRROR, "") if used(folder) else ""


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """While providers are installed: the cache that stacks share is not made for two at a time."""
    if not used(folder) or os.environ.get(MIRROR):
        yield
        return
    _cache().mkdir(mode=0o700, parents=True, exist_ok=True)
    with (_cache().parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def refused(said: str) -> Diagnostic | None:
    """What to do where Terraform could not get a provider; None where it said something else."""
    if not _REFUSED.search(said):
        return None
    names = ", ".join(f"`hashicorp/{name}`" for name in sorted(set(_NAMED.findall(said)))) or "a provider"
    told = said[said.find("Error:") :].partition("To see which modules")[0]
    told = " ".join(word for line in told.splitlines() for word in line.strip("│╷╵ ").split())
    mirror = os.environ.get(MIRROR)
    if mirror:
        where = f"in `{mirror}`, which `{MIRROR}` names"
        hint = (
            f"fill it where there is a registry, beside the same `*.tf` files\n    terraform providers mirror {mirror}"
        )
    else:
        where = "from its registry"
        hint = f"have this machine reach it, or name a folder with providers\n    export {MIRROR}=/path/to/mirror"
    detail = f"Terraform wants {names}, and did not get it {where}. It said: {told}"
    return Diagnostic("E014", "Terraform's provider cannot be had", detail, hint=hint)


def _cache() -> Path:
    return cache_dir() / "terraform" / "providers"


def _config(mirror: Path) -> str:
    """Terraform's own configuration: these providers from the folder and from nowhere else."""
    ours = '["hashicorp/*"]'
    return (
        "provider_installation {\n"
        f"  filesystem_mirror {{\n    path    = {json.dumps(str(mirror))}\n    include = {ours}\n  }}\n"
        f"  direct {{\n    exclude = {ours}\n  }}\n"
        "}\n"
    )


def _cluster(workspace: Path) -> dict[str, str]:
    """The kubeconfig and the context, in every spelling that versions of the provider know.

    A cluster that was made for the stack has a kubeconfig in the workspace. Which context it was when the stack came up
    the workspace remembers: the user's current one may be another since.
    """
    own = workspace / "kubeconfig"
    files = str(own) if own.is_file() else os.environ.get("KUBECONFIG") or str(_home() / ".kube" / "config")
    several = "KUBE_CONFIG_PATHS" if os.pathsep in files else "KUBE_CONFIG_PATH"
    context = _said(workspace / "cluster").get("context")
    context = context or (_said(workspace / "plan.json").get("cluster") or {}).get("context")
    return {"KUBECONFIG": files, several: files, **({"KUBE_CTX": context} if context else {})}


def _home() -> Path:
    return Path(os.environ.get("HOME") or os.path.expanduser("~"))  # noqa: PTH111 (Path.expanduser raises without one)


def _said(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
