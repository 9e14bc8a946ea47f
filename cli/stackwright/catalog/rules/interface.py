"""Rules of an interface: its fields, what derives from them, its client and its probe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from stackwright.catalog.load import Catalog
from stackwright.catalog.refs import words
from stackwright.catalog.rules.entry import BASE, defines, hint_of, settled
from stackwright.errors import Diagnostic, StackError
from stackwright.model.catalog import Client, Interface
from stackwright.model.requirement import Requirement
from stackwright.yamlfile import Document


def check_interface(catalog: Catalog, name: str) -> Iterator[Diagnostic]:
    """Every mistake in one interface."""
    interface, file = catalog.interface(name), catalog.source(catalog.interface_file(name))
    yield from _derived(interface, file)
    yield from _client(interface, file)
    yield from _default(catalog, interface, file)
    probe = Path(file.file).with_suffix(".py")
    if interface.grant and not defines(probe, "grant", "revoke"):
        detail = f"`{probe.name}` beside it lacks `def grant(fields, name, secret)` or `def revoke(fields, name)`."
        yield Diagnostic("C097", "shares are not made", detail, file.where("grant", key=True))
    if not defines(probe, "probe"):
        detail = f"`{probe.name}` beside it has no `def probe(fields)`, which tells a working wire from a broken one."
        yield Diagnostic("C090", "interface has no probe", detail, file.where())


def _derived(interface: Interface, file: Document) -> Iterator[Diagnostic]:
    known = BASE | set(interface.fields)
    given = {name for name, field in interface.fields.items() if not field.derive}
    for name, field in interface.fields.items():
        if not field.derive:
            continue
        where = file.where("fields", name, "derive")
        used = words(field.derive)
        if unknown := [word for word in used if word not in known]:
            detail, hint = f"`{name}` derives from `{unknown[0]}`.", hint_of(unknown[0], known)
            yield Diagnostic("C091", "field derives from nothing", detail, where, hint)
        elif name not in settled(interface, BASE | given):
            detail = f"`{name}` derives from itself, over {', '.join(f'`{word}`' for word in used)}."
            yield Diagnostic("C092", "field derives from itself", detail, where)
        secrets = [word for word in used if word in interface.fields and interface.fields[word].secret]
        if secrets and not field.secret:
            detail = f"`{name}` has the secret `{secrets[0]}` in it and is not marked as one."
            yield Diagnostic("C093", "secret is not marked", detail, where, "add `secret: true` to the field")


def _client(interface: Interface, file: Document) -> Iterator[Diagnostic]:
    client = interface.client or Client()
    for index, package in enumerate(client.packages):
        if Requirement.parse(package.replace("{{ version }}", "1.0")) is None:
            detail, hint = f"`{package}` could be another one tomorrow.", f'write it as\n    "{package}==1.2.3"'
            yield Diagnostic("C094", "client is not pinned", detail, file.where("client", "packages", index), hint)
    known = BASE | set(interface.fields)
    for variable, text in client.env.items():
        if unknown := [word for word in words(text) if word not in known]:
            detail, hint = f"`{variable}` is made of `{unknown[0]}`.", hint_of(unknown[0], known)
            yield Diagnostic("C095", "variable has no value", detail, file.where("client", "env", variable), hint)


def _default(catalog: Catalog, interface: Interface, file: Document) -> Iterator[Diagnostic]:
    if interface.default is None:
        return
    with suppress(StackError):  # there is no such tool, or it is broken, which is told where it is checked
        if interface.name in catalog.tool(interface.default).provides.values():
            return
    detail = f"The default tool `{interface.default}` does not provide it."
    yield Diagnostic("C096", "default tool does not fit", detail, file.where("default"))
