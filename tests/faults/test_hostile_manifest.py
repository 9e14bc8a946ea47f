"""Hostile manifests: every string field of the schema refuses the text or passes it on byte for byte; nothing runs."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from stackwright.catalog.load import Catalog
from stackwright.errors import Diagnostic
from stackwright.manifest.load import load_manifest
from stackwright.manifest.schema import ManifestShape
from stackwright.model.manifest import Manifest
from stackwright.model.plan import Plan
from stackwright.resolve import Identity, resolve

# Entries are read once, as the texts of a hostile file cannot make them slower.
CATALOG = Catalog((Path(__file__).parents[1] / "unit" / "tiny_catalog",))
CATALOG.layers()
GOOD: dict[str, Any] = {
    "name": "good",
    "layers": {
        "database": "tinydb",
        "serving": {"tool": "tinyapp", "settings": {"greeting": "hello"}, "needs": {"store": "database"}},
    },
    "jobs": {"python": ">=3.11,<3.14", "packages": ["pandas==3.1.1"]},
}
ELSEWHERE: dict[str, Any] = {
    "target": "external",
    "endpoint": {
        "interface": "tinysql",
        "host": "db.corp",
        "port": 5432,
        "database": "mine",
        "username": "me",
        "password": {"env": "PW"},
    },
}
TEXTS = {
    "terraform function": '${file("/etc/passwd")}',
    "terraform directive": "%{ for x in [1] }x%{ endfor }",
    "escaped terraform": "$${x} %%{y}",
    "shell": "$(touch HARM)",
    "backticks": "`touch HARM`",
    "second command": "x; touch HARM",
    "reference": "{{ secrets.admin }}",
    "reference in the middle": "x {{ here }} y",
    "secret": "secret:database.admin",
    "segments": '[{"secret": "database.admin"}]',
    "null byte": "a\0b",
    "lines": "a\nb: c\n",
    "other line ends": "a\u2028b\x85c",
    "leading dash": "--help",
    "one dash": "-",
    "path up": "../../../etc/passwd",
    "absolute path": "/etc/passwd",
    "home": "~/x",
    "yaml tag": "!!python/object/apply:os.system ['touch HARM']",
    "jinja": "{% import os %}{{ os.system('touch HARM') }}",
    "heredoc": "JSON\n  JSON\nx = 1",
    "quotes": "\"'\\",
    "look-alike": "dаtаbаse",  # noqa: RUF001 (that is the point)
    "long": "x" * 300,
    "not a character": "\ud800",
    "empty": "",
}


def fields(schema: dict[str, Any], node: dict[str, Any], at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every place of the schema where a string stands: values (a path), keys (a path that ends in `*`)."""
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    types = node.get("type")
    if types == "string" or (isinstance(types, list) and "string" in types):
        yield at
    for branch in (*node.get("anyOf", ()), *node.get("oneOf", ())):
        yield from fields(schema, branch, at)
    if "items" in node:
        yield from fields(schema, node["items"], (*at, "[]"))
    for key, value in node.get("properties", {}).items():
        yield from fields(schema, value, (*at, key))
    for value in node.get("patternProperties", {}).values():
        yield (*at, "*")
        yield from fields(schema, value, (*at, "*"))


SCHEMA = ManifestShape.model_json_schema()
FIELDS = sorted(set(fields(SCHEMA, SCHEMA)))
# What stands for `*` in a path, after the key before it.
NAMES = {"layers": "serving", "settings": "greeting", "needs": "store", "endpoint": "username"}


