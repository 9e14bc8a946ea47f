"""Installs one environment as a program: how an image gets its environment, inside a container of its base.

    python -m stackwright.runtime.installer SPEC_FILE

Every line it writes is JSON: {"phase", "text"} while it works, {"errors"} where it fails.
"""

from __future__ import annotations

import json
import sys
import threading
from dataclasses import asdict
from pathlib import Path

from stackwright.errors import StackError
from stackwright.runtime.install import ensure_environment


def main(file: str) -> int:
    """Install what the file says; 0 when it is there."""
    spec = json.loads(Path(file).read_text(encoding="utf-8"))
    try:
        ensure_environment(spec, lambda _key, phase, text: _say({"phase": phase, "text": text}), threading.Event())
    except StackError as error:
        _say({"errors": [asdict(diagnostic) for diagnostic in error.diagnostics]})
        return 1
    return 0


def _say(line: dict[str, object]) -> None:
    print(json.dumps(line), flush=True)  # noqa: T201 (whoever runs us reads it)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
