"""Every rule of a catalog entry, broken once."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from stackwright.catalog import rules
from stackwright.catalog.checks import check
from stackwright.catalog.load import Catalog

DB, APP, LIB = "tinydb/tool.yaml", "tinyapp/tool.yaml", "tinylib/tool.yaml"
DB_RUN, APP_RUN, LIB_RUN = "tinydb/recipe.yaml", "tinyapp/recipe.yaml", "tinylib/recipe.yaml"
SQL, WEB = "_interfaces/tinysql.yaml", "_interfaces/tinyweb.yaml"
GREETING = "greeting: {type: string, default: hello,"
CONFIG_PORT = 'port: "{{ listen.web.port }}"'
INDEX = '{when: needs.index, value: "{{ needs.index.url }}"}'
INSTALL = "install: {}"
STATUS = "status: {state: active, as_of: 2026-08, source: its page}"
MANY = "index: {interface: tinysql, many: true,"

HOSTED = """\
credentials: {KEY: {about: A key.}}
client: tiny==1.0
source: tiny 1.0
keys: https://tiny.example
"""

# (code, file, what stands there, what is put in its place)
BROKEN = [
    ("C004", APP, "kind: service\n", ""),
    ("C005", APP, "kind: service", "kind: service\nkond: x"),
    ("C005", APP, "about: Serves", "id: other\nabout: Serves"),
    ("C005", APP_RUN, "timeout: 3s", "timout: 3s"),
    ("C006", APP, "kind: service", "kind: servce"),
    ("C006", APP, 'version: "1.0.0"', "version: 1.0"),
    ("C006", APP_RUN, "timeout: 3s", "timeout: 3min"),
    ("C006", LIB, "kind: library", f"kind: library\n{STATUS.replace('2026-08', 'August')}"),
    ("C006", LIB, "kind: library", f"kind: library\n{STATUS.replace('active', 'dead')}"),
    ("C006", LIB, "kind: library", "kind: library\nget: [tinylib]"),
    ("C020", APP, "license: Apache-2.0", 'license: " "'),
    ("C020", APP, "home: https://example.org/tinyapp", "home: example"),
    ("C021", APP_RUN, "  worker:\n", "  Worker-x:\n"),
    ("C021", DB, "  start_delay:", "  start-delay:"),
    ("C022", APP, "settings:\n", "settings:\n" + "".join(f"  s{n}: {{type: integer, about: x}}\n" for n in range(6))),
    ("C023", APP, "{serving: full}", "{}"),
    ("C024", APP, "{serving: full}", "{servng: full}"),
    ("C025", APP, "kind: service", "kind: vendor"),
    ("C026", LIB, 'version: "1.0.0"\n', ""),
    ("C027", DB, "features: {sql:", "features: {sq:"),
    ("C028", APP, "{interface: tinysql", "{interface: tinysq"),
    ("C028", APP, "{web: tinyweb}", "{web: tinywebs}"),
    ("C029", APP, "features: [tables]", "features: [joins]"),
    ("C030", DB, "default: none", "default: nothing"),
    ("C030", DB, "default: 0,", "default: 61,"),
    ("C030", DB, "default: 0,", "default: true,"),
    ("C030", APP, GREETING, "greeting: {type: folder, default: ../tinydb,"),
    ("C031", LIB_RUN, "env:", "\n" * 80 + "env:"),
    ("C032", APP, "license: Apache-2.0", "license: Apache 2"),
    ("C032", APP, "license: Apache-2.0", "license: MIT (server)"),
    ("C033", LIB_RUN, "*", ""),
    ("C034", APP, "kind: service", "kind: service\nsuccessor: [tinydb, Tiny Apps Inc, tinnyapp]"),
    ("C034", APP, "kind: service", "kind: service\nsame_as: tinyapp"),
    ("C035", APP, "kind: service\n", "kind: service\nformats: [onxx]\n"),
    ("C040", APP_RUN, "endpoints: {web: {port: 8000, of: web}}", "endpoints: {}"),
    ("C041", LIB_RUN, INSTALL, f"{INSTALL}\ncommand: [x]"),
    ("C042", LIB, "needs:", "provides: {x: tinyweb}\nneeds:"),
    ("C043", APP_RUN, INSTALL, f"{INSTALL}\ncommand: [x]"),
    ("C043", DB_RUN, "command: [python, -I, \"{{ here }}/tinydb.py\", serve, \"{{ files.config }}\"]\n", ""),
    ("C044", DB_RUN, "ready: {http", "#"),
    ("C044", APP_RUN, "\nready: {", "\nresources: {cpu: 1}\n#"),
    ("C045", APP_RUN, INSTALL, f"{INSTALL}\nsecrets: [store]"),
    ("C046", DB_RUN, INSTALL, "install: {python: three}"),
    ("C047", DB_RUN, "timeout: 10s}", 'tcp: "localhost:1"}'),
    ("C048", APP_RUN, "after: [web]", "after: [wep]"),
    ("C049", APP_RUN, '"{{ settings.workers }}"', '"{{ settings.greeting }}"'),
    ("C049", APP_RUN, '"{{ settings.workers }}"', "two"),
    ("C050", APP_RUN, "  web:\n    command", "  web:\n    after: [worker]\n    command"),
    ("C051", APP_RUN, "of: web}", "of: web, internal: true}"),
    ("C051", APP_RUN, "of: web}}", "of: web}, other: {port: 1, of: web}}"),
    ("C052", APP_RUN, ", of: web}", ", of: wep}"),
    ("C053", DB_RUN, "{port: 5400}", "{port: 5400, of: main}"),
    ("C054", DB_RUN, ', password: "{{ grant.secret }}"}', "}"),
    ("C055", DB_RUN, "fields: {database:", "fields: {databse:"),
    ("C055", APP_RUN, "of: web}", "of: web, fields: {url: x}}"),
    ("C056", DB, "provides: {sql: tinysql}\nfeatures: {sql: [tables]}", "provides: {}"),
    ("C057", APP_RUN, "path: tinyapp.ini", "path: ../tinyapp.ini"),
    ("C058", APP_RUN, "format: ini", "format: lines"),
    ("C059", APP_RUN, "[needs.store]", "[needs.stor]"),
    ("C059", SQL, 'client:\n  env:\n    TINYSQL_URL: "{{ url }}"', "client: {}"),
    ("C060", APP, "settings:", "settings:\n  extra: {type: integer, default: 1, about: x}"),
    ("C060", DB_RUN, "[admin]", "[admin, other]"),
    ("C061", APP_RUN, CONFIG_PORT, "port: 8000"),
    ("C062", LIB_RUN, INDEX, '{when: needs.index, value: x, other: "x"}'),
    ("C062", LIB_RUN, INDEX, "{when: needs.index}"),
    ("C063", LIB_RUN, "env:", 'files: {f: {format: json, data: {"{{ data_dir }}": 1}}}\nenv:'),
    ("C064", LIB_RUN, INDEX, "{first: [{when: needs.index, value: x}]}"),
    ("C064", LIB_RUN, INDEX, "{first: [x, {when: needs.index, value: y}, z]}"),
    ("C065", LIB_RUN, INDEX, "{first: [{when: needs.index, value: x}, {when: needs.index, value: y}, z]}"),
    ("C066", LIB_RUN, INDEX, "{when: {needs.index: tinyweb}, value: x}"),
    ("C067", LIB_RUN, INDEX, "{when: data_dir, value: x}"),
    ("C067", LIB_RUN, INDEX, '{when: needs.indx, value: "x"}'),
    ("C068", DB_RUN, 'fault: "{{ settings.fault }}"', "fault: {when: {settings.fault: maybe}, value: x}"),
    ("C069", LIB_RUN, INDEX, "{each: needs.index, value: x}"),
    ("C070", LIB_RUN, "{{ data_dir }}/versions", "{{data_dir}}/versions"),
    ("C070", LIB_RUN, "{{ data_dir }}/versions", "{{ data_dir | upper }}"),
    ("C071", LIB_RUN, "{{ data_dir }}", "{{ datadir }}"),
    ("C071", APP_RUN, "{{ listen.web.host }}", "{{ listen.wep.host }}"),
    ("C071", APP_RUN, "{{ endpoints.web.url }}", "{{ endpoints.web }}"),
    ("C071", DB_RUN, "{{ endpoints.sql.host }}", "{{ endpoints.sql.url }}"),
    ("C071", LIB_RUN, "{{ needs.index.url }}", "{{ needs.index.schema }}"),
    ("C072", LIB_RUN, "{{ data_dir }}", "{{ grant.name }}"),
    ("C072", LIB_RUN, "{{ data_dir }}", "{{ self.index }}"),
    ("C072", LIB_RUN, "{{ data_dir }}", "{{ each.url }}"),
    ("C072", LIB_RUN, INSTALL, 'install: {path: ["{{ settings.x }}"]}'),
    ("C072", APP_RUN, "path: tinyapp.ini", 'path: "{{ settings.greeting }}"'),
    ("C073", DB_RUN, "serve,", 'serve, "{{ secrets.admin }}",'),
    ("C073", APP_RUN, "worker,", 'worker, "{{ needs.store.url }}",'),
    ("C073", DB_RUN, "fields: {database: \"{{ grant.name }}\"", "fields: {database: \"{{ grant.secret }}\""),
    ("C074", LIB_RUN, INDEX, '"{{ needs.index.url }}"'),
    ("C074", APP, "greeting: {type: string, default: hello,", "greeting: {type: string,"),
    ("C080", DB_RUN, INSTALL, "install: {packages: [requests]}"),
    ("C080", DB_RUN, INSTALL, 'install: {packages: ["requests==2.*"]}'),
    ("C081", DB_RUN, INSTALL, 'install: {packages: ["requests=={{ version }}"]}'),
    ("C084", "tinydb/smoke.py", "def read_rows", "def read_all"),
    ("C088", DB_RUN, INSTALL, 'install: {debian: ["redis-server 7"]}'),
    ("C088", DB_RUN, INSTALL, 'install: {debian: ["redis-server>="]}'),
    ("C088", DB_RUN, INSTALL, 'install: {npm: ["left-pad"]}'),
    ("C088", DB_RUN, INSTALL, 'install: {maven: ["group:name"]}'),
    ("C088", DB_RUN, INSTALL, 'install: {go: ["example.org/tool"]}'),
    ("C088", DB_RUN, INSTALL, 'install: {archive: ["https://example.org/tool.tar.gz"]}'),
    ("C089", DB_RUN, INSTALL, 'install: {npm: ["left-pad@{{ version }}"]}'),
    ("C089", DB_RUN, INSTALL, 'install: {maven: ["org.example:tool:1.0"]}'),
    ("C085", "tinydb/smoke.py", "def read_rows(ctx, table)", "def read_rows(ctx, tabl)"),
    ("C085", "tinydb/smoke.py", "def read_rows(ctx, table)", "def read_rows(ctx, table, limit)"),
    ("C086", "tinydb/smoke.py", "*", ""),
    ("C087", "tinydb/smoke.py", "def read_rows", "deff read_rows"),
    ("C090", "_interfaces/tinyweb.py", "def probe", "def prob"),
    ("C091", WEB, "{{ port }}", "{{ prt }}"),
    ("C092", WEB, "{{ port }}", "{{ port }}{{ url }}"),
    ("C093", SQL, "    secret: true\n", ""),
    ("C094", SQL, "client:\n", "client:\n  packages: [requests]\n"),
    ("C095", WEB, 'TINYWEB_URL: "{{ url }}"', 'TINYWEB_URL: "{{ uri }}"'),
    ("C096", WEB, "default: tinyapp", "default: tinydb"),
    ("C096", WEB, "default: tinyapp", "default: nobody"),
    ("C097", SQL, "client:\n", 'grant: {database: "{{ grant.name }}"}\nclient:\n'),
    ("C098", "tinylib/hosted.yaml", "", HOSTED),
    ("C099", "tinylib/hosted.yaml", "", HOSTED.replace("==1.0", "")),
]  # fmt: skip


def _names(case: tuple[str, str, str, str]) -> str:
    return f"{case[0]}-{case[1].removesuffix('.yaml')}-{BROKEN.index(case)}"


def test_the_tiny_catalog_is_right(tiny: Catalog) -> None:
    """A right catalog has no mistakes."""
    assert check(tiny) == []


@pytest.mark.parametrize("case", BROKEN, ids=_names)
def test_a_broken_rule_is_reported(case: tuple[str, str, str, str], edited) -> None:
    """Whatever breaks a rule gives that rule's code, at a line of a file that exists."""
    code, file, old, new = case
    found = check(edited(file, old, new))
    assert code in {diagnostic.code for diagnostic in found}, found
    for diagnostic in found:
        assert diagnostic.where is not None and diagnostic.detail.endswith((".", "`"))
        assert diagnostic.where.line <= len(Path(diagnostic.where.file).read_text(encoding="utf-8").splitlines())


