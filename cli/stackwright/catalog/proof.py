"""What was proven of a tool: catalog/<tool>/proof/<target>.json, and whether that is still about the entry as it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from stackwright.catalog.load import INTERFACES, Catalog
from stackwright.errors import Diagnostic, StackError
from stackwright.model.catalog import GPU_CHECK
from stackwright.model.deployer import ELSEWHERE
from stackwright.model.report import Verdict

FOLDER = "proof"
GPUS = "gpu"  # the pipeline that is run with the others where this machine has GPUs


def verdict(catalog: Catalog, tool_id: str, target: str = "process") -> Verdict:
    """Whether the entry, as it is now, was run: proven at a date, stale (it has changed since), or never run."""
    proof = read(catalog, tool_id, target)
    if proof is None:
        return Verdict("never run")
    same = proof.get("digest") == digest(catalog, tool_id)
    return Verdict("proven" if same else "stale", str(proof.get("date", "")))


def on_gpus(catalog: Catalog, tool_id: str, targets: Mapping[str, Verdict]) -> Verdict | None:
    """Whether its work was seen to multiply on a real GPU, wherever it runs; None where it does no such work here."""
    here = [target for target in targets if target not in ELSEWHERE]
    does = any(GPU_CHECK in catalog.layers()[layer].verbs for layer in catalog.tool(tool_id).layers)
    if not (here and does):
        return None
    for target in here:
        steps = (read(catalog, tool_id, target) or {}).get("steps", ())
        if any(step.get("pipeline") == GPUS and step.get("state") == "passed" for step in steps):
            return targets[target]
    return Verdict("never run")


def read(catalog: Catalog, tool_id: str, target: str) -> dict[str, Any] | None:
    """The proof as it was written; None where there is none, or none that can be read."""
    try:
        found = json.loads((catalog.folder(tool_id) / FOLDER / f"{target}.json").read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def write(catalog: Catalog, tool_id: str, target: str, proof: dict[str, Any]) -> Path:
    """Put a proof beside its entry."""
    file = catalog.folder(tool_id) / FOLDER / f"{target}.json"
    try:
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(proof, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        detail = f"`{file}`: {error.strerror}. The catalog has to be a folder of yours."
        raise StackError(Diagnostic("C100", "proof cannot be written", detail)) from error
    return file


def digest(catalog: Catalog, tool_id: str) -> str:
    """Of all that decides how a tool runs: its entry's files, its verbs and the interfaces it speaks."""
    tool = catalog.tool(tool_id)
    spoken = {*tool.provides.values(), *(name for need in tool.needs.values() for name in need.interface)}
    files = dict(_files(catalog.folder(tool_id)))
    if (verbs := catalog.verbs(tool_id)).is_file():  # perhaps its interface's
        files["smoke.py"] = verbs
    return digest_of([*files.items(), *_interfaces(catalog, spoken)])


def digest_of(files: Iterable[tuple[str, Path]]) -> str:
    """One hash over names and contents."""
    whole = hashlib.sha256()
    for name, file in sorted(files):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        whole.update(f"{content}  {name}\n".encode())
    return whole.hexdigest()


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """An entry's own files; neither what proves it, nor what Python and editors leave beside them."""
    for file in folder.rglob("*"):
        parts = file.relative_to(folder).parts
        if file.is_file() and parts[0] != FOLDER and not any(p.startswith((".", "__pycache__")) for p in parts):
            yield "/".join(parts), file


def _interfaces(catalog: Catalog, names: Iterable[str]) -> Iterator[tuple[str, Path]]:
    for name in names:
        for folder in catalog.folders:
            for suffix in (".yaml", ".py"):
                if (file := folder / INTERFACES / f"{name}{suffix}").is_file():
                    yield f"{INTERFACES}/{file.name}", file
