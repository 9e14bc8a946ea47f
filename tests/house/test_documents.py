"""What the documents say is what there is."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import typer

ROOT = Path(__file__).parents[2]
LETTERS = "CELMPRSTUY"
CODE = re.compile(rf"""(?<!\w)["']([{LETTERS}]\d{{3}})["']""")
ROW = re.compile(r"^\| `?([A-Z]\d{3})`? \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def codes() -> Counter[str]:
    """Each code's literals in the program, counted."""
    return Counter(code for file in ROOT.glob("cli/**/*.py") for code in CODE.findall(file.read_text(encoding="utf-8")))


def test_a_code_is_one_place() -> None:
    """Every diagnostic code is written in one place of the program."""
    assert {code: count for code, count in codes().items() if count > 1} == {}


def test_codes_are_documented() -> None:
    """docs/errors.md has exactly the codes of the program, each once, in order, and says what to do."""
    rows = ROW.findall((ROOT / "docs/errors.md").read_text(encoding="utf-8"))
    listed = [code for code, _, _ in rows]
    assert sorted(set(codes()) - set(listed)) == []
    assert sorted(set(listed) - set(codes())) == []
    assert len(listed) == len(set(listed))
    by_letter = {letter: [code for code in listed if code[0] == letter] for letter in LETTERS}
    assert all(some == sorted(some) for some in by_letter.values())
    assert [code for code, summary, meaning in rows if not summary.strip() or len(meaning.split()) < 4] == []


def test_summaries_are_short() -> None:
    """A documented summary names the kind of mistake: a few words, no period, no name of a user's thing."""
    for code, summary, _ in ROW.findall((ROOT / "docs/errors.md").read_text(encoding="utf-8")):
        assert not summary.strip().endswith(".") and len(summary) <= 60, code


def test_commands_and_tools_are_documented() -> None:
    """docs/commands.md and docs/catalog.md are what docs/generate.py writes from the commands and the proofs."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs/generate.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_every_option_is_documented() -> None:
    """Every command and every option is mentioned on that page."""
    from stackwright import app
    from stackwright.commands import SUMMARIES

    page = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    main: Any = typer.main.get_command(app.app)
    for name in SUMMARIES:
        command = main.get_command(None, name)
        for path, each in {
            name: command,
            **{f"{name} {k}": v for k, v in getattr(command, "commands", {}).items()},
        }.items():
            section = page.partition(f"### `stack {path}`\n")[2].partition("\n##")[0]
            assert section, path
            assert all(option in section for param in each.params for option in param.opts if option.startswith("-"))


def test_words_are_explained() -> None:
    """The glossary has the eight words of the design, each in one row."""
    page = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    for word in ("layer", "tool", "target", "deployer", "interface", "component", "wire", "verb"):
        assert page.count(f"| **{word}** |") == 1


def test_links_lead_somewhere() -> None:
    """Every file that a document links to or names by its path from the root is there."""
    for document in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")):
        text = document.read_text(encoding="utf-8")
        for link in re.findall(r"\]\((?!\w+:|#)([^)#\s]+)", text):
            assert (document.parent / link).exists(), f"{document.relative_to(ROOT)}: {link}"