def test_every_rule_can_fail() -> None:
    """No rule is there that no case above breaks (locks have a test of their own)."""
    folder = Path(rules.__file__).parent
    written = {code for file in folder.glob("*.py") for code in re.findall(r'"(C\d{3})"', file.read_text("utf-8"))}
    assert written - {case[0] for case in BROKEN} == {"C075", "C082", "C083"}


def test_places_are_exact(edited) -> None:
    """A mistake in a reference is reported at the line and column of the text that holds it."""
    catalog = edited(LIB_RUN, "{{ data_dir }}", "{{ datadir }}")
    (found,) = check(catalog, ["tinylib"])
    assert found.where is not None
    assert (Path(found.where.file).name, found.where.line, found.where.column) == ("recipe.yaml", 3, 17)
    assert found.hint == "did you mean `data_dir`?"


def test_every_mistake_is_reported_at_once(edited) -> None:
    """Three mistakes in one entry give three diagnostics."""
    edited(DB, "license: Apache-2.0", 'license: ""')
    edited(DB, "{database: full}", "{databse: full}")
    found = check(edited(DB_RUN, "{{ listen.sql.host }}", "{{ listen.sql.hots }}"), ["tinydb"])
    assert {"C020", "C024", "C071"} <= {diagnostic.code for diagnostic in found}


