"""`python -m stackwright_job.shares INTERFACE_FILE grant|revoke`: one consumer's share of a server that others run.

The server's fields, with the credentials its owner gave, come by environment (`FIELD_<name>`), and so do name and
secret of the share. An interface's file has `grant(fields, name, secret)` and `revoke(fields, name)`; both may be run
again.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from stackwright_job.entry import load_module


def main() -> None:
    """One share, given or taken back; how it failed in one line."""
    file, act = Path(sys.argv[1]), sys.argv[2]
    fields = {name.removeprefix("FIELD_"): value for name, value in os.environ.items() if name.startswith("FIELD_")}
    name, secret = os.environ["GRANT_NAME"], os.environ["GRANT_SECRET"]
    interface = load_module(file, f"stackwright_shares_{file.stem.replace('-', '_')}")
    try:
        interface.grant(fields, name, secret) if act == "grant" else interface.revoke(fields, name)
    except Exception as error:  # noqa: BLE001 (whatever a client raises is the answer)
        sys.exit(f"{type(error).__name__}: {str(error).strip()}")


if __name__ == "__main__":
    main()
