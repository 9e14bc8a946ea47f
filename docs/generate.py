"""Writes commands.md from the commands and catalog.md from the proofs: `python docs/generate.py`.

With --check it only compares.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer

from stackwright import app
from stackwright.catalog.load import Catalog
from stackwright.catalog.proof import read, verdict
from stackwright.commands import GROUPS
from stackwright.model.report import Verdict

HERE = Path(__file__).parent
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


CATALOG = """\
# Catalog

Written by `docs/generate.py` from the entries and their proofs. Per layer, every tool that a stack can have, and *on*
which target: `process` runs on this machine, `hosted` is a vendor's service. A tool on a target is a deployer.

- **proven** on a day: `stack catalog prove` brought this very entry up, spoke its verbs, and found nothing left after.
- **stale**: it was proven, and its entry or an interface it speaks has changed since.
- **never run**: nobody has proven it. So it is with vendors' services until somebody has run them with an account.

*full* means that the tool speaks all of the layer's verbs, *part* some of them. The version is that of the package
which brings the tool, and may count otherwise than the tool does (`postgres`). Seconds until it is ready and memory
are those of the machine that proved it, on that day and under that load; a library has neither. Which systems are
known beside these, and what became of them, is told by `stack catalog list --all` and `stack catalog show TOOL`.
"""
COLUMNS = """\
| tool | version | fills it | on | proof | ready s | memory MB | installed MB |
|---|---|---|---|---|---|---|---|
"""


def commands_page() -> str:
    """The whole page of commands."""
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


def catalog_page() -> str:
    """The whole page of tools."""
    catalog = Catalog.shipped()
    tools = [catalog.tool(name) for name in catalog.tools() if catalog.targets(name)]
    verdicts = {
        (tool.id, target): verdict(catalog, tool.id, target) for tool in tools for target in catalog.targets(tool.id)
    }
    proven = sum(one.state == "proven" for one in verdicts.values())
    parts = [CATALOG, f"\n{len(tools)} tools; of their {len(verdicts)} deployers {proven} are proven.\n"]
    for layer, described in catalog.layers().items():
        rows = [
            f"| `{tool.id}` | {tool.version or ''} | {'full' if tool.layers[layer] == 'full' else 'part'} | {target} | "
            f"{_row(layer, verdicts[tool.id, target], read(catalog, tool.id, target) or {})} |\n"
            for tool in tools if layer in tool.layers for target in catalog.targets(tool.id)
        ]  # fmt: skip
        table = COLUMNS + "".join(rows) if rows else "No tool yet.\n"
        parts.append(f"\n## {layer}\n\n{described.about}\n\n{table}")
    return "".join(parts)


def _row(layer: str, whole: Verdict, proof: dict[str, Any]) -> str:
    """What was seen of this layer, and what it cost."""
    seen = any((step["layer"], step["state"]) == (layer, "passed") for step in proof.get("steps", ()))
    figures = [proof.get(key) for key in ("ready_seconds", "memory_mb", "install_mb")]
    return " | ".join([str(whole) if seen else "never run", *("" if one is None else str(one) for one in figures)])


PAGES: dict[str, Callable[[], str]] = {"commands.md": commands_page, "catalog.md": catalog_page}


def _literal(text: str) -> str:
    """What Markdown would take for HTML or a table stays text."""
    return text.replace("<", "\\<").replace("|", "\\|")


def main() -> int:
    """Write the pages, or say which is not current."""
    stale = []
    for name, made in PAGES.items():
        file, text = HERE / name, made()
        if file.is_file() and file.read_text(encoding="utf-8") == text:
            continue
        if "--check" in sys.argv:
            stale.append(f"docs/{name}")
        else:
            file.write_text(text, encoding="utf-8")
    if stale:
        sys.stderr.write(f"{' and '.join(stale)} not current; write with\n    python docs/generate.py\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