def test_a_many_need_is_used_through_each(edited) -> None:
    """A need with `many` has fields inside `each`, nowhere else, and an `each` holds no other."""
    edited(LIB, "index: {interface: tinysql, optional: true,", MANY)
    assert check(edited(LIB_RUN, INDEX, '{each: needs.index, value: "{{ each.database }}"}'), ["tinylib"]) == []
    nested = '{each: needs.index, items: [{each: needs.index, value: "{{ each.database }}"}]}'
    edited(LIB_RUN, '{each: needs.index, value: "{{ each.database }}"}', nested)
    assert [d.code for d in check(edited(LIB, MANY, MANY), ["tinylib"])] == ["C075"]
    assert [d.code for d in check(edited(LIB_RUN, nested, '"{{ needs.index.host }}"'), ["tinylib"])] == ["C071"]


def test_a_field_must_exist_in_every_interface_that_the_condition_allows(edited) -> None:
    """Where a need may be answered by two interfaces, a field of one of them needs a condition that names it."""
    edited(LIB, "{interface: tinysql, optional", "{interface: [tinysql, tinyweb], optional")
    wide = '{when: needs.index, value: "{{ needs.index.database }}"}'
    narrow = '{when: {needs.index: tinysql}, value: "{{ needs.index.database }}"}'
    assert [d.code for d in check(edited(LIB_RUN, INDEX, wide), ["tinylib"])] == ["C071"]
    assert check(edited(LIB_RUN, wide, narrow), ["tinylib"]) == []


