"""References and forms: replaced once, and nothing that replaces them is read again."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stackwright.catalog.forms import MalformedError, Reference, parse, references
from stackwright.catalog.refs import as_text, evaluate, interface_fields, join
from stackwright.errors import StackError
from stackwright.model.base import Secret
from stackwright.model.catalog import Interface

KEY = Secret(secret="db.password")
CONTEXT: dict[str, Any] = {
    "version": "1.2",
    "settings": {"workers": 2, "ratio": 0.5, "on": True, "off": False, "word": "a b", "unset": None},
    "listen": {"api": {"host": "127.0.0.1", "port": 20001, "names": ["127.0.0.1", "localhost:20001"]}},
    "needs": {
        "store": {"interface": "postgres", "url": ("postgresql://u:", KEY, "@h"), "host": "h"},
        "targets": [{"address": "a:1", "interface": "metrics"}, {"address": "b:2", "interface": "metrics"}],
        "nobody": [],
    },
    "secrets": {"admin": KEY},
}


@pytest.mark.parametrize(
    ("tree", "value"),
    [
        ("plain", "plain"),
        ("{{ settings.workers }}", 2),
        ("{{ settings.on }}", True),
        ("{{ listen.api.names }}", ["127.0.0.1", "localhost:20001"]),
        ("--n={{ settings.workers }}", "--n=2"),
        ("{{ settings.on }},{{ settings.ratio }}", "true,0.5"),
        ("hosts={{ listen.api.names }};", "hosts=127.0.0.1,localhost:20001;"),
        ('{"a":{{{ settings.workers }}}}', '{"a":{2}}'),
        ("{{ secrets.admin }}", (KEY,)),
        ("admin:{{ secrets.admin }}", ("admin:", KEY)),
        ("{{ needs.store.url }}", ("postgresql://u:", KEY, "@h")),
        ("x {{ needs.store.url }}/y", ("x postgresql://u:", KEY, "@h/y")),
        (3, 3),
        ({"a": ["{{ version }}", None]}, {"a": ["1.2", None]}),
        ({"a": {"when": "needs.store", "value": 1}, "b": {"when": "needs.other", "value": 2}}, {"a": 1}),
        ({"when": {"needs.store": "postgres"}, "value": "p"}, "p"),
        ({"when": {"needs.store": "redis"}, "value": "p"}, None),
        ({"when": {"settings.workers": 2}, "value": "p"}, "p"),
        ({"when": {"settings.on": 1}, "value": "p"}, None),
        ({"when": "settings.off", "value": "p"}, None),
        ({"when": "settings.unset", "value": "p"}, None),
        ({"when": "needs.nobody", "value": "p"}, None),
        (["a", {"when": "needs.store", "items": ["b", "c"]}, {"when": "needs.other", "items": ["d"]}], ["a", "b", "c"]),
        (["a", {"first": [{"when": "needs.other", "value": "b"}, "c"]}], ["a", "c"]),
        (["a", {"first": [{"when": "needs.store", "items": ["-b", "x"]}, "c"]}], ["a", "-b", "x"]),
        ({"a": {"first": [{"when": "needs.store", "value": {"t": 1}}, {"t": 2}]}}, {"a": {"t": 1}}),
        ([{"each": "needs.targets", "value": "{{ each.address }}"}], ["a:1", "b:2"]),
        ([{"each": "needs.targets", "items": ["-t", "{{ each.address }}"]}], ["-t", "a:1", "-t", "b:2"]),
        ({"t": {"each": "needs.targets", "value": ["{{ each.address }}"]}}, {"t": [["a:1"], ["b:2"]]}),
        ([{"each": "needs.other", "value": "x"}], []),
        ({"first": "not a form"}, {"first": "not a form"}),
        ({"when": "monday"}, {"when": "monday"}),
    ],
)  # fmt: skip
def test_trees_are_evaluated(tree: Any, value: Any) -> None:
    """A lone reference keeps its type, text around it makes text, secrets make segments, forms decide."""
    assert evaluate(tree, CONTEXT) == value


@pytest.mark.parametrize(
    "text", ["{{version}}", "{{ version | upper }}", "{{ a.b", "{{ A }}", "{{  version }}", "{{}}"]
)
def test_half_a_reference_is_an_error(text: str) -> None:
    """A `{{` that begins no reference is never passed on in silence."""
    with pytest.raises(MalformedError):
        parse(text)
    with pytest.raises(StackError, match="C011"):
        evaluate(text, CONTEXT)


@pytest.mark.parametrize(
    ("text", "code"), [("{{ settings.x }}", "C010"), ("{{ a }}", "C010"), ("x{{ settings }}", "C012")]
)
def test_a_reference_without_a_value_is_an_error(text: str, code: str) -> None:
    """What leads nowhere, or to something that is no text, is named."""
    with pytest.raises(StackError, match=code):
        evaluate(text, CONTEXT)


def test_references_are_listed() -> None:
    """Each reference of a text is found once, also beside half a one."""
    assert references("x {{ b.c }}{{ d }}{{e }}") == [("b", "c"), ("d",)]


_TEXT = st.text(max_size=60)
_NASTY = (
    st.sampled_from(["{{ secrets.admin }}", "${x}", "%{y}", "{{", "}}", "{{{{", "\n", "'", '"', "\\", "a,b", ""])
    | _TEXT
)


@given(_TEXT.filter(lambda text: "{{" not in text))
def test_text_without_braces_passes_byte_for_byte(text: str) -> None:
    """Any string without `{{` is what it was, alone, in a list and in a mapping."""
    assert evaluate([text, {"k": text}], CONTEXT) == [text, {"k": text}]


@given(_NASTY, _TEXT.filter(lambda text: "{" not in text), _TEXT.filter(lambda text: "{" not in text))
def test_what_replaces_a_reference_is_never_read_again(value: str, before: str, after: str) -> None:
    """A value that looks like a reference, or becomes one with the text around it, stays a text."""
    context = {**CONTEXT, "settings": {"x": value}}
    assert evaluate("{{ settings.x }}", context) == value
    assert evaluate(f"{before}{{{{ settings.x }}}}{after}", context) == before + value + after
    assert evaluate({"k": [{"when": {"settings.x": value}, "value": "{{ settings.x }}"}]}, context) == {"k": [value]}


@given(_NASTY)
def test_no_value_imitates_a_form_or_a_secret(value: str) -> None:
    """Mappings and lists that come in by a reference are data, whatever their keys are."""
    for given_value in ({"when": "needs.other", "value": value}, {"secret": value}, [value, {"first": [value]}]):
        assert evaluate("{{ settings.x }}", {"settings": {"x": given_value}}) == given_value


@settings(max_examples=200)
@given(st.lists(st.one_of(_TEXT, st.builds(lambda n: Secret(secret=n), _TEXT)), max_size=8))
def test_segments_are_merged_and_nothing_is_lost(parts: list[str | Secret]) -> None:
    """Joined texts have no two strings side by side, no empty one, and are plain without secrets."""
    joined = join(parts)
    if not any(isinstance(part, Secret) for part in parts):
        assert joined == "".join(str(part) for part in parts)
        return
    assert isinstance(joined, tuple) and "" not in joined
    assert not any(isinstance(a, str) and isinstance(b, str) for a, b in pairwise(joined))
    spelled = [part if isinstance(part, str) else f"<{part.secret}>" for part in parts]
    assert "".join(p if isinstance(p, str) else f"<{p.secret}>" for p in joined) == "".join(spelled)


@given(st.lists(st.text("abc_", min_size=1, max_size=5).filter(lambda w: w[0] != "_"), min_size=1, max_size=4))
def test_what_is_written_as_a_reference_is_read_as_one(words: list[str]) -> None:
    """Every dotted path between double braces is a reference to that path."""
    assert parse(f"{{{{ {'.'.join(words)} }}}}") == (Reference(tuple(words)),)


def test_as_text_spells_values() -> None:
    """Lists join with commas, also when a secret is among them; booleans are lower case."""
    assert as_text([1, True, "x"]) == "1,true,x"
    assert as_text(["a", ("b", KEY)]) == ("a,b", KEY)
    assert as_text([]) == ""


POSTGRES = Interface.model_validate(
    {
        "name": "postgres",
        "about": "x",
        "fields": {
            "dsn": {"derive": "{{ url }}?x", "secret": True},
            "url": {"derive": "pg://{{ username }}:{{ password }}@{{ host }}:{{ port }}", "secret": True},
            "username": {},
            "password": {"secret": True},
            "mode": {"default": "rw"},
        },
    }
)


def test_interface_fields_derive_from_each_other() -> None:
    """Derived fields are made in whatever order they need each other, with the secrets still in their places."""
    base = {"host": "h", "port": 1}
    fields = interface_fields(POSTGRES, base, {"username": "u"}, {"password": (KEY,), "mode": "ro"})
    assert fields["dsn"] == ("pg://u:", KEY, "@h:1?x")
    assert fields["mode"] == "ro" and fields["interface"] == "postgres" and fields["port"] == 1


def test_interface_fields_without_a_grant_are_left_out() -> None:
    """Nothing is made up: what derives from a field that nobody gave is not there."""
    assert set(interface_fields(POSTGRES, {"host": "h", "port": 1}, {}, {})) == {"host", "port", "interface", "mode"}
