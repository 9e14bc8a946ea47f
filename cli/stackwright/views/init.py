"""What `init` shows: the manifest before it is written, and where it is after that."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from stackwright.views.page import Ink, Page, Row


def proposed(page: Page, file: Path, text: str, blueprints: Mapping[str, str]) -> None:
    """The file as it would be written, and the other blueprints there are."""
    page.line(Ink(str(file), "bold"))
    page.blank()
    for line in text.rstrip().splitlines():
        page.line(Ink(f"  {line}", "dim" if line.lstrip().startswith("#") else ""))
    if blueprints:
        page.heading("Blueprints", "choose another with --blueprint NAME")
        page.table(("", ""), [Row((name, Ink(about, "dim"))) for name, about in blueprints.items()])
    page.blank()


def written(page: Page, file: Path) -> None:
    """Where it is, and what comes next."""
    page.line(Ink("✓ ", "green"), f"wrote {file}")
    where = "" if file.parent in (Path(), Path.cwd()) else f" -f {file}"
    page.blank()
    page.table(
        ("", ""),
        [
            Row((f"stack plan{where}", Ink("see what it consists of", "dim"))),
            Row((f"stack up{where}", Ink("start it", "dim"))),
        ],
    )
