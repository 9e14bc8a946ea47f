"""Gives the stack's API key to Alerta, by its own command but not on a command line, which everybody can read."""

import io
import os
from contextlib import redirect_stdout

from alerta.commands import cli

if __name__ == "__main__":
    with redirect_stdout(io.StringIO()):  # it prints the key
        cli(["key", "--username=stack", f"--key={os.environ['STACK_API_KEY']}", f"--duration={3650 * 86400}"])
