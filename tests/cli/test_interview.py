"""`stack init` on a terminal: a blueprint, then layer by layer, then the file, and only then is it written."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import yaml

from stackwright.operations.init import asked_layers


def _typed(folder: Path, answers: list[str]) -> tuple[int, str]:
    """What `stack init churn` said on a terminal to somebody who typed these lines."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "stackwright", "init", "churn"]
    process = subprocess.Popen(command, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True)
    os.close(theirs)
    os.write(ours, "".join(f"{line}\n" for line in answers).encode())
    said = b""
    try:
        while part := os.read(ours, 65536):
            said += part
    except OSError:  # the other side has ended
        pass
    os.close(ours)
    return process.wait(timeout=60), said.decode()


def test_layer_by_layer(here: Path) -> None:
    """Enter keeps, a name or number takes another, `-` leaves out, a slip is asked again, and more can be added."""
    layers = asked_layers("demo")
    answers = {"database": "duckdb", "data-versioning": "-", "storage": "swif"}
    lines = ["", *(answers.get(layer, "") for layer in layers)]
    lines.insert(1 + list(layers).index("storage") + 1, "swift")  # after the slip
    code, said = _typed(here, [*lines, "data-quality", "pandera", "", "y"])

    assert code == 0, said
    assert "`swif` is none of them: did you mean `swift`?" in said
    written = yaml.safe_load((here / "churn" / "stack.yaml").read_text())["layers"]
    assert written["database"] == "duckdb"
    assert written["storage"] == "swift"
    assert written["data-quality"] == "pandera"
    assert "data-versioning" not in written
    assert written["serving"] == layers["serving"]


def test_no_is_no(here: Path) -> None:
    """Whoever does not agree in the end has nothing written."""
    code, said = _typed(here, ["", *("" for _ in asked_layers("demo")), "", "n"])
    assert code == 1
    assert "Nothing was written." in said
    assert not (here / "churn").exists()
