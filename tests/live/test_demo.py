"""The demo as a newcomer runs it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from newcomer import Run

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("demo")]


def test_demo(demonstration: Run, record_property: Callable[[str, object], None]) -> None:
    """Warm, with no network and without root, nine layers come up, every step passes, and all of it goes again."""
    record_property("make demo, wall", f"{demonstration.seconds:.0f} s")
    record_property("make demo, CPU", demonstration.cpu)
    assert demonstration.code == 0, demonstration.said
    assert re.search(r"^9 layers, (\d{2}) of \1 steps passed, ", demonstration.said, re.MULTILINE), demonstration.said
    assert not re.search(r"^ +[✗\u2013] ", demonstration.said, re.MULTILINE), demonstration.said


def test_nothing_is_left(demonstration: Run) -> None:
    """A census of the whole machine is equal before and after, also of the home folder that was empty."""
    assert demonstration.census.startswith("census: equal ("), demonstration.said
