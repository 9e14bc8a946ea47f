"""What `cache` shows."""

from __future__ import annotations

from stackwright.model.report import CacheSize, Prefetched, Pruned
from stackwright.views.page import ABSENT, Ink, Page, Row, counted, without_hash


def size(page: Page, found: CacheSize) -> None:
    """The environments, then all of it."""
    if found.environments:
        rows = [
            Row((one.key, f"{_bytes(one.bytes):>7}", f"{one.days:4.0f} d", ", ".join(one.stacks) or Ink(ABSENT, "dim")))
            for one in found.environments
        ]
        page.table(rows, ("environment", "size", "unused", "stacks"), indent=0)
        page.blank()
    if found.images:
        page.table([Row((name, f"{_bytes(size):>7}")) for name, size in found.images], ("image", "size"), indent=0)
        page.blank()
    total = found.other + sum(one.bytes for one in found.environments)
    page.line(f"{counted(len(found.environments), 'environment')}, {_bytes(total)} in {found.folder}")


def prefetched(page: Page, done: Prefetched) -> None:
    """What was installed, and what was there."""
    new = ", ".join(map(without_hash, done.installed))
    page.line(Ink("✓ ", "green"), f"installed {new}" if new else f"all {len(done.there)} were there already")


def pruned(page: Page, done: Pruned) -> None:
    """What went, and what that freed."""
    if done.removed:
        images = sum("/" in name for name in done.removed)
        what = {"environment": len(done.removed) - images, "image": images}
        removed = " and ".join(counted(number, noun) for noun, number in what.items() if number)
        page.line(Ink("✓ ", "green"), f"removed {removed}, {_bytes(done.bytes)}")
        for key in done.removed:
            page.line(Ink(key, "dim"), indent=2)
    else:
        page.line("Nothing to remove.")


def _bytes(number: int) -> str:
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{number / 1e6:.0f} MB"
