"""A probe that does as it is told."""

import time
from pathlib import Path


def probe(fields):
    """Look into the folder."""
    if fields.get("fault") == "hangs":
        time.sleep(600)
    if not Path(fields["root"]).is_dir():
        raise ConnectionError(f"nothing at {fields['root']} for {fields['password']}")
    return "there"
