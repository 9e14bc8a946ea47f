"""Rules of an interface: its fields, what derives from them, its client and its probe."""

from __future__ import annotations

import ast
from pathlib import Path

from stackwright.catalog.load import Catalog
from stackwright.catalog.refs import words
from stackwright.catalog.rules.beside import pinned
from stackwright.catalog.rules.entry import BASE, did_you_mean, settled
from stackwright.errors import Diagnostic, StackError
from stackwright.model.catalog import Interface
from stackwright.yamlfile import Document


def check_interface(catalog: Catalog, name: str) -> list[Diagnostic]:
    """Every rule about one interface."""
    interface, file = catalog.interface(name), catalog.interface_source(name)
    found = [*_derived(interface, file), *_client(interface, file)]
    found += _default(catalog, interface, file)
    probe = Path(file.file).with_suffix(".py")
    if interface.grant and not defines(probe, "grant", "revoke"):
        detail = f"`{probe.name}` beside it lacks `def grant(fields, name, secret)` or `def revoke(fields, name)`."
        found.append(Diagnostic("C097", "shares are not made", detail, file.where("grant", key=True)))
    if not defines(probe, "probe"):
        detail = f"`{probe.name}` beside it has no `def probe(fields)`, which tells a working wire from a broken one."
        found.append(Diagnostic("C090", "interface has no probe", detail, file.where()))
    return found


def _derived(interface: Interface, file: Document) -> list[Diagnostic]:
    found = []
    known = BASE | set(interface.fields)
    given = {name for name, field in interface.fields.items() if not field.derive}
    for name, field in interface.fields.items():
        if not field.derive:
            continue
        where = file.where("fields", name, "derive")
        used = words(field.derive)
        if unknown := [word for word in used if word not in known]:
            detail, hint = f"`{name}` derives from `{unknown[0]}`.", did_you_mean(unknown[0], known)
            found.append(Diagnostic("C091", "field derives from nothing", detail, where, hint))
        elif name not in settled(interface, BASE | given):
            detail = f"`{name}` derives from itself, over {', '.join(f'`{word}`' for word in used)}."
            found.append(Diagnostic("C092", "field derives from itself", detail, where))
        secrets = [word for word in used if word in interface.fields and interface.fields[word].secret]
        if secrets and not field.secret:
            detail = f"`{name}` has the secret `{secrets[0]}` in it and is not marked as one."
            found.append(Diagnostic("C093", "secret is not marked", detail, where, "add `secret: true` to the field"))
    return found


def _client(interface: Interface, file: Document) -> list[Diagnostic]:
    found = []
    client = interface.client
    for index, package in enumerate(client.packages if client else ()):
        if not pinned(package, "1.0"):
            where = file.where("client", "packages", index)
            detail = f"`{package}` could be another one tomorrow."
            found.append(
                Diagnostic("C094", "client is not pinned", detail, where, f'write it as\n    "{package}==1.2.3"')
            )
    known = BASE | set(interface.fields)
    for variable, text in (client.env if client else {}).items():
        if unknown := [word for word in words(text) if word not in known]:
            where = file.where("client", "env", variable)
            detail, hint = f"`{variable}` is made of `{unknown[0]}`.", did_you_mean(unknown[0], known)
            found.append(Diagnostic("C095", "variable has no value", detail, where, hint))
    return found


def _default(catalog: Catalog, interface: Interface, file: Document) -> list[Diagnostic]:
    if interface.default is None:
        return []
    try:
        provides = catalog.tool(interface.default).provides.values()
    except StackError:
        provides = {}.values()
    if interface.name in provides:
        return []
    detail = f"The default tool `{interface.default}` does not provide it."
    return [Diagnostic("C096", "default tool does not fit", detail, file.where("default"))]


def defines(file: Path, *names: str) -> bool:
    """Whether a Python file has functions of these names."""
    try:
        body = ast.parse(file.read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return False
    return set(names) <= {node.name for node in body if isinstance(node, ast.FunctionDef)}
