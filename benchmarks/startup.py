"""How long `stack` takes to say anything: CPU of a command as a multiple of `python -c pass`, best of many runs.

    python benchmarks/startup.py [--runs 15]

Ratios of one run on one machine; the goal is at most 8 for `--help` and `list`. Both sides run with byte-compiled
modules, as an installer leaves them (the compiled files go to a folder of their own, which is removed afterwards).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

GOAL = 8.0
STACK = "import sys; from stackwright.app import main; sys.exit(main())"
COMMANDS = {
    "stack --help": [STACK, "--help"],
    "stack list": [STACK, "list"],
    "stack up --help": [STACK, "up", "--help"],
    "stack status (no manifest)": [STACK, "status"],
    "import typer": ["import typer"],
    "import rich.console": ["import rich.console"],
    "import pydantic": ["import pydantic"],
}
MEASURED = ("stack --help", "stack list")


def seconds(words: list[str], environment: dict[str, str], folder: str, runs: int) -> float:
    """The least CPU time, user and system, of one command."""
    best = float("inf")
    for _ in range(runs + 2):  # the first ones fill the compiled files and the page cache
        before = getrusage(RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", *words], env=environment, cwd=folder, capture_output=True, check=False)
        after = getrusage(RUSAGE_CHILDREN)
        best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return best


def measure(runs: int) -> dict[str, float]:
    """Each command's CPU as a multiple of an empty Python's, which is measured before and after them."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {
            "PYTHONPYCACHEPREFIX": f"{folder}/compiled",
            "STACK_STATE_DIR": f"{folder}/state",
            "STACK_CACHE_DIR": f"{folder}/cache",
        }
        Path(folder, "here").mkdir()
        nothing = [["pass"], environment, f"{folder}/here", runs]
        first = seconds(*nothing)
        taken = {name: seconds(words, environment, f"{folder}/here", runs) for name, words in COMMANDS.items()}
        empty = min(first, seconds(*nothing))
    return {"python -c pass, ms": empty * 1000} | {name: each / empty for name, each in taken.items()}


def main() -> int:
    """Print a table, or JSON, and say whether the goal is met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    ratios = measure(options.runs)
    if options.json:
        print(json.dumps({name: round(value, 2) for name, value in ratios.items()}, indent=2))
    else:
        for name, value in ratios.items():
            goal = f"  goal {GOAL:g}: {'met' if value <= GOAL else 'MISSED'}" if name in MEASURED else ""
            print(f"{name:<28} {value:6.2f}{goal}")
    return 0 if all(ratios[name] <= GOAL for name in MEASURED) else 1


if __name__ == "__main__":
    sys.exit(main())