def test_a_secret_goes_only_into_fields_marked_as_one(edited) -> None:
    """An endpoint's field holds a secret only where the interface says so."""
    edited(SQL, "about: Who asks.", "about: Who asks., secret: true")
    assert check(edited(DB_RUN, 'username: "{{ grant.name }}"', 'username: "{{ grant.secret }}"'), ["tinydb"]) == []


def test_a_lock_must_be_of_this_recipe(edited) -> None:
    """A lock without a pinned package, without hashes, or with the name of an index is refused."""
    edited(DB_RUN, INSTALL, 'install: {packages: ["Left_Pad[x]=={{ version }}"]}')
    good = "left-pad==1.0.0 ; python_version < '4' \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
    assert check(edited("tinydb/lock.txt", "", good), ["tinydb"]) == []
    for text, code in [
        (good.replace("1.0.0", "1.0.1"), "C082"),
        ("left-pad==1.0.0\n", "C083"),
        ("--index-url https://index.example/simple\n" + good, "C083"),
        ("left-pad==1.0.0 --hash=sha256:aa\nother @ file:///somewhere\n", "C083"),
    ]:
        assert [d.code for d in check(edited("tinydb/lock.txt", "", text), ["tinydb"])] == [code]


def test_software_from_elsewhere(edited, tmp_path: Path) -> None:
    """Words that name one thing pass, with the locks that hold them; an old lock does not."""
    wanted = {
        "debian": ["redis-server>=7.0,<8", "r-base-core", "g++==12.*"],
        "npm": ["left-pad@1.3.0", "@types/node@20.1.0"],
        "maven": ["org.example:tool:{{ version }}", "org.example:dist:2.0:zip", "!org.example:left-out"],
        "go": ["example.org/tool@v1.2.3", "example.org/many/v2@v2.0.0/cmd/one"],
        "archive": [f"https://example.org/tool.tar.gz#sha256={'0' * 64}"],
    }
    catalog = edited(DB_RUN, INSTALL, f"install: {json.dumps(wanted)}")
    folder = catalog.folder("tinydb")
    npm = {"left-pad": "1.3.0", "@types/node": "20.1.0"}
    (folder / "npm.lock.json").write_text(json.dumps({"packages": {"": {"dependencies": npm}}}))
    (folder / "maven.lock").write_text("aa  dist-2.0.zip\nbb  tool-1.0.0.jar\n")
    assert check(catalog, ["tinydb"]) == []
    (folder / "maven.lock").write_text("aa  dist-2.0.zip\nbb  tool-0.9.0.jar\n")
    (found,) = check(catalog, ["tinydb"])
    assert (found.code, found.detail) == ("C089", "maven.lock does not hold `tool` 1.0.0.")


