"""YAML that people write, and YAML that enemies write."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stackwright.catalog.dump import dump_file
from stackwright.errors import StackError
from stackwright.yamlfile import Document, read_yaml

PLAIN = """\
name: demo
layers:
  serving: {tool: mlserver, on: no}
  numbers: [1, 0x10, 0o17, 1.5, 1e3, -2, ~, true]
  texts: [12:30, 2024-01-01, 1_000, "1", yes, 1.2.3]
  block: |
    a
    b
"""


def codes(text: str) -> list[str]:
    """The codes of a text's mistakes."""
    with pytest.raises(StackError) as caught:
        read_yaml("x.yaml", text)
    return [d.code for d in caught.value.diagnostics]


def test_plain_data_is_read_by_the_core_schema() -> None:
    """Numbers, booleans and null are what YAML 1.2 says; times, dates and `yes` are texts."""
    layers = read_yaml("x.yaml", PLAIN).data["layers"]
    assert layers["serving"] == {"tool": "mlserver", "on": "no"}
    assert layers["numbers"] == [1, 16, 15, 1.5, 1000.0, -2, None, True]
    assert layers["texts"] == ["12:30", "2024-01-01", "1_000", "1", "yes", "1.2.3"]
    assert layers["block"] == "a\nb\n"


def test_every_key_and_value_has_its_place() -> None:
    """Line and column count from 1; what is not there has the place of what is around it."""
    document = read_yaml("x.yaml", PLAIN)
    assert str(document.where("layers", "serving", "tool")) == "x.yaml:3:19"
    assert str(document.where("layers", "serving", "tool", key=True)) == "x.yaml:3:13"
    assert str(document.where("layers", "numbers", 2)) == "x.yaml:4:22"
    assert str(document.where("layers", "serving", "missing", key=True)) == "x.yaml:3:3"


@pytest.mark.parametrize(
    ("code", "text", "line", "column"),
    [
        ("Y004", "a: b\nc: \x00", 2, 4),
        ("Y004", "a: \x1b[31m", 1, 4),
        ("Y005", "- 1", 1, 1),
        ("Y005", "", 1, 1),
        ("Y006", "a: 1\n---\nb: 2", 2, 1),
        ("Y007", "a: &x 1\nb: *x", 1, 4),
        ("Y007", "*x : 1", 1, 1),
        ("Y008", "a: 1\nb: 2\na: 3", 3, 1),
        ("Y009", "a: {{ settings.x }}", 1, 5),
        ("Y009", "? [a]\n: 1", 1, 3),
        ("Y010", "<<: {a: 1}", 1, 1),
        ("Y011", "a:\n  1: x", 2, 3),
        ("Y011", "true: x", 1, 1),
        ("Y012", 'a: "b\\0"', 1, 4),
        ("Y013", "a: .inf", 1, 4),
        ("Y013", "a: 1e999", 1, 4),
        ("Y014", "a: !!python/object/apply:os.system [ls]", 1, 4),
        ("Y014", "a: !!int x", 1, 4),
        ("Y014", "a: !mine x", 1, 4),
        ("Y015", "a: " + "[" * 60, 1, 54),
        ("Y016", "a:\n\tb: 1", 2, 1),
        ("Y016", "a: 'x", 1, 6),
        ("Y016", "a: b: c", 1, 5),
        ("Y016", "a: @x", 1, 4),
    ],
)  # fmt: skip
def test_what_a_manifest_does_not_hold_is_refused_at_its_place(code: str, text: str, line: int, column: int) -> None:
    """Each mistake has a code of its own and the line and column it is at."""
    with pytest.raises(StackError) as caught:
        read_yaml("x.yaml", text)
    found = caught.value.diagnostics[0]
    assert (found.code, str(found.where)) == (code, f"x.yaml:{line}:{column}"), found
    assert found.detail.endswith(".")


def test_bytes_that_are_no_text_are_refused_at_their_place(tmp_path: Path) -> None:
    """Invalid UTF-8 is named with the line it is in."""
    file = tmp_path / "x.yaml"
    file.write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(StackError) as caught:
        read_yaml(file)
    assert caught.value.diagnostics[0].code == "Y003"
    assert str(caught.value.diagnostics[0].where) == f"{file}:2:4"


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A missing file, a folder and a pipe that nobody writes to are refused, and none is waited for."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "missing", tmp_path, tmp_path / "pipe", Path("/dev/zero"), Path("a\0b")):
        with pytest.raises(StackError) as caught:
            read_yaml(path)
        assert [d.code for d in caught.value.diagnostics] == ["Y001"]


