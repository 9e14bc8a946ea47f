"""Secrets are made once, kept closed, and never shown."""

from __future__ import annotations

import base64
import json
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pytest

from stackwright.errors import StackError
from stackwright.runtime.secrets import Secrets


def test_a_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    """The same key gives the same 32 letters and digits, also to the next process, and nobody else may read them."""
    made = Secrets(tmp_path / "secrets.json").get_or_make("database.password")
    assert len(made) == 32
    assert made.isalnum() and made.isascii()
    assert Secrets(tmp_path / "secrets.json").get_or_make("database.password") == made
    assert Secrets(tmp_path / "secrets.json").get_or_make("other") != made
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_threads_and_processes_agree(tmp_path: Path) -> None:
    """However many ask at once, in however many processes, each key has one value and none is lost."""
    path = str(tmp_path / "secrets.json")
    keys = [f"key{n % 5}" for n in range(40)]
    program = "import sys; from stackwright.runtime.secrets import Secrets; s = Secrets(sys.argv[1])\n"
    program += "print(*(s.get_or_make(key) for key in sys.argv[2:]))"
    others = [
        subprocess.Popen([sys.executable, "-c", program, path, *keys[n:], *keys[:n]], stdout=subprocess.PIPE, text=True)
        for n in range(4)
    ]
    shared = Secrets(path)
    with ThreadPoolExecutor(8) as threads:
        made = dict(zip(keys, threads.map(shared.get_or_make, keys), strict=True))
    for n, other in enumerate(others):
        assert other.communicate(timeout=60)[0].split() == [made[key] for key in (*keys[n:], *keys[:n])]
    assert len(set(made.values())) == 5


def test_segments_are_filled(tmp_path: Path) -> None:
    """Only a secret segment is replaced; a string that looks like one stays as it is."""
    secrets = Secrets(tmp_path / "secrets.json")
    value = secrets.get_or_make("db.pw")
    assert secrets.fill(["postgresql://u:", {"secret": "db.pw"}, "@h"]) == f"postgresql://u:{value}@h"
    assert (
        secrets.fill('{"secret": "db.pw"} {{ secrets.pw }} secret:db.pw')
        == '{"secret": "db.pw"} {{ secrets.pw }} secret:db.pw'
    )


@pytest.mark.parametrize("before", ["", "u:", "us:", "user:", "usern:"])
def test_no_encoding_of_a_secret_is_shown(tmp_path: Path, before: str) -> None:
    """Plain, URL-encoded and base64 (wherever in the encoded text it begins) are all taken out, and the rest stays."""
    value = Secrets(tmp_path / "secrets.json").get_or_make("db.pw")
    redact = Secrets(tmp_path / "secrets.json").redact  # of a process that did not make it
    basic = base64.b64encode(f"{before}{value}@h".encode()).decode()
    shown = redact(f"FATAL: {before}{value} {quote(value)} Basic {basic} end")
    assert shown.startswith("FATAL: ") and shown.endswith(" end")
    assert value not in shown
    padded = basic[len(basic) // 4 : len(basic) // 4 + 12]
    assert padded not in shown


def test_a_damaged_file_is_no_excuse_for_new_passwords(tmp_path: Path) -> None:
    """A file that is not what was written is told, never replaced: the running servers still have the old passwords."""
    path = tmp_path / "secrets.json"
    Secrets(path).get_or_make("db.pw")
    path.write_text('{"db.pw": "abc')
    with pytest.raises(StackError, match="P103"):
        Secrets(path).get_or_make("db.pw")
    assert path.read_text() == '{"db.pw": "abc'


HARD = "p@s/s:%41 '\"\\ é{{ x }}"


def test_a_users_own_secret_is_kept_and_filled_in_encoded(tmp_path: Path) -> None:
    """It is kept as it is, and goes into an address or a JSON string so that it ends neither."""
    secrets = Secrets(tmp_path / "secrets.json")
    secrets.put({"database.password": HARD})
    again = Secrets(tmp_path / "secrets.json")
    assert again.fill([{"secret": "database.password"}]) == HARD
    url = again.fill(["sql://u:", {"secret": "database.password|url"}, "@h"])
    assert unquote(urlsplit(url).password or "") == HARD
    assert json.loads(again.fill(['"', {"secret": "database.password|json"}, '"'])) == HARD
    again.put({"database.password": "another"})
    assert again.fill([{"secret": "database.password"}]) == "another"
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("form", [str, json.dumps, repr, lambda text: quote(text, safe="")])
def test_a_users_own_secret_is_hidden_in_every_form(tmp_path: Path, form: Callable[[str], str]) -> None:
    """However a client quotes it in what it says."""
    secrets = Secrets(tmp_path / "secrets.json")
    secrets.put({"database.password": HARD})
    assert secrets.redact(f"x {form(HARD)} y").count("***") == 1


def test_what_is_too_short_to_hide_breaks_nothing(tmp_path: Path) -> None:
    """A secret of one letter stands in every other word, and is left there."""
    secrets = Secrets(tmp_path / "secrets.json")
    secrets.put({"a.b": "e"})
    assert secrets.redact("these are words") == "these are words"