def with_text(field: str, text: str, *, as_key: bool = False) -> dict[str, Any]:
    """The good manifest with the hostile text in one field, or as the last key on the way to it."""
    data = json.loads(json.dumps(GOOD))
    if ".endpoint" in field:
        field = field.replace("layers.*", "layers.database")
        data["layers"] = {"database": json.loads(json.dumps(ELSEWHERE))}
        if not field.endswith("*"):
            data["layers"]["database"]["endpoint"]["username"] = {"command": ["x"]} if "command" in field else {}
        if ".[].endpoint" in field:
            data["layers"]["database"] = [data["layers"]["database"]]
    elif field.startswith("cluster."):
        made = field.rpartition(".")[2] in ("region", "type")
        data["cluster"] = {"provider": "aws-eks"} if made else {} if "registry" in field else {"load": "kind"}
    elif field.startswith("layers.*.[]"):
        data["layers"]["serving"] = [data["layers"]["serving"]]
    path = field.split(".")
    steps: list[str | int] = [
        0 if step == "[]" else NAMES[path[index - 1]] if step == "*" else step for index, step in enumerate(path)
    ]
    around: Any = data
    for step, following in pairwise(steps):
        if following == 0 and not (isinstance(around, dict) and isinstance(around.get(step), list)):
            around[step] = ["x"]
        elif isinstance(around, dict) and following != 0:
            around.setdefault(step, {})
        around = around[step]
    if as_key:
        around[text] = around.pop(steps[-1])
    else:
        around[steps[-1]] = text
    return data


def run(folder: Path, content: str | bytes) -> tuple[Manifest | None, Plan | None, list[Diagnostic]]:
    """Load and resolve, within a second."""
    path = folder / "stack.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    start = time.process_time()
    manifest, found = load_manifest(path, CATALOG)
    plan = None
    if manifest:
        identity = Identity("x-000000", folder / ".stack", {}, False, folder / "state", folder / "cache")
        plan, more = resolve(manifest, CATALOG, identity)
        found += more
    assert time.process_time() - start < 1
    return manifest, plan, found


def test_the_schema_is_enumerated() -> None:
    """The fields that this file attacks are all there are, so that a new one cannot be forgotten."""
    assert {".".join(path) for path in FIELDS} == {
        *("name", "about", "blueprint", "target", "layers.*", "layers.*.[]", "catalogs.[]"),
        *("docker.base", "jobs.python", "jobs.packages.[]", "jobs.debian.[]", "jobs.system.[]"),
        *("layers.*.tool", "layers.*.target", "layers.*.settings.*", "layers.*.needs.*", "layers.*.needs.*.[]"),
        *("layers.*.[].tool", "layers.*.[].target", "layers.*.[].settings.*", "layers.*.[].needs.*"),
        "layers.*.[].needs.*.[]",
        *(f"cluster.{key}" for key in ("provider", "context", "registry", "load", "storage", "storage_class")),
        *("cluster.region", "cluster.nodes.type", "cluster.gpu.type"),
        *(f"layers.*.{way}endpoint.*{end}" for way in ("", "[].") for end in ("", ".env", ".file", ".command.[]")),
    }


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("field", [".".join(path) for path in FIELDS])
def test_every_string_field(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, field: str, kind: str) -> None:
    """The text is refused with a place in the file, or the plan holds it exactly; nothing is executed or read."""
    monkeypatch.chdir(tmp_path)
    text = TEXTS[kind]
    for as_key in (False, True) if field.endswith("*") else (False,):
        data = with_text(field, text, as_key=as_key)
        manifest, plan, found = run(tmp_path, json.dumps(data))
        if found:
            assert all(d.where and d.where.file.endswith("stack.yaml") for d in found)
            assert all("root:" not in d.detail + d.hint for d in found)
        else:
            assert manifest is not None
            assert plan is not None
            assert (
                field in ("about", "catalogs.[]", "docker.base", "cluster.context")
                or field.endswith("settings.*")
                or ".endpoint." in field
            )
            if ".endpoint." in field:
                assert text in given(plan)
            elif field == "about":
                assert manifest.about == text
            elif field == "cluster.context":
                assert manifest.cluster is not None
                assert (manifest.cluster.context, kind) == (text, "secret")  # a kubeconfig may call one so
            elif field == "docker.base":
                assert (manifest.docker.base, kind) == (text, "secret")  # which is an image and its tag, too
            elif field == "catalogs.[]":
                assert list(manifest.catalogs) == [text]  # a name like any other: whoever trusts it has typed it
            else:
                app = plan.component("serving")
                assert app.settings["greeting"] == text
                (config,) = app.files.values()
                assert f"greeting = {text}\n" in config
        assert not (tmp_path / "HARM").exists()
        assert sorted(p.name for p in tmp_path.iterdir()) == ["stack.yaml"]


