"""The Secret of a component: what of its spec is secret, its files, and what puts them in place."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import secrets as random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stackwright.errors import Diagnostic, StackError
from stackwright.places import archive
from stackwright.places.kubernetes import inside, labels
from stackwright.places.kubernetes.cluster import ApiError, Cluster, Thing, asking, same
from stackwright.places.kubernetes.namespace import path
from stackwright.runtime import asking as questions
from stackwright.runtime import steps
from stackwright.runtime.secrets import Secrets, Text
from stackwright.runtime.workspace import Workspace

ComponentSpec = dict[str, Any]  # docs/architecture.md

LIMIT = 1 << 20  # bytes that the API lets a Secret have
STACK = "/stack"
_STEADY = 10**9  # a time for all files: what has not changed is the same Secret
_PARTS = 3  # so many of the largest are named


def name_of(spec: ComponentSpec) -> str:
    """What it is called: as everything of the component."""
    return str(spec["pod"]["name"])


def observe(ws: Workspace, spec: ComponentSpec) -> str | None:
    """Its version; None where there is none, or where an object of the release is missing, which needs another one."""
    with asking(spec["component"], ws) as cluster:
        same(ws, cluster)
        found = cluster.find(path(spec["pod"]["namespace"], "secrets", name_of(spec)))
        whole = found is not None and not missing(cluster, spec)
    return labels.notes(found).get(labels.VERSION, "") if found and whole else None


def missing(cluster: Cluster, spec: ComponentSpec) -> list[str]:
    """The objects of its release that are not there: somebody removed them behind Helm's back."""
    pod = spec["pod"]
    kinds = {
        "StatefulSet" if pod["storage"] else "Deployment": workload_path(spec),
        "Service": path(pod["namespace"], "services", pod["name"]),
        "NetworkPolicy": f"/apis/networking.k8s.io/v1/namespaces/{pod['namespace']}/networkpolicies/{pod['name']}",
    }
    return [kind for kind, place in kinds.items() if cluster.find(place) is None]


def workload_path(spec: ComponentSpec) -> str:
    """Where the API has what keeps its pod."""
    pod = spec["pod"]
    kind = "statefulsets" if pod["storage"] else "deployments"
    return f"/apis/apps/v1/namespaces/{pod['namespace']}/{kind}/{pod['name']}"


def ensure(ws: Workspace, spec: ComponentSpec, anew: bool = False) -> tuple[str, str]:
    """Have it as the spec says; its name, and its version: another one where it had to be written, or with `anew`."""
    component, name = spec["component"], name_of(spec)
    wanted = {key: base64.b64encode(data).decode() for key, data in content(ws, spec).items()}
    place = path(spec["pod"]["namespace"], "secrets", name)
    with asking(component, ws) as cluster:
        same(ws, cluster)
        found = cluster.find(place)
        version = labels.notes(found).get(labels.VERSION, "") if found else ""
        if found and version and found.get("data") == wanted and not anew:
            return name, version
        journal, version = steps.client_journal(ws), random.token_hex(8)
        journal.write("intent", "secret", component, name)
        thing: Thing = {
            "metadata": {"name": name, "labels": spec["pod"]["labels"], "annotations": {labels.VERSION: version}},
            "data": wanted,
            "type": "Opaque",
        }
        _put(cluster, place, thing, found is not None)
        journal.write("done", "secret", component, name)
    return name, version


def remove(ws: Workspace, component: str, spec: ComponentSpec) -> None:
    """Have none."""
    with asking(component, ws) as cluster:
        same(ws, cluster)
        steps.client_journal(ws).write("intent", "secret", component, name_of(spec))
        cluster.remove(path(spec["pod"]["namespace"], "secrets", name_of(spec)))
        steps.client_journal(ws).write("stopped", "secret", component, name_of(spec))


