"""`stack doctor`: what this machine has and lacks."""

from __future__ import annotations

from stackwright.commands.options import JsonOption, answer
from stackwright.errors import Exit


def run(json: JsonOption = False) -> Exit:
    """Check that this machine has what stacks need.

    Looks for interpreters, Terraform and whatever else stacks use, and says how to get what is missing. Changes
    nothing. Exit code 1 if something is missing.

    Example:
        stack doctor
    """
    from stackwright.operations import doctor as operations
    from stackwright.views import doctor as views

    checks = operations.doctor()
    code = Exit.FAILED if any(check.state == "missing" for check in checks) else Exit.FINE
    return answer("doctor", {"checks": checks}, lambda page: views.doctor(page, checks), code, json=json)