def given(plan: Plan) -> list[Any]:
    """What the plan has of an endpoint, word by word."""
    endpoint = plan.component("database").given
    assert endpoint is not None
    return [*endpoint.fields.values(), *(word for reference in plan.references.values() for word in reference.words)]


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("field", ["interface", "host", "port", "database", "username", "password", "url"])
def test_every_field_of_an_endpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, field: str, kind: str) -> None:
    """It is refused at its place, or it is in the plan as it is, and in addresses so that it ends nothing."""
    monkeypatch.chdir(tmp_path)
    text = TEXTS[kind]
    data = {"name": "good", "layers": {"database": json.loads(json.dumps(ELSEWHERE))}}
    data["layers"]["database"]["endpoint"][field] = text
    _, plan, found = run(tmp_path, json.dumps(data))
    if found:
        assert all(d.where and d.where.file.endswith("stack.yaml") for d in found)
    else:
        assert plan is not None
        assert field in ("database", "username", "host")
        endpoint = plan.component("database").given
        assert endpoint is not None
        assert endpoint.fields[field] == text
        address = "".join(part if isinstance(part, str) else "*" for part in endpoint.fields["url"])
        parts = urlsplit(address)
        assert (parts.scheme, parts.hostname, parts.port) == ("http", str(endpoint.fields["host"]).lower(), 5432)
        assert (parts.query, parts.fragment) == ("", "")
        assert unquote(parts.path[1:]) == endpoint.fields["database"]
        assert unquote(parts.username or "") == endpoint.fields["username"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["stack.yaml"]


def test_a_secret_cannot_be_asked_for(tmp_path: Path) -> None:
    """No text of a user becomes a secret segment of the plan."""
    for text in (TEXTS["reference"], TEXTS["secret"], TEXTS["segments"]):
        _, honest, _ = run(tmp_path, json.dumps(GOOD))
        _, plan, found = run(tmp_path, json.dumps(with_text("layers.*.settings.*", text)))
        assert found == []
        assert plan is not None
        assert honest is not None
        count = plan.model_dump_json().count('{"secret":')
        assert count == honest.model_dump_json().count('{"secret":')


FILES: dict[str, bytes] = {
    "alias bomb": b"a: &a [x,x,x,x,x,x,x,x,x]\n"
    + b"".join(b"%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n" % (c + 1, c + 1, *[c] * 8) for c in range(97, 120)),
    "merge keys": b"name: a\nlayers: {<<: {database: tinydb}}\n",
    "deep": b"[" * 100_000,
    "deep mappings": b"".join(b" " * i + b"a:\n" for i in range(1000)),
    "10 MB of noise": os.urandom(10_000_000),
    "10 MB of text": b"x" * 10_000_000,
    "many keys": b"name: a\n" + b"".join(b"k%d: 1\n" % i for i in range(60_000)),
    "many layers": b"name: a\nlayers:\n" + b"".join(b"  l%d: x\n" % i for i in range(40_000)),
    "long key": b"name: a\n? " + b"k" * 900_000 + b"\n: 1\n",
    "invalid UTF-8": b"name: \xff\xfe\n",
    "UTF-16": "name: a\n".encode("utf-16"),
    "null byte": b"name: a\0b\n",
    "tabs": b"name: a\nlayers:\n\tdatabase: tinydb\n",
    "python tag": b"name: !!python/object/apply:os.system ['touch HARM']\n",
    "include tag": b"name: a\nabout: !include /etc/passwd\nlayers: {database: tinydb}\n",
    "two keys": b"name: a\nname: b\nlayers: {database: tinydb}\n",
    "two documents": b"name: a\nlayers: {database: tinydb}\n---\nname: b\n",
    "not a number": b"name: a\nlayers: {database: {tool: tinydb, settings: {start_delay: .nan}}}\n",
    "huge number": b"name: a\nlayers: {database: {tool: tinydb, settings: {start_delay: 1" + b"0" * 5000 + b"}}}\n",
}


@pytest.mark.parametrize("kind", FILES)
def test_hostile_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Bombs, noise and what YAML can do beyond data are refused within a second, with a place, and nothing runs."""
    monkeypatch.chdir(tmp_path)
    _, plan, found = run(tmp_path, FILES[kind])
    assert plan is None
    assert found
    assert all(d.where for d in found)
    assert sum(len(d.detail) + len(d.hint) for d in found) < 50_000
    assert not (tmp_path / "HARM").exists()


def test_a_byte_order_mark_is_harmless(tmp_path: Path) -> None:
    """A file from an editor that writes a byte order mark is read like any other."""
    _, plan, found = run(tmp_path, b"\xef\xbb\xbf" + json.dumps(GOOD).encode())
    assert found == []
    assert plan is not None


def test_every_key_misspelt(tmp_path: Path) -> None:
    """Each key of the schema with one letter gone or doubled is refused with its line and the right word."""
    shapes = {(): SCHEMA, ("jobs",): SCHEMA["$defs"]["JobsShape"], ("layers", "serving"): SCHEMA["$defs"]["ToolShape"]}
    for at, shape in shapes.items():
        for key in shape["properties"]:
            for wrong in (key[:-1], key[0] + key, key[0] + key[2:]):
                data = json.loads(json.dumps(GOOD))
                around = data
                for step in at:
                    around = around.setdefault(step, {})
                around[wrong] = around.pop(key, "x")
                _, _, found = run(tmp_path, json.dumps(data, indent=1))
                mistake = next(d for d in found if d.code == "M001" and f"`{wrong}`" in d.detail)
                assert mistake.hint == f"did you mean `{key}`?"
                assert mistake.where is not None
                lines = (tmp_path / "stack.yaml").read_text().splitlines()
                assert lines[mistake.where.line - 1].lstrip().startswith(f'"{wrong}"')


@pytest.mark.parametrize(
    "value", ["../outside", "/etc", "~", "link", "link/../..", "none", "stack.yaml", "", "a/../../b", "."]
)
def test_folders_stay_inside(tmp_path: Path, value: str) -> None:
    """A folder setting leads to a folder beside the manifest, or is refused: no way up, no root, no link out."""
    folder, tool = tmp_path / "stack", tmp_path / "catalog" / "reader"
    for made in (folder, tmp_path / "outside", tool / "default", tmp_path / "catalog" / "_interfaces"):
        made.mkdir(parents=True)
    (folder / "link").symlink_to(tmp_path / "outside")
    about = {"about": "x", "home": "https://x", "license": "x", "kind": "library", "layers": {"notebooks": "full"}}
    setting = {"data": {"type": "folder", "default": "default", "about": "x"}}
    (tool / "tool.yaml").write_text(json.dumps({**about, "version": "1", "settings": setting}))
    (tool / "recipe.yaml").write_text(json.dumps({"install": {}, "env": {"DATA": "{{ settings.data }}"}}))
    file = folder / "stack.yaml"
    layers = {"notebooks": {"tool": "reader", "settings": {"data": value}}}
    file.write_text(json.dumps({"name": "a", "layers": layers}))
    catalog = Catalog((tmp_path / "catalog",))
    manifest, found = load_manifest(file, catalog)
    assert manifest is not None
    identity = Identity("a-000000", folder / ".stack", {}, False, tmp_path / "state", tmp_path / "cache")
    plan, more = resolve(manifest, catalog, identity)
    if value == ".":
        assert found + more == []
        assert plan is not None
        assert plan.components[0].env["DATA"] == str(folder)
    else:
        assert [d.code for d in found + more] == ["R008"]
        assert plan is None