def content(ws: Workspace, spec: ComponentSpec) -> dict[str, bytes]:
    """Everything in it by key; StackError where that is more than a Secret may hold."""
    secrets = Secrets(ws.secrets_file)
    found = {Path(str(file)).name: Path(str(file)).read_bytes() for file in (inside.__file__, questions.__file__)}
    found |= {key: secrets.fill(text).encode() for key, text in variables(spec).items()}
    found["stack.tgz"] = _packed(_files(spec, secrets))
    folders = {f"folder.{number}.tgz": folder for number, folder in enumerate(spec["pod"].get("folders", ()))}
    for key, folder in folders.items():
        found[key] = _packed(archive.tree(Path(folder["from"]), "."))
    if spec.get("entry"):
        found["entry.tgz"] = _packed(archive.tree(Path(spec["entry"]["from"]), "."))
    told = {
        "entry": bool(spec.get("entry")),
        "folders": {key: folder["to"] for key, folder in folders.items()},
        "prepare": [
            {
                "command": steps.words(step["command"], spec["component"]),
                "run": step["run"],
                "inputs": _inputs(spec, step),
            }
            for step in spec.get("prepare", ())
        ],
    }
    found["fill.json"] = json.dumps(told, sort_keys=True).encode()
    if sum(map(len, found.values())) > LIMIT:
        raise StackError(_too_big(spec, found, folders))
    return found


def variables(spec: ComponentSpec) -> dict[str, Text]:
    """The variables with secrets in them, as the chart refers to them."""
    named: list[tuple[str, Mapping[str, Text]]] = [("env", spec.get("env", {}))]
    named += [(process["name"], process.get("env", {})) for process in spec["processes"]]
    return {f"{of}.{name}": text for of, env in named for name, text in sorted(env.items()) if _is_secret(text)}


def _is_secret(text: Text) -> bool:
    return not isinstance(text, str) and any(not isinstance(part, str) for part in text)


def _files(spec: ComponentSpec, secrets: Secrets) -> Iterator[archive.Item]:
    for file in spec.get("files", ()):
        inside_ = file["path"].removeprefix(f"{STACK}/")
        yield from archive.private(inside_, secrets.fill(file["content"]).encode(), archive.ROOT)


def _packed(items: Iterator[archive.Item]) -> bytes:
    """The same files are the same bytes."""
    return gzip.compress(archive.pack(item._replace(time=_STEADY) for item in items), mtime=0)


def _inputs(spec: ComponentSpec, step: dict[str, Any]) -> str:
    """What a `changed` step depends on, hashed; the volume it was made in has the mark itself."""
    env = {"env": spec.get("env"), **{process["name"]: process.get("env") for process in spec["processes"]}}
    parts = [step["command"], spec.get("files"), env, spec["environment"]["key"]]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _put(cluster: Cluster, place: str, thing: Thing, there: bool) -> None:
    if there:
        cluster.replace(place, thing)
        return
    try:
        cluster.make(place.rpartition("/")[0], thing)
    except ApiError as error:
        if error.reason != "AlreadyExists":  # of a command that was killed a moment ago
            raise
        cluster.replace(place, thing)


def _too_big(spec: ComponentSpec, found: Mapping[str, bytes], folders: Mapping[str, dict[str, str]]) -> Diagnostic:
    about = {
        "stack.tgz": "the recipe's files",
        "entry.tgz": f"the catalog's folder `{(spec.get('entry') or {}).get('from')}`",
        **{key: f"the folder `{folder['from']}`" for key, folder in folders.items()},
    }
    largest = sorted(found, key=lambda key: -len(found[key]))[:_PARTS]
    told = ", ".join(f"{about.get(key, f'`{key}`')} with {len(found[key]) / 1024:,.0f} KiB" for key in largest)
    return Diagnostic(
        code="P189",
        summary="component's files do not fit into a Secret",
        detail=f"`{spec['component']}` ({spec['tool']}@kubernetes) takes {sum(map(len, found.values())) / 1024:,.0f} "
        f"KiB with it, packed, and a cluster's Secret holds {LIMIT // 1024:,} KiB. The largest of it: {told}.",
        hint="keep what is large in a storage of the stack, and let the setting name a smaller folder",
    )
