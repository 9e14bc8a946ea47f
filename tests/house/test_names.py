"""A tool is data in one folder: the program does not know its name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Tools whose names are words of the program too: its engine, targets, where catalogs are, what a lock holds, English.
OURS = {"terraform", "docker", "kubernetes", "git", "pins", "aim", "aligned"}
TOOLS = sorted({file.parent.name for file in ROOT.glob("catalog/*/tool.yaml")} - OURS)


# A cloud's own services are what its place lists and removes, whatever made them.
CLOUDS = ROOT / "cli/stackwright/places/aws"
PROGRAM = {
    file: file.read_text(encoding="utf-8").lower()
    for file in sorted(ROOT.glob("cli/**/*.py"))
    if not file.is_relative_to(CLOUDS)
}


@pytest.mark.parametrize("tool", TOOLS)
def test_no_tool_in_the_program(tool: str) -> None:
    """No file of cli/ names the tool, in code, text or comment."""
    word = re.compile(rf"(?<![a-z]){re.escape(tool)}(?![a-z])")
    named = [
        f"{file.relative_to(ROOT)}:{number} {line.strip()}"
        for file, text in PROGRAM.items()
        if tool in text
        for number, line in enumerate(text.splitlines(), 1)
        if word.search(line)
    ]
    assert named == []


def test_there_are_tools() -> None:
    """The check above has something to look for."""
    assert TOOLS
