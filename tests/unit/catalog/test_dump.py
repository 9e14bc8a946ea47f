"""Configuration files: whatever a value holds, it stays where it was put."""

from __future__ import annotations

import configparser
import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from stackwright.catalog.dump import dump_file
from stackwright.errors import StackError
from stackwright.model.base import Secret, Text

KEY, OTHER = Secret(secret="a.key"), Secret(secret="a.other")


def fill(text: Text, values: dict[str, str] | None = None) -> str:
    """The file as the tool reads it; `a.key|json` is the secret as it stands between the quotes of JSON."""
    values = values or {}

    def filled(secret: Secret) -> str:
        key, _, form = secret.secret.partition("|")
        value = values.get(key, f"<{key}>")
        return json.dumps(value)[1:-1] if form == "json" else value

    parts = (text,) if isinstance(text, str) else text
    return "".join(part if isinstance(part, str) else filled(part) for part in parts)


DATA = {"list": [1, True, None, "no"], "password": (KEY,), "url": ("pg://u:", KEY, "@h/", OTHER), "deep": {"x": "a: b"}}
FILLED = {"list": [1, True, None, "no"], "password": "k", "url": "pg://u:k@h/o", "deep": {"x": "a: b"}}


@pytest.mark.parametrize(("kind", "load"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_trees_are_written_with_places_for_secrets(kind: str, load: Any) -> None:
    """What is read from the filled file is the data, and the file as planned holds no secret."""
    text = dump_file(kind, DATA)
    assert isinstance(text, tuple) and {p.secret for p in text if isinstance(p, Secret)} == {
        "a.key|json",
        "a.other|json",
    }
    assert load(fill(text, {"a.key": "k", "a.other": "o"})) == FILLED


@pytest.mark.parametrize("secret", ["12345678901234567890123456789012", "1e5", "null", "true", 'a"b\\c: {d}'])
def test_a_secret_stays_a_text_in_yaml(secret: str) -> None:
    """A secret that looks like a number or a word of YAML is quoted all the same."""
    assert yaml.safe_load(fill(dump_file("yaml", {"p": (KEY,)}), {"a.key": secret})) == {"p": secret}


@pytest.mark.parametrize("word", ["1e5", "0o17", "1_000", "12:30", "y", "no", "~", ".inf", "-", "2024-01-01", "1.2.3"])
def test_texts_stay_texts_for_every_reader_of_yaml(word: str) -> None:
    """What some version of YAML reads as a number, a date or a boolean is quoted."""
    assert dump_file("yaml", {"a": word}) in (f'a: "{word}"\n', f"a: '{word}'\n")


def test_a_file_without_secrets_is_plain() -> None:
    """No secrets, no segments; long texts are not folded and nothing is an alias."""
    shared = ["x " * 100]
    text = dump_file("yaml", {"a": shared, "b": shared})
    assert isinstance(text, str) and "&" not in text and text.count("\n") == 4
    assert dump_file("json", {"a": 1}) == '{\n  "a": 1\n}\n'


def test_ini_and_lines_are_written() -> None:
    """An ini file has its sections, lines are lines, both with places for secrets."""
    ini = dump_file("ini", {"a": {"k": 1, "on": True, "list": ["x", "y"]}, "app:b": {"p": ("u:", KEY)}})
    assert fill(ini) == "[a]\nk = 1\non = true\nlist = x,y\n\n[app:b]\np = u:<a.key>\n"
    assert fill(dump_file("lines", ["a b", 1, (KEY,)])) == "a b\n1\n<a.key>\n"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("lines", ["a\nb"]),
        ("lines", [("a\r", KEY)]),
        ("lines", [{"a": 1}]),
        ("ini", {"s": {"k": "a\n[evil]"}}),
        ("ini", {"s": {"k": "a\x85b"}}),
        ("ini", {"s": {"k": " a"}}),
        ("ini", {"s": {"k=": "a"}}),
        ("ini", {"s": {"[k": "a"}}),
        ("ini", {"s]": {"k": "a"}}),
        ("ini", {"s": "a"}),
        ("json", {"a": float("nan")}),
    ],
)
def test_what_would_break_a_format_is_refused(kind: str, data: Any) -> None:
    """A value never becomes a line, a key or a section of its own."""
    with pytest.raises(StackError, match=r"C01[23]"):
        dump_file(kind, data)


_VALUES = st.text(max_size=30)


@settings(max_examples=200, deadline=None)
@given(st.lists(_VALUES, min_size=1, max_size=4))
def test_ini_values_are_read_as_they_were_or_refused(values: list[str]) -> None:
    """No value changes another, or itself, on its way through an ini file."""
    try:
        text = dump_file("ini", {"s": {f"k{n}": (value, KEY) for n, value in enumerate(values)}})
    except StackError:
        return
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(fill(text))
    assert dict(parser["s"]) == {f"k{n}": f"{value}<a.key>" for n, value in enumerate(values)}


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.text("abc", min_size=1), st.text(max_size=20) | st.integers(0, 99) | st.none(), max_size=4))
def test_json_and_yaml_give_back_any_data(data: dict[str, Any]) -> None:
    """Any text survives, with a secret beside it and without."""
    marked = {key: (value, KEY) if isinstance(value, str) else value for key, value in data.items()}
    filled = {key: f"{value}<a.key>" if isinstance(value, str) else value for key, value in data.items()}
    assert json.loads(fill(dump_file("json", marked))) == filled
    assert yaml.load(fill(dump_file("yaml", marked)), yaml.CSafeLoader) == filled
