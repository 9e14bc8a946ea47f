"""Small catalogs and manifests made on the spot, and the tiny catalog."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stackwright.catalog.load import Catalog
from stackwright.errors import Diagnostic
from stackwright.manifest.load import load_manifest
from stackwright.model.plan import Plan
from stackwright.resolve import Identity, resolve

Answer = tuple[Plan | None, list[Diagnostic]]
Entry = dict[str, Any]
SQL: Entry = {  # every wire to it has a share of its own
    "about": "SQL.",
    "default": "db",
    "fields": {
        "user": {},
        "password": {"secret": True},
        "url": {"derive": "sql://{{ user }}:{{ password }}@{{ host }}"},
    },
    "client": {"packages": ["sqlclient==1.0"], "env": {"SQL_URL": "{{ url }}"}},
}
WEB: Entry = {"about": "A page.", "fields": {"url": {"derive": "http://{{ host }}:{{ port }}"}}}
GRANT: Entry = {
    "command": ["grant", "{{ grant.name }}"],
    "env": {"SECRET": "{{ grant.secret }}"},
    "fields": {"user": "{{ grant.name }}", "password": "{{ grant.secret }}"},
}


IDENTITY = Identity("it-0a1b2c", Path("/w/.stack/it"), {}, False, Path("/state"), Path("/cache"))


class Kit:
    """Makes entries and catalogs, and resolves manifests over them."""

    sql = SQL
    identity = IDENTITY

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0

    @staticmethod
    def entry(*layers: str, recipe: Mapping[str, Any] | None = None, **tool: Any) -> Entry:
        """An entry that opens a port for everything it provides; `recipe` adds to its recipe."""
        ports = {name: {"port": 1000 + index} for index, name in enumerate(tool.get("provides", {}))}
        runs = {"command": ["run"], "ready": {"command": ["true"]}} if tool.get("kind", "service") == "service" else {}
        about = {
            "about": "A tool.",
            "home": "https://example.org",
            "license": "MIT",
            "kind": "service",
            "version": "1.0",
        }
        return {
            "tool": {**about, "layers": dict.fromkeys(layers, "full"), **tool},
            "recipe": {"install": {}, "endpoints": ports, **runs, **(recipe or {})},
        }

    @classmethod
    def db(cls, *layers: str, **more: Any) -> Entry:
        """A server of `sql` that gives shares."""
        return cls.entry(*(layers or ("database",)), provides={"sql": "sql"}, recipe={"grant": GRANT}, **more)

    @classmethod
    def needing(cls, *layers: str, interface: Any = "sql", **need: Any) -> Entry:
        """A server that needs somebody for its `store`."""
        return cls.entry(*layers, needs={"store": {"interface": interface, "about": "Rows.", **need}})

    def catalog(self, tools: Mapping[str, Entry], interfaces: Mapping[str, Entry] | None = None) -> Catalog:
        """A catalog of these entries, with `sql` and `web`; JSON is YAML."""
        self.count += 1
        folder = self.folder / f"catalog{self.count}"
        (folder / "_interfaces").mkdir(parents=True)
        for name, interface in {"sql": SQL, "web": WEB, **(interfaces or {})}.items():
            (folder / "_interfaces" / f"{name}.yaml").write_text(json.dumps(interface))
        for name, files in tools.items():
            (folder / name).mkdir()
            for file, data in files.items():
                (folder / name / f"{file}.yaml").write_text(json.dumps(data))
        return Catalog((folder,))

    def answer(
        self,
        layers: Mapping[str, Any],
        tools: Mapping[str, Entry],
        interfaces: Mapping[str, Entry] | None = None,
        *,
        more: Mapping[str, Any] | None = None,
        **identity: Any,
    ) -> Answer:
        """What `resolve` says of a manifest with a line for each layer, the first being line 3."""
        catalog = self.catalog(tools, interfaces)
        lines = [f"  {layer}: {json.dumps(value)}" for layer, value in layers.items()]
        lines += [f"{key}: {json.dumps(value)}" for key, value in (more or {}).items()]
        file = self.folder / "stack.yaml"
        file.write_text("\n".join(["name: it", "layers:", *lines]) + "\n")
        manifest, wrong = load_manifest(file, catalog)
        assert wrong == []
        assert manifest is not None
        return resolve(manifest, catalog, replace(IDENTITY, **identity))

    def plan(self, *args: Any, **named: Any) -> Plan:
        """Like `answer`, where there must be a plan."""
        made, found = self.answer(*args, **named)
        assert found == []
        assert made is not None
        return made


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    """A kit in a folder of the test's own."""
    return Kit(tmp_path)
