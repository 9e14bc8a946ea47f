"""What `init` shows: the choices layer by layer, the manifest before it is written, and where it is after that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from stackwright.model.report import Choosable
from stackwright.views.page import ABSENT, Ink, Page, Row


def blueprints(page: Page, found: Mapping[str, str]) -> None:
    """What one can start from."""
    page.heading("Blueprints", "what to start from; every layer of it can be changed")
    page.listing(found)


def offered(page: Page, layer: str, about: str, tools: Sequence[Choosable]) -> None:
    """The tools of one layer by number: how much of it they do, whether that was proven, how heavy they are."""
    page.heading(layer, about)
    page.table([_offer(n, one) for n, one in enumerate(tools, 1)], ("", "tool", "", "proven here", "size", ""), spill=1)


def _offer(number: int, one: Choosable) -> Row:
    does = "" if one.whole else "in part"
    also = f"also {', '.join(one.also)}" if one.also else ""
    proven = Ink(f"{one.verdict}".removeprefix("proven "), "green" if one.verdict.state == "proven" else "dim")
    size = f"{one.megabytes:.0f} MB" if one.megabytes else ABSENT
    told = "; ".join(text for text in (one.about.rstrip("."), also) if text)
    return Row((f"{number}", Ink(one.tool, "bold"), does, proven, f"{size:>7}", Ink(told, "dim")))


def others(page: Page, layers: Mapping[str, str]) -> None:
    """The layers that the blueprint leaves out."""
    page.heading("More layers", "that the blueprint does without")
    page.listing(layers)


def proposed(page: Page, file: Path, text: str) -> None:
    """The file as it would be written."""
    page.blank()
    page.line(Ink(str(file), "bold"))
    page.blank()
    for line in text.rstrip().splitlines():
        page.line(Ink(f"  {line}", "dim" if line.lstrip().startswith("#") else ""))
    page.blank()


def written(page: Page, file: Path) -> None:
    """Where it is, and what comes next."""
    page.line(Ink("✓ ", "green"), f"wrote {file}")
    where = "" if file.parent in (Path(), Path.cwd()) else f" -f {file}"
    page.blank()
    page.listing(
        {
            f"stack plan{where}": "see what it consists of",
            f"stack up{where}": "start it",
            f"stack smoke{where}": "prove that it works together",
        }
    )
