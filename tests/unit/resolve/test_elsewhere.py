"""Components that run elsewhere: what they are given, what they give, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from stackwright.model.base import Secret
from stackwright.model.plan import Plan
from stackwright.resolve.assign import LONGEST_GRANT, share_name

SHARES = {
    "about": "SQL.",
    "default": "db",
    "fields": {
        "user": {},
        "password": {"secret": True},
        "sslmode": {"default": "off"},
        "url": {"derive": "sql://{{ user }}:{{ password }}@{{ host }}:{{ port }}", "secret": True},
    },
    "client": {"packages": ["sqlclient==1.0"], "env": {"SQL_URL": "{{ url }}"}},
    "grant": {"user": "{{ grant.name }}", "password": "{{ grant.secret }}"},
}
PLAIN = {
    "about": "A page.",
    "fields": {"url": {"derive": "http://{{ host }}:{{ port }}"}, "token": {"secret": True}},
    "default": "page",
}
GIVEN = {"interface": "sql", "host": "db.corp", "port": 5432, "user": "m/e", "password": {"env": "PW"}}
MINE = {"target": "external", "endpoint": GIVEN}
PAGE = {"target": "external", "endpoint": {"interface": "page", "host": "::1", "port": 9, "token": {"file": "t"}}}
HOSTED = {
    "credentials": {
        "V_KEY": {"about": "A key."},
        "V_URL": {"about": "Where.", "secret": False, "default": "https://v.example"},
        "V_TEAM": {"about": "Whose.", "secret": False, "optional": True},
    },
    "client": "vclient==1.0",
    "source": "vclient 1.0",
    "keys": "https://v.example/keys",
}


def tools(kit: Any) -> dict[str, Any]:
    """A server of sql, one of pages, somebody who needs both, and a vendor."""
    vendor = kit.entry("experiment-tracking", kind="vendor")
    return {
        "db": kit.db(settings={"n": {"type": "integer", "default": 1, "about": "x"}}),
        "page": kit.entry("monitoring", provides={"ui": "page"}),
        "app": kit.entry(
            "serving",
            needs={"store": {"interface": "sql", "about": "Rows."}, "seen": {"interface": "page", "about": "Pages."}},
            recipe={
                "files": {"config": {"format": "json", "data": {"token": "{{ needs.seen.token }}"}}},
                "env": {"STORE": "{{ needs.store.url }}", "SEEN": "{{ needs.seen.url }}"},
            },
        ),
        "vendor": {"tool": vendor["tool"], "hosted": HOSTED},
    }


def plan(kit: Any, layers: Any, **interfaces: Any) -> Plan:
    """The plan of these layers."""
    made: Plan = kit.plan(layers, tools(kit), {"sql": SHARES, "page": PLAIN, **interfaces})
    return made


def refused(kit: Any, choice: Any, layer: str = "database") -> list[tuple[str, str]]:
    """Codes and hints."""
    made, found = kit.answer({layer: choice}, tools(kit), {"sql": SHARES, "page": PLAIN})
    assert made is None
    assert all(d.where and d.where.line == 3 for d in found)
    return [(d.code, d.hint) for d in found]


def test_a_server_elsewhere_has_no_process(kit: Any) -> None:
    """It has the address that it was given, no port of ours, no version that we know, and nothing that starts."""
    database = plan(kit, {"database": MINE}).component("database")
    assert (database.tool, database.target, database.version) == ("db", "external", "")
    assert (database.ports, database.spec, database.files, database.settings) == ({}, None, {}, {})
    assert database.given is not None
    assert (database.given.fields["host"], database.given.fields["port"]) == ("db.corp", 5432)
    assert database.elsewhere


def test_the_users_values_are_encoded_in_addresses(kit: Any) -> None:
    """What a user wrote may hold anything: in an address it ends nothing, and its secret is encoded when filled in."""
    database = plan(kit, {"database": MINE}).component("database")
    assert database.given is not None
    password = Secret(secret="database.password|url")
    assert database.given.fields["url"] == ("sql://m%2Fe:", password, "@db.corp:5432")
    assert database.given.fields["user"] == "m/e"


def test_each_consumer_has_a_share_under_the_stacks_name(kit: Any) -> None:
    """Shares carry the stack's id, know how they are taken back, and the consumers never see the user's own secret."""
    made = plan(kit, {"database": MINE, "monitoring": PAGE, "serving": "app"})
    wire = next(w for w in made.wires if w.id == "serving.store")
    assert wire.grant is not None
    assert wire.grant["name"] == "it-0a1b2c-serving-store"
    assert wire.grant["command"][-1:] + wire.grant["revoke"][-1:] == ["grant", "revoke"]
    assert wire.grant["env"]["FIELD_password"] == [{"secret": "database.password"}]
    assert wire.grant["env"]["GRANT_SECRET"] == [{"secret": "serving.store"}]
    app = made.component("serving")
    assert app.env["STORE"] == (
        *("sql://it-0a1b2c-serving-store:", Secret(secret="serving.store|url")),
        "@db.corp:5432",
    )
    assert "database.password" not in made.model_dump_json(include={"components": {"__all__": {"spec", "env"}}})


def test_without_shares_it_is_shared_as_it_is(kit: Any) -> None:
    """An interface that makes no shares: the consumer gets the user's own credentials, quoted where they stand."""
    made = plan(kit, {"database": "db", "monitoring": PAGE, "serving": "app"})
    app = made.component("serving")
    assert app.env["SEEN"] == "http://[::1]:9"
    assert list(app.files.values()) == [('{\n  "token": "', Secret(secret="monitoring.token|json"), '"\n}\n')]
    assert next(w for w in made.wires if w.id == "serving.seen").grant is None


