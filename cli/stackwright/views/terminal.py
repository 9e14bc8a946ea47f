"""The stream we print to: how wide it is, whether it has colours, and what may be written to it."""

from __future__ import annotations

import os
import re
import shutil
import sys
from typing import TextIO

STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}

# What a text from elsewhere (a log, a manifest) must not do to a terminal: colours, cursor movements, titles, bells.
_ESCAPES = r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])"
_CONTROLS = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"


def clean(text: str) -> str:
    """The text without escape sequences, with other control characters made visible; tabs and line ends stay."""
    if text.isprintable():  # nearly always: the patterns need not even be compiled
        return text
    without = re.sub(_ESCAPES, "", text.replace("\r\n", "\n"))
    return re.sub(_CONTROLS, lambda match: f"\\x{ord(match[0]):02x}", without)


def is_terminal(stream: TextIO) -> bool:
    """Whether a person is reading there."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def has_colour(stream: TextIO) -> bool:
    """Whether the stream shows colours: a terminal, and nobody asked for none (`NO_COLOR`)."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def width(stream: TextIO) -> int | None:
    """The columns of a terminal; None for a pipe or a file, where nothing is wrapped."""
    if not stream.isatty():
        return None
    return max(40, min(120, shutil.get_terminal_size().columns))


def paint(text: str, style: str) -> str:
    """The text in the styles named, `bold red`; an empty style leaves it as it is."""
    if not style or not text:
        return text
    return f"\x1b[{';'.join(STYLES[word] for word in style.split())}m{text}\x1b[0m"


def write(text: str, stream: TextIO | None = None) -> None:
    """All output goes through here; a character the terminal's encoding lacks is replaced, never an error."""
    stream = stream or sys.stdout
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "replace").decode(encoding))
    stream.flush()