def test_an_interface_may_speak_the_verbs(edited) -> None:
    """The verbs of a tool without a smoke.py are those of the interface that its endpoint is called after."""
    catalog = edited(DB, "provides: {sql:", "provides: {tinysql:")
    folder = catalog.folders[0]
    (folder / "tinydb/smoke.py").rename(folder / "_interfaces/tinysql_smoke.py")
    codes = {d.code for d in check(catalog, ["tinydb"])}
    assert not codes & {"C084", "C085", "C086"}
    verbs = "_interfaces/tinysql_smoke.py"
    (found,) = [d for d in check(edited(verbs, "def read_rows", "def read"), ["tinydb"]) if d.code == "C084"]
    assert "tinysql_smoke.py has no `def read_rows(ctx, table)`" in found.detail


def test_a_tool_that_nothing_here_runs_says_what_became_of_it(edited) -> None:
    """Without a recipe a status is enough: version, verbs and a layer may be missing."""
    catalog = edited("tinylib/recipe.yaml", "*", "")
    file = catalog.folder("tinylib") / "tool.yaml"
    text = re.sub(r"(?m)^(version|layers|needs):(.|\n  )*\n", "", file.read_text("utf-8"))
    text += f"layers: {{}}\n{STATUS}\nsuccessor: Tiny Corp\nget: [contract, pypi:tinylib (unverified)]\n"
    file.write_text(text, "utf-8")
    (file.parent / "smoke.py").unlink()
    assert check(catalog, ["tinylib"]) == []


def test_a_broken_file_does_not_hide_the_others(edited) -> None:
    """An entry that cannot be read is reported, and every other entry is checked all the same."""
    edited(DB_RUN, INSTALL, "install: {")
    codes = {d.code for d in check(edited(LIB, "license: Apache-2.0", 'license: ""'))}
    assert {"Y016", "C020"} <= codes


def test_a_vendors_client_is_pinned(edited) -> None:
    """As everything is that jobs may install."""
    edited("tinylib/login.py", "", "def probe(fields):\n    return 'fine'\n")
    assert check(edited("tinylib/hosted.yaml", "", HOSTED)) == []
    (found,) = check(edited("tinylib/hosted.yaml", "==1.0", ""))
    assert (found.code, found.hint) == ("C099", 'write it as\n    client: "tiny==1.2.3"')
