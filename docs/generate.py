"""Writes commands.md from the commands themselves: `python docs/generate.py`; with --check it only compares."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from stackwright import app
from stackwright.commands import GROUPS

PAGE = Path(__file__).parent / "commands.md"
INTRODUCTION = """\
# Commands

Written by `docs/generate.py` from the commands themselves; `stack COMMAND --help` shows the same.

Results go to stdout, everything else to stderr. With `--json` stdout is one envelope, mistakes included:
`{"v": 1, "command": "status", "ok": true, "result": {…}, "diagnostics": […]}`, where `ok` says whether the exit
code is 0. Colours are for terminals only, and not with `NO_COLOR`. Ctrl-C, SIGTERM and SIGHUP let a command clean
up, and end it with 130.

| exit code | meaning |
|---|---|
| 0 | fine |
| 1 | the stack or its smoke failed |
| 2 | the command line or the manifest is wrong |
| 3 | a bug in Stackwright |
| 4 | teardown left something |
| 5 | somebody else is working on this stack |
| 130 | interrupted |
"""


def page() -> str:
    """The whole page."""
    main: Any = typer.main.get_command(app.app)
    parts = [INTRODUCTION, "".join(_command("stack", main))]
    for title, names in GROUPS.items():
        parts.append(f"\n## {title}\n")
        for name in names:
            command = main.get_command(None, name)
            parts += _command(f"stack {name}", command)
            for sub, each in getattr(command, "commands", {}).items():
                parts += _command(f"stack {name} {sub}", each)
    return "".join(parts)


def _command(path: str, command: Any) -> Iterator[str]:
    context = command.make_context(path, [], resilient_parsing=True)
    if path != "stack":
        yield f"\n### `{path}`\n"
    yield f"\n```\n{' '.join([path, *command.collect_usage_pieces(context)])}\n```\n"
    for paragraph in inspect.cleandoc(command.help).split("\n\n"):
        lines = paragraph.splitlines()
        examples = [line.strip() for line in lines if line.startswith(" ")]
        text = " ".join(line for line in lines if not line.startswith(" "))
        yield f"\n{_literal(text)}\n" + (f"\n```sh\n{chr(10).join(examples)}\n```\n" if examples else "")
    rows = list(_rows(command, context))
    if rows:
        yield "\n| | |\n|---|---|\n" + "".join(rows)


def _rows(command: Any, context: Any) -> Iterator[str]:
    for param in command.get_params(context):
        if param.name == "help":
            continue
        if param.param_type_name == "argument":
            yield f"| `{param.metavar}` | {_literal(param.help)} |\n"
        elif record := param.get_help_record(context):
            yield f"| `{record[0]}` | {_literal(' '.join(record[1].split()))} |\n"


def _literal(text: str) -> str:
    """What Markdown would take for HTML or a table stays text."""
    return text.replace("<", "\\<").replace("|", "\\|")


def main() -> int:
    """Write the page, or say whether it is current."""
    current = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page()
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    elif not current:
        sys.stderr.write("docs/commands.md is not current; write it with\n    python docs/generate.py\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
