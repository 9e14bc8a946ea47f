"""`stack render`: a project for plain Terraform or OpenTofu."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stackwright.commands.options import FileOption, JsonOption, QuietOption, answer, find_target
from stackwright.errors import Exit


def run(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="A new folder, or one rendered before.")],
    file: FileOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> Exit:
    """Write a stack as a project for plain Terraform or OpenTofu.

    The project holds a root module, the modules it calls, our provider and a README. It contains no secret: those are
    made when it is applied. It is a stack from then on, which `stack status`, `smoke` and `down` know; its name is
    taken until `stack down NAME` removes it.

    Example:
        stack render --out infra
        cd infra && terraform init && terraform apply
    """
    from stackwright.operations import render as operations
    from stackwright.views import render as views

    done = operations.render(find_target(file, None), out)
    return answer("render", done, lambda page: views.rendered(page, done), json=json, quiet=quiet)