def test_size_is_limited(tmp_path: Path) -> None:
    """A file or a text over the limit is refused before it is parsed."""
    (tmp_path / "x.yaml").write_text("a: " + "b" * 100)
    for arguments in ({"path": tmp_path / "x.yaml"}, {"path": "x.yaml", "text": "a: " + "b" * 100}):
        with pytest.raises(StackError) as caught:
            read_yaml(**arguments, max_bytes=50)
        assert caught.value.diagnostics[0].code == "Y002"


def test_several_mistakes_are_reported_at_once() -> None:
    """Reading goes on after a mistake, as far as that makes sense."""
    assert codes("a: 1\na: 2\n1: 2\nb: .nan\nc: !x y") == ["Y008", "Y011", "Y013", "Y014"]


HOSTILE = {
    "nested lists": "'a: ' + '[' * 900_000",
    "many values": "'a: [' + '[],' * 300_000",
    "many keys": "''.join(f'k{n}: 1\\n' for n in range(90_000))",
    "one key many times": "'a: 1\\n' * 190_000",
    "billion laughs": "'a: &a [x,x]\\n' + ''.join(f'b{n}: &b{n} [*a,*a,*a,*a]\\n' for n in range(9))",
    "a long number": "'a: ' + '9' * 900_000",
    "a long key": "'a' * 900_000 + ': 1'",
    "question marks": "'? ' * 450_000",
    "dashes": "'- ' * 450_000",
    "braces": "'{' * 900_000",
    "a long tag": "'a: !' + 'x' * 900_000 + ' 1'",
    "directives": "'%YAML 1.1\\n' * 90_000",
    "escapes": "'a: \"' + chr(92) + 'u0000' * 150_000",
    "comments": "'#\\n' * 450_000",
    "carriage returns": "'\\r' * 900_000 + '\\t- a: b'",
    "colons": "'a' + ':' * 900_000",
    "quotes": '"\'" * 899_999',
    "ampersands": "'&' * 900_000",
    "exclamation marks": "'!' * 900_000",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_files_are_answered_soon_and_cheaply(kind: str, tmp_path: Path) -> None:
    """Whatever a megabyte holds, the answer is a document or diagnostics, after less than a second and 200 MB."""
    script = textwrap.dedent(f"""
        import resource, time
        from stackwright.errors import StackError
        from stackwright.yamlfile import read_yaml
        text = {HOSTILE[kind]}
        before = time.process_time()
        try:
            read_yaml("x.yaml", text)
        except StackError as error:
            assert all(len(d.detail) < 500 for d in error.diagnostics)
        print(time.process_time() - before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    """)
    # By a small shell: Linux counts what a process was before `exec`, and that would be all of pytest.
    words = ["sh", "-c", '"$0" -c "$1"; exit $?', sys.executable, script]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    seconds, megabytes = done.stdout.split()
    assert float(seconds) < 1 and int(megabytes) < 200


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_no_text_makes_a_traceback(text: str) -> None:
    """Any text at all is read or refused with places."""
    try:
        document = read_yaml("x.yaml", text)
    except StackError as error:
        assert all(d.where and d.where.line >= 1 and d.where.column >= 1 for d in error.diagnostics)
    else:
        assert isinstance(document, Document)


_WORDS = st.text("abcxyz", min_size=1, max_size=8)
_DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(_WORDS, _DATA, max_size=5))
def test_what_is_written_as_yaml_is_read_as_it_was(data: dict[str, object]) -> None:
    """Plain data survives writing and reading, control characters apart, which are refused."""
    text = dump_file("yaml", data)  # PyYAML's own writer leaves `0E0` without quotes, and U+0085 as it is
    assert isinstance(text, str)
    try:
        assert read_yaml("x.yaml", text).data == data
    except StackError as error:
        assert {d.code for d in error.diagnostics} <= {"Y004", "Y012"}


def test_ordinary_files_are_read_fast() -> None:
    """A manifest of a hundred lines costs less than 20 ms."""
    text = "layers:\n" + "".join(f"  layer{n}: {{tool: t{n}, settings: {{a: 1, b: x}}}}\n" for n in range(100))
    took = []
    for _ in range(3):  # one may meet the collector of garbage
        before = time.process_time()
        read_yaml("x.yaml", text)
        took.append(time.process_time() - before)
    assert min(took) < 0.05
