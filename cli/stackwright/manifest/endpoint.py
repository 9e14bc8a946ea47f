"""What a manifest says of a server that runs elsewhere: its address, and where the secrets for it lie."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stackwright.errors import Diagnostic
from stackwright.manifest.schema import SecretShape
from stackwright.model.deployer import ELSEWHERE, ExternalDeployer
from stackwright.model.manifest import Reference, Value
from stackwright.yamlfile import Document, Path_

Endpoint = dict[str, Value | Reference]

_EXAMPLE = "endpoint: {interface: INTERFACE, host: db.example.org, port: PORT, FIELD: VALUE}"
SOURCES = ("{env: NAME}", "{file: PATH}", "{command: [PROGRAM, WORD]}")


def endpoint_of(
    given: Mapping[str, Any] | None, target: str, document: Document, at: Path_
) -> tuple[Endpoint | None, list[Diagnostic]]:
    """The endpoint as written, with references for secrets; only what runs elsewhere has one."""
    if given is None:
        if target != ExternalDeployer.target:
            return None, []
        detail = "A server that you already have is known by its address."
        return None, [Diagnostic("M020", "endpoint is missing", detail, document.where(*at), f"add\n    {_EXAMPLE}")]
    if target not in ELSEWHERE:
        detail = f"What runs on `{target}` is started here, and gets its address here."
        hint = f"for a server that you already have, write\n    target: {ExternalDeployer.target}"
        where = document.where(*at, "endpoint", key=True)
        return None, [Diagnostic("M021", "endpoint of something that is started here", detail, where, hint)]
    endpoint: Endpoint = {}
    found = []
    for name, value in given.items():
        where = document.where(*at, "endpoint", name)
        if not isinstance(value, SecretShape):
            endpoint[name] = value
            continue
        sources = {source: words for source, words in value if words is not None}
        if len(sources) != 1:
            detail = f"`{name}` has to come from one place; here are {len(sources)}."
            hint = "write one of" + "".join(f"\n    {name}: {source}" for source in SOURCES)
            found.append(Diagnostic("M022", "secret has no one source", detail, where, hint))
            continue
        ((source, words),) = sources.items()
        endpoint[name] = Reference(source=source, words=[words] if isinstance(words, str) else words, where=where)
    return endpoint, found