def test_servers_of_others_may_have_the_same_port(kit: Any) -> None:
    """A need with many servers: each wire has its own server's address, whatever their ports."""
    hosts = {"monitoring": "a.corp", "labeling": "b.corp"}
    pages = {
        layer: {"target": "external", "endpoint": {**PAGE["endpoint"], "host": host}} for layer, host in hosts.items()
    }
    watch = kit.needing("alerting", interface="page", many=True)
    both = {**tools(kit), "page": kit.entry("monitoring", "labeling", provides={"ui": "page"}), "watch": watch}
    made = kit.plan({**pages, "alerting": "watch"}, both, {"sql": SHARES, "page": PLAIN})
    wires = [wire for wire in made.wires if wire.consumer == "alerting"]
    assert {wire.server: wire.fields["host"] for wire in wires} == hosts
    assert {wire.fields["port"] for wire in wires} == {9}


def test_where_secrets_lie_is_not_in_the_plans_file(kit: Any) -> None:
    """The plan knows where to look for the secrets of its servers; its file does not."""
    made = plan(kit, {"database": MINE})
    assert [(k, r.source, r.words) for k, r in made.references.items()] == [("database.password", "env", ("PW",))]
    assert "references" not in made.model_dump_json()
    assert "PW" not in made.model_dump_json()
    assert made.secrets == ("jobs.database_sql",)


def test_an_address_gives_host_and_port(kit: Any) -> None:
    """The address of a web server may be given whole; its port is the usual one where it names none."""
    endpoint = {"interface": "page", "url": "https://pages.corp/at", "token": {"env": "T"}}
    made = plan(kit, {"monitoring": {"target": "external", "endpoint": endpoint}})
    given = made.component("monitoring").given
    assert given is not None
    assert given.fields == {
        "host": "pages.corp",
        "port": 443,
        "url": "https://pages.corp/at",
        "token": (Secret(secret="monitoring.token"),),
    }


def test_one_server_for_two_layers_is_one_component(kit: Any) -> None:
    """The same endpoint under two layers is one component; another endpoint is another."""
    both = {"both": kit.entry("experiment-tracking", "model-registry", provides={"ui": "page"})}
    page = {"interface": "page", "host": "h", "port": 1, "token": {"env": "T"}}
    choice = {"tool": "both", "target": "external", "endpoint": page}
    layers = {"experiment-tracking": choice, "model-registry": choice}
    made = kit.plan(layers, both, {"page": {**PLAIN, "default": "both"}})
    assert [c.layers for c in made.components] == [("experiment-tracking", "model-registry")]
    layers["model-registry"] = {**choice, "endpoint": {**page, "port": 2}}
    assert len(kit.plan(layers, both, {"page": {**PLAIN, "default": "both"}}).components) == 2


