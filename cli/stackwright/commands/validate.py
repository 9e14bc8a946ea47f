"""`stack validate`: every mistake of a manifest at once."""

from __future__ import annotations

from stackwright.commands.options import FileOption, JsonOption, QuietOption, answer
from stackwright.errors import Exit


def run(file: FileOption = None, json: JsonOption = False, quiet: QuietOption = False) -> Exit:
    """Check a stack.yaml and show every mistake in it.

    Reads the manifest and the catalog, resolves the whole stack, and starts nothing. Every mistake is shown at
    once, with file, line and column and the nearest word that would be right. Exit code 2 if there is any.

    Example:
        stack validate
        stack validate -f churn/stack.yaml --json
    """
    from stackwright.operations import plan as operations
    from stackwright.views import plan as views

    planned = operations.validate(file)
    shown = str(file / "stack.yaml" if file and file.is_dir() else file or "stack.yaml")
    return answer("validate", planned, lambda page: views.validated(page, planned, shown), json=json, quiet=quiet)
