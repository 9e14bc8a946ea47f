"""What an image is made from: the user's base, else the official slim image of a Python that fits."""

from __future__ import annotations

import re
from collections.abc import Callable

_PYTHON = re.compile(r"(?:.*/)?python:3\.(\d+)(?:[.@-].*)?")  # the official image, wherever it is copied to
_MINORS = (14, 13, 12, 11)  # newest first: those that official images are had of, and environments are made for


def base_image(given: str | None, fits: Callable[[int], bool], likely: int | None) -> str:
    """The base: as given, else of Python 3.`likely` where that `fits`, else of the newest that does."""
    if given:
        return given
    minors = [minor for minor in (likely, *_MINORS) if minor and fits(minor)]
    return f"python:3.{minors[0] if minors else _MINORS[-1]}-slim"  # none: the install says which Pythons are wanted


def minor_of(base: str) -> int | None:
    """The Python that a base has, where its name tells: 12 of `python:3.12-slim`."""
    found = _PYTHON.fullmatch(base)
    return int(found[1]) if found else None
