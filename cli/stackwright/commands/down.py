"""`stack down`: everything goes, and that is proven."""

from __future__ import annotations

from typing import Annotated

import typer

from stackwright.commands.options import FileOption, JsonOption, NameArgument, QuietOption, answer, find_target
from stackwright.errors import Exit


def run(
    name: NameArgument = None,
    file: FileOption = None,
    *,
    keep_data: Annotated[bool, typer.Option("--keep-data", help="Leave the components' data folders.")] = False,
    keep_images: Annotated[
        bool, typer.Option("--keep-images", help="Leave images for the next `stack up`; they are part of the cache.")
    ] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> Exit:
    """Remove a stack and prove that nothing is left.

    Stops every component, removes its files and data, then looks for anything of the stack that is still there and
    removes that too. Works after an interrupted `stack up`, on a stack that is half dead, and without its manifest.
    Installed packages stay in the cache. Exit code 4 if something is left, with a list of it; 0 if nothing was up; 2 if
    there is no such manifest, or nobody knows that name.

    Example:
        stack down
        stack down churn --keep-data
    """
    from stackwright.operations import down as operations
    from stackwright.views import down as views
    from stackwright.views.progress import progress

    target = find_target(file, name)
    with progress(quiet) as tell:
        result = operations.down(target, keep_data, tell, keep_images)
    code = Exit.LEFTOVERS if result.left else Exit.FINE
    quiet = quiet and not result.left
    return answer("down", result, lambda page: views.down(page, result), code, json=json, quiet=quiet)