@pytest.mark.parametrize(
    ("change", "code", "hint"),
    [
        ({"interface": None}, "R023", "interface: page"),
        ({"interface": "sqll"}, "R023", "did you mean `sql`?"),
        ({"interface": "page"}, "R002", ""),
        ({"password": "open"}, "R026", "password: {env: NAME}"),
        ({"password": None}, "R021", "add\n    password: {env: NAME}"),
        ({"usr": "x"}, "R025", "did you mean `user`?"),
        ({"url": {"env": "URL"}}, "R025", ""),
        ({"host": {"env": "HOST"}}, "R022", ""),
        ({"host": "a b"}, "R022", "host: db.example.org"),
        ({"host": "a/b"}, "R022", ""),
        ({"host": "-x"}, "R022", ""),
        ({"port": "5432"}, "R022", "port: 5432"),
        ({"port": 0}, "R022", ""),
        ({"port": True}, "R022", ""),
        ({"user": "a\nb"}, "R022", ""),
        ({"user": ""}, "R022", ""),
        ({"user": True}, "R022", ""),
    ],
)
def test_each_mistake(kit: Any, change: dict[str, Any], code: str, hint: str) -> None:
    """A field that does not fit is refused at its place, with what to write."""
    endpoint = {name: value for name, value in {**GIVEN, **change}.items() if value is not None}
    ((found, told),) = refused(kit, {"target": "external", "endpoint": endpoint})
    assert found == code
    assert hint in told


@pytest.mark.parametrize("url", ["ftp://x", "http://u:p@x", "http://", "x", "http://x?q", "http://x:y", "http://x/ y"])
def test_addresses_that_are_none(kit: Any, url: Any) -> None:
    """An address is one of the web, without a user, a password or a query."""
    endpoint = {"interface": "page", "url": url, "token": {"env": "T"}}
    codes = [code for code, _ in refused(kit, {"target": "external", "endpoint": endpoint}, "monitoring")]
    assert codes[0] == "R022"


def test_nothing_of_ours_can_be_set(kit: Any) -> None:
    """Settings and needs of what runs elsewhere are refused."""
    assert refused(kit, {**MINE, "settings": {"n": 2}}) == [("R020", "leave `settings` out")]
    assert refused(kit, {**MINE, "needs": {"store": "x"}}) == [("R020", "leave `needs` out")]
    assert refused(kit, {**MINE, "tool": "page"})[0][0] == "R002"


def test_a_vendors_service(kit: Any) -> None:
    """Its credentials come from the variables of the vendor's own client, or from where the manifest says."""
    made = plan(kit, {"experiment-tracking": {"tool": "vendor", "target": "hosted"}})
    (reference,) = made.references.values()
    assert (reference.source, reference.words) == ("env", ("V_KEY",))
    assert reference.where.line == 3
    key = (Secret(secret="experiment-tracking.V_KEY"),)
    assert made.component("experiment-tracking").env == {"V_KEY": key, "V_URL": "https://v.example"}
    assert made.jobs.env == {"V_KEY": key, "V_URL": "https://v.example"}
    assert "vclient==1.0" in made.notes[0].text
    told = {"V_KEY": {"file": "k"}, "V_URL": "https://other", "V_TEAM": "us"}
    made = plan(kit, {"experiment-tracking": {"tool": "vendor", "target": "hosted", "endpoint": told}})
    assert [(r.source, r.words) for r in made.references.values()] == [("file", ("k",))]
    env = made.component("experiment-tracking").env
    assert (env["V_URL"], env["V_TEAM"]) == ("https://other", "us")


def test_what_a_vendors_service_refuses(kit: Any) -> None:
    """An open key, a variable nobody reads, a target that the tool does not have."""
    hosted = {"tool": "vendor", "target": "hosted"}
    layer = "experiment-tracking"
    assert refused(kit, {**hosted, "endpoint": {"V_KEY": "open"}}, layer)[0][0] == "R026"
    assert refused(kit, {**hosted, "endpoint": {"V_KEI": "x"}}, layer)[0] == ("R025", "did you mean `V_KEY`?")
    assert refused(kit, "vendor", layer) == [("R003", "write\n    experiment-tracking: {tool: vendor, target: hosted}")]
    assert refused(kit, {"tool": "db", "target": "hosted"})[0][0] == "R003"


def test_names_of_shares() -> None:
    """A share's name says whose it is, is never too long, and two that are cut are not the same."""
    assert share_name("it-0a1b2c", "jobs-db") == "it-0a1b2c-jobs-db"
    long = [share_name("s" * 30 + "-0a1b2c", f"{'n' * 20}-{end}") for end in "ab"]
    assert len(set(long)) == 2
    assert all(len(name) <= LONGEST_GRANT and name.startswith("s" * 30) for name in long)
